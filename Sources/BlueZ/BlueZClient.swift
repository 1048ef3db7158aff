internal import BeaconScanner
public import DBus
public import EventLoop

/// hubd's side of BlueZ: follows bluetoothd on the bus, knows its adapters, and hands what they hear
/// to the radios.
///
/// It has a connection of its own, even where its user is on the same bus. A flood of
/// advertisements then queues there, and not in front of the calls that others make to the user;
/// and BlueZ, which gives each client one discovery and ends it when the client leaves the bus,
/// ends ours with this connection.
///
/// Each owner of the name `org.bluez` is a generation. With it goes everything that was learned
/// from it: adapters, devices, discovery. An answer that comes later is dropped.
@Hub
public final class BlueZClient {
    /// What was received, and what of it could not be used.
    public struct Counters: Hashable, Sendable {
        /// Advertisements that were handed on.
        public var advertisements: UInt64 = 0
        /// Signals whose content is not what BlueZ documents.
        public var malformed: UInt64 = 0
        /// Structures of advertisements that were too long.
        public var omitted: UInt64 = 0
        /// Owners that org.bluez has had.
        public var generations: UInt64 = 0
    }

    /// What was received.
    public internal(set) var counters = Counters()
    /// Signals that claimed to come from bluetoothd and did not.
    public var forgedSignals: UInt64 { connection.counters.forgedSignals }
    /// Our own name on the bus; nil while we are not on it.
    public var uniqueName: String? {
        if case .connected(let name) = connection.state { name } else { nil }
    }
    /// The radios, in the order in which they were added.
    public private(set) var radios: [BlueZRadio] = []
    /// Frames of the monitor channel that the kernel dropped because the loop was too slow; nil when
    /// no radio hears through it.
    public var lostFrames: UInt64? { reception?.lost }
    /// The beacon that is sent, if any.
    public private(set) var transmitter: BeaconTransmitter?

    /// The devices that the hub speaks with, for whom it has a connection of its own once somebody
    /// asks for them.
    public var devices: BlueZDevices {
        if let present = speaking { return present }
        let new = BlueZDevices(self)
        speaking = new
        if timer != nil { new.start() }
        return new
    }

    let connection: Connection
    private(set) var speaking: BlueZDevices?
    /// Which devices are looked out for.
    var watchlist = Watchlist()
    private(set) var adapters: [String: Adapter] = [:]
    private(set) var reception: MonitorReception?
    /// How the monitor channel is opened; tests put something else in its place.
    package var openMonitor: MonitorReception.Opening = { owner throws(MonitorError) in
        try MonitorSocket(on: Hub.loop, owner: owner)
    }
    var routes = Routes()
    var table: DeviceTable
    private var watch: NameWatch?
    private var subscriptions: [Subscription] = []
    private var timer: EventLoop.Timer?
    /// The generation whose objects are known or being asked for.
    private var current: Generation?
    private var starter = ServiceStarter()
    private var retry = RetryDelay(from: .milliseconds(200), to: .seconds(5))

    /// Makes a client that is not on the bus yet.
    ///
    /// - Parameters:
    ///   - bus: where bluetoothd is: the system bus, but for tests.
    ///   - seed: random.
    public init(_ bus: Bus, seed: UInt64) {
        connection = Connection(bus)
        table = DeviceTable(seed: seed)
    }

    /// Adds a radio; before `start`.
    ///
    /// - Parameters:
    ///   - selector: its adapter.
    ///   - doubt: see `RadioMachine.init`.
    ///   - listener: gets what it hears.
    /// - Returns: the radio, which begins with `start`.
    public func addRadio(
        _ selector: AdapterSelector, doubt: Duration = .seconds(8),
        _ listener: @escaping BlueZRadio.Listener
    ) -> BlueZRadio {
        let radio = BlueZRadio(
            selector, number: radios.count, doubt: doubt, client: self, feed: .bus(listener))
        radios.append(radio)
        return radio
    }

    /// Adds a radio that hears through the kernel's HCI monitor channel, while bluetoothd scans for
    /// it; before `start`.
    ///
    /// - Parameters:
    ///   - selector: its adapter.
    ///   - scan: how bluetoothd is asked to scan.
    ///   - doubt: see `RadioMachine.init`.
    ///   - listener: gets what it hears.
    /// - Returns: the radio, which begins with `start`.
    public func addMonitorRadio(
        _ selector: AdapterSelector, scan: Scan = .active, doubt: Duration = .seconds(8),
        _ listener: @escaping BlueZRadio.EventListener
    ) -> BlueZRadio {
        let radio = BlueZRadio(
            selector, number: radios.count, doubt: doubt, client: self,
            feed: .monitor(scan, listener))
        radios.append(radio)
        return radio
    }

    /// Sends a beacon; before `start`.
    public func addTransmitter(
        _ beacon: TransmittedBeacon, on selector: AdapterSelector
    ) -> BeaconTransmitter {
        let transmitter = BeaconTransmitter(beacon, on: selector, client: self)
        self.transmitter = transmitter
        return transmitter
    }

    // MARK: Life

    /// Goes on the bus and stays there; returns at once.
    ///
    /// - Throws: that a match rule is no match rule, which none of these is.
    public func start() async throws(BusError) {
        startMonitor()
        try await subscribe()
        watch = try await connection.watch(Names.service) { [weak self] _ in self?.settle() }
        connection.stay(as: nil) { [weak self] state in self?.busChanged(state) }
        timer = Hub.loop.schedule(every: .seconds(1)) { [weak self] in
            Hub.assumeIsolated { self?.tick() }
        }
        speaking?.start()
    }

    /// Leaves the bus, with which BlueZ ends our discovery and our beacon.
    public func stop() {
        timer?.cancel()
        speaking?.stop()
        for radio in radios { radio.stop() }
        reception?.stop()
        transmitter?.stop()
        for subscription in subscriptions { subscription.cancel() }
        watch?.cancel()
        connection.close()
    }

    /// Four rules, whatever is heard: a rule for each device would be the end of the bus.
    private func subscribe() async throws(BusError) {
        // The busiest first: signals are compared with them in this order.
        if radios.contains(where: { !$0.feed.isMonitor }) {
            try await subscribe("PropertiesChanged", of: Names.properties, about: Names.device) {
                client, message in client.take(deviceChanged: message)
            }
        }
        try await subscribe("InterfacesAdded", of: Names.objectManager) { client, message in
            client.take(added: message)
        }
        try await subscribe("InterfacesRemoved", of: Names.objectManager) { client, message in
            client.take(removed: message)
        }
        try await subscribe("PropertiesChanged", of: Names.properties, about: Names.adapter) {
            client, message in client.take(adapterChanged: message)
        }
    }

    private func subscribe(
        _ member: String, of interface: String, about argument: String? = nil,
        _ body: @escaping @Hub (BlueZClient, borrowing Message) -> Void
    ) async throws(BusError) {
        let rule = MatchRule(
            sender: Names.service, interface: interface, member: member, argument0: argument)
        let subscription = try await connection.subscribe(rule) { [weak self] message in
            if let self { body(self, message) }
        }
        subscriptions.append(subscription)
    }

    private func startMonitor() {
        guard radios.contains(where: \.feed.isMonitor) else { return }
        if radios.contains(where: { $0.feed.scan == .passive }) { BeaconPatterns.export(self) }
        reception = MonitorReception(self)
        reception?.start()
    }

    private func busChanged(_ state: Connection.State) {
        switch state {
        case .connected:
            for radio in radios { radio.busChanged(nil) }
            settle()
        case .lost(let error, _):
            for radio in radios { radio.busChanged(error.message) }
        case .connecting, .closed: break
        }
    }

    // MARK: bluetoothd

    /// The unique name of the bluetoothd whose objects are known.
    var owner: String? { current == watch?.generation ? watch?.owner : nil }

    /// Follows the name. While the connection is being set up, rules are not in place yet, and what
    /// is asked for before them could be outdated unnoticed; so it waits.
    private func settle() {
        guard case .connected = connection.state, let watch, watch.generation != current else {
            return
        }
        forgetAll()
        current = watch.generation
        guard let owner = watch.owner else {
            starter.lost(at: Hub.loop.now)
            for radio in radios { radio.serviceChanged(.absent(nil)) }
            transmitter?.adaptersChanged(nil)
            return
        }
        starter.found()
        counters.generations += 1
        for radio in radios { radio.serviceChanged(.unknown) }
        retry.reset()
        enumerate(owner, watch.generation)
    }

    private func forgetAll() {
        adapters = [:]
        for radio in radios {
            routes.set(nil, of: radio.number)
            table.forget(route: radio.number)
        }
        transmitter?.forget()
    }

    /// Asks for all objects, until there is an answer.
    private func enumerate(_ owner: String, _ generation: Generation) {
        Hub.start { [weak self] in
            guard let self else { return }
            do throws(BusError) {
                let call = try Message.methodCall(
                    owner, "/", Names.objectManager, "GetManagedObjects")
                let objects = try await ManagedObjects(
                    connection.call(call, timeout: .seconds(10)))
                guard generation == current else { return }
                take(objects)
            } catch {
                guard generation == current else { return }
                for radio in radios { radio.serviceChanged(.mute("\(error)")) }
                Hub.loop.schedule(after: retry.next()) { [weak self] in
                    Hub.assumeIsolated {
                        guard let self, generation == self.current else { return }
                        self.enumerate(owner, generation)
                    }
                }
            }
        }
    }

    /// What the answer says is newer than what signals said before it came.
    private func take(_ objects: consuming ManagedObjects) {
        adapters = objects.adapters
        for radio in radios { radio.serviceChanged(.present) }
        assign()
        learn(objects)
    }

    /// When every radio was last looked after, which happens each second; nil before the start.
    public private(set) var lastTick: EventLoop.Instant?

    private func tick() {
        defer { lastTick = Hub.loop.now }
        for radio in radios { radio.tick() }
        transmitter?.tick()
        reception?.tick()
        guard case .connected = connection.state, watch?.owner == nil else { return }
        if starter.isDue(at: Hub.loop.now) { startService() }
    }

    private func startService() {
        Hub.start { [weak self] in
            guard let self, let generation = current else { return }
            do throws(BusError) {
                _ = try await connection.call(
                    "StartServiceByName", of: Names.bus, at: Names.bus, "/org/freedesktop/DBus",
                    [.string(Names.service), .uint32(0)])
            } catch {
                guard generation == current, watch?.owner == nil else { return }
                for radio in radios { radio.serviceChanged(.absent(error.message)) }
            }
        }
    }

    /// Another radio counts as hearing when it did so within this time: the shortest silence that
    /// a radio is judged by.
    private static let hearingNow = Duration.nanoseconds(SilenceLimit.shortest)

    /// Whether devices are connected by an adapter, or are being connected.
    func hasLinks(on adapter: String) -> Bool { speaking?.hasSessions(on: adapter) == true }

    /// Whether any other radio has heard something of late. Only what is evidence counts: a dead
    /// controller that reports empty advertisements must not make a healthy radio deaf.
    func hears(besides radio: BlueZRadio, at now: EventLoop.Instant) -> Bool {
        radios.contains { other in
            guard other !== radio, let heard = other.lastHeard else { return false }
            return heard.duration(to: now) < Self.hearingNow
        }
    }

    // MARK: Adapters

    /// An adapter is there, or has changed.
    func note(_ adapter: Adapter) {
        guard adapters[adapter.path] != adapter else { return }
        adapters[adapter.path] = adapter
        assign()
    }

    /// An adapter has gone.
    func remove(adapter path: String) {
        guard adapters.removeValue(forKey: path) != nil else { return }
        assign()
    }

    /// The radios that name their adapter, then those that take any: these leave what others name.
    var radiosByClaim: [BlueZRadio] {
        radios.filter { $0.selector != .first } + radios.filter { $0.selector == .first }
    }

    /// Gives each radio its adapter; one that two of them mean goes to the first.
    private func assign() {
        guard owner != nil else { return }
        var taken: Set<String> = []
        let named = Set(
            radios.filter { $0.selector != .first }
                .compactMap { $0.selector.choose(from: adapters.values, current: nil)?.path })
        for radio in radiosByClaim {
            let current = radio.adapter?.path
            let left = adapters.values.filter { !named.contains($0.path) }
            let isAny = radio.selector == .first && !left.isEmpty
            let chosen = radio.selector.choose(
                from: isAny ? left : Array(adapters.values), current: current)
            guard let chosen, taken.insert(chosen.path).inserted else {
                let titles = adapters.values.map(\.title).sorted()
                assign(
                    nil, to: radio,
                    absence: chosen.map { .taken($0.title) }
                        ?? .noAdapter(wanted: radio.selector, present: titles))
                continue
            }
            assign(chosen, to: radio, absence: nil)
        }
        transmitter?.adaptersChanged(Array(adapters.values))
        speaking?.adaptersChanged(adapters)
        reception?.route()
    }

    private func assign(_ adapter: Adapter?, to radio: BlueZRadio, absence: RadioState?) {
        if adapter?.path != radio.adapter?.path {
            // What the bus tells of devices is of no use to a radio that hears by itself.
            routes.set(radio.feed.isMonitor ? nil : adapter?.path, of: radio.number)
            table.forget(route: radio.number)
        }
        radio.adapterChanged(adapter, absence: absence)
    }

    // MARK: Requests

    /// Looks out for other devices than before.
    func lookOut(for new: Watchlist) {
        let isOther = new.services != watchlist.services
        watchlist = new
        guard isOther, let owner else { return }
        for radio in radios where radio.feed.isMonitor {
            guard let path = radio.adapter?.path,
                let call = try? RadioRequest.setFilter.message(
                    to: owner, path, radio.feed, services: new.services)
            else { continue }
            // When it does not arrive, the next discovery begins with it.
            call.expectsReply = false
            try? connection.send(call)
        }
    }

    /// Carries out what a radio wants; the answer reaches it unless bluetoothd changed meanwhile.
    func carryOut(
        _ request: RadioRequest, on path: String, token: UInt64, for radio: BlueZRadio
    ) {
        // The bluetoothd of this moment: when the task runs there may be another one already, which
        // does not know what the old one was told.
        guard let owner, let generation = current else { return }
        Hub.start { [weak self] in
            guard let self, generation == current else { return }
            let answer: RadioAnswer
            do throws(BusError) {
                let message = try request.message(
                    to: owner, path, radio.feed, services: watchlist.services)
                // An adapter takes seconds to come up, and is given time for it.
                _ = try await connection.call(message, timeout: .seconds(15))
                answer = .done
            } catch {
                answer = Self.answer(error, to: request, path)
            }
            guard generation == current else { return }
            radio.answered(token, answer)
        }
    }
}
