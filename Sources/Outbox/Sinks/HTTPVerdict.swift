internal import CCurl
internal import Glibc

/// What an answer, or the lack of one, means for the events that were sent.
struct HTTPVerdict {
    let host: String
    /// Seconds since 1970, for dates in `Retry-After`.
    let now: Int64
    private let caFile: String?
    private let certFile: String?
    private let keyFile: String?
    private let proxy: String?

    init(host: String, now: Int64, _ settings: HTTPSinkSettings? = nil) {
        self.host = host
        self.now = now
        caFile = settings?.caFile
        certFile = settings?.certFile
        keyFile = settings?.keyFile
        proxy = settings?.proxy
    }

    /// Statuses that may speak of this hub or of the address, not of what was sent (RFC 9110,
    /// §15.5): then setting events aside would not mend them. `DeliveryMachine` finds out.
    private static let denials: Set<Int> = [
        401, 402, 403, 404, 405, 406, 407, 408, 410, 421, 425, 426, 451,
    ]

    /// The verdict.
    func delivery(_ answer: Transfer.Answer) -> Delivery {
        guard answer.code == CURLE_OK || answer.isCutOff && answer.status != 0 else {
            return .failed(fault(answer), after: nil)
        }
        let text = "\(host) answered \(answer.status)\(Self.quote(answer.body))"
        switch answer.status {
        case 200..<300:
            return .stored(place: 0)
        case 413:
            return .tooLarge(SinkFault(.tooLarge, text + ": that is more at once than it takes"))
        case 429, 503:
            return .failed(
                SinkFault(.throttled, text), after: answer.retryAfter.flatMap(retryAfter))
        case let status where Self.denials.contains(status):
            let mend = ": check the address, the secret and the clock"
            return .denied(SinkFault(.denied, text + mend))
        case 400..<500:
            return .rejected(SinkFault(.rejected, text))
        case 300..<400:
            return .failed(
                SinkFault(
                    .serverError, text + ": redirects are not followed, name the new address"),
                after: nil)
        default:
            return .failed(SinkFault(.serverError, text), after: nil)
        }
    }

    /// `Retry-After`: seconds, or a date (RFC 9110, §10.2.3).
    func retryAfter(_ value: String) -> Duration? {
        let text = value.filter { !$0.isNewline }
        let trimmed = text.drop { $0 == " " || $0 == "\t" }
        let digits = trimmed.prefix { $0.isASCII && $0.isNumber }
        // More than a day is cut down to an hour anyway, also what no Int64 has room for.
        if !digits.isEmpty { return .seconds(min(Int64(digits) ?? .max, 86_400)) }
        let date = Int64(unsafe hub_curl_getdate(text))
        guard date >= 0 else { return nil }
        return .seconds(max(0, min(date.subtractingReportingOverflow(now).partialValue, 86_400)))
    }

    /// The beginning of a body, without what a terminal or a journal could take as a command.
    static func quote(_ body: [UInt8]) -> String {
        let scalars = String(decoding: body, as: UTF8.self).unicodeScalars.filter {
            switch $0.properties.generalCategory {
            // Format characters turn the direction of a line around.
            case .control, .format, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
        guard !scalars.isEmpty else { return "" }
        return " “" + String(String.UnicodeScalarView(scalars.prefix(120))) + "”"
    }

    // MARK: Faults

    /// Why a connection failed.
    func fault(_ answer: Transfer.Answer) -> SinkFault {
        proxyFault(answer) ?? clientFault(answer) ?? serviceFault(answer)
    }

    /// What a proxy did; nil when it is not at fault.
    private func proxyFault(_ answer: Transfer.Answer) -> SinkFault? {
        guard let proxy else { return nil }
        switch answer.code {
        case CURLE_COULDNT_RESOLVE_PROXY:
            return SinkFault(.proxy, "the proxy \(proxy) is not found: check its name")
        case CURLE_COULDNT_CONNECT:
            return SinkFault(.proxy, "the proxy \(proxy) cannot be reached: \(answer.text)")
        case CURLE_PROXY:
            return SinkFault(
                .proxy, "the proxy \(proxy) does not let the hub through to \(host): \(answer.text)"
            )
        default:
            guard answer.proxyStatus != 0, !(200..<300).contains(answer.proxyStatus) else {
                return nil
            }
            return SinkFault(
                .proxy,
                "the proxy \(proxy) answered \(answer.proxyStatus): let the hub through to \(host)")
        }
    }

    /// What the service or the disk has against the hub's own certificate.
    private func clientFault(_ answer: Transfer.Answer) -> SinkFault? {
        if answer.code == CURLE_SSL_CERTPROBLEM {
            for case let (setting, path?) in [("certFile", certFile), ("keyFile", keyFile)] {
                do throws(SinkFault) {
                    _ = try SettingFile(setting: setting, path: path, code: .clientCertificate)
                        .read(1)
                } catch {
                    return error
                }
            }
            return SinkFault(
                .clientCertificate,
                "certFile \(certFile ?? "") and keyFile \(keyFile ?? "") do not go together: "
                    + answer.text)
        }
        // OpenSSL's words for the alerts of RFC 8446, §6.2; libcurl has a code for one of them.
        let text = answer.text
        let isRequired =
            answer.code == CURLE_SSL_CLIENTCERT || text.contains("alert certificate required")
            || certFile == nil && text.contains("alert handshake failure")
        if isRequired, certFile == nil {
            return SinkFault(
                .clientCertificateRequired,
                "\(host) asks for a certificate of the hub: name one in certFile and keyFile")
        }
        let refusals = [
            "alert unknown ca", "alert bad certificate", "alert certificate expired",
            "alert certificate revoked", "alert certificate unknown",
            "alert unsupported certificate", "alert access denied", "alert certificate required",
            "alert handshake failure",
        ]
        guard let certFile, refusals.contains(where: text.contains) else { return nil }
        return SinkFault(
            .clientCertificateRefused, "\(host) would not have certFile \(certFile): \(text)")
    }

    private func serviceFault(_ answer: Transfer.Answer) -> SinkFault {
        switch answer.code {
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            SinkFault(
                .wrongKey,
                "\(host) has another key than the pin: somebody is in between, or the service "
                    + "has a new key")
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            SinkFault(.nameNotFound, "\(host) is not found: check the name and the name server")
        case CURLE_COULDNT_CONNECT:
            if answer.system == ECONNREFUSED {
                SinkFault(.refused, "\(host) refuses connections: nothing listens there")
            } else {
                SinkFault(.unreachable, "\(host) is out of reach: \(answer.text)")
            }
        case CURLE_OPERATION_TIMEDOUT:
            SinkFault(.timeout, "\(host) took too long: \(answer.text)")
        case CURLE_ABORTED_BY_CALLBACK:
            SinkFault(.timeout, "\(host) had not answered when hubd stopped")
        case CURLE_PEER_FAILED_VERIFICATION:
            certificateFault(answer)
        case CURLE_SSL_CONNECT_ERROR where answer.system == ECONNRESET:
            SinkFault(.reset, "\(host) cut the connection off: \(answer.text)")
        case CURLE_SSL_CONNECT_ERROR:
            SinkFault(.noTLS, "\(host) does not speak TLS 1.2 or later: \(answer.text)")
        case CURLE_SSL_CERTPROBLEM:
            SinkFault(.setting, "certFile or keyFile cannot be used: \(answer.text)")
        case CURLE_SSL_CACERT_BADFILE:
            authoritiesFault
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_WRITE_ERROR:
            SinkFault(.notHTTP, "\(host) does not speak HTTP: \(answer.text)")
        default:
            SinkFault(
                .reset,
                "\(host) cut the connection off: \(answer.text)"
                    + (certFile.map { "; it may not want certFile \($0)" } ?? ""))
        }
    }

    /// libcurl could not use the file with the authorities; it does not say why.
    private var authoritiesFault: SinkFault {
        guard let caFile else {
            return SinkFault(
                .authorities,
                "the system has no authorities to trust: install ca-certificates, or name a caFile")
        }
        do throws(SinkFault) {
            _ = try SettingFile(setting: "caFile", path: caFile, code: .authorities).read(1)
        } catch {
            return error
        }
        return SinkFault(
            .authorities,
            "caFile \(caFile) holds no certificate: put those of the authorities there, in PEM")
    }

    /// Verdicts are those of x509_vfy.h; curl compares names itself and leaves its first value, 1.
    private func certificateFault(_ answer: Transfer.Answer) -> SinkFault {
        switch answer.verdict {
        case 0, 1, 62:
            SinkFault(.wrongName, "the certificate of \(host) is for another name: \(answer.text)")
        case 9:
            SinkFault(
                .notYetValid,
                "the certificate of \(host) is not valid yet: check the clock of the hub")
        case 10:
            SinkFault(
                .expired, "the certificate of \(host) has expired, or the clock of the hub is ahead"
            )
        case 2, 18, 19, 20, 21:
            SinkFault(
                .untrustedAuthority,
                "the certificate of \(host) is from an unknown authority: name it in caFile")
        default:
            SinkFault(.untrusted, "the certificate of \(host) fails: \(answer.text)")
        }
    }
}
