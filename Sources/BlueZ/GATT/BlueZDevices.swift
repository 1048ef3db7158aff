public import BeaconScanner
internal import DBus
public import EventLoop
internal import Glibc
public import HardwareHub

/// The devices that a hub speaks with: looks out for them, connects and pairs.
///
/// It has a connection of its own to the bus, apart from the one by which advertisements come: what
/// a device says does not queue behind what a shop full of phones says, and the signals of
/// connected devices are not compared with every advertisement. A hub that never asks for devices
/// does not have it.
///
/// ```swift
/// client.devices.onSighting = { sighting in … }
/// client.devices.look(for: [scale], services: [0x181d])
/// let session = client.devices.connect(scale, machine: machine, owner: owner)
/// ```
@Hub
public final class BlueZDevices {
    /// The most sessions at once (reliability, F17).
    public static let mostSessions = 16

    /// Is told of each device that is looked out for when it is heard, about once a second.
    public var onSighting: @Hub (DeviceSighting) -> Void = { _ in }
    /// Whether a device may pair with the hub; no unless somebody says so.
    public var isEnrolled: @Hub (DeviceAddress) -> Bool = { _ in false }
    /// The passkey that a device shows while it pairs, from whoever can see it; nil for none.
    public var passkey: @Hub (DeviceAddress) async -> UInt32? = { _ in nil }
    /// Both clocks, for machines.
    public var clock: @Hub () -> DeviceClock = {
        DeviceClock(
            boot: BootTime(Hub.loop.now), unixSeconds: Int64(time(nil)), utcOffset: 0,
            isSynchronized: false)
    }

    /// How long what may take.
    package var limits = SessionLimits()

    let connection: Connection
    private weak var client: BlueZClient?
    private(set) var agent: PairingAgent
    private var watch: NameWatch?
    private var sessions: [UInt64: DeviceSession] = [:]
    /// On which adapter a device was heard last.
    private var adapters: [UInt64: String] = [:]
    private var isStarted = false
    private var objects: ObjectSightings?
    /// Whether bluetoothd was not yet asked whom it is connected to.
    private var hasToAdopt = true
    private var sweeps: [String: LinkSweep] = [:]
    private var sweepTimer: EventLoop.Timer?

    init(_ client: BlueZClient) {
        self.client = client
        connection = Connection(client.connection.bus)
        agent = PairingAgent()
        agent.export(self)
    }

    // MARK: Life

    func start() {
        guard !isStarted else { return }
        isStarted = true
        connection.stay(as: nil) { _ in }
        sweepTimer = Hub.loop.schedule(every: .seconds(5)) { [weak self] in
            Hub.assumeIsolated { self?.lookAtLinks() }
        }
        Hub.start { [weak self] in
            guard let self else { return }
            // Throws only for a name that is none.
            watch = try? await connection.watch(Names.service) { [weak self] _ in
                self?.serviceChanged()
            }
            // Told before there was a watch to ask.
            standReady()
            adoptWhenPossible()
            await hearObjects()
        }
    }

    /// Where no radio hears by the bus.
    private func hearObjects() async {
        guard let client, client.radios.contains(where: \.feed.isMonitor) else { return }
        let objects = ObjectSightings(client)
        self.objects = objects
        // Throws only for a rule that is none.
        _ = try? await connection.subscribe(
            MatchRule(
                sender: Names.service, interface: Names.properties, member: "PropertiesChanged",
                argument0: Names.device)
        ) { message in objects.take(message) }
        _ = try? await connection.subscribe(
            MatchRule(
                sender: Names.service, interface: Names.objectManager, member: "InterfacesAdded")
        ) { message in objects.take(message) }
    }

    func stop() {
        for session in sessions.values { session.lost("the hub leaves the bus") }
        sweepTimer?.cancel()
        watch?.cancel()
        connection.close()
    }

    // MARK: Links that are left

    /// Links of the kernel that nobody knows any more: see `LinkSweep`.
    public var stuckLinks: Int { sweeps.values.reduce(0) { $0 + $1.stuck } }

    private func lookAtLinks() {
        for path in Set(client?.radios.compactMap(\.adapter?.path) ?? []) {
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            let links = LinkSweep.links(of: name)
            // Each session has one; only with more it is worth to ask.
            let own = sessions.values.count { $0.adapter == path }
            guard links > own || sweeps[path] != nil else { continue }
            Hub.start { [weak self] in await self?.compare(links, on: path) }
        }
    }

    private func compare(_ links: Int, on path: String) async {
        guard let connected = await connectedDevices() else { return }
        offer(connected)
        let known = max(
            connected.sightings.count { $0.adapter == path },
            sessions.values.count { $0.adapter == path })
        if sweeps[path, default: LinkSweep()].look(
            kernel: links, known: known, hasSessions: hasSessions(on: path), at: Hub.loop.now)
        {
            let radio = client?.radios.first { $0.adapter?.path == path }
            if radio?.sweep() == true { sweeps[path]?.swept(at: Hub.loop.now) }
        }
    }

    /// The unique name of bluetoothd; nil while there is none.
    var owner: String? { watch?.owner }

    /// Whether there is a bluetoothd to ask; while there is none, sessions end at once.
    public var isReady: Bool { owner != nil }

    /// Whether a bluetoothd that was spoken with is still the one that is there.
    func isServed(by owner: String) -> Bool { self.owner == owner }

    private func serviceChanged() {
        adapters = [:]
        objects?.forget()
        for session in sessions.values where !isServed(by: session.device.owner) {
            session.lost("bluetoothd went away", isBlamed: true)
        }
        hasToAdopt = true
        standReady()
    }

    /// Adapters came, went, or are on or off.
    func adaptersChanged(_ present: [String: Adapter]) {
        for session in sessions.values where present[session.adapter]?.isPowered != true {
            session.lost("the adapter went away")
        }
        adoptWhenPossible()
    }

    private func adoptWhenPossible() {
        guard hasToAdopt, owner != nil,
            client?.adapters.values.contains(where: \.isPowered) == true
        else { return }
        hasToAdopt = false
        Hub.start { [weak self] in await self?.adoptConnected() }
    }

    // MARK: Looking out

    /// Says which devices are looked out for, in place of those before.
    ///
    /// Where all radios hear through the monitor channel, bluetoothd learns of devices that advertise
    /// one of `services` only, and others cannot be connected: a known address alone is not enough.
    ///
    /// - Parameters:
    ///   - addresses: devices that are known.
    ///   - services: what others advertise; types of more than 16 bits are not heard.
    public func look(for addresses: [DeviceAddress], services: [GATTUUID] = []) {
        client?.lookOut(
            for: Watchlist(
                addresses: Set(addresses.map(\.bits)),
                services: Set(services.compactMap(\.short))))
    }

    func heard(_ sighting: DeviceSighting, on adapter: String) {
        // As many as are told of apart; what was forgotten is heard again.
        if adapters.count >= Watchlist.mostRemembered { adapters.removeAll() }
        adapters[sighting.address.bits] = adapter
        onSighting(sighting)
    }

    // MARK: Sessions

    /// Connects to a device and has a machine speak with it; returns at once.
    ///
    /// To a device there is one session at a time: a second one ends at once, and so does one beyond
    /// `mostSessions`.
    ///
    /// - Parameters:
    ///   - address: the device.
    ///   - machine: what speaks with it, made for this connection.
    ///   - owner: whom it is told.
    /// - Returns: the session, which has begun.
    @discardableResult
    public func connect(
        _ address: DeviceAddress, machine: any DeviceMachine, owner: SessionOwner
    ) -> DeviceSession {
        let place = place(of: address)
        let session = DeviceSession(
            address,
            DeviceObject(
                connection: connection, owner: self.owner ?? "", path: place.device),
            on: place.adapter, machine: machine, owner: owner, devices: self)
        if let fault = obstacle(address, place.adapter) {
            // Not before the caller has what it is told about.
            Hub.start { session.refuse(fault) }
        } else {
            sessions[address.bits] = session
            session.start()
        }
        return session
    }

    private func obstacle(_ address: DeviceAddress, _ adapter: String) -> DeviceFault? {
        guard owner != nil else { return DeviceFault(.transient, "bluetoothd is not there") }
        guard sessions[address.bits] == nil else {
            return DeviceFault(.transient, "it is being spoken with already")
        }
        guard sessions.count < Self.mostSessions else {
            return DeviceFault(
                .transient, "\(Self.mostSessions) devices are being spoken with already")
        }
        guard client?.adapters[adapter]?.isPowered == true else {
            return DeviceFault(.transient, "there is no adapter that is on")
        }
        return nil
    }

    /// Whether devices are being spoken with by an adapter.
    func hasSessions(on adapter: String) -> Bool {
        sessions.values.contains { $0.adapter == adapter }
    }

    func hasSession(_ address: DeviceAddress) -> Bool { sessions[address.bits] != nil }

    /// The session with a device of bluetoothd.
    func session(at path: String) -> DeviceSession? {
        sessions.values.first { $0.device.path.text == path }
    }

    func remove(_ session: DeviceSession) {
        if sessions[session.address.bits] === session { sessions[session.address.bits] = nil }
    }

    /// The device's object: on the adapter that heard it last, or else on the first radio's.
    func place(of address: DeviceAddress) -> (adapter: String, device: ObjectPath) {
        let adapter =
            adapters[address.bits] ?? client?.radios.compactMap(\.adapter?.path).first
            ?? client?.adapters.keys.min() ?? "/org/bluez/hci0"
        let name = address.description.split(separator: ":").joined(separator: "_")
        // Of letters, digits and slashes: always a path.
        return (adapter, ObjectPath("\(adapter)/dev_\(name)") ?? "/")
    }
}
