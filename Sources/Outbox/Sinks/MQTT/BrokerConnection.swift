internal import CCurl
internal import Glibc

/// A connection to a broker, with TLS where the address wants it, that carries bytes both ways.
///
/// libcurl finds the name, connects, and sets up TLS, with the certificate verified, as it does for
/// an HTTP sink; nothing is sent before that has worked. Neither sending nor receiving blocks.
///
/// Safe: the handle and the buffers are freed in `deinit` and never leave this file.
@safe final class BrokerConnection {
    private let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    /// What is being sent: OpenSSL wants to see the same bytes at the same place until it has sent
    /// them (SSL_write(3)).
    private let outgoing: UnsafeMutableRawBufferPointer
    private let incoming: UnsafeMutableBufferPointer<UInt8>
    private var sending = 0..<0
    /// Whether bytes go through TLS.
    let isEncrypted: Bool
    private var descriptor: Int32 = -1
    private var deadline = Deadline()
    /// OpenSSL's last words: libcurl fills its buffer for errors with the first of a connection,
    /// which may be that one of the host's addresses is out of reach.
    private var lastWords = ""
    private let verdict: HTTPVerdict
    private let settings: MQTTSinkSettings

    /// A TLS record (RFC 8446, §5.1).
    private static let chunk = 16 * 1_024
    private static let isUsable = hub_curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Makes a connection that is not open; nil when memory is out.
    init?(_ address: BrokerAddress, _ settings: MQTTSinkSettings) {
        guard Self.isUsable, let handle = unsafe hub_curl_easy_init() else { return nil }
        unsafe self.handle = handle
        self.settings = settings
        isEncrypted = address.endpoint.scheme == "https"
        // Of connections and certificates the same is to be said.
        var way = HTTPSinkSettings(url: address.endpoint.url, caFile: settings.caFile)
        way.certFile = settings.certFile
        way.keyFile = settings.keyFile
        verdict = HTTPVerdict(host: address.host, now: 0, way)
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        unsafe outgoing = .allocate(byteCount: Self.chunk, alignment: 16)
        unsafe incoming = .allocate(capacity: Self.chunk)
        unsafe incoming.initialize(repeating: 0)
        set(CURLOPT_URL, address.endpoint.url)
        set(CURLOPT_PROTOCOLS_STR, address.endpoint.scheme)
        // Proxies of the environment are not ours.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_CONNECT_ONLY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_CERTINFO, 1)
        set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        // What is spoken is not HTTP, and is not to be negotiated as if it were.
        set(CURLOPT_SSL_ENABLE_ALPN, 0)
        if let caFile = settings.caFile { set(CURLOPT_CAINFO, caFile) }
        if let certFile = settings.certFile { set(CURLOPT_SSLCERT, certFile) }
        if let keyFile = settings.keyFile { set(CURLOPT_SSLKEY, keyFile) }
        set(CURLOPT_NOPROGRESS, 0)
        // A name server that does not answer must not hold up the end of the process.
        set(CURLOPT_QUICK_EXIT, 1)
        unsafe hub_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        unsafe hub_curl_set_progress_callback(
            handle, CURLOPT_XFERINFOFUNCTION, connectionProgress)
        unsafe hub_curl_set_debug_callback(handle, CURLOPT_DEBUGFUNCTION, connectionText)
        unsafe hub_curl_set_pointer(
            handle, CURLOPT_DEBUGDATA, Unmanaged.passUnretained(self).toOpaque())
        set(CURLOPT_VERBOSE, 1)
    }

    deinit {
        // Nobody is left to hear that the connection is closed.
        set(CURLOPT_VERBOSE, 0)
        unsafe hub_curl_easy_cleanup(handle)
        unsafe errorText.deallocate()
        unsafe outgoing.deallocate()
        unsafe incoming.deallocate()
    }

    /// Connects; blocks for no longer than `limit` in nanoseconds, and ends soon after `deadline`.
    func open(within limit: Int64, deadline: Deadline) throws(SinkFault) {
        self.deadline = deadline
        unsafe errorText[0] = 0
        let milliseconds = Int(max(1, min(limit, deadline.left) / 1_000_000))
        set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds)
        set(CURLOPT_TIMEOUT_MS, milliseconds)
        unsafe hub_curl_set_pointer(
            handle, CURLOPT_XFERINFODATA, Unmanaged.passUnretained(self).toOpaque())
        let code = unsafe hub_curl_easy_perform(handle)
        guard code == CURLE_OK else { throw fault(code) }
        var socket: curl_socket_t = -1
        guard unsafe hub_curl_get_socket(handle, &socket) == CURLE_OK, socket >= 0 else {
            throw SinkFault(.reset, "\(verdict.host) cut the connection off")
        }
        descriptor = socket
    }

    /// When the broker's certificate expires, in seconds since 1970; nil without one.
    var expiry: Int64? { unsafe Transfer.expiry(handle) }

    /// In TLS 1.3 a server tells what it thinks of our certificate, or sends its tickets, after the
    /// handshake; what it says is lost when it hangs up on bytes that it has not read. So they are
    /// waited for, for no longer than a server needs that sends none.
    func hearOut(within limit: Int64, _ take: (Span<UInt8>) -> Void) throws(SinkFault) {
        guard isEncrypted else { return }
        wait(toSend: false, min(Self.hearing, max(0, limit)))
        _ = try receive(take)
    }

    /// The way to the other side of the Earth and back: 250 ms.
    private static let hearing: Int64 = 250_000_000

    /// Sends what there is room for; the number of bytes that are taken over, 0 for none now.
    func send(_ bytes: Span<UInt8>, from start: Int) throws(SinkFault) -> Int {
        var taken = 0
        if sending.isEmpty {
            taken = min(bytes.count - start, Self.chunk)
            for index in 0..<taken { unsafe outgoing[index] = bytes[start + index] }
            sending = 0..<taken
        }
        try flush()
        return taken
    }

    /// Whether bytes that were taken over are still on their way to the socket.
    var isSending: Bool { !sending.isEmpty }

    /// Goes on with bytes that were taken over.
    func flush() throws(SinkFault) {
        while !sending.isEmpty {
            var sent = 0
            unsafe errorText[0] = 0
            let code = unsafe hub_curl_easy_send(
                handle, outgoing.baseAddress.map { unsafe $0 + sending.lowerBound }, sending.count,
                &sent)
            if code == CURLE_AGAIN { return }
            guard code == CURLE_OK, sent > 0, sent <= sending.count else { throw fault(code) }
            sending = sending.lowerBound + sent..<sending.upperBound
        }
    }

    /// Takes what has come; false when nothing has.
    func receive(_ take: (Span<UInt8>) -> Void) throws(SinkFault) -> Bool {
        var count = 0
        unsafe errorText[0] = 0
        let code = unsafe hub_curl_easy_recv(
            handle, incoming.baseAddress, Self.chunk, &count)
        if code == CURLE_AGAIN { return false }
        guard code == CURLE_OK, count > 0, count <= Self.chunk else { throw fault(code) }
        unsafe take(incoming.span.extracting(first: count))
        return true
    }

    /// Waits until something has come, or there is room to send; no longer than `nanoseconds`.
    func wait(toSend: Bool, _ nanoseconds: Int64) {
        let events = Int16(POLLIN) | (toSend ? Int16(POLLOUT) : 0)
        var state = pollfd(fd: descriptor, events: events, revents: 0)
        // Rounded up, so that the last millisecond is not spent in a busy loop.
        unsafe poll(&state, 1, Int32(clamping: (max(0, nanoseconds) + 999_999) / 1_000_000))
    }

    // MARK: Faults

    private func fault(_ code: CURLcode) -> SinkFault {
        let host = verdict.host
        let text = self.text(of: code)
        // OpenSSL's words for the alerts of RFC 8446, §6.2, that are about the other side's
        // certificate; they come when the connection is made or, in TLS 1.3, with the first bytes.
        if text.contains(" alert "),
            text.contains("certificate") || text.contains("unknown ca")
        {
            return SinkFault(
                .clientCertificate,
                settings.certFile.map { "\(host) does not take the certificate of \($0): \(text)" }
                    ?? "\(host) asks for a certificate of the hub: name it in certFile (\(text))")
        }
        // In TLS 1.2 a certificate that is missing is no more than a failed handshake.
        if settings.certFile == nil, text.contains("alert handshake failure") {
            return SinkFault(
                .clientCertificate,
                "\(host) ended the handshake: if it asks for a certificate of the hub, name it in "
                    + "certFile (\(text))")
        }
        switch code {
        case CURLE_SSL_CERTPROBLEM: return certificateFault(text)
        case CURLE_OK, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING:
            let detail = code == CURLE_OK ? "" : ": \(text)"
            return SinkFault(.reset, "\(host) cut the connection off\(detail)")
        default:
            return verdict.fault(
                Transfer.Answer(
                    code: code, status: 0, retryAfter: nil, body: [], text: text,
                    system: Int32(clamping: number(CURLINFO_OS_ERRNO)),
                    verdict: number(CURLINFO_SSL_VERIFYRESULT), isCutOff: false))
        }
    }

    /// libcurl could not use the hub's own certificate or key.
    private func certificateFault(_ text: String) -> SinkFault {
        let files = [("certFile", settings.certFile), ("keyFile", settings.keyFile)]
        for case (let setting, let path?) in files {
            do throws(SinkFault) {
                _ = try SettingFile(setting: setting, path: path, code: .clientCertificate).read(1)
            } catch {
                return error
            }
        }
        return SinkFault(
            .clientCertificate,
            "certFile and keyFile are no certificate in PEM and its key without a password: \(text)"
        )
    }

    private func set(_ option: CURLoption, _ value: String) {
        unsafe hub_curl_set_string(handle, option, value)
    }

    private func set(_ option: CURLoption, _ value: Int) {
        unsafe hub_curl_set_long(handle, option, value)
    }

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        return unsafe hub_curl_get_long(handle, info, &value) == CURLE_OK ? value : 0
    }

    private func text(of code: CURLcode) -> String {
        if !lastWords.isEmpty { return lastWords }
        let detail = unsafe String(cString: errorText)
        return unsafe detail.isEmpty ? String(cString: hub_curl_easy_strerror(code)) : detail
    }

    /// libcurl says what it does.
    fileprivate func said(_ bytes: UnsafeRawBufferPointer) {
        let line = unsafe String(decoding: bytes.prefix(256), as: UTF8.self)
        if line.hasPrefix("OpenSSL SSL_") { lastWords = line.filter { !$0.isNewline } }
    }

    /// Called at least once a second while connecting; false ends it.
    fileprivate func mayGoOn() -> Bool {
        deadline.left > 0
    }
}

private nonisolated func connectionProgress(
    _ context: UnsafeMutableRawPointer?, _: curl_off_t, _: curl_off_t, _: curl_off_t,
    _: curl_off_t
) -> Int32 {
    guard let context = unsafe context else { return 1 }
    let connection = unsafe Unmanaged<BrokerConnection>.fromOpaque(context).takeUnretainedValue()
    return connection.mayGoOn() ? 0 : 1
}

private nonisolated func connectionText(
    _: UnsafeMutableRawPointer?, _ kind: curl_infotype, _ bytes: UnsafeMutablePointer<CChar>?,
    _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard kind == CURLINFO_TEXT, let context = unsafe context else { return 0 }
    let connection = unsafe Unmanaged<BrokerConnection>.fromOpaque(context).takeUnretainedValue()
    unsafe connection.said(UnsafeRawBufferPointer(start: bytes, count: count))
    return 0
}
