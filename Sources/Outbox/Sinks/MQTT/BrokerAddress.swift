internal import CCurl

/// Where an MQTT sink sends to.
struct BrokerAddress: Sendable, Equatable {
    /// The place as libcurl connects to it: the same host and port, with or without TLS.
    let endpoint: Endpoint

    var host: String { endpoint.host }

    /// Checks an address, with the parser that will be used for the connection.
    init(_ url: String) throws(SinkFault) {
        guard hub_curl_is_there() else {
            throw SinkFault(
                .setting, "sink \(url): libcurl.so.4 cannot be loaded: apt install libcurl4")
        }
        let wrong = SinkFault(
            .setting,
            "sink \(url): is no address of a broker, expected mqtts://host:port, "
                + "or mqtt:// and this machine itself")
        let isEncrypted = url.hasPrefix("mqtts://")
        guard isEncrypted || url.hasPrefix("mqtt://") else { throw wrong }
        var authority = url.drop { $0 != "/" }.dropFirst(2)
        if authority.hasSuffix("/") { authority = authority.dropLast() }
        guard !authority.isEmpty, !authority.contains("/") else { throw wrong }
        guard !authority.contains("@") else {
            throw SinkFault(
                .setting,
                "sink of kind mqtt: a name and password in the address would be shown in every "
                    + "status; use username and passwordFile")
        }
        // A colon behind the brackets of an IPv6 address is that of a port.
        let hasPort = authority.reversed().prefix { $0 != "]" }.contains(":")
        let port = hasPort ? "" : isEncrypted ? ":8883" : ":1883"
        do throws(SinkFault) {
            endpoint = try Endpoint("\(isEncrypted ? "https" : "http")://\(authority)\(port)/")
        } catch {
            throw wrong
        }
    }
}
