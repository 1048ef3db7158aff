import JSON

extension Decoding {
    /// `catalog`: a file, or a service with the file to begin with.
    ///
    /// - Parameters:
    ///   - node: the value.
    ///   - sinks: the sinks, one of which may be a broker with a catalog.
    ///   - hub: the hub's id, if it is in the configuration.
    /// - Returns: the file's path and the service, each nil when it is not named.
    mutating func catalog(
        _ node: JSONNode, sinks: [Sink], hub: String?
    ) -> (path: String?, service: CatalogService?) {
        if case .string = node.content { return (path(node), nil) }
        let keys = [
            "path", "url", "mqtt", "publicKeyFile", "secretFile", "caFile", "certFile", "keyFile",
            "interval",
        ]
        guard case .object = node.content else {
            reject(node, "a path, or an object with \(Decoding.list(keys))")
            return (nil, nil)
        }
        guard isObject(node, keys: keys) else { return (nil, nil) }
        let path = optional("path", of: node) { $0.path($1) }
        guard node["mqtt"] == nil else { return (path, catalogBroker(node, sinks, hub)) }
        return (path, catalogService(node))
    }

    private mutating func publicKeyFile(_ node: JSONNode) -> String? {
        required(
            "publicKeyFile", of: node, "the file with the Ed25519 key that signs the catalog"
        ) { $0.secretFile($1) }
    }

    private mutating func interval(_ node: JSONNode) -> Duration {
        optional("interval", of: node) { $0.duration($1, 10...7 * 86_400) } ?? .seconds(300)
    }

    private mutating func catalogBroker(
        _ node: JSONNode, _ sinks: [Sink], _ hub: String?
    ) -> CatalogService? {
        forbid(
            ["url", "secretFile", "caFile", "certFile", "keyFile"], in: node,
            "beside \"mqtt\", which says itself how the broker is reached")
        let broker = optional("mqtt", of: node) { decoding, node in
            let broker = decoding.broker(of: sinks, hub, node)
            if let broker { decoding.checkTopic(broker, beside: sinks, hub, at: node) }
            return broker
        }
        let publicKeyFile = publicKeyFile(node)
        let interval = interval(node)
        guard let broker, let publicKeyFile else { return nil }
        return CatalogService(broker: broker, publicKeyFile: publicKeyFile, interval: interval)
    }

    /// `mqtt`: the name of a sink, or how a broker is reached, and a topic.
    private mutating func broker(
        of sinks: [Sink], _ hub: String?, _ node: JSONNode
    ) -> Sink.MQTT? {
        let own = [
            "url", "clientId", "username", "passwordFile", "caFile", "certFile", "keyFile",
        ]
        guard isObject(node, keys: ["sink", "topic"] + own) else { return nil }
        let topic = required("topic", of: node, "a topic such as \"hubs/{hub}/catalog\"") {
            // Nobody gets what is retained by way of a shared subscription (MQTT 5.0 §4.8.2).
            $0.text(
                $1,
                "a topic without + and #, not of $share/, in which only {hub} stands in braces",
                isGood: {
                    Sink.isTopic($0) && !$0.contains("{type}") && !$0.hasPrefix("$share/")
                })
        }
        guard node["sink"] != nil else {
            guard let url = node["url"] else {
                report(
                    at: node.position, under: [.key("sink")], "missing",
                    "the name of a sink of kind \"mqtt\", or the \"url\" of a broker")
                return nil
            }
            let broker = connection(node, topic: topic ?? "")
            if let broker {
                checkClient(
                    broker, beside: sinks, hub, at: node["clientId"] ?? url, under: "clientId")
            }
            return topic == nil ? nil : broker
        }
        forbid(own, in: node, "beside \"sink\", whose broker it is")
        let sink = optional("sink", of: node) { $0.brokerSink($1, sinks) }
        guard var sink, let topic else { return nil }
        sink.clientID = sink.clientID.map { $0 + "-catalog" }
        sink.topic = topic
        checkClient(sink, beside: sinks, hub, at: node["sink"] ?? node, under: "sink")
        return sink
    }

    private mutating func brokerSink(_ node: JSONNode, _ sinks: [Sink]) -> Sink.MQTT? {
        let expected = "the name of a sink of kind \"mqtt\""
        guard let name = string(node, expected) else { return nil }
        guard case .mqtt(let mqtt)? = sinks.first(where: { $0.name == name })?.kind else {
            reject(node, expected)
            return nil
        }
        return mqtt
    }

    /// A broker ends the connection of a client when another comes with its id (MQTT 5.0 §3.1.4),
    /// also when the ids are those that are made of the hub's.
    private mutating func checkClient(
        _ broker: Sink.MQTT, beside sinks: [Sink], _ hub: String?, at node: JSONNode,
        under key: String
    ) {
        // Without an id of the hub something stands for it that no id can be.
        let usual = "hubd-\(hub ?? "\0")"
        let id = broker.clientID ?? usual + "-catalog"
        let place = Sink(name: "", .mqtt(broker)).endpoint
        let isTaken = sinks.contains { sink in
            guard case .mqtt(let mqtt) = sink.kind else { return false }
            return (mqtt.clientID ?? usual) == id && sink.endpoint?.host == place?.host
                && sink.endpoint?.port == place?.port
        }
        guard isTaken else { return }
        report(
            at: node.position, under: [.key(key)],
            "\(Decoding.quoted(id)) is that of a sink at the same broker",
            "a \"clientId\" of its own for each connection to a broker")
    }

    /// What a sink publishes would take the place of the catalog.
    private mutating func checkTopic(
        _ broker: Sink.MQTT, beside sinks: [Sink], _ hub: String?, at node: JSONNode
    ) {
        func filled(_ topic: String?) -> String? {
            topic.map { CatalogService.topic($0, hub: hub ?? "{hub}") }
        }
        let topic = filled(broker.topic)
        let place = Sink(name: "", .mqtt(broker)).endpoint
        let isTaken = sinks.contains { sink in
            guard case .mqtt(let mqtt) = sink.kind, sink.endpoint?.host == place?.host,
                sink.endpoint?.port == place?.port
            else { return false }
            return [filled(mqtt.topic), filled(mqtt.stateTopic)].contains(topic)
        }
        guard isTaken else { return }
        report(
            at: node.position, under: [.key("topic")],
            "\(Decoding.quoted(broker.topic)), where a sink publishes",
            "a topic of its own, where this hub may not publish")
    }

    private mutating func catalogService(_ node: JSONNode) -> CatalogService? {
        let url = required("url", of: node, "the URL of the catalog") {
            $0.serverURL($1, secure: "https", plain: "http", word: "{hub}")
        }
        let publicKeyFile = publicKeyFile(node)
        let secretFile = optional("secretFile", of: node) { $0.secretFile($1) }
        let caFile = optional("caFile", of: node) { $0.path($1) }
        let certFile = optional("certFile", of: node) { $0.path($1) }
        let keyFile = optional("keyFile", of: node) { $0.secretFile($1) }
        let interval = interval(node)
        for (one, other) in [("certFile", "keyFile"), ("keyFile", "certFile")]
        where node[one] != nil && node[other] == nil {
            report(at: node.position, under: [.key(other)], "missing", "it beside \"\(one)\"")
        }
        guard let url, let publicKeyFile else { return nil }
        return CatalogService(
            url: url, publicKeyFile: publicKeyFile, secretFile: secretFile, caFile: caFile,
            certFile: certFile, keyFile: keyFile, interval: interval)
    }
}
