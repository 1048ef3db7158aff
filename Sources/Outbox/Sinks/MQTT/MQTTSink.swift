internal import MQTT

/// Publishes each event as a message, and the hub's state as retained messages.
///
/// The connection outlives a delivery: `tend` keeps it alive while there is nothing to deliver,
/// and makes it anew when the broker was gone. The broker sends the will when hubd dies.
struct MQTTSink: Sink {
    let settings: MQTTSinkSettings
    let limits: DeliveryLimits
    private let door: BrokerDoor
    private let verdict: MQTTVerdict
    private var host: String { verdict.host }
    private let hub: String
    private let clientID: String
    private let board: StateBoard
    private let clock: @Sendable () -> EventTime
    private let qos: QoS

    private var link: BrokerLink?
    private var session: OutgoingSession
    /// Whether the broker may have kept a session of this process.
    private var hasSession = false
    /// Events beyond the cursor that the broker has acknowledged: those that were sent beside one
    /// it would not have. Forgotten with the connection, because a broker that breaks down may
    /// forget what it has acknowledged.
    private var accepted: Set<Int64> = []
    private var states: StateQueue
    private var backoff: Backoff
    private let gap: Int64
    /// When a connection is tried at the earliest, on the boot clock.
    private var retryAt: Int64 = 0
    private var openedAt: Int64 = 0
    /// Whether a PINGREQ waits for its answer.
    private var isPinging = false

    /// Messages under way at once, as far as the broker allows: a batch.
    private static let window = 256
    /// MQTT 3.1.1 brokers do not say what they allow; the usual ones take 20.
    private static let window311 = 20
    /// How long the broker keeps its half of the session, in seconds: as long as the store keeps
    /// events.
    private static let sessionExpiry: UInt32 = 7 * 86_400
    /// What is put before the socket at once, so that memory stays bounded.
    private static let mostUnsent = 64 * 1_024
    /// How long one `tend` may send and receive, and the farewell.
    private static let patience: Int64 = 500_000_000

    init(
        _ settings: MQTTSinkSettings, hub: String, board: StateBoard,
        clock: @escaping @Sendable () -> EventTime, backoff: Backoff
    ) throws(SinkFault) {
        self.settings = settings
        self.hub = hub
        self.board = board
        self.clock = clock
        self.backoff = backoff
        gap = backoff.base.nanoseconds
        door = try BrokerDoor(settings)
        verdict = MQTTVerdict(host: door.address.host)
        clientID = settings.clientID ?? "hubd-\(hub)"
        qos = settings.isExactlyOnce ? .exactlyOnce : .atLeastOnce
        limits = DeliveryLimits(events: max(1, settings.batch), bytes: 512 * 1_024)
        session = OutgoingSession(qos: qos, window: Self.window)
        let topic = settings.stateTopic.map { StateQueue.topic($0, hub: hub) }
        guard Topic.isValid(Topic.filled(settings.topic, hub: hub, type: "t")),
            topic.map(Topic.isValid) ?? true
        else {
            throw SinkFault(
                .setting,
                "sink \(settings.url): topic and stateTopic need 1 to 65535 bytes "
                    + "and neither + nor #")
        }
        states = StateQueue(hubTopic: topic, board: board)
    }

    // MARK: Deliveries

    mutating func deliver(
        _ events: [StoredEvent], after cursor: Ledger.Cursor, deadline: Deadline
    ) -> Delivery {
        accepted = accepted.filter { $0 > cursor.sequence }
        let limit = BootClock.now() + settings.limits.whole.nanoseconds
        let wasOpen = link != nil
        do throws(SinkFault) {
            return try tryDelivery(events, until: limit, deadline)
        } catch {
            giveUp(deadline)
            // A broker that went away since the last delivery is not one that fails.
            guard wasOpen, error.code == .reset, deadline.left > 0 else {
                return .failed(error, after: nil)
            }
        }
        do throws(SinkFault) {
            return try tryDelivery(events, until: limit, deadline)
        } catch {
            giveUp(deadline)
            return .failed(error, after: nil)
        }
    }

    /// Closes the connection, unless it is only too late for more: then `end` takes leave over it.
    private mutating func giveUp(_ deadline: Deadline) {
        if deadline.left > 0 { close() }
    }

    private mutating func tryDelivery(
        _ events: [StoredEvent], until limit: Int64, _ deadline: Deadline
    ) throws(SinkFault) -> Delivery {
        if link == nil {
            try awaitGap(deadline)
            try connect(for: Set(events.map(\.sequence)), until: limit, deadline)
        }
        let delivery = try publish(events, until: limit, deadline)
        if case .stored = delivery { backoff.reset() }
        return delivery
    }

    /// No broker is tried more than once in the shortest wait there is.
    private func awaitGap(_ deadline: Deadline) throws(SinkFault) {
        let left = openedAt + gap - BootClock.now()
        guard openedAt > 0, left > 0 else { return }
        guard deadline.left > left else {
            throw SinkFault(.timeout, "\(host) was not tried again before hubd stopped")
        }
        BootClock.sleep(min(left, gap))
    }

    /// Publishes events, and waits until the broker has answered for each that was sent.
    private mutating func publish(
        _ events: [StoredEvent], until limit: Int64, _ deadline: Deadline
    ) throws(SinkFault) -> Delivery {
        var next = 0
        var refusal: Delivery?
        var topics: [Int64: String] = [:]
        // A weak line may take long for a batch, as long as something comes of it.
        var limit = limit
        while true {
            while refusal == nil, next < events.count, session.hasRoom,
                (link?.unsentCount ?? 0) < Self.mostUnsent
            {
                let event = events[next]
                next += 1
                guard !accepted.contains(event.sequence) else { continue }
                topics[event.sequence] = try send(event, &refusal)
            }
            if session.waiting == 0, next == events.count || refusal != nil {
                return refusal ?? .stored(place: 0)
            }
            try sendStates()
            switch try take(until: pingWithin(limit), deadline) {
            case .acknowledged(let answer)?:
                let before = session.waiting
                try settle(answer, topics, events, &refusal)
                if session.waiting < before {
                    limit = BootClock.now() + settings.limits.whole.nanoseconds
                }
            case .disconnected(let reason, let text)?:
                close()
                return refusal ?? verdict.delivery(ended: reason, text)
            case .alive?, .connected?, .subscribed?, .message?: break
            case nil where BootClock.now() < limit && deadline.left > 0: break
            case nil:
                throw SinkFault(
                    .timeout,
                    deadline.left > 0
                        ? "\(host) took too long: \(session.waiting) events are not "
                            + "acknowledged"
                        : "\(host) had not answered when hubd stopped")
            }
        }
    }

    /// Sends an event, or finds that it cannot be; its topic.
    private mutating func send(
        _ event: StoredEvent, _ refusal: inout Delivery?
    ) throws(SinkFault) -> String {
        let topic = Topic.filled(settings.topic, hub: hub, type: event.event.type)
        let message = Message(
            topic: topic, payload: event.line, qos: qos,
            contentType: "application/cloudevents+json",
            properties: [("id", event.id.description), ("sequence", String(event.sequence))])
        guard let link else { throw SinkFault(.reset, "\(host): no connection") }
        // The identifier does not change the length.
        let length = message.packet(link.version)?.count ?? .max
        let longest = link.answer?.maximumPacketSize ?? .max
        guard length <= longest else {
            refusal = .rejected(
                SinkFault(
                    .tooLarge,
                    "\(host) takes packets of \(longest) bytes, and event "
                        + "\(event.sequence) needs \(length): raise the broker's limit"))
            return topic
        }
        let packet: [UInt8]? =
            switch session.begin(event.sequence) {
            case .publish(let id): message.packet(link.version, id: id)
            case .again(let id): message.packet(link.version, id: id, isDuplicate: true)
            case .release(let id): ClientPacket.release(id)
            }
        if let packet { self.link?.send(packet) }
        return topic
    }

    private mutating func settle(
        _ answer: Acknowledgement, _ topics: [Int64: String], _ events: [StoredEvent],
        _ refusal: inout Delivery?
    ) throws(SinkFault) {
        switch session.received(answer) {
        case .unknown: try link?.toldNothing()
        case .release(let id):
            link?.toldSomething()
            link?.send(ClientPacket.release(id))
        case .ended(let tag, let reason):
            link?.toldSomething()
            let topic = topics[tag] ?? settings.topic
            if reason == .noMatchingSubscribers {
                refusal = refusal ?? verdict.unheard(topic: topic)
            } else if reason.isFailure {
                refusal =
                    refusal ?? verdict.delivery(refused: reason, answer.text, topic: topic)
            } else {
                accepted.insert(tag)
            }
        }
    }

    // MARK: The connection

    private mutating func connect(
        for tags: Set<Int64>, until limit: Int64, _ deadline: Deadline
    ) throws(SinkFault) {
        let now = BootClock.now()
        openedAt = now
        let packet = try packet(for: tags)
        let link = try door.open(
            packet, until: min(limit, now + settings.limits.connect.nanoseconds), deadline)
        guard let answer = link.answer, answer.maximumQoS.rawValue >= qos.rawValue else {
            throw SinkFault(
                .setting,
                "\(host) serves QoS up to \(link.answer?.maximumQoS.rawValue ?? 0): "
                    + "set qos to 1, or raise the broker's limit")
        }
        opened(link, answer, isClean: packet.isCleanStart)
    }

    /// CONNECT, with the password as it is in its file now.
    private func packet(for tags: Set<Int64>) throws(SinkFault) -> Connect {
        var packet = Connect(clientID: clientID)
        // With messages under way that will not be sent again, and with those of a process before,
        // the halves of the session do not fit each other (MQTT 5.0, §3.2.2.1.1). With QoS 1 the
        // broker's half holds nothing.
        packet.isCleanStart =
            !session.tags.isSubset(of: tags) || qos == .exactlyOnce && !hasSession
        packet.keepAlive = UInt16(clamping: settings.limits.keepAlive.components.seconds)
        packet.sessionExpiry = Self.sessionExpiry
        try door.sign(&packet)
        if let topic = states.hubTopic {
            packet.will = Connect.Will(topic: topic, payload: StateQueue.offline)
        }
        return packet
    }

    private mutating func opened(_ link: BrokerLink, _ answer: ConnectAnswer, isClean: Bool) {
        self.link = link
        hasSession = true
        isPinging = false
        let isKept = answer.isSessionPresent && !isClean
        if !isKept { accepted = [] }
        let window = link.version == .v5 ? Self.window : Self.window311
        session.connected(isKept: isKept, window: min(window, answer.receiveMaximum))
        states.begin(isServed: answer.isRetainAvailable, longest: answer.maximumPacketSize)
    }

    private mutating func close() {
        link = nil
        if qos == .atLeastOnce { accepted = [] }
    }

    private mutating func sendStates() throws(SinkFault) {
        while let link, link.unsentCount < Self.mostUnsent,
            let message = states.next(at: clock())
        {
            guard let packet = message.packet(link.version), packet.count <= states.longest else {
                continue
            }
            self.link?.send(packet)
        }
    }

    /// The next packet; the time of the broker's last sign of life is noted.
    private mutating func take(
        until limit: Int64, _ deadline: Deadline
    ) throws(SinkFault) -> ServerPacket? {
        let packet = try link?.next(until: limit, deadline: deadline)
        switch packet {
        case .alive?:
            isPinging = false
            try link?.toldNothing()
        case .connected?:
            throw SinkFault(.notMQTT, "\(host) does not speak MQTT: a second CONNACK")
        case .acknowledged?, .disconnected?, .subscribed?, .message?, nil: break
        }
        return packet
    }

    // MARK: Between deliveries

    mutating func tryNow() { retryAt = 0 }

    mutating func tend(mayConnect: Bool, report: SinkReport, deadline: Deadline) -> Int64? {
        guard !deadline.isSet else { return nil }
        do throws(SinkFault) {
            if link == nil {
                guard mayConnect else { return nil }
                guard BootClock.now() >= retryAt else { return retryAt }
                let limit = BootClock.now() + settings.limits.connect.nanoseconds
                try connect(for: [], until: limit, deadline)
                report.recovered()
            }
            return try keepAlive(deadline)
        } catch {
            close()
            // One that holds for a while has not failed; one that breaks at once has.
            if BootClock.now() - openedAt > settings.limits.keepAlive.nanoseconds {
                backoff.reset()
            }
            let wait = backoff.next(after: error, asked: nil) { .random(in: $0) }
            retryAt = BootClock.now() + wait.nanoseconds
            if mayConnect { report.failed(error, retryAt: retryAt) }
            return mayConnect ? retryAt : nil
        }
    }

    /// Takes what has come, sends what has changed, and says in time that the hub is there; when
    /// it wants to be called again.
    private mutating func keepAlive(_ deadline: Deadline) throws(SinkFault) -> Int64 {
        let now = BootClock.now()
        let until = now + Self.patience
        // The answer to a ping may have waited here since soon after it was sent.
        while let packet = try take(until: 0, deadline) { try heard(packet) }
        try ping()
        repeat {
            try sendStates()
            let isBusy = link?.isSending == true
            switch try take(until: isBusy ? until : 0, deadline) {
            case let packet?: try heard(packet)
            case nil where isBusy && link?.isSending == false: break
            case nil:
                let isMore = link?.isSending == true || states.isWaiting
                return isMore ? now : pingAt
            }
        } while BootClock.now() < until
        return now
    }

    /// When a PINGREQ is due: half of the promised silence after the last packet, a second at least.
    private var pingAt: Int64 {
        // The broker's own word counts, when it gave one (MQTT 5.0, §3.2.2.3.14).
        // 0 is its word for as long as you like.
        let seconds = link?.answer?.keepAlive.flatMap {
            $0 == 0 ? nil : Int64($0) * 1_000_000_000
        }
        let half = max(1_000_000_000, (seconds ?? settings.limits.keepAlive.nanoseconds) / 2)
        return (link?.lastSent ?? BootClock.now()) + half
    }

    /// Says that the hub is there when it is time, and that the broker is not when it did not answer.
    private mutating func ping() throws(SinkFault) {
        guard BootClock.now() >= pingAt else { return }
        guard !isPinging else {
            throw SinkFault(.timeout, "\(host) took too long: no answer to PINGREQ")
        }
        isPinging = true
        link?.send(ClientPacket.ping)
    }

    /// Says within a batch that the hub is there; when to look again, no later than `limit`.
    ///
    /// On a weak line the answer stands behind that to the batch: it is not missed as long as events
    /// are acknowledged.
    private mutating func pingWithin(_ limit: Int64) -> Int64 {
        guard !isPinging, let link, !link.isSending else { return limit }
        guard BootClock.now() >= pingAt else { return min(limit, pingAt) }
        isPinging = true
        self.link?.send(ClientPacket.ping)
        return limit
    }

    /// Something has come that belongs to no delivery.
    private mutating func heard(_ packet: ServerPacket) throws(SinkFault) {
        switch packet {
        case .acknowledged: try link?.toldNothing()
        case .disconnected(let reason, let text): throw verdict.ended(reason, text)
        case .alive, .connected, .subscribed, .message: break
        }
    }

    mutating func end(_ farewell: StateFarewell) {
        guard link != nil else { return }
        for message in states.last(farewell) {
            if let link, let packet = message.packet(link.version) { self.link?.send(packet) }
        }
        link?.leave(within: Self.patience)
        close()
    }
}
