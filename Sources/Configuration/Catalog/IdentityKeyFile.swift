public import BeaconScanner
public import Campaigns

extension IdentityKey {
    /// Reads the key of a beacon whose identifier changes: 32 hexadecimal digits, white space
    /// ignored.
    ///
    /// - Parameters:
    ///   - identity: where the key is, and how the beacon turns.
    ///   - beacon: whose it is.
    /// - Throws: what is wrong with the file.
    public init(
        reading identity: ConfiguredBeacon.EphemeralIdentity, of beacon: BeaconID
    ) throws(Problem) {
        let path = Credential.path(of: identity.keyFile)
        let file = try SourceFile(reading: path, limit: 4_096)
        let digits = file.bytes.filter { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        guard let key = Hex.bytes(digits), digits.count == 32,
            let identityKey = IdentityKey(
                beacon: beacon, key: key, rotationExponent: identity.rotation,
                clockOffset: identity.epoch)
        else {
            // The content of the file is a secret: only its length is told.
            throw Problem(
                file: path, found: "\(digits.count) characters",
                expected: "32 hexadecimal digits, the identity key of \(beacon)")
        }
        self = identityKey
    }
}
