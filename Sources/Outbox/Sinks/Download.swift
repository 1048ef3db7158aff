internal import CCurl

/// Asks a service for a small document, with the limits and the care of the sinks: TLS with a
/// verified certificate, no redirects, and an end to what is too slow or too long.
public struct Download: Sendable, Hashable {
    /// From where: https, or http on this machine.
    public var url: String
    /// The file with a token that goes with each request (RFC 6750 §2.1); nil sends none.
    public var tokenFile: String?
    /// The file with the authorities to trust, in PEM; nil for those of the system.
    public var caFile: String?
    /// The file with the client's own certificate, in PEM; nil for none.
    public var certFile: String?
    /// The file with the key of that certificate, in PEM.
    public var keyFile: String?
    /// The header whose value is handed on with a document, in lower case.
    public var header: String
    /// The most bytes of a document.
    public var limit: Int
    /// The limits in time.
    public var limits = HTTPSinkSettings.Limits()

    /// Makes a request.
    public init(
        url: String, tokenFile: String? = nil, caFile: String? = nil, certFile: String? = nil,
        keyFile: String? = nil, header: String, limit: Int
    ) {
        self.url = url
        self.tokenFile = tokenFile
        self.caFile = caFile
        self.certFile = certFile
        self.keyFile = keyFile
        self.header = header
        self.limit = limit
    }

    /// Ends transfers from another thread, within about a second each.
    public final class Stop: Sendable {
        let deadline = Deadline()

        /// Makes one that lets everything go on.
        public init() {}

        /// Ends what is under way, and what begins from now on.
        public func end() { deadline.set(BootClock.now()) }
    }

    /// What came back.
    public enum Outcome: Sendable, Hashable {
        /// The document, whole.
        case document(body: [UInt8], etag: String?, header: String?)
        /// It is the one whose tag was sent (304).
        case unchanged
        /// It is longer than the limit.
        case tooLong
        /// Nothing came, and when to ask again if the service said so.
        case failed(SinkFault, after: Duration?)
    }

    /// Asks, and waits for the answer; blocks for no longer than the limits.
    ///
    /// - Parameters:
    ///   - etag: the tag of what is at hand (RFC 9110, §8.8.3).
    ///   - now: seconds since 1970, for dates in the answer.
    ///   - stop: ends it before its time.
    /// - Returns: the document, or why there is none.
    public func run(etag: String?, now: Int64, stop: Stop = Stop()) -> Outcome {
        do throws(SinkFault) {
            let endpoint = try Endpoint(url)
            var settings = HTTPSinkSettings(url: url, caFile: caFile)
            settings.limits = limits
            settings.certFile = certFile
            settings.keyFile = keyFile
            var headers = try authorization
            if let etag { headers.append("If-None-Match: \(etag)") }
            guard let transfer = Transfer(endpoint, settings) else {
                throw SinkFault(.setting, "no memory for a transfer")
            }
            let answer = transfer.get(
                headers: headers, wanted: ["etag", header], limit: limit, limits: limits,
                deadline: stop.deadline)
            let verdict = HTTPVerdict(host: endpoint.host, now: now, settings)
            return outcome(answer, verdict, isConditional: etag != nil)
        } catch {
            return .failed(error, after: nil)
        }
    }

    private func outcome(
        _ answer: Transfer.Answer, _ verdict: HTTPVerdict, isConditional: Bool
    ) -> Outcome {
        if answer.status == 200, answer.isCutOff || answer.body.count > limit { return .tooLong }
        if answer.code == CURLE_OK, answer.status == 200 {
            return .document(
                body: answer.body, etag: answer.headers["etag"].flatMap(Self.tag),
                header: answer.headers[header])
        }
        if answer.code == CURLE_OK, answer.status == 304, isConditional { return .unchanged }
        switch verdict.delivery(answer) {
        case .failed(let fault, let after): return .failed(fault, after: after)
        case .denied(let fault), .rejected(let fault), .tooLarge(let fault):
            return .failed(fault, after: nil)
        case .stored:
            let text = "\(verdict.host) answered \(answer.status) without a document"
            return .failed(SinkFault(.serverError, text), after: nil)
        }
    }

    /// A tag that can be sent back as it came: visible characters in quotes.
    private static func tag(_ text: String) -> String? {
        let isGood = text.utf8.count <= 256 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
        return isGood && text.hasSuffix("\"") ? text : nil
    }

    /// The token's header; the file is read with each request, so a changed token is found.
    private var authorization: [String] {
        get throws(SinkFault) {
            guard let tokenFile else { return [] }
            let file = SettingFile(setting: "secretFile", path: tokenFile, code: .secret)
            var text = String(decoding: try file.read(4_096), as: UTF8.self)[...]
            while text.last?.isWhitespace == true { text.removeLast() }
            guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw SinkFault(
                    .secret,
                    "secretFile \(tokenFile) holds no token: expected one word of visible ASCII")
            }
            return ["Authorization: Bearer \(text)"]
        }
    }
}
