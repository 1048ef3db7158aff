import HardwareHub
import TestSupport
import Testing

/// How long a value must be, by its flags: computed here from the specifications' tables and not
/// from the decoders.
struct FlaggedValue: Sendable, CustomTestStringConvertible {
    let name: String
    let flagsSize: Int
    let size: @Sendable (Int) -> Int
    /// Decodes, and gives the flags found unknown.
    let decode: @Sendable ([UInt8]) throws(MalformedValue) -> Int
    let unknown: Int

    var testDescription: String { name }

    static let all: [FlaggedValue] = [
        FlaggedValue(
            name: "blood pressure", flagsSize: 1,
            size: { 7 + sum($0, [1: 7, 2: 2, 3: 1, 4: 2]) },
            decode: { v throws(MalformedValue) in Int(try BloodPressure(v.span).unknownFlags) },
            unknown: 0xe0),
        FlaggedValue(
            name: "temperature", flagsSize: 1, size: { 5 + sum($0, [1: 7, 2: 1]) },
            decode: { v throws(MalformedValue) in Int(try BodyTemperature(v.span).unknownFlags) },
            unknown: 0xf8),
        FlaggedValue(
            name: "glucose", flagsSize: 1, size: { 10 + sum($0, [0: 2, 1: 3, 3: 2]) },
            decode: { v throws(MalformedValue) in Int(try Glucose(v.span).unknownFlags) },
            unknown: 0xe0),
        FlaggedValue(
            name: "glucose context", flagsSize: 1,
            size: { 3 + sum($0, [0: 3, 1: 1, 2: 1, 3: 3, 4: 3, 6: 2, 7: 1]) },
            decode: { v throws(MalformedValue) in
                _ = try GlucoseContext(v.span)
                return 0
            }, unknown: 0),
        FlaggedValue(
            name: "weight", flagsSize: 1, size: { 3 + sum($0, [1: 7, 2: 1, 3: 4]) },
            decode: { v throws(MalformedValue) in Int(try BodyWeight(v.span).unknownFlags) },
            unknown: 0xf0),
        FlaggedValue(
            name: "body composition", flagsSize: 2,
            size: {
                4
                    + sum(
                        $0,
                        [1: 7, 2: 1, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2, 9: 2, 10: 2, 11: 2])
            },
            decode: { v throws(MalformedValue) in Int(try BodyComposition(v.span).unknownFlags) },
            unknown: 0xe000),
        FlaggedValue(
            name: "spot check", flagsSize: 1, size: { 5 + sum($0, [0: 7, 1: 2, 2: 3, 3: 2]) },
            decode: { v throws(MalformedValue) in Int(try PulseOximetry(v.span).unknownFlags) },
            unknown: 0xe0),
        FlaggedValue(
            name: "continuous oximetry", flagsSize: 1,
            size: { 5 + sum($0, [0: 4, 1: 4, 2: 2, 3: 3, 4: 2]) },
            decode: { v throws(MalformedValue) in
                Int(try ContinuousPulseOximetry(v.span).unknownFlags)
            }, unknown: 0xe0),
        FlaggedValue(
            name: "heart rate", flagsSize: 1, size: { 2 + sum($0, [0: 1, 3: 2]) },
            decode: { v throws(MalformedValue) in Int(try HeartRate(v.span).unknownFlags) },
            unknown: 0xe0),
        FlaggedValue(
            name: "running", flagsSize: 1, size: { 4 + sum($0, [0: 2, 1: 4]) },
            decode: { v throws(MalformedValue) in Int(try RunningSpeed(v.span).unknownFlags) },
            unknown: 0xf8),
    ]

    private static func sum(_ flags: Int, _ sizes: [Int: Int]) -> Int {
        sizes.reduce(0) { $0 + (flags >> $1.key & 1) * $1.value }
    }
}

@Suite("A value is taken exactly when it has what its flags announce")
struct FlaggedValueTests {
    @Test(arguments: FlaggedValue.all)
    func lengths(value: FlaggedValue) {
        // Body composition has 65,536 combinations: a step of 7 meets every pair of its flags.
        for flags in stride(from: 0, to: 1 << (8 * value.flagsSize), by: value.flagsSize * 6 - 5) {
            let size = value.size(flags)
            let longer = little(flags, value.flagsSize) + [UInt8](repeating: 1, count: size + 3)
            let whole = Array(longer.prefix(size))
            guard (try? value.decode(whole)) == flags & value.unknown,
                (try? value.decode(longer)) == flags & value.unknown
            else {
                Issue.record("flags \(flags) and \(size) bytes or more are not taken")
                return
            }
            do throws(MalformedValue) {
                _ = try value.decode(Array(whole.dropLast()))
                Issue.record("flags \(flags) and \(size - 1) bytes are taken")
                return
            } catch {
                // The field that is cut is the last one, and it starts within the value.
                guard error.kind == .missing, error.position < size else {
                    Issue.record("flags \(flags) and \(size - 1) bytes: \(error)")
                    return
                }
            }
        }
    }

    @Test(arguments: FlaggedValue.all)
    func neighbours(value: FlaggedValue) {
        let flags = 0xffff
        let bytes =
            little(flags, value.flagsSize) + [UInt8](repeating: 0x5a, count: value.size(flags))
        ByteVerifier.neighbours(of: bytes) { _ = try? value.decode($0) }
    }

    /// The report names what is missing, and where it should start.
    @Test func faultsNameTheField() {
        func fault(_ text: String, _ parse: ([UInt8]) throws(MalformedValue) -> Void) -> String {
            do throws(MalformedValue) {
                try parse(hex(text))
                return "none"
            } catch {
                return "\(error)"
            }
        }
        let pressure: ([UInt8]) throws(MalformedValue) -> Void = { v throws(MalformedValue) in
            _ = try BloodPressure(v.span)
        }
        #expect(fault("", pressure) == "byte 0: flags missing")
        #expect(fault("010203040506", pressure) == "byte 5: mean arterial pressure missing")
        #expect(fault("048a00580078003c", pressure) == "byte 7: pulse rate missing")
        let rate: ([UInt8]) throws(MalformedValue) -> Void = { v throws(MalformedValue) in
            _ = try HeartRate(v.span)
        }
        #expect(fault("1701", rate) == "byte 1: heart rate missing")
        #expect(fault("185501", rate) == "byte 2: energy missing")
    }
}
