import JSON

extension Decoding {
    /// `catalog`: a file, or a service with the file to begin with.
    ///
    /// - Returns: the file's path and the service, each nil when it is not named.
    mutating func catalog(_ node: JSONNode) -> (path: String?, service: CatalogService?) {
        if case .string = node.content { return (path(node), nil) }
        let keys = [
            "path", "url", "publicKeyFile", "secretFile", "caFile", "certFile", "keyFile",
            "interval",
        ]
        guard case .object = node.content else {
            reject(node, "a path, or an object with \(Decoding.list(keys))")
            return (nil, nil)
        }
        guard isObject(node, keys: keys) else { return (nil, nil) }
        let path = optional("path", of: node) { $0.path($1) }
        return (path, catalogService(node))
    }

    private mutating func catalogService(_ node: JSONNode) -> CatalogService? {
        let url = required("url", of: node, "the URL of the catalog") {
            $0.serverURL($1, secure: "https", plain: "http", word: "{hub}")
        }
        let publicKeyFile = required(
            "publicKeyFile", of: node, "the file with the Ed25519 key that signs the catalog"
        ) { $0.secretFile($1) }
        let secretFile = optional("secretFile", of: node) { $0.secretFile($1) }
        let caFile = optional("caFile", of: node) { $0.path($1) }
        let certFile = optional("certFile", of: node) { $0.path($1) }
        let keyFile = optional("keyFile", of: node) { $0.secretFile($1) }
        let interval = optional("interval", of: node) { $0.duration($1, 10...7 * 86_400) }
        for (one, other) in [("certFile", "keyFile"), ("keyFile", "certFile")]
        where node[one] != nil && node[other] == nil {
            report(at: node.position, under: [.key(other)], "missing", "it beside \"\(one)\"")
        }
        guard let url, let publicKeyFile else { return nil }
        return CatalogService(
            url: url, publicKeyFile: publicKeyFile, secretFile: secretFile, caFile: caFile,
            certFile: certFile, keyFile: keyFile, interval: interval ?? .seconds(300))
    }
}
