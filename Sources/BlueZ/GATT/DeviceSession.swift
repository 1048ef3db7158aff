public import BeaconScanner
internal import DBus
public import EventLoop
internal import HardwareHub

/// One connection to one device: a driver's machine that decides, and this that carries out.
///
/// Begun with `BlueZDevices.connect`. It connects, waits until bluetoothd knows the services, and
/// then carries out what the machine asks for, one thing at a time and in order. What happens
/// meanwhile (values, findings that are kept, deadlines) is handed in at once. It ends by itself:
/// when the machine is done, when the device, the adapter or bluetoothd goes, when a deadline is
/// over, or when the device does what no device should; and it always disconnects.
///
/// When the connection ends before the machine is done, the machine still gets `.ending`, and
/// everything it then asks of the device fails with `.disconnected`: so a device that hangs up as
/// soon as it has delivered can be done.
@Hub
public final class DeviceSession {
    /// The device.
    public let address: DeviceAddress

    enum Phase { case opening, speaking, leaving, over }

    let device: DeviceObject
    let adapter: String
    let limits: SessionLimits
    private(set) var phase: Phase = .opening
    private(set) var objects: GATTObjects?
    var sources = ValueSources()
    private var machine: any DeviceMachine
    private let owner: SessionOwner
    private let devices: BlueZDevices
    private var report: SessionReport
    private var actions: [DeviceAction] = []
    private var isWorking = false
    private var keeps = 0
    private var watchdog = SessionGuard()
    private var timers = SessionTimers()
    private var subscriptions: [Subscription] = []
    private var resolving: CheckedContinuation<Void, Never>?
    private var isResolved = false
    private var isResting = false
    private var isEnding = false
    private var isConnected = true
    var hasTriedPairing = false
    /// How it ends when the machine says nothing: why the connection ended.
    private var epilogue: DeviceFault?

    init(
        _ address: DeviceAddress, _ device: DeviceObject, on adapter: String,
        machine: any DeviceMachine, owner: SessionOwner, devices: BlueZDevices
    ) {
        self.address = address
        self.device = device
        self.adapter = adapter
        self.machine = machine
        self.owner = owner
        self.devices = devices
        limits = devices.limits
        let now = Hub.loop.now
        report = SessionReport(outcome: .done, begin: now, end: now)
    }

    // MARK: For the owner

    /// Ends it: the machine gets `.ending` and two seconds for a goodbye.
    public func end() {
        switch phase {
        case .opening: conclude(.failed(DeviceFault(.transient, "the hub gave it up")))
        case .speaking: sayGoodbye(within: limits.goodbye)
        case .leaving, .over: break
        }
    }

    /// Hands bytes for the device to the machine; before it is connected there is nobody to take
    /// them.
    ///
    /// - Returns: whether there was a machine to take them.
    @discardableResult
    public func push(_ bytes: [UInt8]) -> Bool {
        guard phase == .speaking, isConnected else { return false }
        tell(.push(bytes))
        return true
    }

    /// Whether the device is connected and its services are known.
    public var isSpeaking: Bool { phase == .speaking && isConnected }

    // MARK: Opening

    func start() {
        timers.whole = Hub.loop.schedule(after: limits.whole) { [weak self] in
            Hub.assumeIsolated { self?.tooLong() }
        }
        Hub.start { [weak self] in await self?.open() }
    }

    private func open() async {
        do throws(BusError) {
            let heard = try await device.subscribe { [weak self] message in self?.take(message) }
            // Whoever ended it meanwhile found nothing to cancel.
            guard phase == .opening else { return heard.forEach { $0.cancel() } }
            subscriptions = heard
            try await device.connect(within: limits.connect)
            guard phase == .opening else { return }
            if try await !device.areServicesResolved(), phase == .opening { await resolve() }
            guard phase == .opening else { return }
            let found = try await device.objects()
            guard phase == .opening else { return }
            speak(found)
        } catch {
            var fault = DeviceFault.connecting(error)
            // What a device does that does not know the bond any more looks like any break.
            if fault.mend.isEmpty, phase == .opening, await device.isPaired() {
                fault.mend = "if it has forgotten its bond: hubctl pair ID --anew"
            }
            conclude(.failed(fault))
        }
    }

    /// Waits until bluetoothd says that it knows the services; the deadline ends the session.
    private func resolve() async {
        guard !isResolved else { return }
        timers.step = Hub.loop.schedule(after: limits.resolve) { [weak self] in
            Hub.assumeIsolated {
                self?.conclude(.failed(DeviceFault(.transient, "it does not tell its services")))
            }
        }
        await withCheckedContinuation { continuation in
            guard !isResolved, phase == .opening else { return continuation.resume() }
            resolving = continuation
        }
        timers.cancelStep()
    }

    private func speak(_ found: GATTObjects) {
        objects = found
        phase = .speaking
        report.connected = Hub.loop.now
        owner.onConnected()
        tell(.connected(found.table, longestWrite: found.longestWrite))
    }

    // MARK: Signals

    private func take(_ message: borrowing Message) {
        guard phase == .opening || phase == .speaking else { return }
        for news in SessionNews.read(message, of: device.path) { take(news) }
    }

    /// Hears of a characteristic's values from now on.
    func follow(_ characteristic: ObjectPath) async throws(BusError) {
        let values = try await device.follow(characteristic) { [weak self] in self?.take($0) }
        guard phase == .speaking else { return values.cancel() }
        subscriptions.append(values)
    }

    private func take(_ news: SessionNews) {
        switch news {
        case .resolved:
            isResolved = true
            resolving.take()?.resume()
        case .disconnected: disconnected()
        case .value(let path, let bytes):
            guard let handle = objects?.handle(of: path), sources.isNotifying(handle) else {
                return
            }
            received(bytes, from: handle)
        case .services(let isGone):
            // While the services are being found, they come.
            guard phase == .speaking else { return }
            if let fault = watchdog.servicesChanged(isGone: isGone) { conclude(.failed(fault)) }
        }
    }

    /// A value of a subscription.
    func received(_ bytes: [UInt8], from handle: UInt16) {
        guard phase == .speaking else { return }
        let now = Hub.loop.now
        if let fault = watchdog.value(
            bytes.count, wasAskedFor: machine.isReceivingRecords, at: BootTime(now))
        {
            return conclude(.failed(fault))
        }
        // The answer to a subscription comes before what it brings, also when bluetoothd tells of a
        // value first.
        guard sources.isReady(handle) else {
            sources.hold(bytes, from: handle)
            return checkBounds()
        }
        report.firstValue = report.firstValue ?? now
        tell(.value(handle: handle, bytes))
    }

    /// The device has hung up, or is out of reach.
    func disconnected() {
        let fault = DeviceFault(.transient, "the connection ended")
        guard phase == .speaking else { return conclude(.failed(fault)) }
        // What it sent last may still be in a socket: the signal came by another way.
        sources.drain()
        guard isConnected else { return }
        cutOff(fault, within: limits.goodbye)
    }

    /// bluetoothd, the bus or the adapter has gone: nobody is left to ask anything of.
    ///
    /// - Parameters:
    ///   - text: who, in words.
    ///   - isBlamed: whether it may have gone because of this device: one is connected to at a time.
    ///     Linux 6.1.192-2 stops bluetoothd when a bonded device has forgotten the bond
    ///     (`hci_chan_del` deletes twice), and it would at each attempt.
    func lost(_ text: String, isBlamed: Bool = false) {
        let fault = DeviceFault(.transient, text)
        guard phase == .speaking else {
            let blamed = DeviceFault(
                .protocolError, "\(text) while it was being connected to",
                mend:
                    "if it happens again: hubctl pair ID --anew, with the device in its pairing mode"
            )
            return conclude(.failed(isBlamed ? blamed : fault), isReachable: false)
        }
        sources.drain()
        // Also when its sockets have told already: they are faster than the bus.
        cutOff(fault, within: limits.aftermath)
    }

    /// Goes on without the device: findings are still being kept.
    private func cutOff(_ fault: DeviceFault, within grace: Duration) {
        guard phase == .speaking else { return }
        isConnected = false
        epilogue = fault
        sayGoodbye(within: grace)
    }

    private func sayGoodbye(within grace: Duration) {
        timers.step?.cancel()
        timers.step = Hub.loop.schedule(after: grace) { [weak self] in
            Hub.assumeIsolated { self?.concludeUnsaid() }
        }
        if !isEnding {
            isEnding = true
            tell(.ending)
        }
        settle()
    }

    // MARK: The machine

    private func tell(_ event: DeviceEvent) {
        guard phase == .speaking else { return }
        actions += machine.handle(event, at: devices.clock())
        checkBounds()
        guard phase == .speaking else { return }
        work()
        progress()
    }

    /// Something has happened: the machine's deadline and the patience begin anew.
    private func progress() {
        timers.machine?.cancel()
        timers.machine = machine.deadline.map { deadline in
            Hub.loop.schedule(at: EventLoop.Instant(nanoseconds: deadline.nanoseconds)) {
                [weak self] in
                Hub.assumeIsolated { self?.tell(.deadline) }
            }
        }
        rewind()
    }

    private func rewind() {
        timers.idle?.cancel()
        timers.idle = nil
        // What is under way has a deadline of its own.
        guard !isResting, !isEnding, !isWorking, actions.isEmpty else { return }
        timers.idle = Hub.loop.schedule(after: limits.idle) { [weak self] in
            Hub.assumeIsolated {
                self?.conclude(.failed(DeviceFault(.transient, "it says nothing any more")))
            }
        }
    }

    private func checkBounds() {
        if let fault = SessionGuard.fault(
            waiting: sources.waitingBytes, actions: actions.count, keeps: keeps)
        {
            conclude(.failed(fault))
        }
    }

    private func tooLong() {
        guard !isResting else { return }
        conclude(.failed(DeviceFault(.transient, "it was not done within 5 minutes")))
    }

    // MARK: What the machine wants

    /// Carries out what waits, in order.
    private func work() {
        guard !isWorking, !actions.isEmpty else { return }
        isWorking = true
        Hub.start { [self] in
            while phase == .speaking, !actions.isEmpty { await carryOut(actions.removeFirst()) }
            isWorking = false
            if phase == .speaking { rewind() }
            settle()
        }
    }

    private func carryOut(_ action: DeviceAction) async {
        switch action {
        case .subscribe(let handle):
            await ask(handle) { (path) throws(GATTFault) in
                try await subscribe(path, handle)
            } then: {
                tell(.subscribed(handle: handle))
                for bytes in sources.release(handle) { received(bytes, from: handle) }
            }
        case .unsubscribe(let handle): await unsubscribe(handle)
        case .read(let handle):
            await ask(handle) { (path) throws(GATTFault) in
                try await read(path, handle)
            } then: { bytes in
                report.firstValue = report.firstValue ?? Hub.loop.now
                tell(.read(handle: handle, bytes))
            }
        case .write(let handle, let bytes):
            await ask(handle) { (path) throws(GATTFault) in
                try await write(path, handle, bytes)
            } then: {
                tell(.written(handle: handle))
            }
        case .keep(let token, let findings, let memory): keep(token, findings, memory)
        case .note(let note):
            if note == .resting {
                isResting = true
                rewind()
            }
            owner.onNote(note)
        case .report(let fault): owner.onReport(fault)
        case .finish(let outcome): conclude(outcome)
        }
    }

    /// Asks something of the device, once more after pairing if it wants that, and hands in the
    /// answer.
    private func ask<Answer>(
        _ handle: UInt16, _ question: (ObjectPath) async throws(GATTFault) -> Answer,
        then: (Answer) -> Void
    ) async {
        do throws(GATTFault) {
            guard let path = objects?.paths[handle] else { throw .notPermitted }
            var answer = await attempt(path, question)
            if answer.fault == .notPaired, await pair() { answer = await attempt(path, question) }
            then(try answer.get())
        } catch {
            tell(.failed(handle: handle, error))
        }
    }

    private func attempt<Answer>(
        _ path: ObjectPath, _ question: (ObjectPath) async throws(GATTFault) -> Answer
    ) async -> Result<Answer, GATTFault> {
        guard isConnected else { return .failure(.disconnected) }
        do throws(GATTFault) {
            return .success(try await question(path))
        } catch {
            return .failure(error)
        }
    }

    /// Pairs with an enrolled device that asks for it, once in a session.
    private func pair() async -> Bool {
        guard !hasTriedPairing, isConnected, devices.isEnrolled(address) else { return false }
        hasTriedPairing = true
        do throws(DeviceFault) {
            try await devices.pair(device, address, passkey: nil)
            return phase == .speaking
        } catch {
            owner.onReport(error)
            return false
        }
    }

    private func keep(
        _ token: UInt32, _ findings: [DeviceFinding], _ memory: [String: [UInt8]?]
    ) {
        keeps += 1
        checkBounds()
        Hub.start { [self] in
            let reason = await owner.keep(findings, memory)
            keeps -= 1
            tell(reason.map { .refused(token: token, reason: $0) } ?? .kept(token: token))
            settle()
        }
    }

    // MARK: The end

    /// Ends without the device when nothing is left that could change how.
    private func settle() {
        guard phase == .speaking, !isConnected, !isWorking, actions.isEmpty, keeps == 0 else {
            return
        }
        concludeUnsaid()
    }

    /// Ends with what is known when the machine does not say.
    private func concludeUnsaid() {
        if isResting { return conclude(.done) }
        conclude(.failed(epilogue ?? DeviceFault(.transient, "the hub ended the connection")))
    }

    private func conclude(_ outcome: DeviceOutcome, isReachable: Bool = true) {
        guard phase == .opening || phase == .speaking else { return }
        phase = .leaving
        report.outcome = outcome
        timers.cancel()
        for subscription in subscriptions { subscription.cancel() }
        subscriptions = []
        actions = []
        let notifying = sources.close()
        resolving.take()?.resume()
        // Without bluetoothd there is nobody to tell.
        guard isReachable, devices.isServed(by: device.owner) else { return finish() }
        Hub.start { [self] in
            // bluetoothd keeps a subscription beyond the connection, whoever ended that, and renews it
            // in the next one before anybody listens (src/gatt-client.c, `all_notify_clients`): what
            // the device says first would be lost.
            for handle in notifying {
                guard let path = objects?.paths[handle] else { continue }
                await device.stopNotify(path, within: .seconds(1))
            }
            await device.disconnect(within: limits.disconnect)
            finish()
        }
    }

    /// Ends before it has begun.
    func refuse(_ fault: DeviceFault) { conclude(.failed(fault), isReachable: false) }

    private func finish() {
        guard phase == .leaving else { return }
        phase = .over
        report.end = Hub.loop.now
        devices.remove(self)
        owner.onEnd(report)
    }
}

extension Result {
    fileprivate var fault: Failure? {
        if case .failure(let fault) = self { fault } else { nil }
    }
}

extension BootTime {
    init(_ instant: EventLoop.Instant) { self.init(nanoseconds: instant.nanoseconds) }
}
