/// A broker that takes each event as a message of MQTT 5, or of MQTT 3.1.1 when it knows no more.
public struct MQTTSinkSettings: Sendable, Hashable {
    /// Where to: `mqtts://host[:port]`, or `mqtt://` to this machine itself.
    public var url: String
    /// The topic of events; `{hub}` and `{type}` stand for the hub's id and the event's type.
    public var topic: String
    /// The topic of the hub's retained state, with `{hub}`; nil publishes no state.
    public var stateTopic: String?
    /// Whether a message is delivered exactly once (QoS 2), as far as both sides keep their
    /// session, and not at least once (QoS 1).
    public var isExactlyOnce: Bool
    /// Who the hub is to the broker; nil for `hubd-` and the hub's id.
    public var clientID: String?
    /// The name to sign in with.
    public var username: String?
    /// The file with the password that belongs to it; read again with each connection.
    public var passwordFile: String?
    /// The file with the authorities to trust, in PEM; nil for those of the system.
    public var caFile: String?
    /// The file with the hub's own certificate, in PEM.
    public var certFile: String?
    /// The file with the key of that certificate, in PEM.
    public var keyFile: String?
    /// The most events in a batch.
    public var batch: Int
    /// The limits in time.
    public var limits: Limits
    /// How old presence and telemetry may become before they are passed over.
    public var maxAge: Duration?

    /// How long things may take.
    public struct Limits: Sendable, Hashable {
        /// The longest that connecting may take, with TLS and the broker's answer.
        public var connect: Duration = .seconds(10)
        /// The longest a whole delivery may take.
        public var whole: Duration = .seconds(30)
        /// The longest silence that the broker is promised (MQTT 5.0, §3.1.2.10), whole seconds;
        /// something is sent after half of it.
        public var keepAlive: Duration = .seconds(60)

        /// Makes the usual limits.
        public init() {}
    }

    /// Makes settings with the usual limits.
    public init(
        url: String, topic: String, stateTopic: String? = nil, isExactlyOnce: Bool = false,
        clientID: String? = nil, username: String? = nil, passwordFile: String? = nil,
        caFile: String? = nil, certFile: String? = nil, keyFile: String? = nil, batch: Int = 256,
        limits: Limits = Limits()
    ) {
        self.url = url
        self.topic = topic
        self.stateTopic = stateTopic
        self.isExactlyOnce = isExactlyOnce
        self.clientID = clientID
        self.username = username
        self.passwordFile = passwordFile
        self.caFile = caFile
        self.certFile = certFile
        self.keyFile = keyFile
        self.batch = batch
        self.limits = limits
    }
}
