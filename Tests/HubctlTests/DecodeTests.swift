import BeaconScanner
import HardwareHub
import JSON
import TestSupport
import Testing

@testable import hubctl

@Suite("decode prints what the vectors say, and names what is malformed")
struct DecodeTests {
    static let beaconVectors = ["ad", "ibeacon", "altbeacon", "eddystone"].flatMap(Vector.all)

    @Test(arguments: beaconVectors)
    func beacons(vector: Vector) throws {
        let area = try #require(BeaconArea(rawValue: vector.area))
        let decoded = try area.decode(vector.bytes, key: nil)
        for (key, expected) in vector.decoded {
            #expect(decoded[key].map(value) == expected, "\(key)")
        }
    }

    /// The key, exponent and time are in the vectors' names.
    @Test(arguments: Vector.all("eddystone-eid"))
    func ephemeral(vector: Vector) throws {
        guard case .number(let rotation) = vector.decoded["k"],
            case .number(let time) = vector.decoded["ts"]
        else {
            Issue.record("no k and ts")
            return
        }
        let key = BeaconArea.Key(
            bytes: [UInt8](0..<16), rotation: UInt8(rotation), time: Int64(time))
        let decoded = try BeaconArea.ephemeral.decode(vector.bytes, key: key)
        #expect(decoded["match"] == true)
        #expect(decoded["ts"].map(value) == .number(time))
        let other = BeaconArea.Key(
            bytes: [UInt8](1...16), rotation: UInt8(rotation), time: Int64(time))
        #expect(try BeaconArea.ephemeral.decode(vector.bytes, key: other)["match"] == false)
    }

    /// The vectors' key and clocks are published: the bytes alone are enough.
    @Test(arguments: ["eddystone-eid", "eddystone-etlm"].flatMap(Vector.all))
    func publishedKeys(vector: Vector) throws {
        let area = try #require(BeaconArea(rawValue: vector.area))
        let decoded = try area.decode(vector.bytes, key: nil)
        for (key, expected) in vector.decoded {
            #expect(decoded[key].map(value) == expected, "\(key)")
        }
        #expect(decoded["published_key"] == "000102030405060708090a0b0c0d0e0f")
        #expect(decoded["note"]?.string?.contains("google/eddystone") == true)
    }

    /// Windows of other clocks are searched within bounds; computed by another implementation.
    @Test(arguments: [
        ("53c98500a851a8a5", 3, 65528),
        ("dbb4dc143e0cf3f3", 10, 305419896),
    ])
    func searchedClocks(text: String, rotation: Int, seconds: Int) throws {
        let decoded = try BeaconArea.ephemeral.decode(hex(text), key: nil)
        #expect(decoded["k"] == .integer(rotation) && decoded["ts"] == .integer(seconds))
    }

    @Test func identifiersOfUnknownKeys() throws {
        for text in ["0000000000000000", "2ba6a87acf88d21d", "ffffffffffffffff"] {
            let decoded = try BeaconArea.ephemeral.decode(hex(text), key: nil)
            #expect(decoded == ["eid": .string(text)])
        }
        let frame = try BeaconArea.eddystone.decode(hex("0d16aafe30ed2ba6a87acf88d21c"), key: nil)
        #expect(frame["k"] == 0 && frame["tx0m"] == -19 && frame["tx1m"] == -60)
    }

    @Test(arguments: Vector.all("eddystone-etlm"))
    func encryptedTelemetry(vector: Vector) throws {
        let key = BeaconArea.Key(bytes: [UInt8](0..<16), rotation: 9, time: 0x1234_5678)
        let decoded = try BeaconArea.encryptedTelemetry.decode(vector.bytes, key: key)
        for (key, expected) in vector.decoded {
            #expect(decoded[key].map(value) == expected, "\(key)")
        }
        let late = BeaconArea.Key(bytes: [UInt8](0..<16), rotation: 9, time: 0x1334_5678)
        let refused = try BeaconArea.encryptedTelemetry.decode(vector.bytes, key: late)
        #expect(refused["result"] == "no match")
    }

    @Test(arguments: beaconVectors)
    func everythingNearAVector(vector: Vector) throws {
        ByteVerifier.neighbours(of: vector.bytes) { bytes in
            for area in BeaconArea.allCases {
                // Either a document or a reason; what matters is that it returns.
                _ = try? area.decode(bytes, key: nil)
            }
        }
    }

    /// A reason says where, and leaves the area to the one who prints it.
    @Test(arguments: [
        (
            "eddystone", "0201060303aafe0d16aafe10ed00636e6e07",
            "byte 7: the advertising structure is longer than what is left"
        ),
        (
            "eddystone", "0201060303aafe0a16aafe10ed04636e6e07",
            "byte 13: the value 0x04 is reserved"
        ),
        (
            "eddystone", "0201060303aafe0a16aafe10ed00630e6e07",
            "byte 15: the value 0x0e is reserved"
        ),
        ("eddystone", "0a16aafe11ed00636e6e07", "byte 4: the value 0x11 is reserved"),
        ("eddystone", "1116aafe20020bb81580000003e80000ea60", "byte 5: version 0x02 is not known"),
        (
            "ibeacon", "02011a19ff4c000214fda50693a4e24fb1afcfc6eb0764782527114a3f",
            "byte 5: 20 bytes is not a length this frame can have"
        ),
        ("eddystone-eid", "00", "byte 1: an ephemeral identifier has 8 bytes, not 1"),
        ("eddystone-etlm", "2001", "byte 0: 2 bytes is not a length this frame can have"),
    ])
    func refused(area: String, text: String, reason: String) throws {
        let area = try #require(BeaconArea(rawValue: area))
        let error = #expect(throws: BeaconArea.Malformed.self) {
            try area.decode(hex(text), key: nil)
        }
        #expect(error?.reason == reason)
    }

    /// The sum of a weak power is not kept within a byte; one out of range is marked.
    @Test(arguments: [
        (0x9c, -100, -141, false), (0x14, 20, -21, false), (0x7f, 127, 86, true),
        (0x9b, -101, -142, true),
    ])
    func powers(byte: Int, atZero: Int, atOne: Int, isMarked: Bool) throws {
        for body in ["10\(hexByte(byte))006107", "00\(hexByte(byte))" + zeros(16)] {
            let frame = hex(body)
            let payload = [UInt8(frame.count + 3), 0x16, 0xaa, 0xfe] + frame
            let decoded = try BeaconArea.eddystone.decode(payload, key: nil)
            #expect(decoded["tx0m"] == .integer(atZero) && decoded["tx1m"] == .integer(atOne))
            #expect((decoded["tx_out_of_range"] != nil) == isMarked)
        }
    }

    private func hexByte(_ byte: Int) -> String { Hex.lower([UInt8(byte)]) }
    private func zeros(_ count: Int) -> String { String(repeating: "00", count: count) }

    @Test func structures() throws {
        let payload = hex(
            "020106" + "0503aafee7fe" + "0409414200" + "020aec" + "0319c103" + "05ffe0007f01"
                + "0416aafe20" + "1106" + "0f0e0d0c0b0a09080706050403020100" + "0302e7" + "03")
        let decoded = try BeaconArea.ad.decode(payload, key: nil)
        #expect(decoded["result"] == "no beacon" && decoded["flags"] == 6)
        #expect(decoded["name"] == "AB" && decoded["name_shortened"] == nil)
        #expect(decoded["tx_power"] == -20 && decoded["appearance"] == 961)
        #expect(decoded["uuids16"] == ["feaa", "fee7", "03e7"])
        #expect(decoded["uuids128"] == ["00010203-0405-0607-0809-0a0b0c0d0e0f"])
        #expect(decoded["manufacturer_data"] == [["company": 0xe0, "data": "7f01"]])
        #expect(decoded["service_data"] == [["uuid": "feaa", "data": "20"]])
        #expect(decoded["structures"]?.elements?.count == 9)
        let short = try BeaconArea.ad.decode(hex("0408414243" + "04ffe000be"), key: nil)
        #expect(short["name"] == "ABC" && short["name_shortened"] == true)
        #expect(short["truncated_at"] == nil)
    }

    @Test func baseLengthOutOfRange() async {
        for text in ["99999", "2305", "-1", "x"] {
            let failure = await #expect(throws: Failure.self) {
                _ = try await Self.run(["airkiss", "1", "2", "--base-length=\(text)"])
            }
            #expect(failure?.code == .usage)
        }
    }

    @Test func helpNamesThePublishedKeys() {
        let help = DecodeVerb.help.joined(separator: "\n")
        for key in PublishedKey.all {
            #expect(help.contains(key.hex) && help.contains(key.provenance))
        }
    }

    private static func run(_ words: [String]) async throws -> ExitCode {
        let arguments = try Arguments(words, options: DecodeVerb.options)
        return try await DecodeVerb.run(
            arguments, Output(terminal: Terminal(width: nil, hasColor: false), wantsJSON: true))
    }

    @Test func hardwareAreasKeepTheirNumbers() throws {
        let fields = try DecodeArea.bloodPressure.decode(text: "15bdf00b009ff03c001200")
        #expect(fields.json.text().contains("\"sys\":18.9"))
    }

    private func value(_ json: JSONValue) -> Vector.Value {
        switch json {
        case .number(let number): .number(number.double ?? .nan)
        case .bool(let bool): .bool(bool)
        case .array(let elements): .list(elements.map(value))
        case .string(let text): .string(text)
        default: .string("")
        }
    }
}
