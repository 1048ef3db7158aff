internal import CCurl

/// Posts bodies to one endpoint, or gets one from it, over a connection that is kept.
///
/// Nothing a server does holds the thread longer than the limits or fills the memory: header and
/// body are counted as they come, and the transfer ends when there is too much of either.
///
/// Safe: the handle and the buffer are freed in `deinit` and never leave this file; libcurl's
/// callbacks get `self` for the time of `post` only.
@safe final class Transfer {
    /// What came back.
    struct Answer {
        /// libcurl's code; 0 when the exchange was complete.
        var code: CURLcode
        /// The HTTP status; 0 when there was none.
        var status: Int
        /// The value of `Retry-After`.
        var retryAfter: String?
        /// The first bytes of the body.
        var body: [UInt8]
        /// The values of the headers that were wanted, by their names in lower case.
        var headers: [String: String] = [:]
        /// libcurl's text for the code.
        var text: String
        /// The `errno` behind the code.
        var system: Int32
        /// OpenSSL's verdict on the certificate (X509_V_ERR_…).
        var verdict: Int
        /// Whether we ended the transfer because the answer was too long.
        var isCutOff: Bool
        /// The status of a proxy's answer to CONNECT; 0 when there was none.
        var proxyStatus = 0
        /// CURL_HTTP_VERSION_… of the answer.
        var version = 0
        /// How many connections had to be made for it.
        var connections = 0
    }

    /// The most of a header and of a body that is read, when both are for people to read.
    private static let longestAnswer = 64 * 1_024
    /// What is kept of such a body: a service lists a hundred gaps in 4 KiB (`ServicePlace`).
    private static let keptAnswer = 16 * 1_024

    private let handle: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var received = 0
    private var longest = longestAnswer
    private var kept = keptAnswer
    private var wanted: Set<String> = []
    private var body: [UInt8] = []
    private var headers: [String: String] = [:]
    private var retryAfter: String?
    private var isCutOff = false
    private var deadline = Deadline()

    /// libcurl is set up once per process (curl_global_init(3)).
    private static let isUsable = hub_curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Makes a transfer; nil when memory is out.
    init?(_ endpoint: Endpoint, _ settings: HTTPSinkSettings) {
        guard Self.isUsable, let handle = unsafe hub_curl_easy_init() else { return nil }
        unsafe self.handle = handle
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        set(CURLOPT_URL, endpoint.url)
        // Nothing else is ever spoken, whatever a server says.
        set(CURLOPT_PROTOCOLS_STR, endpoint.scheme)
        set(CURLOPT_FOLLOWLOCATION, 0)
        // Proxies of the environment are not ours.
        set(CURLOPT_PROXY, settings.proxy ?? "")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_NOSIGNAL, 1)
        // HTTP/2 where the server agrees to it within TLS (ALPN), else HTTP/1.1.
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        if let caFile = settings.caFile { set(CURLOPT_CAINFO, caFile) }
        if let certFile = settings.certFile { set(CURLOPT_SSLCERT, certFile) }
        if let keyFile = settings.keyFile { set(CURLOPT_SSLKEY, keyFile) }
        if let pin = settings.pin { set(CURLOPT_PINNEDPUBLICKEY, pin) }
        if let rate = settings.maxRate {
            unsafe hub_curl_set_offset(handle, CURLOPT_MAX_SEND_SPEED_LARGE, curl_off_t(rate))
            // libcurl's smallest: what is sent before it slows down.
            set(CURLOPT_UPLOAD_BUFFERSIZE, 16 * 1_024)
        }
        set(CURLOPT_LOW_SPEED_LIMIT, 64)
        set(CURLOPT_LOW_SPEED_TIME, Int(settings.limits.slow.components.seconds))
        set(CURLOPT_USERAGENT, "hubd")
        set(CURLOPT_NOPROGRESS, 0)
        // A name server that does not answer must not hold up the end of the process.
        set(CURLOPT_QUICK_EXIT, 1)
        unsafe hub_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        unsafe hub_curl_set_data_callback(handle, CURLOPT_WRITEFUNCTION, transferBody)
        unsafe hub_curl_set_data_callback(handle, CURLOPT_HEADERFUNCTION, transferHeader)
        unsafe hub_curl_set_progress_callback(
            handle, CURLOPT_XFERINFOFUNCTION, transferProgress)
    }

    deinit {
        unsafe hub_curl_easy_cleanup(handle)
        unsafe errorText.deallocate()
    }

    /// Posts a body and waits for the answer.
    func post(
        _ content: [UInt8], headers: [String], limits: HTTPSinkSettings.Limits, deadline: Deadline
    ) -> Answer {
        unsafe hub_curl_set_offset(
            handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(content.count))
        var content = content
        return unsafe content.withUnsafeMutableBytes { buffer in
            unsafe hub_curl_set_pointer(handle, CURLOPT_POSTFIELDS, buffer.baseAddress)
            defer { unsafe hub_curl_set_pointer(handle, CURLOPT_POSTFIELDS, nil) }
            return perform(headers, limits, deadline)
        }
    }

    /// Gets a document and waits for it.
    ///
    /// - Parameters:
    ///   - headers: what to send.
    ///   - wanted: the names of the headers that are handed on, in lower case.
    ///   - limit: the longest body that is kept whole; of a longer one more than that is kept.
    ///   - limits: the limits in time.
    ///   - deadline: when it ends at the latest.
    /// - Returns: what came back.
    func get(
        headers: [String], wanted: Set<String>, limit: Int, limits: HTTPSinkSettings.Limits,
        deadline: Deadline
    ) -> Answer {
        set(CURLOPT_HTTPGET, 1)
        self.wanted = wanted
        kept = limit + 1
        longest = limit + Self.longestAnswer
        return perform(headers, limits, deadline)
    }

    private func perform(
        _ headers: [String], _ limits: HTTPSinkSettings.Limits, _ deadline: Deadline
    ) -> Answer {
        received = 0
        body = []
        self.headers = [:]
        retryAfter = nil
        isCutOff = false
        self.deadline = deadline
        unsafe errorText[0] = 0
        var list: UnsafeMutablePointer<curl_slist>?
        // An empty Expect: the first byte of a body need not wait for a 100 (Continue).
        for header in headers + ["Expect:"] { unsafe list = hub_curl_slist_append(list, header) }
        defer { unsafe hub_curl_slist_free_all(list) }
        unsafe hub_curl_set_list(handle, CURLOPT_HTTPHEADER, list)
        let left = deadline.left / 1_000_000
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(min(left, limits.connect.nanoseconds / 1_000_000)))
        set(CURLOPT_TIMEOUT_MS, Int(max(1, min(left, limits.whole.nanoseconds / 1_000_000))))
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_XFERINFODATA] {
            unsafe hub_curl_set_pointer(handle, option, context)
        }
        let code = unsafe hub_curl_easy_perform(handle)
        return Answer(
            code: code, status: number(CURLINFO_RESPONSE_CODE), retryAfter: retryAfter, body: body,
            headers: self.headers, text: text(of: code),
            system: Int32(clamping: number(CURLINFO_OS_ERRNO)),
            verdict: number(CURLINFO_SSL_VERIFYRESULT), isCutOff: isCutOff,
            proxyStatus: number(CURLINFO_HTTP_CONNECTCODE), version: number(CURLINFO_HTTP_VERSION),
            connections: number(CURLINFO_NUM_CONNECTS))
    }

    /// Connects, with TLS where the address wants it, and sends nothing.
    ///
    /// - Returns: how it went, and when the certificate of the service expires, in seconds since
    ///   1970; nil when there is none or it does not say.
    func connect(within limit: Duration) -> (answer: Answer, expires: Int64?) {
        unsafe errorText[0] = 0
        deadline = Deadline()
        deadline.set(BootClock.now() + limit.nanoseconds)
        set(CURLOPT_CONNECT_ONLY, 1)
        set(CURLOPT_CERTINFO, 1)
        // What is spoken on the connection is not asked about: it may be no HTTP.
        set(CURLOPT_SSL_ENABLE_ALPN, 0)
        let milliseconds = Int(max(1, limit.nanoseconds / 1_000_000))
        set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds)
        set(CURLOPT_TIMEOUT_MS, milliseconds)
        unsafe hub_curl_set_pointer(
            handle, CURLOPT_XFERINFODATA, Unmanaged.passUnretained(self).toOpaque())
        let code = unsafe hub_curl_easy_perform(handle)
        let answer = Answer(
            code: code, status: 0, retryAfter: nil, body: [], text: text(of: code),
            system: Int32(clamping: number(CURLINFO_OS_ERRNO)),
            verdict: number(CURLINFO_SSL_VERIFYRESULT), isCutOff: false)
        return (answer, expiry)
    }

    /// The `Expire date` of the first certificate, which is the service's own (CURLINFO_CERTINFO(3)).
    private var expiry: Int64? { unsafe Self.expiry(handle) }

    /// The same of any connection that was made with CURLOPT_CERTINFO.
    static func expiry(_ handle: UnsafeMutableRawPointer) -> Int64? {
        var found: UnsafeMutablePointer<curl_certinfo>?
        guard unsafe hub_curl_get_certificates(handle, &found) == CURLE_OK,
            let chain = unsafe found, unsafe chain.pointee.num_of_certs > 0
        else { return nil }
        var line = unsafe chain.pointee.certinfo[0]
        let key = "Expire date:"
        while let entry = unsafe line {
            let text = unsafe entry.pointee.data.map { unsafe String(cString: $0) } ?? ""
            if text.hasPrefix(key) {
                let date = Int64(unsafe hub_curl_getdate(String(text.dropFirst(key.count))))
                return date < 0 ? nil : date
            }
            unsafe line = entry.pointee.next
        }
        return nil
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
        let detail = unsafe String(cString: errorText)
        return unsafe detail.isEmpty ? String(cString: hub_curl_easy_strerror(code)) : detail
    }

    // MARK: What libcurl calls

    /// A piece of the body; false ends the transfer.
    fileprivate func receivedBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let room = max(0, kept - body.count)
        unsafe body.append(contentsOf: bytes.prefix(room))
        return count(bytes.count)
    }

    /// A line of the header; false ends the transfer.
    fileprivate func receivedHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let line = unsafe String(decoding: bytes.prefix(512), as: UTF8.self)
        // A final answer may follow provisional ones (RFC 9110, §15.2).
        if line.hasPrefix("HTTP/") {
            retryAfter = nil
            headers = [:]
        }
        if let colon = line.firstIndex(of: ":") {
            let name = line[..<colon].lowercased()
            let value = line[line.index(after: colon)...]
            if name == "retry-after" { retryAfter = String(value) }
            if wanted.contains(name) {
                let text = value.drop { $0 == " " || $0 == "\t" }
                headers[name] = String(text.prefix { !$0.isWhitespace })
            }
        }
        return count(bytes.count)
    }

    /// Called at least once a second; false ends the transfer.
    fileprivate func mayGoOn() -> Bool {
        deadline.left > 0
    }

    private func count(_ bytes: Int) -> Bool {
        received += bytes
        if received > longest { isCutOff = true }
        return !isCutOff
    }
}

private nonisolated func transferBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context = unsafe context else { return 0 }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer.receivedBody(buffer) ? size * count : 0
}

private nonisolated func transferHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context = unsafe context else { return 0 }
    let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer.receivedHeader(buffer) ? size * count : 0
}

private nonisolated func transferProgress(
    _ context: UnsafeMutableRawPointer?, _: curl_off_t, _: curl_off_t, _: curl_off_t,
    _: curl_off_t
) -> Int32 {
    guard let context = unsafe context else { return 1 }
    return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().mayGoOn() ? 0 : 1
}
