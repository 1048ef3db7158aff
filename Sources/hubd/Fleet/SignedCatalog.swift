import Configuration
import Outbox

/// A catalog as it arrives, whose signature has been verified over exactly these bytes.
struct SignedCatalog: Sendable {
    /// The longest that is taken, in bytes: with a minute of patience it comes over a line of
    /// 35 kB/s, and thousands of beacons and campaigns fit in.
    static let limit = 1 << 20
    private static let algorithm = "ed25519="
    /// The header, or the user property of a message, with the signature, in lower case.
    static let name = "hubd-signature"

    let bytes: [UInt8]
    /// The header's value: `ed25519=` and base64.
    let signature: String
    /// Where it came from: an address.
    let source: String
    let etag: String?

    /// Verifies bytes that came from anywhere; nothing of them is read before.
    ///
    /// - Throws: what is wrong, when they are not signed as they should be.
    init(
        _ bytes: [UInt8], signature: String?, source: String, etag: String? = nil,
        keyFile: String
    ) throws(CatalogRefusal) {
        guard bytes.count <= Self.limit else { throw .tooLong }
        let keys: CatalogKeys
        do throws(Problem) {
            keys = try CatalogKeys(reading: keyFile)
        } catch {
            throw CatalogRefusal(.noKey, "publicKeyFile \(error)")
        }
        guard let signature else {
            throw CatalogRefusal(
                .unsigned, "the catalog at \(source) came without a \(Self.name): sign it there")
        }
        guard signature.hasPrefix(Self.algorithm),
            let code = Base64.decode(signature.dropFirst(Self.algorithm.count)),
            keys.verify(code, of: bytes)
        else {
            throw CatalogRefusal(
                .wrongSignature,
                "the catalog at \(source) is not signed by a key of \(keyFile): give the hub that key, "
                    + "or find out who changed it")
        }
        self.bytes = bytes
        self.signature = signature
        self.source = source
        self.etag = etag
    }
}

/// Why a catalog is not taken.
struct CatalogRefusal: Error, Hashable {
    /// What is told apart, by the names that status and commands show.
    enum Name: String {
        /// It came without a signature.
        case unsigned
        /// It is not what a known key signed.
        case wrongSignature = "wrong-signature"
        /// The file with the keys cannot be used.
        case noKey = "no-key"
        /// It is longer than a catalog may be.
        case oversize
        /// It is none, or it does not fit the configuration of this hub.
        case malformed
        /// It is for another hub.
        case wrongHub = "wrong-hub"
        /// Its version is lower than one that was in force.
        case olderVersion = "older-version"
        /// Its version has been used for another catalog.
        case reusedVersion = "reused-version"
        /// It could not be kept.
        case disk
    }

    let name: Name
    let text: String
    /// Every problem of a malformed one.
    var problems: [String] = []

    init(_ name: Name, _ text: String, problems: [String] = []) {
        self.name = name
        self.text = text
        self.problems = problems
    }

    static let tooLong = CatalogRefusal(
        .oversize, "the catalog is longer than \(SignedCatalog.limit >> 20) MiB")
}
