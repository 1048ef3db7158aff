import BeaconScanner
import Crypto
import HardwareHub
import JSON

/// The areas of `decode` that belong to advertisements, named as in the test vectors.
enum BeaconArea: String, CaseIterable {
    case ad
    case iBeacon = "ibeacon"
    case altBeacon = "altbeacon"
    case eddystone
    case ephemeral = "eddystone-eid"
    case encryptedTelemetry = "eddystone-etlm"

    /// What resolving an identifier or opening telemetry needs.
    struct Key {
        let bytes: [UInt8]
        let rotation: UInt8
        let time: Int64

        /// The same under a name, as the scanner takes it.
        var identityKey: IdentityKey? {
            BeaconID("eddystone-eid:key").flatMap {
                IdentityKey(beacon: $0, key: bytes, rotationExponent: rotation, clockOffset: 0)
            }
        }

        func resolver() -> EphemeralResolver {
            var resolver = EphemeralResolver(keys: identityKey.map { [$0] } ?? []) {
                AES128.encryptBlock($0, key: $1)
            }
            resolver.refresh(unixSeconds: time)
            return resolver
        }
    }

    /// Bytes that are not what the area says.
    struct Malformed: Error {
        let reason: String
    }

    /// Decodes bytes; `{"result": "no beacon"}` when they are in order and hold none.
    func decode(_ bytes: [UInt8], key: Key?) throws(Malformed) -> JSONValue {
        switch self {
        case .ad: StructureList.decode(bytes)
        case .iBeacon, .altBeacon, .eddystone: try beacon(bytes, key: key)
        case .ephemeral: try Self.ephemeral(bytes, key)
        case .encryptedTelemetry: try Self.encryptedTelemetry(bytes, key)
        }
    }

    /// The first beacon of this area in a payload.
    func beacon(_ bytes: [UInt8], key: Key? = nil) throws(Malformed) -> JSONValue {
        var found: JSONValue?
        var fault: String?
        var structure = 0
        let end = forEachADStructure(in: bytes.span) { type, data in
            guard found == nil else { return .stop }
            do throws(FrameError) {
                found = try frame(type, data, key)
            } catch .otherFormat {
            } catch {
                // Length and type, and the service's UUID, stand before a frame.
                let frame = structure + 2 + (type == .serviceData16 ? 2 : 0)
                fault = "byte \(frame + error.position): \(error)"
            }
            structure += data.count + 2
            return .next
        }
        if let found { return found }
        if let fault { throw Malformed(reason: fault) }
        if case .truncated(let offset) = end {
            throw Malformed(
                reason: "byte \(offset): the advertising structure is longer than what is left")
        }
        return ["result": "no beacon"]
    }

    private func frame(
        _ type: ADType, _ data: Span<UInt8>, _ key: Key?
    ) throws(FrameError) -> JSONValue {
        switch (self, type) {
        case (.iBeacon, .manufacturerData): return try Self.iBeacon(data)
        case (.altBeacon, .manufacturerData): return try Self.altBeacon(data)
        case (.eddystone, .serviceData16):
            guard data.count > 2, data[0] == 0xaa, data[1] == 0xfe else { throw .otherFormat }
            return try Self.eddystone(data.extracting(2...), key)
        default: throw .otherFormat
        }
    }

    private static func iBeacon(_ data: Span<UInt8>) throws(FrameError) -> JSONValue {
        let frame = try IBeacon(manufacturerData: data)
        return [
            "id": .string(frame.id.description), "uuid": .string(frame.id.uuidText ?? ""),
            "major": .integer(frame.id.major ?? 0), "minor": .integer(frame.id.minor ?? 0),
            "measured_power": .integer(frame.measuredPower),
        ]
    }

    private static func altBeacon(_ data: Span<UInt8>) throws(FrameError) -> JSONValue {
        let frame = try AltBeacon(manufacturerData: data)
        let bytes = frame.id.bytes
        // The same 16 + 2 + 2 bytes as an iBeacon's, so its text form serves.
        let uuid = BeaconID(format: .iBeacon, bytes: bytes.span).uuidText?.lowercased()
        return [
            "company": .integer(frame.company), "id": .string(uuid ?? ""),
            "id2": .integer(UInt16(bytes[16]) << 8 | UInt16(bytes[17])),
            "id3": .integer(UInt16(bytes[18]) << 8 | UInt16(bytes[19])),
            "ref_rssi": .integer(frame.referenceRSSI),
            "mfg_reserved": .integer(frame.makerReserved),
            "beacon": .string(frame.id.description),
        ]
    }

    private static func eddystone(
        _ frame: Span<UInt8>, _ key: Key?
    ) throws(FrameError) -> JSONValue {
        switch frame[0] >> 4 {
        case 0:
            let uid = try EddystoneUID(frame: frame)
            return .object(
                [.init("frame", "uid")] + power(uid.powerAtZero, uid.hasAllowedPower) + [
                    .init("ns", .string(Hex.lower(uid.id.bytes.prefix(10)))),
                    .init("inst", .string(Hex.lower(uid.id.bytes.dropFirst(10)))),
                ])
        case 1:
            let url = try EddystoneURL(frame: frame)
            return .object(
                [.init("frame", "url")] + power(url.powerAtZero, url.hasAllowedPower) + [
                    .init("url", .string(url.text))
                ])
        case 2 where frame.count > 1 && frame[1] == 1:
            return opened(try EncryptedTelemetry(frame: frame), key)
        case 2: return telemetry(try Telemetry(frame: frame), version: 0)
        case 3:
            let eid = try EddystoneEID(frame: frame)
            return .object(
                [.init("frame", "eid")] + power(eid.powerAtZero, eid.hasAllowedPower)
                    + explained(eid.id.bytes, key))
        default: throw .reserved(frame[0], at: 0)
        }
    }

    /// Power at 0 m and at 1 m. The sum is not kept within a byte here: a person reads it. A power
    /// that the specification does not allow is marked, not refused.
    private static func power(_ atZero: Int8, _ isAllowed: Bool) -> [JSONValue.Member] {
        let members = [
            JSONValue.Member("tx0m", .integer(atZero)), .init("tx1m", .integer(Int(atZero) - 41)),
        ]
        return isAllowed ? members : members + [.init("tx_out_of_range", true)]
    }

    private static func telemetry(_ telemetry: Telemetry, version: Int) -> JSONValue {
        [
            "frame": "tlm", "version": .integer(version),
            // 0 mV is how a beacon says that it does not measure its battery.
            "vbatt_mv": .integer(telemetry.battery ?? 0),
            "temp_c": telemetry.celsius.map(JSONValue.double) ?? .null,
            "adv_cnt": .integer(telemetry.advertisements),
            "uptime_s": .double(telemetry.uptimeSeconds),
        ]
    }

    private static func sealed(_ frame: EncryptedTelemetry) -> JSONValue {
        let cipher = bigEndian(frame.high) + bigEndian(frame.low)
        return [
            "frame": "etlm", "version": 1, "etlm": .string(Hex.lower(cipher)),
            "salt": .string(Hex.lower(bigEndian(frame.salt))),
            "mic": .string(Hex.lower(bigEndian(frame.tag))),
        ]
    }

    private static func bigEndian<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
        stride(from: Word.bitWidth - 8, through: 0, by: -8)
            .map { UInt8(truncatingIfNeeded: word >> Word($0)) }
    }

    private static func ephemeral(_ bytes: [UInt8], _ key: Key?) throws(Malformed) -> JSONValue {
        guard bytes.count == 8 else {
            throw Malformed(
                reason: "byte \(min(bytes.count, 8)): an ephemeral identifier has 8 bytes,"
                    + " not \(bytes.count)")
        }
        return .object(explained(bytes, key))
    }

    /// An identifier, and what made it, if that is the given or else a published key.
    private static func explained(_ bytes: [UInt8], _ key: Key?) -> [JSONValue.Member] {
        var members = [JSONValue.Member("eid", .string(Hex.lower(bytes)))]
        guard let key else {
            guard let found = EphemeralSearch.identifier(bytes) else { return members }
            members.append(.init("k", .integer(found.rotation)))
            members.append(.init("ts", .integer(found.seconds)))
            return members + found.members
        }
        let value = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let matches = key.resolver().beacon(for: value) != nil
        members.append(.init("match", .bool(matches)))
        if matches {
            members.append(.init("k", .integer(key.rotation)))
            members.append(.init("ts", .integer(key.time)))
        }
        return members
    }

    private static func encryptedTelemetry(
        _ bytes: [UInt8], _ key: Key?
    ) throws(Malformed) -> JSONValue {
        do throws(FrameError) {
            return opened(try EncryptedTelemetry(frame: bytes.span), key)
        } catch {
            throw Malformed(reason: "byte \(error.position): \(error)")
        }
    }

    /// Telemetry in the clear, if the given or else a published key opens it.
    private static func opened(_ frame: EncryptedTelemetry, _ key: Key?) -> JSONValue {
        guard let key else {
            guard let (opened, found) = EphemeralSearch.telemetry(frame) else {
                return sealed(frame)
            }
            let members = telemetry(opened, version: 1).members ?? []
            return .object(members + found.members)
        }
        guard let beacon = key.identityKey?.beacon,
            let opened = key.resolver().decrypt(frame, from: beacon, unixSeconds: key.time)
        else { return ["result": "no match", "frame": "etlm"] }
        return telemetry(opened, version: 1)
    }
}

extension EphemeralSearch.Found {
    /// The key, and what has to be known about it.
    fileprivate var members: [JSONValue.Member] {
        [.init("published_key", .string(key.hex)), .init("note", .string(note))]
    }
}
