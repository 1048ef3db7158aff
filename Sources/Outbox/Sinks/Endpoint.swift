internal import CCurl

/// Where an HTTP sink sends to.
struct Endpoint: Sendable, Equatable {
    let url: String
    /// `https`, or `http` to this machine itself.
    let scheme: String
    let host: String

    /// Checks an address, with the parser that will be used for the transfer.
    init(_ url: String) throws(SinkFault) {
        func wrong(_ text: String) -> SinkFault {
            SinkFault(.setting, "sink \(url): \(text)")
        }
        guard hub_curl_is_there() else {
            throw wrong("libcurl.so.4 cannot be loaded: apt install libcurl4")
        }
        guard let parser = unsafe hub_curl_url() else { throw wrong("out of memory") }
        defer { unsafe hub_curl_url_cleanup(parser) }
        guard unsafe hub_curl_url_set(parser, CURLUPART_URL, url, 0) == CURLUE_OK,
            let scheme = unsafe Self.part(CURLUPART_SCHEME, of: parser),
            let host = unsafe Self.part(CURLUPART_HOST, of: parser)
        else { throw wrong("is no address, expected https://host/path") }
        guard unsafe Self.part(CURLUPART_USER, of: parser) == nil,
            unsafe Self.part(CURLUPART_PASSWORD, of: parser) == nil
        else {
            throw SinkFault(
                .setting,
                "sink at \(host): a name and password in the address would be shown in "
                    + "every status; use secretFile")
        }
        guard scheme == "https" || scheme == "http" && Self.isLoopback(host) else {
            throw wrong("health data needs https; http goes to this machine itself only")
        }
        (self.url, self.scheme, self.host) = (url, scheme, host)
    }

    /// Whether a host, as curl writes it, is this machine itself.
    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers.allSatisfy { UInt8($0) != nil } && numbers[0] == "127"
    }

    private static func part(_ part: CURLUPart, of parser: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe hub_curl_url_get(parser, part, &text, 0) == CURLUE_OK, let found = unsafe text
        else { return nil }
        defer { unsafe hub_curl_free(found) }
        return unsafe String(cString: found)
    }
}
