public import BeaconScanner

/// The phone's part of AirSync through one connection: recognizes the device, begins, and then
/// carries data both ways. What the data means is up to the driver that holds the session.
///
/// connected → read FEC9 → subscribe to FEC8 → AuthRequest → AuthResponse → InitRequest →
/// InitResponse → ready: SendDataRequest → SendDataResponse, pushes.
///
/// The driver hands in every event that happens, carries out the steps that come back, and answers
/// each `.data` when what it holds is durable. The session uses token 0 of `.keep` for the proof of
/// a device with a key, whose sequence is durable before the device is answered: a proof that was
/// accepted once is refused for ever, also after a power cut.
///
/// Source: karlzheng/wechatAirSync (recorded traffic), icprog/airsync_rda. The protocol states no
/// times; these are the hub's.
public struct AirSyncSession: Sendable {
    /// Service FEE7 and its values: FEC7 is written, FEC8 indicated, FEC9 holds the MAC address.
    public static let service: GATTUUID = 0xfee7
    /// The token of `.keep` that is the session's own; a driver's tokens start at 1.
    public static let token: UInt32 = 0

    /// In what devices of a kind differ.
    public struct Manner: Hashable, Sendable {
        /// Whether the device is ready a second after it was recognized, even when it does not ask
        /// to begin; some card readers never do.
        public var mayOmitBeginning: Bool
        /// Whether the device's data is answered; no application is known to answer card readers.
        public var answersData: Bool
        /// How many requests are remembered, to know one again that is sent twice.
        public var remembered: Int

        /// Makes a manner.
        public init(mayOmitBeginning: Bool, answersData: Bool, remembered: Int) {
            self.mayOmitBeginning = mayOmitBeginning
            self.answersData = answersData
            self.remembered = remembered
        }

        /// As the protocol says.
        public static let standard = Manner(
            mayOmitBeginning: false, answersData: true, remembered: 16)
        /// As ETC card readers are spoken with.
        public static let cardReader = Manner(
            mayOmitBeginning: true, answersData: false, remembered: 1)
    }

    /// What the driver has to do.
    public enum Step: Hashable, Sendable {
        /// Hand this on.
        case action(DeviceAction)
        /// The device can be sent data now.
        case ready
        /// The device sent data; when it is dealt with, `settled` is called with the number.
        case data(UInt32, [UInt8], AirSyncDataType)
        /// The device sent data again that was dealt with; it is answered already.
        case repeated
    }

    private static let second: Int64 = 1_000_000_000
    /// How long the device may take to introduce itself, and to begin.
    static let stageTimeout = 5 * second
    /// How long one read, write or request may take.
    static let requestTimeout = 10 * second
    /// How long a device that may omit the beginning is waited for.
    static let beginningGrace = second
    /// How long an answer may take on its way out when the hub is ending.
    static let endingGrace = second
    /// The most requests out of turn, undecodable packets and the like before the session ends.
    static let mostStrikes = 8
    /// The most packets that may stop half-way; one may be the radio's fault.
    static let mostStalls = 3
    /// The most times one connection may recognize the device.
    static let mostRecognitions = 4

    private enum Stage: Hashable {
        case fresh, addressing, subscribing, listening, proving, beginning, ready, closing, over
    }

    private let device: DeviceContext
    private let manner: Manner
    private var recognition: AirSyncRecognition
    private var requests: AirSyncRequests
    private var assembly = AirSyncAssembly()
    private var outgoing = AirSyncOutgoing()
    private var stage = Stage.fresh
    private var command: UInt16 = 0
    private var indication: UInt16 = 0
    private var address: UInt16?
    private var sessionKey: [UInt8]?
    /// What a proof that is being made durable will be answered with.
    private var proven: (request: AirSyncPacket, sequence: UInt32)?
    /// The last request to be recognized and its answer: sent again, it is answered again.
    private var recognized: (request: AirSyncPacket, answer: AirSyncPacket)?
    private var outcome: DeviceOutcome?
    private var isBusy = false
    private var hasEnded = false
    private var strikes = 0
    private var stalls = 0
    private var recognitions = 0
    private var packetStart: BootTime?
    private var stageDeadline: BootTime?
    private var linkDeadline: BootTime?

    /// Makes the session of one connection.
    public init(_ device: DeviceContext, manner: Manner = .standard) {
        self.device = device
        self.manner = manner
        recognition = AirSyncRecognition(device)
        requests = AirSyncRequests(remembered: manner.remembered)
    }

    /// Whether the device can be sent data.
    public var isReady: Bool { stage == .ready }

    /// Whether the session has ended, or ends as soon as what is on its way has left.
    public var isOver: Bool { stage == .over || stage == .closing }

    /// Whether nothing is under way: no packet, no answer, nothing to write.
    public var isIdle: Bool {
        stage == .ready && !isBusy && outgoing.isEmpty && !requests.isWaiting
            && assembly.deadline == nil
    }

    /// When `.deadline` is to be handed in; nil for never.
    public var deadline: BootTime? {
        guard stage != .over else { return nil }
        let packet = assembly.deadline.map { BootTime(nanoseconds: $0.nanoseconds &+ 1) }
        let due = stage == .closing ? nil : requests.due
        return [stageDeadline, linkDeadline, packet, due].compactMap(\.self).min()
    }

    /// Takes what happened in the connection.
    public mutating func handle(_ event: DeviceEvent, at now: DeviceClock) -> [Step] {
        guard stage != .over else { return [] }
        switch event {
        case .connected(let table, _): return connected(table, now)
        case .read(let handle, let value):
            guard handle == address, stage == .addressing else { return [] }
            if value.count == 6 { recognition.macAddress = value }
            return subscribe(now)
        case .subscribed(let handle):
            guard handle == indication else { return [] }
            if stage == .subscribing { enter(.listening, Self.stageTimeout, now) }
            return answered(now)
        case .written(let handle):
            guard handle == command else { return [] }
            return answered(now)
        case .failed(let handle, let fault): return failed(handle, fault, now)
        case .value(let handle, let value):
            guard handle == indication else { return [] }
            return received(value, now)
        case .kept(let token):
            guard token == Self.token else { return [] }
            return proofKept(now)
        case .refused(let token, let reason):
            guard token == Self.token else { return [] }
            return proofRefused(reason, now)
        case .deadline: return deadlineReached(now)
        case .ending: return ending(now)
        case .push: return []
        }
    }

    /// What `.data` handed over is dealt with; anything but success makes the device send it again.
    public mutating func settled(
        _ id: UInt32, _ outcome: AirSyncOutcome, at now: DeviceClock
    ) -> [Step] {
        guard let sequence = requests.settled(id, outcome), manner.answersData, !isOver else {
            return hasEnded ? finishIfDone(now) : []
        }
        return send(.sendDataResponse(SendDataResponse(outcome: outcome)), sequence, now)
            + (hasEnded ? finishIfDone(now) : [])
    }

    /// Sends the device a message of its own accord: `.receiveDataPush`, `.switchViewPush` or
    /// `.switchBackgroundPush`.
    ///
    /// - Parameters:
    ///   - message: what to send.
    ///   - sequence: its number; Tencent's own debugger sends 0.
    ///   - now: the time.
    /// - Returns: nil when the session is not ready, the message too long, or too many wait.
    public mutating func push(
        _ message: AirSyncMessage, sequence: UInt16 = 0, at now: DeviceClock
    ) -> [Step]? {
        guard stage == .ready, !hasEnded, let packet = packet(message, sequence),
            outgoing.append(packet)
        else { return nil }
        return write(now)
    }

    /// Ends the session when what waits has been written.
    public mutating func finish(_ outcome: DeviceOutcome, at now: DeviceClock) -> [Step] {
        guard !isOver else { return [] }
        self.outcome = outcome
        enter(.closing, Self.requestTimeout, now)
        return finishIfWritten()
    }

    // MARK: - The link

    private mutating func connected(_ table: GATTTable, _ now: DeviceClock) -> [Step] {
        guard stage == .fresh else { return [] }
        let writable: GATTCharacteristic.Properties = [.write, .writeWithoutResponse]
        let sending: GATTCharacteristic.Properties = [.indicate, .notify]
        guard let command = table.first(0xfec7, in: Self.service),
            let indication = table.first(0xfec8, in: Self.service),
            !command.properties.isDisjoint(with: writable),
            !indication.properties.isDisjoint(with: sending)
        else {
            return over(
                .failed(
                    DeviceFault(
                        .unsupported, "it offers no AirSync: FEC7 to write and FEC8 to indicate",
                        mend: "check the device's kind")))
        }
        (self.command, self.indication) = (command.handle, indication.handle)
        guard let address = table.first(0xfec9, in: Self.service),
            address.properties.contains(.read)
        else { return subscribe(now) }
        self.address = address.handle
        enter(.addressing, nil, now)
        return ask(.read(handle: address.handle), now)
    }

    private mutating func subscribe(_ now: DeviceClock) -> [Step] {
        enter(.subscribing, nil, now)
        return ask(.subscribe(handle: indication), now)
    }

    private mutating func ask(_ action: DeviceAction, _ now: DeviceClock) -> [Step] {
        isBusy = true
        linkDeadline = now.later(by: Self.requestTimeout)
        return [.action(action)]
    }

    /// The device has answered what it was asked: the next thing may go out.
    private mutating func answered(_ now: DeviceClock) -> [Step] {
        isBusy = false
        linkDeadline = nil
        return write(now)
    }

    private mutating func write(_ now: DeviceClock) -> [Step] {
        guard !isBusy else { return [] }
        if let value = outgoing.next() { return ask(.write(handle: command, value), now) }
        return finishIfWritten() + (hasEnded ? finishIfDone(now) : [])
    }

    private mutating func failed(
        _ handle: UInt16, _ fault: GATTFault, _ now: DeviceClock
    ) -> [Step] {
        if handle == address, stage == .addressing, fault != .disconnected {
            // FEC9 is a help for those who cannot see the address; the hub can.
            return subscribe(now)
        }
        guard handle == command || handle == indication || handle == address else { return [] }
        let attempt =
            handle == command
            ? "writing" : handle == address ? "reading the address" : "subscribing"
        return over(outcome ?? .failed(.link(fault, attempt)))
    }

    private mutating func enter(_ stage: Stage, _ timeout: Int64?, _ now: DeviceClock) {
        self.stage = stage
        stageDeadline = timeout.map { now.later(by: $0) }
    }

    private mutating func over(_ outcome: DeviceOutcome) -> [Step] {
        guard stage != .over else { return [] }
        stage = .over
        outgoing.clear()
        return [.action(.finish(outcome))]
    }

    private mutating func finishIfWritten() -> [Step] {
        guard stage == .closing, let outcome, !isBusy, outgoing.isEmpty else { return [] }
        return over(outcome)
    }

    private mutating func finishIfDone(_ now: DeviceClock) -> [Step] {
        guard stage == .ready, !requests.isWaiting, outgoing.isEmpty, !isBusy else { return [] }
        return over(.done)
    }

    private mutating func ending(_ now: DeviceClock) -> [Step] {
        hasEnded = true
        switch stage {
        case .ready:
            stageDeadline = now.later(by: Self.endingGrace)
            return finishIfDone(now)
        case .closing:
            stageDeadline = now.later(by: Self.endingGrace)
            return []
        default:
            return over(
                .failed(DeviceFault(.transient, "the hub ended before the device had begun")))
        }
    }

    private mutating func deadlineReached(_ now: DeviceClock) -> [Step] {
        if let linkDeadline, now.boot >= linkDeadline {
            return over(
                outcome ?? .failed(DeviceFault(.transient, "it did not answer within 10 s")))
        }
        if let stageDeadline, now.boot >= stageDeadline {
            self.stageDeadline = nil
            switch stage {
            case .closing: return over(outcome ?? .done)
            case .ready where hasEnded:
                return over(
                    .failed(DeviceFault(.transient, "the hub ended while data was under way")))
            case .listening:
                return over(
                    .failed(DeviceFault(.transient, "it did not introduce itself within 5 s")))
            case .beginning where manner.mayOmitBeginning: return becomeReady(now)
            case .beginning:
                return over(.failed(DeviceFault(.protocolError, "it did not begin within 5 s")))
            case .proving:
                return over(
                    .failed(DeviceFault(.storage, "its proof was not kept within 10 s")))
            default: break
            }
        }
        var steps: [Step] = []
        if stage != .closing {
            for sequence in requests.overdue(at: now.boot) where manner.answersData && !isOver {
                steps += send(
                    .sendDataResponse(SendDataResponse(outcome: AirSyncOutcome(code: -1))),
                    sequence, now)
            }
        }
        return steps + expirePacket(now)
    }

    // MARK: - What the device sends

    private mutating func received(_ value: [UInt8], _ now: DeviceClock) -> [Step] {
        guard ![.fresh, .addressing, .closing, .over].contains(stage) else { return [] }
        var steps = expirePacket(now)
        guard stage != .over else { return steps }
        if assembly.deadline == nil { packetStart = now.boot }
        do throws(MalformedValue) {
            guard let packet = try assembly.received(value.span, at: now.boot) else { return steps }
            steps += received(packet, now)
        } catch {
            steps += strike("it sent what is no packet: \(error)", now)
        }
        return steps
    }

    /// Drops the packet under way when its time is over, and the device when that is no accident.
    private mutating func expirePacket(_ now: DeviceClock) -> [Step] {
        guard stage != .closing, assembly.expired(at: now.boot) else { return [] }
        stalls += 1
        let took = packetStart.map { now.boot.nanoseconds(since: $0) } ?? 0
        guard took <= AirSyncAssembly.packetTimeout, stalls < Self.mostStalls else {
            return over(
                .failed(DeviceFault(.protocolError, "it does not finish the packets it begins")))
        }
        return [.action(.report(DeviceFault(.protocolError, "it did not finish a packet")))]
    }

    private mutating func received(_ packet: AirSyncPacket, _ now: DeviceClock) -> [Step] {
        var body = packet.body
        if let sessionKey, packet.command.isEncryptedInSession, packet.command != .decodeError {
            guard let plain = device.crypto.decrypt(body, key: sessionKey) else {
                return send(.decodeError, packet.sequence, now)
                    + strike("it sent what the session's key does not open", now)
            }
            body = plain
        }
        do throws(MalformedValue) {
            switch try AirSyncMessage(packet.command, body.span) {
            case .authRequest(let request): return introduced(packet, request, now)
            case .initRequest(let request): return began(packet, request, now)
            case .sendDataRequest(let data): return sent(packet, data, now)
            case .decodeError: return strike("it could not decode what it was sent", now)
            case .authResponse, .initResponse, .sendDataResponse, .receiveDataPush,
                .switchViewPush, .switchBackgroundPush:
                return strike("it sent command \(packet.command.rawValue), which is a phone's", now)
            case .unknown(let command, _):
                return strike("it sent command \(command.rawValue), which is not known", now)
            }
        } catch {
            return refuse(packet, .decodingFailed, now)
                + strike(
                    "its command \(packet.command.rawValue) cannot be decoded: \(error)", now)
        }
    }

    private mutating func introduced(
        _ packet: AirSyncPacket, _ request: AuthRequest, _ now: DeviceClock
    ) -> [Step] {
        if let recognized, recognized.request == packet { return queue(recognized.answer, now) }
        // The answer to the first is under way.
        if stage == .proving { return [] }
        recognitions += 1
        guard recognitions <= Self.mostRecognitions else {
            return over(
                .failed(DeviceFault(.protocolError, "it does not stop introducing itself")))
        }
        switch recognition.verdict(on: request) {
        case .recognized:
            sessionKey = nil
            return welcome(packet, AuthResponse(), now)
        case .proven(let sequence):
            proven = (packet, sequence)
            enter(.proving, Self.requestTimeout, now)
            let memory: [UInt8]? = recognition.memory(sequence)
            return [
                .action(
                    .keep(
                        token: Self.token, [], memory: [AirSyncRecognition.memoryKey: memory]))
            ]
        case .refused(let outcome, let fault):
            return send(.authResponse(AuthResponse(outcome: outcome)), packet.sequence, now)
                + finish(.failed(fault), at: now)
        }
    }

    private mutating func proofKept(_ now: DeviceClock) -> [Step] {
        guard stage == .proving, let proven, let key = device.key else { return [] }
        self.proven = nil
        recognition.lastSequence = proven.sequence
        let session = device.random(16)
        guard session.count == 16, let coded = device.crypto.encrypt(session, key: key) else {
            return over(.failed(DeviceFault(.storage, "there is no random number or cipher")))
        }
        sessionKey = session
        return welcome(proven.request, AuthResponse(sessionKey: coded), now)
    }

    private mutating func proofRefused(_ reason: String, _ now: DeviceClock) -> [Step] {
        guard stage == .proving, let proven else { return [] }
        self.proven = nil
        let response = AuthResponse(outcome: AirSyncOutcome(code: -1))
        return send(.authResponse(response), proven.request.sequence, now)
            + finish(
                .failed(DeviceFault(.storage, "its proof could not be kept: \(reason)")), at: now)
    }

    private mutating func welcome(
        _ request: AirSyncPacket, _ response: AuthResponse, _ now: DeviceClock
    ) -> [Step] {
        guard
            let answer = AirSyncPacket(
                command: .authResponse, sequence: request.sequence, body: response.body)
        else { return [] }
        recognized = (request, answer)
        enter(
            .beginning, manner.mayOmitBeginning ? Self.beginningGrace : Self.stageTimeout, now)
        return queue(answer, now)
    }

    private mutating func began(
        _ packet: AirSyncPacket, _ request: InitRequest, _ now: DeviceClock
    ) -> [Step] {
        guard stage == .beginning || stage == .ready else {
            return refuse(packet, .authenticationNeeded, now)
                + strike("it wants to begin before it is recognized", now)
        }
        let response = AirSyncWelcome.response(to: request, device: device, at: now)
        let steps = send(.initResponse(response), packet.sequence, now)
        return stage == .beginning ? steps + becomeReady(now) : steps
    }

    private mutating func becomeReady(_ now: DeviceClock) -> [Step] {
        enter(.ready, nil, now)
        return [.ready]
    }

    private mutating func sent(
        _ packet: AirSyncPacket, _ data: AirSyncData, _ now: DeviceClock
    ) -> [Step] {
        var steps: [Step] = []
        if stage == .beginning, manner.mayOmitBeginning { steps += becomeReady(now) }
        guard stage == .ready else {
            return refuse(packet, .authenticationNeeded, now)
                + strike("it sends data before it has begun", now)
        }
        // What comes while the hub is ending is left with the device.
        guard !hasEnded else { return steps }
        let due = now.later(by: Self.requestTimeout)
        switch requests.received(sequence: packet.sequence, body: packet.body, due: due) {
        case .new(let id):
            steps.append(.data(id, data.data, data.type ?? .manufacturer))
        case .underWay: break
        case .answered(let outcome):
            steps.append(.repeated)
            if manner.answersData {
                steps += send(
                    .sendDataResponse(SendDataResponse(outcome: outcome)), packet.sequence, now)
            }
        case .tooMany:
            steps += refuse(packet, AirSyncOutcome(code: -9), now)
            steps += strike("it sends data faster than it can be kept", now)
        }
        return steps
    }

    private mutating func strike(_ text: String, _ now: DeviceClock) -> [Step] {
        guard stage != .over, stage != .closing else { return [] }
        strikes += 1
        let fault = DeviceFault(.protocolError, text)
        guard strikes < Self.mostStrikes else { return over(.failed(fault)) }
        return [.action(.report(fault))]
    }

    // MARK: - What the device is sent

    /// Answers a request of any kind that is not served.
    private mutating func refuse(
        _ packet: AirSyncPacket, _ outcome: AirSyncOutcome, _ now: DeviceClock
    ) -> [Step] {
        switch packet.command {
        case .authRequest:
            send(.authResponse(AuthResponse(outcome: outcome)), packet.sequence, now)
        case .initRequest:
            send(
                .initResponse(InitResponse(outcome: outcome, userHigh: 0, userLow: 0)),
                packet.sequence, now)
        case .sendDataRequest:
            send(.sendDataResponse(SendDataResponse(outcome: outcome)), packet.sequence, now)
        default: []
        }
    }

    private func packet(_ message: AirSyncMessage, _ sequence: UInt16) -> AirSyncPacket? {
        var body = message.body
        if let sessionKey, message.command.isEncryptedInSession, message != .decodeError {
            guard let coded = device.crypto.encrypt(body, key: sessionKey) else { return nil }
            body = coded
        }
        return AirSyncPacket(command: message.command, sequence: sequence, body: body)
    }

    private mutating func send(
        _ message: AirSyncMessage, _ sequence: UInt16, _ now: DeviceClock
    ) -> [Step] {
        guard let packet = packet(message, sequence) else { return [] }
        return queue(packet, now)
    }

    private mutating func queue(_ packet: AirSyncPacket, _ now: DeviceClock) -> [Step] {
        guard stage != .over else { return [] }
        guard outgoing.append(packet) else {
            return over(
                .failed(
                    DeviceFault(.hostile, "it asks faster than it takes the answers")))
        }
        return write(now)
    }
}
