extension Sink {
    /// Where on the network a sink's service is.
    public struct Endpoint: Hashable, Sendable {
        /// A name or an address, without brackets.
        public let host: String
        /// The port, also when it is the scheme's own.
        public let port: UInt16
        /// Whether the way there is encrypted (https, mqtts).
        public let isEncrypted: Bool
        /// The authorities to trust instead of the system's.
        public let caFile: String?
    }

    /// The service's place; nil for a file, and for an address that was never checked.
    public var endpoint: Endpoint? {
        switch kind {
        case .file: nil
        case .http(let url, _, let caFile, _): Self.endpoint(url, caFile)
        case .mqtt(let broker): Self.endpoint(broker.url, broker.caFile)
        }
    }

    /// Ports by RFC 9110 §4.2 and by IANA's registry for MQTT.
    private static let ports: [String: UInt16] = [
        "http": 80, "https": 443, "mqtt": 1_883, "mqtts": 8_883,
    ]

    private static func endpoint(_ url: String, _ caFile: String?) -> Endpoint? {
        guard let address = WebAddress(url), let port = address.port ?? ports[address.scheme]
        else { return nil }
        return Endpoint(
            host: address.host, port: port, isEncrypted: address.scheme.hasSuffix("s"),
            caFile: caFile)
    }
}
