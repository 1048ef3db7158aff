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

    @Test(arguments: [
        ("eddystone", "0201060303aafe0d16aafe10ed00636e6e07", "is longer than what is left"),
        ("ibeacon", "02011a19ff4c000214fda50693a4e24fb1afcfc6eb0764782527114a3f", "eacon"),
        ("eddystone-eid", "00", "has 8 bytes, not 1"),
    ])
    func refused(area: String, text: String, reason: String) throws {
        let area = try #require(BeaconArea(rawValue: area))
        let error = #expect(throws: BeaconArea.Malformed.self) {
            try area.decode(hex(text), key: nil)
        }
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
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
