/// A sink as the configuration names it.
public enum SinkSettings: Sendable, Hashable {
    /// A file of JSON Lines.
    case file(FileSinkSettings)
    /// A service that takes batches of CloudEvents.
    case http(HTTPSinkSettings)
    /// A broker of MQTT.
    case mqtt(MQTTSinkSettings)

    /// What tells this sink from others, also in the store: its kind and address. Another address
    /// is another sink.
    public var name: String {
        switch self {
        case .file(let file): "file:" + file.path
        case .http(let http): "http:" + http.url
        case .mqtt(let mqtt): "mqtt:\(mqtt.url) \(mqtt.topic)"
        }
    }

    /// The most events of a delivery.
    var batch: Int {
        switch self {
        case .file: 512
        case .http(let http): max(1, http.batch)
        case .mqtt(let mqtt): max(1, mqtt.batch)
        }
    }

    /// How old presence and telemetry may become before this sink; nil for as old as they are.
    public var maxAge: Duration? {
        switch self {
        case .file: nil
        case .http(let http): http.maxAge
        case .mqtt(let mqtt): mqtt.maxAge
        }
    }
}

/// A file that events are appended to, one CloudEvent on each line.
public struct FileSinkSettings: Sendable, Hashable {
    /// The file; its folder must exist.
    public var path: String
    /// The length at which the file is put aside as `path.1`, in bytes.
    public var rotateAt: Int64
    /// How many files that were put aside are kept.
    public var kept: Int

    /// Makes settings; 16 MiB hold about 30,000 events, and five files as much as the store.
    public init(path: String, rotateAt: Int64 = 16 << 20, kept: Int = 5) {
        self.path = path
        self.rotateAt = rotateAt
        self.kept = kept
    }
}

/// A service that takes `application/cloudevents-batch+json` by POST.
public struct HTTPSinkSettings: Sendable, Hashable {
    /// Where to: https, or http to this machine itself.
    public var url: String
    /// The file with the signing secret: `whsec_` and base64, or base64; nil sends no signature.
    public var secretFile: String?
    /// The file with the authorities to trust, in PEM; nil for those of the system.
    public var caFile: String?
    /// The most events in a batch.
    public var batch: Int
    /// The limits in time.
    public var limits: Limits
    /// More files with signing secrets: every one signs, so that a service can change its own.
    public var secretFiles: [String] = []
    /// The client's certificate, in PEM, and its key; nil for none.
    public var certFile: String?
    /// The file with the key of `certFile`.
    public var keyFile: String?
    /// The public keys that the service may have, as `sha256//` and base64, `;` between several.
    public var pin: String?
    /// The proxy to go through: `http://`, `https://` or `socks5h://`; nil for none.
    public var proxy: String?
    /// The most bytes a second that are sent; nil for as many as there is room for.
    public var maxRate: Int64?
    /// How old presence and telemetry may become before they are passed over.
    public var maxAge: Duration?

    /// How long a request may take.
    public struct Limits: Sendable, Hashable {
        /// The longest that connecting, with TLS, may take.
        public var connect: Duration = .seconds(10)
        /// The longest a whole request may take.
        public var whole: Duration = .seconds(30)
        /// The longest that fewer than 64 bytes a second may pass.
        public var slow: Duration = .seconds(15)

        /// Makes the usual limits.
        public init() {}
    }

    /// All files with signing secrets.
    var allSecretFiles: [String] { (secretFile.map { [$0] } ?? []) + secretFiles }

    /// The limits for a body of so many bytes: what is slowed down on purpose may take its time.
    func limits(for bytes: Int) -> Limits {
        guard let maxRate, maxRate > 0 else { return limits }
        var limits = limits
        limits.whole += .milliseconds(Int64(Double(bytes) / Double(maxRate) * 1_000))
        return limits
    }

    /// Makes settings with the usual limits.
    public init(
        url: String, secretFile: String? = nil, caFile: String? = nil, batch: Int = 256,
        limits: Limits = Limits()
    ) {
        self.url = url
        self.secretFile = secretFile
        self.caFile = caFile
        self.batch = batch
        self.limits = limits
    }
}
