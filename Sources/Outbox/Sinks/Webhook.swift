internal import Crypto

/// The headers of Standard Webhooks 1.0: who sent a body, when, and which one it is.
struct Webhook {
    /// The keys, each of which signs; none signs nothing.
    let keys: [[UInt8]]

    /// Reads the secrets, with each delivery, so a changed secret is found.
    ///
    /// A file holds a secret on each line: while a service changes its secret, both sign, and it
    /// takes whichever it knows (Standard Webhooks, "Secret rotation").
    ///
    /// The secret is base64, after `whsec_` or alone. Standard Webhooks asks for 24 to 64 bytes;
    /// other lengths from 16 bytes on are taken, because services hand them out.
    init(secretFiles: [String]) throws(SinkFault) {
        var keys: [[UInt8]] = []
        for file in secretFiles { keys += try Self.keys(in: file) }
        guard keys.count <= Self.mostKeys else {
            throw SinkFault(
                .secret, "\(keys.count) signing secrets, at most \(Self.mostKeys) are used")
        }
        self.keys = keys
    }

    /// A change of secrets needs two; more would only make headers long.
    private static let mostKeys = 4

    private static func keys(in secretFile: String) throws(SinkFault) -> [[UInt8]] {
        let file = SettingFile(setting: "secretFile", path: secretFile, code: .secret)
        let content = try file.read(4_096)
        let lines = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isNewline)
        var keys: [[UInt8]] = []
        for var line in lines {
            while line.last?.isWhitespace == true { line.removeLast() }
            if line.isEmpty { continue }
            if line.hasPrefix("whsec_") { line = line.dropFirst(6) }
            guard let key = Base64.decode(line), key.count >= 16, key.count <= 512 else {
                keys = []
                break
            }
            keys.append(key)
        }
        guard !keys.isEmpty else {
            throw SinkFault(
                .secret,
                "secretFile \(secretFile) holds no signing secret: "
                    + "expected whsec_ and base64 of 24 to 64 bytes, one on each line")
        }
        return keys
    }

    /// Signs nothing.
    static let unsigned = Webhook(keys: [])

    private init(keys: [[UInt8]]) {
        self.keys = keys
    }

    /// The `webhook-id` of a body: made of its content, so it is the same with every try, also
    /// after a restart, and another for any other batch.
    static func id(of content: [UInt8]) -> String {
        "msg_" + Base64.encode(Array(Digest.sha256(content).prefix(18)), alphabet: .urlSafe)
    }

    /// The headers for the bytes of a body as they are sent, at `seconds` since 1970.
    func headers(id: String, seconds: Int64, body: [UInt8]) -> [String] {
        var headers = ["webhook-id: \(id)", "webhook-timestamp: \(seconds)"]
        // Signed is `id.timestamp.body` (Standard Webhooks, "Signature scheme").
        let signed = Array("\(id).\(seconds).".utf8) + body
        let codes = keys.compactMap { Digest.hmacSHA256(signed, key: $0) }
        guard !codes.isEmpty else { return headers }
        let list = codes.map { "v1,\(Base64.encode($0))" }.joined(separator: " ")
        headers.append("webhook-signature: \(list)")
        return headers
    }
}
