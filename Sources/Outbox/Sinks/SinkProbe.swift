internal import CCurl

/// Tries the connection to a service without sending anything: for a checkup, not for deliveries.
public enum SinkProbe {
    /// What came of it.
    public struct Result: Sendable, Hashable {
        /// What is wrong; nil when connection and certificate are in order.
        public let fault: SinkFault?
        /// When the certificate expires, in seconds since 1970; nil without TLS.
        public let expires: Int64?
    }

    /// Connects to `https://host:port`, or without TLS to a port of this machine. Blocks for no
    /// longer than `limit`, on whatever thread it is called.
    ///
    /// - Parameters:
    ///   - host: a name, or an address without brackets.
    ///   - port: the port.
    ///   - isEncrypted: whether to set up TLS, with the certificate verified.
    ///   - caFile: the authorities to trust; nil for the system's.
    ///   - sink: the settings whose pin, proxy and certificate are used; nil for none.
    ///   - limit: how long it may take in all.
    /// - Returns: what is wrong, and when the certificate expires.
    public static func connect(
        host: String, port: UInt16, isEncrypted: Bool, caFile: String?,
        as sink: HTTPSinkSettings? = nil, within limit: Duration
    ) -> Result {
        let name = host.contains(":") ? "[\(host)]" : host
        let url = "\(isEncrypted ? "https" : "http")://\(name):\(port)/"
        do throws(SinkFault) {
            let endpoint = try Endpoint(url)
            var settings = sink ?? HTTPSinkSettings(url: url)
            settings.url = url
            settings.caFile = caFile
            guard let transfer = Transfer(endpoint, settings) else {
                throw SinkFault(.setting, "no memory for a connection")
            }
            let (answer, expires) = transfer.connect(within: limit)
            guard answer.code == CURLE_OK else {
                throw HTTPVerdict(host: endpoint.host, now: 0, settings).fault(answer)
            }
            return Result(fault: nil, expires: expires)
        } catch {
            return Result(fault: error, expires: nil)
        }
    }

    /// What is wrong with the file of a signing secret; nil when nothing is, or there is no file.
    public static func fault(secretFile: String?) -> SinkFault? {
        do throws(SinkFault) {
            _ = try Webhook(secretFiles: secretFile.map { [$0] } ?? [])
            return nil
        } catch {
            return error
        }
    }
}
