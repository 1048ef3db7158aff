/// `catalog` as an object: the service that the catalog of this hub is pulled from.
public struct CatalogService: Hashable, Sendable {
    /// `url`: where it is, https, or http on this machine; `{hub}` behind the host stands for the
    /// hub's id.
    public var url: String
    /// `publicKeyFile`: the Ed25519 keys one of which must have signed a catalog.
    public var publicKeyFile: String
    /// `secretFile`: the token that is sent with each request; nil sends none.
    public var secretFile: String?
    /// `caFile`: the authorities to trust instead of the system's.
    public var caFile: String?
    /// `certFile`: the hub's own certificate; with `keyFile`.
    public var certFile: String?
    /// `keyFile`: the key of the certificate: a path, or the name of a systemd credential.
    public var keyFile: String?
    /// `interval`: how often the service is asked; 5 min unless said otherwise.
    public var interval: Duration

    /// Makes the settings of a service.
    public init(
        url: String, publicKeyFile: String, secretFile: String? = nil, caFile: String? = nil,
        certFile: String? = nil, keyFile: String? = nil, interval: Duration = .seconds(300)
    ) {
        self.url = url
        self.publicKeyFile = publicKeyFile
        self.secretFile = secretFile
        self.caFile = caFile
        self.certFile = certFile
        self.keyFile = keyFile
        self.interval = interval
    }

    /// The address that is asked.
    ///
    /// - Parameter hub: the hub's id; what a URL may not hold is percent-encoded (RFC 3986 §2.1).
    /// - Returns: the URL.
    public func address(hub: String) -> String {
        let digits = Array("0123456789ABCDEF")
        let name = hub.utf8.reduce(into: "") { text, byte in
            if HubName.isGood(String(decoding: [byte], as: UTF8.self)) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return WebAddress.filled(url, "{hub}", with: name)
    }
}

extension Settings {
    /// Where the catalogs that were pulled are kept: beside the database.
    public var catalogsPath: String {
        let folder = store.path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return (folder + ["catalogs"]).joined(separator: "/")
    }
}
