internal import BeaconScanner

/// Serves readers of ETC cards that speak "33 frames" inside AirSync: each card that is put in is
/// read once, and becomes one `card.read`.
///
/// It only reads. No PIN is verified, no money loaded, the holder's file never asked for: `CardVisit`
/// has no step for it, and `CardCommand` can make no other command.
///
/// Source: cosineli/hgBlueToothControl, lt594963425/ETCx and two makers' mini-program libraries.
public struct ETCReaderDriver: DeviceDriver {
    /// Makes the driver.
    public init() {}

    /// `etc-reader`.
    public var kinds: [String] { ["etc-reader"] }

    /// FEE7, as AirSync.
    public var services: [GATTUUID] { [AirSyncSession.service] }

    /// They do, when they log in.
    public var provesIdentity: Bool { true }

    /// Makes the machine for one connection.
    ///
    /// - Throws: when the reader's key has not 16 bytes or its id is not configured.
    public func machine(for device: DeviceContext) throws(DeviceFault) -> any DeviceMachine {
        try device.checkAirSyncKey()
        return ETCReaderMachine(device)
    }
}

/// The machine of `ETCReaderDriver`.
struct ETCReaderMachine: DeviceMachine {
    private static let second: Int64 = 1_000_000_000
    /// How long the reader may take to answer the handshake, and what it is asked about itself.
    static let readerTimeout = 3 * second
    /// How long a card may take for one step.
    static let cardTimeout = 10 * second
    /// How long a reading may take to become durable.
    static let keepTimeout = 10 * second
    /// The same when the hub is ending.
    static let endingGrace = second
    /// How often the reader is asked for a card.
    static let pollInterval = second
    /// How long nobody has to change the card before the reader is left alone.
    static let longestWait = 600 * second
    /// How often a card is read whose parts do not belong together.
    static let mostVisits = 3
    /// The most answers that make no sense.
    static let mostStrikes = 8

    private enum Stage: Hashable {
        case opening
        case handshake(attempt: Int)
        case asking([ReaderRequest.Query])
        case waiting
        case reading(CardVisit)
        case keeping(CardNumber)
    }

    /// What is in the reader.
    private enum Slot: Hashable {
        case empty
        /// A card that is dealt with; nil when its number could not be read.
        case holds(CardNumber?)
    }

    private var session: AirSyncSession
    private var channel = ReaderChannel()
    private var stage = Stage.opening
    private var slot = Slot.empty
    private var readerNumber: String?
    private var readerBattery: UInt8?
    private var visits = 0
    private var strikes = 0
    private var token = AirSyncSession.token
    private var isResting = false
    private var isEnding = false
    private var stageDeadline: BootTime?
    private var waitDeadline: BootTime?

    init(_ device: DeviceContext) {
        session = AirSyncSession(device, manner: .cardReader)
    }

    var deadline: BootTime? {
        let own = session.isOver ? [] : [stageDeadline, waitDeadline]
        return (own + [session.deadline]).compactMap(\.self).min()
    }

    mutating func handle(_ event: DeviceEvent, at now: DeviceClock) -> [DeviceAction] {
        switch event {
        case .ending: return ending(now)
        case .push:
            return session.isOver
                ? [] : [.report(DeviceFault(.unsupported, "a card reader takes no data"))]
        case .kept(let token) where token == self.token && token != AirSyncSession.token:
            return kept(now)
        case .refused(let token, let reason)
        where token == self.token && token != AirSyncSession.token:
            return refused(reason, now)
        case .deadline:
            return run(session.handle(event, at: now), now) + deadlineReached(now)
        default: return run(session.handle(event, at: now), now)
        }
    }

    private mutating func run(_ steps: [AirSyncSession.Step], _ now: DeviceClock) -> [DeviceAction]
    {
        var actions: [DeviceAction] = []
        for step in steps {
            switch step {
            case .action(let action): actions.append(action)
            case .ready: actions += shakeHands(attempt: 1, now)
            case .data(let id, let bytes, _):
                actions += run(session.settled(id, AirSyncOutcome(), at: now), now)
                actions += received(bytes, now)
            case .repeated: break
            }
        }
        return actions
    }

    private mutating func finish(_ outcome: DeviceOutcome, _ now: DeviceClock) -> [DeviceAction] {
        run(session.finish(outcome, at: now), now)
    }

    private mutating func ask(
        _ request: ReaderRequest, _ stage: Stage, _ timeout: Int64, _ now: DeviceClock
    ) -> [DeviceAction] {
        self.stage = stage
        stageDeadline = now.later(by: timeout)
        var actions: [DeviceAction] = []
        for (message, sequence) in channel.messages(for: request) {
            guard let steps = session.push(message, sequence: sequence, at: now) else {
                return actions
                    + finish(
                        .failed(DeviceFault(.transient, "it does not take what it is sent")), now)
            }
            actions += run(steps, now)
        }
        return actions
    }

    // MARK: - The reader

    private mutating func shakeHands(attempt: Int, _ now: DeviceClock) -> [DeviceAction] {
        ask(.handshake, .handshake(attempt: attempt), Self.readerTimeout, now)
    }

    private mutating func askNext(
        _ queries: [ReaderRequest.Query], _ now: DeviceClock
    ) -> [DeviceAction] {
        guard let query = queries.first else {
            waitDeadline = now.later(by: Self.longestWait)
            return lookForCard(now)
        }
        return ask(.reader(query), .asking(queries), Self.readerTimeout, now)
    }

    private mutating func received(_ bytes: [UInt8], _ now: DeviceClock) -> [DeviceAction] {
        guard !session.isOver else { return [] }
        let reply: ReaderReply
        do throws(MalformedValue) {
            guard let whole = try channel.received(bytes) else { return [] }
            reply = whole
        } catch {
            return strike("its answer cannot be read: \(error)", now)
        }
        switch stage {
        case .handshake:
            guard reply.status == 0 else {
                return finish(
                    .failed(
                        DeviceFault(
                            .protocolError,
                            "it answers the handshake with status \(Hex.lower([reply.status]))")),
                    now)
            }
            return learn(reply.content) + askNext([.number, .version, .battery], now)
        case .asking(let queries):
            let notes = reply.status == 0 ? learn(reply.content) : []
            return notes + askNext(Array(queries.dropFirst()), now)
        case .reading(let visit): return answered(reply, visit, now)
        case .opening, .waiting, .keeping: return []
        }
    }

    private mutating func learn(_ content: ReaderReply.Content) -> [DeviceAction] {
        let payload: ReaderReply.Payload
        switch content {
        case .handshake(let told), .reader(let told): payload = told
        default: return []
        }
        switch payload {
        case .text(ReaderRequest.Query.number.rawValue, let text):
            guard readerNumber != text else { return [] }
            readerNumber = text
            return [.note(.fact("serial", text))]
        case .text(_, let text): return [.note(.fact("firmware", text))]
        case .battery(let percent) where percent <= 100:
            readerBattery = percent
            return [.note(.battery(percent))]
        default: return []
        }
    }

    private mutating func strike(_ text: String, _ now: DeviceClock) -> [DeviceAction] {
        strikes += 1
        let fault = DeviceFault(.protocolError, text)
        return strikes < Self.mostStrikes ? [.report(fault)] : finish(.failed(fault), now)
    }

    // MARK: - The card

    private mutating func lookForCard(_ now: DeviceClock) -> [DeviceAction] {
        read(CardVisit(), now)
    }

    private mutating func read(_ visit: CardVisit, _ now: DeviceClock) -> [DeviceAction] {
        ask(.card(visit.commands), .reading(visit), Self.cardTimeout, now)
    }

    private mutating func wait(_ now: DeviceClock) -> [DeviceAction] {
        stage = .waiting
        stageDeadline = now.later(by: Self.pollInterval)
        guard !isResting else { return [] }
        isResting = true
        return [.note(.resting)]
    }

    private mutating func answered(
        _ reply: ReaderReply, _ visit: CardVisit, _ now: DeviceClock
    ) -> [DeviceAction] {
        if reply.status == ReaderReply.noCard { return gone(visit, now) }
        guard reply.status == 0 else {
            visits = 0
            let fault = strike(
                "\(visit.step): the reader answers with status \(Hex.lower([reply.status]))", now)
            return session.isOver ? fault : fault + wait(now)
        }
        guard case .card(let items) = reply.content else {
            return finish(
                .failed(
                    DeviceFault(
                        .unsupported, "it encrypts what the card says",
                        mend: "only its maker's application can read it")), now)
        }
        var visit = visit
        let isLooking = visit.step == .issue
        let result = visit.answered(items)
        if isLooking, isDealtWith(visit, result) { return wait(now) }
        if isLooking { isResting = false }
        waitDeadline = now.later(by: Self.longestWait)
        guard let result else { return read(visit, now) }
        return ended(visit, result, now)
    }

    /// Whether the card that is in the reader is the one that was read or refused before.
    private func isDealtWith(_ visit: CardVisit, _ result: CardVisit.Result?) -> Bool {
        guard case .holds(let number) = slot else { return false }
        if result != nil { return number == nil }
        return number != nil && number == visit.issue?.number
    }

    private mutating func gone(_ visit: CardVisit, _ now: DeviceClock) -> [DeviceAction] {
        if slot != .empty { waitDeadline = now.later(by: Self.longestWait) }
        slot = .empty
        visits = 0
        guard visit.step != .issue else { return wait(now) }
        let fault = DeviceFault(
            .transient, "\(visit.step): the card was taken out; nothing of it is kept",
            mend: "leave the card in until it is read")
        return [.report(fault)] + wait(now)
    }

    private mutating func ended(
        _ visit: CardVisit, _ result: CardVisit.Result, _ now: DeviceClock
    ) -> [DeviceAction] {
        switch result {
        case .read(var reading):
            reading.readerNumber = readerNumber
            reading.readerBattery = readerBattery
            visits = 0
            strikes = 0
            token = token == .max ? 1 : token &+ 1
            stage = .keeping(reading.issue.number)
            stageDeadline = now.later(by: Self.keepTimeout)
            let odd = visit.oddPassage.map {
                DeviceAction.report(
                    DeviceFault(
                        .unsupported, "the card's passages are laid out in another way: \($0)"))
            }
            return [odd, .keep(token: token, [.card(reading)])].compactMap(\.self)
        case .refused(let fault):
            visits = 0
            slot = .holds(visit.issue?.number)
            return [.report(fault)] + wait(now)
        case .void(let reason):
            visits += 1
            let fault = DeviceFault(.transient, "\(visit.step): \(reason); nothing of it is kept")
            guard visits < Self.mostVisits else {
                visits = 0
                slot = .holds(visit.issue?.number)
                return [
                    .report(DeviceFault(.transient, fault.text, mend: "put the card in again"))
                ] + wait(now)
            }
            slot = .empty
            return [.report(fault)] + lookForCard(now)
        }
    }

    private mutating func kept(_ now: DeviceClock) -> [DeviceAction] {
        guard case .keeping(let number) = stage else { return [] }
        slot = .holds(number)
        return isEnding ? finish(.done, now) : wait(now)
    }

    private mutating func refused(_ reason: String, _ now: DeviceClock) -> [DeviceAction] {
        guard case .keeping = stage else { return [] }
        return finish(
            .failed(
                DeviceFault(
                    .storage, "the card could not be kept: \(reason)", mend: "put the card in again"
                )), now)
    }

    // MARK: - Time

    private mutating func ending(_ now: DeviceClock) -> [DeviceAction] {
        isEnding = true
        switch stage {
        case .opening: return run(session.handle(.ending, at: now), now)
        case .handshake, .asking, .waiting: return finish(.done, now)
        case .reading(let visit):
            guard visit.step != .issue else { return finish(.done, now) }
            return finish(
                .failed(
                    DeviceFault(
                        .transient, "\(visit.step): the hub ended; nothing of the card is kept")),
                now)
        case .keeping:
            stageDeadline = now.later(by: Self.endingGrace)
            return []
        }
    }

    private mutating func deadlineReached(_ now: DeviceClock) -> [DeviceAction] {
        guard !session.isOver else { return [] }
        if let waitDeadline, now.boot >= waitDeadline, stage == .waiting {
            return finish(.done, now)
        }
        guard let stageDeadline, now.boot >= stageDeadline else { return [] }
        self.stageDeadline = nil
        switch stage {
        case .opening: return []
        case .handshake(let attempt):
            channel.giveUp()
            guard attempt > 1 else { return shakeHands(attempt: attempt + 1, now) }
            return finish(
                .failed(
                    DeviceFault(
                        .unsupported, "it does not answer the handshake of card readers",
                        mend: "only readers that speak 33 frames can be served")), now)
        case .asking:
            // Not every reader knows these, and none is needed.
            channel.giveUp()
            return askNext([], now)
        case .waiting: return lookForCard(now)
        case .reading(let visit):
            return finish(
                .failed(
                    DeviceFault(
                        .transient, "\(visit.step): the reader did not answer within 10 s")), now)
        case .keeping:
            return finish(
                .failed(DeviceFault(.storage, "the card was not kept in time")), now)
        }
    }
}
