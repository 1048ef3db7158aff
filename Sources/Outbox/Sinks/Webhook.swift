internal import Crypto

/// The headers of Standard Webhooks 1.0: who sent a body, when, and which one it is.
struct Webhook {
    /// The key; nil signs nothing.
    let key: [UInt8]?

    /// Reads the secret, with each delivery, so a changed secret is found.
    ///
    /// The secret is base64, after `whsec_` or alone. Standard Webhooks asks for 24 to 64 bytes;
    /// other lengths from 16 bytes on are taken, because services hand them out.
    init(secretFile: String?) throws(SinkFault) {
        guard let secretFile else {
            key = nil
            return
        }
        let file = SettingFile(setting: "secretFile", path: secretFile, code: .secret)
        let content = try file.read(4_096)
        var text = String(decoding: content, as: UTF8.self)[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        if text.hasPrefix("whsec_") { text = text.dropFirst(6) }
        guard let key = Base64.decode(text), key.count >= 16, key.count <= 512 else {
            throw SinkFault(
                .secret,
                "secretFile \(secretFile) holds no signing secret: "
                    + "expected whsec_ and base64 of 24 to 64 bytes")
        }
        self.key = key
    }

    /// The `webhook-id` of a body: made of its content, so it is the same with every try, also
    /// after a restart, and another for any other batch.
    static func id(of content: [UInt8]) -> String {
        "msg_" + Base64.encode(Array(Digest.sha256(content).prefix(18)), alphabet: .urlSafe)
    }

    /// The headers for the bytes of a body as they are sent, at `seconds` since 1970.
    func headers(id: String, seconds: Int64, body: [UInt8]) -> [String] {
        var headers = ["webhook-id: \(id)", "webhook-timestamp: \(seconds)"]
        guard let key else { return headers }
        // Signed is `id.timestamp.body` (Standard Webhooks, "Signature scheme").
        let signed = Array("\(id).\(seconds).".utf8) + body
        if let code = Digest.hmacSHA256(signed, key: key) {
            headers.append("webhook-signature: v1,\(Base64.encode(code))")
        }
        return headers
    }
}
