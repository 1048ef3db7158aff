import JSON

/// Where the sinks of a list go: no two may be in each other's way.
struct SinkPlaces {
    /// The hub's id, of which a client id is made that is not given.
    let hub: String?
    fileprivate var files: [String: JSONPosition] = [:]
    fileprivate var services: [String: JSONPosition] = [:]
    fileprivate var topics: [[String]: JSONPosition] = [:]
    fileprivate var clients: [[String]: JSONPosition] = [:]

    init(hub: String?) { self.hub = hub }
}

extension Decoding {
    /// Reports what the store would refuse beside an earlier sink, and what two connections to one
    /// broker may not share.
    mutating func checkPlace(
        _ kind: Sink.Kind, _ node: JSONNode, in places: inout SinkPlaces
    ) {
        switch kind {
        case .file(let path, _, _):
            checkUnique(
                Self.plain(path), path, as: "path", of: node, in: &places.files, "another file")
        case .http(let url, _, _, _):
            checkUnique(url, url, as: "url", of: node, in: &places.services, "another address")
        case .mqtt(let mqtt):
            checkUnique(
                [mqtt.url, mqtt.topic], mqtt.topic, as: "topic", of: node, in: &places.topics,
                "another topic at this broker")
            checkClient(mqtt, node, in: &places)
        }
    }

    /// A broker ends the connection of a client when another comes with its id (MQTT 5.0 §3.1.4):
    /// two of one hub would do that to each other for ever.
    private mutating func checkClient(
        _ mqtt: Sink.MQTT, _ node: JSONNode, in places: inout SinkPlaces
    ) {
        guard let place = Sink(name: "", .mqtt(mqtt)).endpoint else { return }
        // Without an id of the hub the one that is not given stands for itself.
        let id = mqtt.clientID ?? places.hub.map { "hubd-\($0)" } ?? ""
        let client = [place.host, String(place.port), id]
        guard let first = places.clients[client] else {
            places.clients[client] = node.position
            return
        }
        report(
            at: node["clientId"]?.position ?? node.position, under: [.key("clientId")],
            mqtt.clientID.map { "\(Decoding.quoted($0)) a second time" }
                ?? "missing, so that both have the same",
            "a \"clientId\" of its own for each connection to a broker (first at \(first))")
    }

    /// A path without the steps that lead nowhere.
    private static func plain(_ path: String) -> String {
        path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
