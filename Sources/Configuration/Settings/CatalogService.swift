/// `catalog` as an object: where the catalog of this hub comes from.
public struct CatalogService: Hashable, Sendable {
    /// Where it is.
    public enum Place: Hashable, Sendable {
        /// `url`: a service, https, or http on this machine; `{hub}` behind the host stands for the
        /// hub's id.
        case service(url: String)
        /// `mqtt`: a broker that keeps it as a retained message; of a sink's settings or its own
        /// those that say how the broker is reached, with the catalog's own topic, in which `{hub}`
        /// stands for the hub's id, and client id, nil for `hubd-<hub>-catalog`.
        case broker(Sink.MQTT)
    }

    /// `url` or `mqtt`.
    public var place: Place
    /// `publicKeyFile`: the Ed25519 keys one of which must have signed a catalog.
    public var publicKeyFile: String
    /// `secretFile`: the token that is sent with each request to a service; nil sends none.
    public var secretFile: String?
    /// `caFile`: the authorities to trust instead of the system's.
    public var caFile: String?
    /// `certFile`: the hub's own certificate; with `keyFile`.
    public var certFile: String?
    /// `keyFile`: the key of the certificate: a path, or the name of a systemd credential.
    public var keyFile: String?
    /// `interval`: how often it is asked for; 5 min unless said otherwise.
    public var interval: Duration

    /// Makes the settings of a broker.
    public init(
        broker: Sink.MQTT, publicKeyFile: String, interval: Duration = .seconds(300)
    ) {
        place = .broker(broker)
        self.publicKeyFile = publicKeyFile
        self.interval = interval
    }

    /// Makes the settings of a service.
    public init(
        url: String, publicKeyFile: String, secretFile: String? = nil, caFile: String? = nil,
        certFile: String? = nil, keyFile: String? = nil, interval: Duration = .seconds(300)
    ) {
        place = .service(url: url)
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
    /// - Returns: the URL; for a broker its URL and the topic.
    public func address(hub: String) -> String {
        switch place {
        case .service(let url): Self.filled(url, hub: hub)
        case .broker(let broker): "\(broker.url) \(Self.topic(broker.topic, hub: hub))"
        }
    }

    /// A topic of this hub; `HubName` allows nothing that means something in a topic, and the name
    /// of a machine has no such characters either.
    public static func topic(_ template: String, hub: String) -> String {
        template.replacing("{hub}", with: hub)
    }

    private static func filled(_ url: String, hub: String) -> String {
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
