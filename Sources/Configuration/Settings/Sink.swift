/// One entry of `sinks`: where events are delivered.
public struct Sink: Hashable, Sendable {
    /// `kind` and what belongs to it.
    public enum Kind: Hashable, Sendable {
        /// `file`: lines of JSON. `path`; `maxSize`, at which a new file is begun, 64 KiB to
        /// 1 TiB, nil for never; `keep`, how many old files stay, 0 to 1000, nil for all.
        case file(path: String, maxSize: Int64?, keep: Int?)
        /// `http`: batches by POST. `url`, https, or http on this machine; `secretFile`, the key
        /// that signs them; `caFile`, the authorities to trust instead of the system's.
        case http(url: String, secretFile: String?, caFile: String?, HTTP = HTTP())
        /// `mqtt`: one message an event.
        case mqtt(MQTT)
    }

    /// What else a sink of kind `http` may have.
    public struct HTTP: Hashable, Sendable {
        /// `secretFiles`: more keys that sign, while a service changes its own.
        public var secretFiles: [String] = []
        /// `certFile`: the hub's certificate; with `keyFile`.
        public var certFile: String?
        /// `keyFile`: the key of the certificate: a path, or the name of a systemd credential.
        public var keyFile: String?
        /// `pin`: the keys that the service may have, `sha256//` and base64, with `;` in between.
        public var pin: String?
        /// `proxy`: `http://host:port`, `https://…` or `socks5h://…`.
        public var proxy: String?
        /// `maxRate`: the most bytes a second, 1 KiB to 1 GiB.
        public var maxRate: Int64?
        /// `maxAge`: how old presence and telemetry may become, a minute to a year.
        public var maxAge: Duration?

        /// Makes settings that say nothing.
        public init() {}
    }

    /// The settings of a sink of kind `mqtt`.
    public struct MQTT: Hashable, Sendable {
        /// `url`: `mqtts://host[:port]`, or `mqtt://` on this machine.
        public var url: String
        /// `topic`: where to; `{hub}` and `{type}` stand for the hub's id and the event's type.
        public var topic: String
        /// `stateTopic`: where the hub's retained state is published, with `{hub}`; nil, which is
        /// written `null`, for nowhere.
        public var stateTopic: String?
        /// `qos`: 1, at least once, or 2, exactly once; 1 when nothing is said.
        public var qos: Int
        /// `clientId`: at most 64 characters; nil leaves it to hubd.
        public var clientID: String?
        /// `username`.
        public var username: String?
        /// `passwordFile`: a path, or the name of a systemd credential.
        public var passwordFile: String?
        /// `caFile`: the authorities to trust instead of the system's.
        public var caFile: String?
        /// `certFile`: the client's certificate; with `keyFile`.
        public var certFile: String?
        /// `keyFile`: the key of the certificate: a path, or the name of a systemd credential.
        public var keyFile: String?
        /// `maxAge`: how old presence and telemetry may become, a minute to a year.
        public var maxAge: Duration?

        /// `stateTopic` when nothing is said.
        public static let usualStateTopic = "hubs/{hub}/state"

        /// Makes the settings of a sink.
        public init(
            url: String, topic: String, stateTopic: String? = Self.usualStateTopic, qos: Int = 1,
            clientID: String? = nil,
            username: String? = nil, passwordFile: String? = nil, caFile: String? = nil,
            certFile: String? = nil, keyFile: String? = nil, maxAge: Duration? = nil
        ) {
            self.url = url
            self.topic = topic
            self.stateTopic = stateTopic
            self.qos = qos
            self.clientID = clientID
            self.username = username
            self.passwordFile = passwordFile
            self.caFile = caFile
            self.certFile = certFile
            self.keyFile = keyFile
            self.maxAge = maxAge
        }
    }

    /// How many there may be: each has a thread, and the unit allows 16.
    public static let most = 8

    /// `name`: how it is called in status, journal and commands; no two sinks have the same. When
    /// nothing is said, the kind, or for further ones the kind with a number: `http`, `http-2`.
    public var name: String
    /// What it is.
    public var kind: Kind

    /// Makes a sink.
    public init(name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }
}
