/// The certificate that a sink's service shows.
public enum Certificate {
    /// A certificate is renewed weeks before its end, so one that has less left was forgotten.
    static let daysForRenewal: Int64 = 14

    /// How it stands.
    ///
    /// - Parameters:
    ///   - sink: the sink's name.
    ///   - host: whose certificate it is.
    ///   - fault: why the verification failed; nil when it did not.
    ///   - expires: when it expires, in seconds since 1970; nil when that is not known.
    ///   - now: the time now, in seconds since 1970.
    /// - Returns: what was found.
    public static func check(
        sink: String, host: String, fault: String?, expires: Int64?, now: Int64
    ) -> Check {
        if let fault {
            return .failed("sink", sink, fault, mend: "openssl s_client -connect shows more")
        }
        guard let expires else {
            return .well("sink", sink, "the certificate of \(host) is in order")
        }
        let days = max(0, expires - now) / 86_400
        let text = "the certificate of \(host) expires in \(days) days"
        guard days >= daysForRenewal else {
            return .warning("sink", sink, text, mend: "have it renewed")
        }
        return .well("sink", sink, text)
    }
}
