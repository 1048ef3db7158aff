internal import MQTT

/// Which retained states are still to be published over a connection.
struct StateQueue {
    /// The topic of the hub's own state; nil when no state is served.
    let hubTopic: String?
    private let board: StateBoard
    /// What goes before the name of a thing: the levels of the hub's topic but the last.
    private let prefix: String
    private var isServed = false
    private(set) var longest = Int.max
    /// The last change of the board that is published or waits below.
    private var change: UInt64 = 0
    private var isHubWaiting = false
    /// The last one is next.
    private var names: [String] = []

    /// What is told when the hub is gone.
    static let offline = Array(#"{"state":"offline"}"#.utf8)

    init(hubTopic: String?, board: StateBoard) {
        self.hubTopic = hubTopic
        self.board = board
        let levels = hubTopic?.split(separator: "/", omittingEmptySubsequences: false) ?? []
        prefix = levels.dropLast().map { $0 + "/" }.joined()
    }

    /// The topic of the hub's own state.
    static func topic(_ template: String, hub: String) -> String {
        Topic.filled(template, hub: hub)
    }

    /// A new connection: everything is published again.
    mutating func begin(isServed: Bool, longest: Int) {
        self.isServed = isServed && hubTopic != nil
        self.longest = longest
        change = 0
        names = []
        isHubWaiting = self.isServed
    }

    /// Whether there is something to publish.
    var isWaiting: Bool {
        isServed && (isHubWaiting || !names.isEmpty || board.lastChange > change)
    }

    /// The next message, as it is now; nil when everything is published.
    mutating func next(at time: EventTime) -> Message? {
        guard isServed, let hubTopic else { return nil }
        if names.isEmpty, board.lastChange > change {
            // Read first: a change in between is found again.
            let last = board.lastChange
            let (hub, changed) = board.changes(after: change)
            change = last
            isHubWaiting = isHubWaiting || hub
            names = changed.reversed()
        }
        if isHubWaiting {
            isHubWaiting = false
            return state(hubTopic, online(at: time))
        }
        while let name = names.popLast() {
            guard let document = board.document(name) else { continue }
            return state(prefix + name, document)
        }
        return nil
    }

    /// The last messages of a sink that ends.
    func last(_ farewell: StateFarewell) -> [Message] {
        guard isServed, let hubTopic else { return [] }
        var messages: [Message] = []
        switch farewell.hub {
        case .offline: messages.append(state(hubTopic, Self.offline))
        case .goes: messages.append(state(hubTopic, []))
        case .stays: break
        }
        guard farewell.thingsGo else { return messages }
        return messages + board.changes(after: 0).names.map { state(prefix + $0, []) }
    }

    private func state(_ topic: String, _ payload: [UInt8]) -> Message {
        Message(
            topic: topic, payload: payload, qos: .atMostOnce, isRetained: true,
            contentType: "application/json")
    }

    /// `{"state":"online","time":"2026-11-22T14:03:07.123+08:00",…}`.
    private func online(at time: EventTime) -> [UInt8] {
        var text: [UInt8] = []
        text.append(text: #"{"state":"online","time":""#)
        text.append(rfc3339: time)
        text.append(text: "\"")
        let members = board.hub
        if !members.isEmpty {
            text.append(UInt8(ascii: ","))
            text.append(contentsOf: members)
        }
        text.append(UInt8(ascii: "}"))
        return text
    }
}
