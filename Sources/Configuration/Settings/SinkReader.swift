import JSON

extension Decoding {
    /// `sinks`.
    ///
    /// - Parameters:
    ///   - node: the list.
    ///   - hub: the hub's id, if it is in the configuration.
    /// - Returns: the sinks; nil when it is no list.
    mutating func sinks(_ node: JSONNode, hub: String?) -> [Sink]? {
        var named: [String: JSONPosition] = [:]
        var places = SinkPlaces(hub: hub)
        let read = list(node, limit: Sink.most, of: "sinks") {
            decoding, node -> (String?, Sink.Kind)? in
            guard decoding.isObject(node, keys: Sink.keys) else { return nil }
            let name = decoding.optional("name", of: node) { $0.identifier($1) }
            if let name {
                decoding.checkUnique(name, name, as: "name", of: node, in: &named, "another name")
            }
            let kind = decoding.sinkKind(node)
            if let kind { decoding.checkPlace(kind, node, in: &places) }
            return kind.map { (name, $0) }
        }
        guard let read else { return nil }
        var taken = Set(named.keys)
        return read.map { name, kind in
            if let name { return Sink(name: name, kind) }
            var free = kind.name
            var number = 2
            while !taken.insert(free).inserted {
                free = "\(kind.name)-\(number)"
                number += 1
            }
            return Sink(name: free, kind)
        }
    }

    private mutating func sinkKind(_ node: JSONNode) -> Sink.Kind? {
        let kind: String? = required("kind", of: node, "\"file\", \"http\" or \"mqtt\"") {
            $0.choice($1, ["file": "file", "http": "http", "mqtt": "mqtt"])
        }
        guard let kind else { return nil }
        let own = Sink.keysByKind[kind] ?? []
        let foreign = Sink.keys.filter { !own.contains($0) && !["kind", "name"].contains($0) }
        if kind == "file" {
            forbid(
                ["maxAge"], in: node,
                "with kind \"file\": a file on this machine is its record, and has every event")
        }
        forbid(
            foreign.filter { kind != "file" || $0 != "maxAge" }, in: node,
            "with kind \"\(kind)\"")
        switch kind {
        case "file": return fileSink(node)
        case "http": return httpSink(node)
        default: return mqttSink(node)
        }
    }

    private mutating func fileSink(_ node: JSONNode) -> Sink.Kind? {
        let path = required("path", of: node, "the path of the file to write") { $0.path($1) }
        let maxSize = optional("maxSize", of: node) { $0.size($1, 1 << 16...1 << 40) }
        let keep = optional("keep", of: node) { $0.whole($1, 0...1_000, " old files") }
        if let member = node["keep"], keep != nil, node["maxSize"] == nil {
            report(
                at: member.position, under: [.key("keep")], "no \"maxSize\"",
                "both: without a size no second file is ever begun")
        }
        return path.map { .file(path: $0, maxSize: maxSize, keep: keep) }
    }

    private mutating func httpSink(_ node: JSONNode) -> Sink.Kind? {
        let url = required("url", of: node, "the URL to send to") {
            $0.serverURL($1, secure: "https", plain: "http")
        }
        let secretFile = optional("secretFile", of: node) { $0.secretFile($1) }
        let caFile = optional("caFile", of: node) { $0.path($1) }
        var more = Sink.HTTP()
        more.secretFiles =
            optional("secretFiles", of: node) {
                $0.list($1, limit: 4, of: "files") { $0.secretFile($1) }
            } ?? []
        more.certFile = optional("certFile", of: node) { $0.path($1) }
        more.keyFile = optional("keyFile", of: node) { $0.secretFile($1) }
        more.pin = optional("pin", of: node) {
            $0.text(
                $1, "sha256// and 44 characters of base64, with ; between several",
                isGood: Sink.isPin)
        }
        more.proxy = optional("proxy", of: node) {
            $0.text(
                $1, "a URL such as \"http://proxy.example:3128\", https or socks5h, without user",
                isGood: Sink.isProxy)
        }
        if let member = node["proxy"], url?.lowercased().hasPrefix("http:") == true {
            report(
                at: member.position, under: [.key("proxy")], "a proxy on the way to this machine",
                "none: a proxy is for https only")
        }
        more.maxRate = optional("maxRate", of: node) { $0.size($1, 1 << 10...1 << 30) }
        more.maxAge = optional("maxAge", of: node) { $0.duration($1, 60...31_536_000) }
        for (one, other) in [("certFile", "keyFile"), ("keyFile", "certFile")]
        where node[one] != nil && node[other] == nil {
            report(at: node.position, under: [.key(other)], "missing", "it beside \"\(one)\"")
        }
        return url.map { .http(url: $0, secretFile: secretFile, caFile: caFile, more) }
    }

    private mutating func mqttSink(_ node: JSONNode) -> Sink.Kind? {
        let topic = required("topic", of: node, "a topic such as \"hubs/{hub}/events\"") {
            $0.text(
                $1, "a topic without + and #, in which only {hub} and {type} stand in braces",
                isGood: Sink.isTopic)
        }
        let stateTopic = stateTopic(node)
        let qos = optional("qos", of: node) { $0.whole($1, 1...2) } ?? 1
        let maxAge = optional("maxAge", of: node) { $0.duration($1, 60...31_536_000) }
        guard var mqtt = connection(node, topic: topic ?? ""), topic != nil else { return nil }
        mqtt.stateTopic = stateTopic
        mqtt.qos = qos
        mqtt.maxAge = maxAge
        return .mqtt(mqtt)
    }

    /// How a broker is reached, and by whom.
    mutating func connection(_ node: JSONNode, topic: String) -> Sink.MQTT? {
        let url = required("url", of: node, "the URL of the broker") { $0.brokerURL($1) }
        let clientID = optional("clientId", of: node) { $0.identifier($1) }
        let username = optional("username", of: node) { $0.label($1) }
        let passwordFile = optional("passwordFile", of: node) { $0.secretFile($1) }
        let caFile = optional("caFile", of: node) { $0.path($1) }
        let certFile = optional("certFile", of: node) { $0.path($1) }
        let keyFile = optional("keyFile", of: node) { $0.secretFile($1) }
        for (one, other) in [
            ("certFile", "keyFile"), ("keyFile", "certFile"),
            ("passwordFile", "username"),
        ]
        where node[one] != nil && node[other] == nil {
            report(at: node.position, under: [.key(other)], "missing", "it beside \"\(one)\"")
        }
        return url.map {
            Sink.MQTT(
                url: $0, topic: topic, stateTopic: nil, clientID: clientID, username: username,
                passwordFile: passwordFile, caFile: caFile, certFile: certFile, keyFile: keyFile)
        }
    }

    /// A broker's address, which is a host and a port.
    private mutating func brokerURL(_ node: JSONNode) -> String? {
        guard let url = serverURL(node, secure: "mqtts", plain: "mqtt") else { return nil }
        let rest = url.drop { $0 != "/" }.dropFirst(2).drop { !"/?#".contains($0) }
        guard rest.isEmpty || rest == "/" else {
            reject(node, "a URL such as \"mqtts://broker.example:8883\"")
            return nil
        }
        return url
    }

    /// Unlike elsewhere, `null` says something: no state is published.
    private mutating func stateTopic(_ node: JSONNode) -> String? {
        guard let member = node["stateTopic"] else { return Sink.MQTT.usualStateTopic }
        if case .null = member.content { return nil }
        return optional("stateTopic", of: node) {
            $0.text(
                $1, "a topic without + and #, in which only {hub} stands in braces, or null",
                isGood: { Sink.isTopic($0) && !$0.contains("{type}") })
        }
    }
}

extension Sink {
    fileprivate static let keysByKind: [String: [String]] = [
        "file": ["path", "maxSize", "keep"],
        "http": [
            "url", "secretFile", "secretFiles", "caFile", "certFile", "keyFile", "pin", "proxy",
            "maxRate", "maxAge",
        ],
        "mqtt": [
            "url", "topic", "stateTopic", "qos", "clientId", "username", "passwordFile", "caFile",
            "certFile", "keyFile", "maxAge",
        ],
    ]

    fileprivate static let keys = [
        "kind", "name", "path", "maxSize", "keep", "url", "secretFile", "caFile", "topic",
        "stateTopic", "qos",
        "clientId", "username", "passwordFile", "certFile", "keyFile", "secretFiles", "pin",
        "proxy",
        "maxRate", "maxAge",
    ]

    /// SHA-256 of a public key, as libcurl reads it (CURLOPT_PINNEDPUBLICKEY(3)).
    fileprivate static func isPin(_ text: String) -> Bool {
        text.split(separator: ";", omittingEmptySubsequences: false).allSatisfy { pin in
            let code = pin.dropFirst(8)
            return pin.hasPrefix("sha256//") && code.utf8.count == 44 && code.hasSuffix("=")
                && code.dropLast().utf8.allSatisfy {
                    Array("+/".utf8).contains($0) || UnicodeScalar($0).properties.isAlphabetic
                        || (0x30...0x39).contains($0)
                }
        }
    }

    fileprivate static func isProxy(_ text: String) -> Bool {
        guard let address = WebAddress(text) else { return false }
        return ["http", "https", "socks5h"].contains(address.scheme) && !address.hasUser
    }

    /// A topic to publish to (MQTT 3.1.1 §4.7) with our two words in braces.
    static func isTopic(_ text: String) -> Bool {
        var plain = text[...]
        while let open = plain.firstIndex(of: "{") {
            let rest = plain[open...]
            guard let word = ["{hub}", "{type}"].first(where: { rest.hasPrefix($0) }),
                !plain[..<open].contains("}")
            else { return false }
            plain = rest.dropFirst(word.count)
        }
        return !plain.contains("}") && !text.isEmpty && text.utf8.count <= 1_024
            && text.unicodeScalars.allSatisfy {
                $0 != "+" && $0 != "#" && $0.value >= 0x20 && $0.value != 0x7f
            }
    }
}

extension Sink.Kind {
    /// The word of the configuration.
    public var name: String {
        switch self {
        case .file: "file"
        case .http: "http"
        case .mqtt: "mqtt"
        }
    }
}
