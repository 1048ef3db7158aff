import BeaconScanner
import Crypto
import HardwareHub

/// Finds out which published key an ephemeral identifier or encrypted telemetry was made with.
///
/// The bytes alone do not tell the beacon's clock, so clocks are tried: those of the published
/// vectors with every rotation exponent, then the first 18 hours (2¹⁶ s) with every exponent, some
/// 130,000 blocks of AES. An identifier has 64 bits: that an unrelated one is found among so many
/// happens once in 2⁴⁷.
struct EphemeralSearch {
    /// What was found.
    struct Found {
        let key: PublishedKey
        let rotation: UInt8
        /// The beacon's clock: a published time, or the first second of the window.
        let seconds: UInt32
        /// Whether it is a published time, which lies somewhere in the window.
        let isPublishedTime: Bool
    }

    /// What made an identifier; nil when none of the published keys and the clocks tried did.
    static func identifier(_ identifier: [UInt8]) -> Found? {
        guard identifier.count == 8 else { return nil }
        for (key, clock) in published where clock.identifier == identifier {
            return Found(
                key: key, rotation: clock.rotation,
                seconds: UInt32(truncatingIfNeeded: clock.time), isPublishedTime: true)
        }
        for key in PublishedKey.all(for: .identity) {
            if let found = search(identifier, key) { return found }
        }
        return nil
    }

    /// Opens telemetry with the published keys and clocks; no search, as its tag has two bytes
    /// only and among many clocks some would fit by chance.
    static func telemetry(_ frame: EncryptedTelemetry) -> (Telemetry, Found)? {
        for (key, clock) in published {
            guard let beacon = clock.identityKey?.beacon,
                let opened = clock.resolver().decrypt(
                    frame, from: beacon, unixSeconds: clock.time)
            else { continue }
            return (
                opened,
                Found(
                    key: key, rotation: clock.rotation,
                    seconds: UInt32(truncatingIfNeeded: clock.time), isPublishedTime: true)
            )
        }
        return nil
    }

    /// The published keys with the published clocks, then with those times and other exponents.
    private static var published: [(PublishedKey, BeaconArea.Key)] {
        let clocks = PublishedKey.clocks
        let others = clocks.flatMap { clock in
            (UInt8(0)...15).filter { $0 != clock.rotation }.map { ($0, clock.seconds) }
        }
        return PublishedKey.all(for: .identity).flatMap { key in
            (clocks.map { ($0.rotation, $0.seconds) } + others).map { rotation, seconds in
                (key, BeaconArea.Key(bytes: key.bytes, rotation: rotation, time: Int64(seconds)))
            }
        }
    }

    private static func search(_ identifier: [UInt8], _ key: PublishedKey) -> Found? {
        guard let temporary = temporaryKey(0, key.bytes),
            let place = Blocks.all.place(of: identifier, temporary)
        else { return nil }
        return Found(
            key: key, rotation: place.rotation, seconds: UInt32(place.lower),
            isPublishedTime: false)
    }

    /// The key of one upper half of the clock: | 0 (11) | ff (1) | 0 (2) | upper half (2) |,
    /// encrypted (Eddystone-EID specification, "EID computation").
    fileprivate static func temporaryKey(_ upper: UInt16, _ key: [UInt8]) -> [UInt8]? {
        let zeros = [UInt8](repeating: 0, count: 11)
        return AES128.encryptBlock(
            zeros + [0xff, 0, 0, UInt8(upper >> 8), UInt8(upper & 0xff)], key: key)
    }

    /// The blocks whose encryption gives the identifiers of all windows while the upper half of the
    /// clock is 0: | 0 (11) | K (1) | 0 (2) | lower half, K bits cleared (2) |.
    private struct Blocks {
        static let all = Blocks()

        private var blocks: [UInt8] = []

        private init() {
            for exponent in UInt8(0)...15 {
                for lower in stride(from: 0, to: 1 << 16, by: 1 << Int(exponent)) {
                    blocks += [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
                    blocks += [exponent, 0, 0, UInt8(lower >> 8), UInt8(lower & 0xff)]
                }
            }
        }

        /// Where an identifier is among those of a temporary key.
        func place(
            of identifier: [UInt8], _ temporary: [UInt8]
        ) -> (rotation: UInt8, lower: UInt16)? {
            guard let coded = AES128.encryptBlocks(blocks, key: temporary) else { return nil }
            let start = stride(from: 0, to: coded.count, by: 16).first { start in
                coded[start] == identifier[0]
                    && coded[start..<(start + 8)].elementsEqual(identifier)
            }
            return start.map {
                (blocks[$0 + 11], UInt16(blocks[$0 + 14]) << 8 | UInt16(blocks[$0 + 15]))
            }
        }
    }
}

extension BeaconArea.Key {
    /// The identifier of the window that holds the time; nil for a time no beacon's clock shows.
    fileprivate var identifier: [UInt8]? {
        guard let seconds = UInt32(exactly: time), rotation <= 15 else { return nil }
        let window = seconds & ~(1 << UInt32(rotation) - 1)
        let clock = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: window >> UInt32($0)) }
        let zeros = [UInt8](repeating: 0, count: 11)
        return EphemeralSearch.temporaryKey(UInt16(seconds >> 16), bytes)
            .flatMap { AES128.encryptBlock(zeros + [rotation] + clock, key: $0) }
            .map { Array($0.prefix(8)) }
    }
}

extension EphemeralSearch.Found {
    /// What a person has to know about the match.
    var note: String {
        let clock =
            isPublishedTime
            ? "the clock is a published vector's, which lies in the window"
            : "the clock is the first second of the window"
        return "made with a key that everybody has (\(key.provenance)); \(clock)"
    }
}
