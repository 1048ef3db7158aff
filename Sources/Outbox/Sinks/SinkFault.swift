/// Why a sink does not take events just now, and what mends it.
public struct SinkFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of faults; each has its own mend.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        // Files
        /// The folder of the file is missing.
        case missingFolder
        /// The file or its folder may not be written.
        case permission
        /// The file system is full.
        case noSpace
        /// The disk, or the file, failed in another way.
        case disk

        // Names and connections
        /// The name of the host is not found.
        case nameNotFound
        /// Nobody listens at the address.
        case refused
        /// There is no way to the address.
        case unreachable
        /// Connecting or answering took too long.
        case timeout
        /// The connection was cut off.
        case reset

        // TLS
        /// The certificate comes from an authority that is not trusted here.
        case untrustedAuthority
        /// The certificate is for another name.
        case wrongName
        /// The certificate has expired.
        case expired
        /// The certificate is not valid yet: its date, or the hub's clock, is wrong.
        case notYetValid
        /// What listens does not speak TLS, or not TLS 1.2 or later.
        case noTLS
        /// The certificate failed in another way.
        case untrusted
        /// The service has another key than the pin says.
        case wrongKey
        /// The service asks for a certificate of the hub, and none is configured.
        case clientCertificateRequired
        /// The service would not have the hub's certificate.
        case clientCertificateRefused
        /// The files with the hub's certificate and key cannot be used.
        case clientCertificate

        // Proxies
        /// The proxy is not found, does not answer, or does not let the hub through.
        case proxy

        // Answers
        /// What answered does not speak HTTP.
        case notHTTP
        /// What answered does not speak MQTT.
        case notMQTT
        /// The service asks to come back later (429, 503).
        case throttled
        /// The service failed (5xx), or sent the request elsewhere (3xx).
        case serverError
        /// The service takes nothing from this hub, or would not have an event (401, 403, 404 and
        /// their like).
        case denied
        /// The service would not have an event (other 4xx).
        case rejected
        /// The service takes only smaller requests (413).
        case tooLarge
        /// The broker has nobody to give an event to, and would forget it.
        case noSubscriber
        /// The broker keeps no such document for the hub.
        case noDocument

        // Settings
        /// The file with the secret cannot be used.
        case secret
        /// The file with the authorities cannot be used.
        case authorities
        /// Another setting cannot be used.
        case setting
    }

    /// The kind of fault.
    public var code: Code
    /// What happened, to which thing, and the mend.
    public var text: String

    /// The text.
    public var description: String { text }

    init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    /// Whether the other side may be somebody else: nothing is sent, and the next try waits longer.
    var isUntrusted: Bool { code.isUntrusted }
}

extension SinkFault.Code {
    /// Whether it is about who the other side is.
    package var isUntrusted: Bool {
        switch self {
        case .untrustedAuthority, .wrongName, .expired, .notYetValid, .untrusted, .wrongKey: true
        default: false
        }
    }
}
