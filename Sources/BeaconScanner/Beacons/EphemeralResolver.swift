/// Explains ephemeral identifiers by the identity keys of the beacons one owns.
///
/// Cryptography happens in `refresh`, which is called when it says and not per report: it computes
/// the identifiers of the current window of each key and of the two beside it, since a beacon's
/// clock drifts. A report is then explained by one look into a table.
///
/// A recorded frame can be replayed for up to three windows: a small exponent shortens that.
public struct EphemeralResolver: Sendable {
    /// One key and what was computed from it.
    private struct Entry: Sendable {
        let key: IdentityKey
        /// The window the identifiers were computed for; nil before the first time.
        var window: Int64?
        var identifiers: [UInt64] = []
    }

    private var entries: [Entry]
    private let encrypt: BlockCipher
    /// Ephemeral identifier → index into `entries`.
    private var known: [UInt64: Int] = [:]

    /// Makes a resolver that explains nothing.
    public init() {
        self.init(keys: []) { _, _ in nil }
    }

    /// Makes a resolver; it explains nothing until it is refreshed.
    public init(keys: [IdentityKey], encrypt: @escaping BlockCipher) {
        entries = keys.map { Entry(key: $0) }
        self.encrypt = encrypt
    }

    /// Brings the table up to date.
    ///
    /// A key whose window is still the one it was last computed for costs nothing.
    ///
    /// - Parameter unixSeconds: the time; a clock that is wrong explains nothing.
    /// - Returns: when it is next due, in seconds of the same clock; nil without keys.
    @discardableResult
    public mutating func refresh(unixSeconds: Int64) -> Int64? {
        var isChanged = false
        for index in entries.indices {
            let key = entries[index].key
            let window = key.window(atUnixSeconds: unixSeconds)
            guard entries[index].window != window else { continue }
            entries[index].window = window
            entries[index].identifiers = key.windows(around: window)
                .compactMap { key.identifier(ofWindow: $0, encrypt) }
            isChanged = true
        }
        if isChanged { rebuild() }
        return entries.compactMap { entry in
            entry.window.map { $0 &+ entry.key.windowLength &+ entry.key.clockOffset }
        }.min()
    }

    /// The beacon that an ephemeral identifier belongs to.
    public func beacon(for identifier: UInt64) -> BeaconID? {
        guard !known.isEmpty, let index = known[identifier] else { return nil }
        return entries[index].key.beacon
    }

    /// Decrypts a beacon's telemetry.
    ///
    /// It costs some ten block encryptions. The tag has only two bytes, so one wrong frame in
    /// some 20,000 passes: ask for the one beacon that sends from the frame's address, not for all.
    ///
    /// - Parameters:
    ///   - telemetry: the frame.
    ///   - beacon: whose it is.
    ///   - unixSeconds: when it was received.
    /// - Returns: nil when the beacon has no key here, or the tag is wrong.
    public func decrypt(
        _ telemetry: EncryptedTelemetry, from beacon: BeaconID, unixSeconds: Int64
    ) -> Telemetry? {
        for entry in entries where entry.key.beacon == beacon {
            guard let mode = EAX(key: entry.key.key, encrypt: encrypt) else { continue }
            let window = entry.key.window(atUnixSeconds: unixSeconds)
            for candidate in entry.key.windows(around: window) {
                guard let nonce = entry.key.nonce(ofWindow: candidate, salt: telemetry.salt),
                    let body = mode.open(
                        telemetry.cipher, nonce: nonce, header: [], tag: telemetry.tagBytes),
                    body.count == 12
                else { continue }
                return Telemetry(body: body.span)
            }
        }
        return nil
    }

    private mutating func rebuild() {
        known.removeAll(keepingCapacity: true)
        for (index, entry) in entries.enumerated() {
            for identifier in entry.identifiers { known[identifier] = index }
        }
    }
}

extension IdentityKey {
    /// A window and its neighbours, the likeliest first.
    fileprivate func windows(around window: Int64) -> [Int64] {
        [window, window &- windowLength, window &+ windowLength]
    }
}

extension EncryptedTelemetry {
    /// The 12 encrypted bytes.
    fileprivate var cipher: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * $0)) }
            + (0..<4).map { UInt8(truncatingIfNeeded: low >> UInt32(24 - 8 * $0)) }
    }

    /// The two bytes of the tag.
    fileprivate var tagBytes: [UInt8] { [UInt8(tag >> 8), UInt8(tag & 0xff)] }
}
