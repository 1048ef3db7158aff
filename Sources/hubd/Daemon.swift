import BeaconScanner
import Campaigns
import Configuration
import DBus
import EventLoop
import HardwareHub
import Outbox

/// The house with everything connected: hear → recognize → decide → keep → deliver, and the bus.
///
/// This is the only place that knows all stations. What each does is told where it lives: `Air`,
/// `Shop`, `Store` in Outbox, the interfaces in Service.
@Hub
final class Daemon {
    nonisolated static let version = "0.1.0"
    private static let root: ObjectPath = "/org/hubd"
    private static let busName = "org.hubd"

    let config: String
    let journal: Journal
    let hub: String
    private(set) var loaded: Loaded
    let store: Store
    let air: Air
    let shop: Shop
    let counters: CampaignCounters
    let devices: DeviceStation
    let writer: EventWriter
    let diagnosis = Diagnosis()
    private let watch: ProblemWatch
    private let disclosure = Disclosure()
    private let connection: Connection
    let startedAt = Hub.loop.now
    let radios: Radios
    private let timeService: TimeService
    private(set) lazy var catalogs = CatalogKeeper(self)
    private var busProblem: HubProblem?
    private var disclosureProblem: HubProblem?
    private var configurationProblem: HubProblem?
    private var lastPulse: EventLoop.Instant?
    private let changing = Turn()
    private var shownDevices: Set<String> = []
    private var lastOutbox: OutboxStatus?
    /// The number of the last salvage that was told of.
    private var lastSalvage = 0
    /// How many events were set aside when it was last looked.
    private var lastRejected: Int?
    private var isPolling = false
    private var isStopping = false

    var beaconRows: BeaconRows { BeaconRows(air: air, shop: shop) }
    var campaignRows: CampaignRows { CampaignRows(shop: shop, counters: counters) }

    /// All that can be asked of the hub over the bus.
    var interfaces: [Interface] {
        [
            HubInterface.table(self), BeaconsInterface.table(self), CampaignsInterface.table(self),
            DevicesInterface.table(self), CatalogInterface.table(self),
        ]
    }
    /// What the bus did to us and we to others on it.
    var busCounters: Connection.Counters { connection.counters }

    // MARK: Start

    /// Opens the store and connects the stations; nothing is heard yet.
    init(
        _ start: Start, config: String, bus: Bus?, bluezBus: Bus = .system, journal: Journal
    ) async throws(OutboxError) {
        let loaded = start.loaded
        self.loaded = loaded
        configurationProblem = start.problem
        self.config = config
        self.journal = journal
        hub = loaded.settings.hubName
        let clock = EventClock()
        writer = EventWriter(clock: clock)
        let commits = CommitFeed()
        Folder.make(for: loaded.settings.store.path)
        var keeping = StoreSettings(
            path: loaded.settings.store.path, hub: hub, quota: loaded.settings.store.quota,
            clock: { clock.now() }, onCommit: { commits.publish($0) })
        keeping.onLongWork = { ServiceManager.needsTime() }
        keeping.outward = { [disclosure] in disclosure.outward($0) }
        store = try await Store.open(keeping)
        store.states.setHub(Array(#""version":"\#(Self.version)""#.utf8))
        let presence = loaded.settings.presenceSettings
        let shop = Shop(
            loaded.catalog, ranging: Ranging(pathLossExponent: presence.pathLossExponent))
        self.shop = shop
        counters = try await CampaignCounters(store)
        devices = try await DeviceStation(store, DeviceWriter(clock: clock), journal)
        watch = ProblemWatch(journal: journal, writer: writer, store: store)
        let bus = bus ?? loaded.settings.bus.bus
        connection = Connection(bus, root: Self.root, gatekeeper: Permissions.gatekeeper(on: bus))
        timeService = TimeService(connection)
        let transitions = TransitionFeed()
        air = Air(loaded.catalog, keys: loaded.keys, settings: presence) { transitions.take($0) }
        radios = Radios(
            air, shop, leaveAfter: presence.leaveFloor, journal: journal, bluezBus: bluezBus)
        transitions.onTransition = { [weak self] in self?.keep($0) }
        commits.onCommit = { [weak self] in self?.announce($0) }
        await prepareDisclosure()
    }

    /// Starts hearing, delivering and serving; returns when the service manager may be told.
    ///
    /// - Parameter sources: the files that are in force by it, to keep a copy of.
    /// - Throws: what is wrong with the store.
    func start(keeping sources: Sources?) async throws(OutboxError) {
        for sink in loaded.settings.sinks { Folder.make(for: sink) }
        tell(of: try await store.deliver(to: loaded.settings.sinks.map(\.outboxSettings)))
        tell(of: await store.status().salvages)
        store.post(writer.started(version: Self.version, catalog: loaded.catalog))
        if let sources { keepCopy(of: sources) }
        devices.onChange = { [weak self] in self?.deviceChanged($0) }
        try await devices.configure(loaded.settings.devices)
        for device in devices.registry.all { deviceChanged(device.id) }
        await radios.start(loaded.settings, zones: loaded.catalog.zoneNumbers)
        if let air = radios.deviceAir { devices.use(air) }
        await serve()
        catalogs.configure()
        Hub.loop.schedule(every: .seconds(1)) { [weak self] in
            Hub.assumeIsolated { self?.everySecond() }
        }
        journal.notice(
            "hub \(hub): \(loaded.catalog.beacons.count) beacons, "
                + "\(shop.index.runningCount) of \(loaded.catalog.campaigns.count) campaigns running, "
                + "\(loaded.settings.radios.count) radios, \(loaded.settings.sinks.count) sinks",
            .started, ["HUB": hub, "VERSION": Self.version])
    }

    /// Tells of what no sink gets any more.
    private func tell(of abandoned: [AbandonedBacklog]) {
        for backlog in abandoned {
            journal.warning(
                "sink \(backlog.sink) is no longer configured: \(backlog.waiting) events that it had "
                    + "not got are not delivered to it, and \(backlog.rejected) that it would not have "
                    + "are given up; put it back, and hubctl outbox again sends it what is still kept",
                .sinkAbandoned, ["SINK": backlog.sink])
        }
    }

    /// Tells of events that sinks would not have since it was last looked.
    private func tell(ofRejected count: Int) {
        let new = count - (lastRejected ?? count)
        lastRejected = count
        guard new > 0 else { return }
        journal.warning(
            "outbox: \(new) events were set aside that a sink would not have, \(count) are; hubctl "
                + "outbox shows them and why, and sends them again or gives them up",
            .eventsSetAside)
    }

    /// Tells of each salvage once, also of those that came while hubd was running.
    private func tell(of salvages: [SalvageReport]) {
        let new = salvages.filter { $0.number > lastSalvage }
        for salvage in new {
            let text = "store: \(salvage.text)"
            if salvage.isLoss {
                journal.error(text, .storeSalvaged)
            } else {
                journal.warning(text, .storeSalvaged)
            }
        }
        lastSalvage = new.last?.number ?? lastSalvage
    }

    /// Exports the interfaces and goes on the bus. hubd works without a bus as well, so it waits
    /// for the first answer only.
    private func serve() async {
        connection.export(interfaces, at: Self.root)
        var first: CheckedContinuation<Void, Never>?
        await withCheckedContinuation { continuation in
            first = continuation
            // One that accepts and never answers: hubd has to be able to end within 3 s.
            Hub.loop.schedule(after: .seconds(2)) {
                first?.resume()
                first = nil
            }
            connection.stay(as: Self.busName) { [weak self] state in
                guard self?.busChanged(state) == true else { return }
                first?.resume()
                first = nil
            }
        }
    }

    /// - Returns: whether the state is an answer, good or bad.
    private func busChanged(_ state: Connection.State) -> Bool {
        switch state {
        case .connecting, .closed: return false
        case .connected:
            busProblem = nil
            timeService.refresh()
            return true
        case .lost(let error, let delay):
            busProblem = HubProblem(
                part: "bus",
                text:
                    "\(error.message); next try within \(delay.components.seconds + 1) s"
            )
            return true
        }
    }

    // MARK: Keep

    private func keep(_ transition: Transition) {
        // By the transition's own time: a fast capture is ahead of the air's clock.
        func seconds(since time: BootTime) -> Double {
            max(0, Double(transition.at.nanoseconds(since: time)) / 1e9)
        }
        let beacon = shop.index.number(of: transition.id).map { shop.catalog.beacons[Int($0)] }
        let place = EventWriter.Place(
            label: beacon?.label, holder: beacon?.holder,
            zone: shop.catalog.zone(transition.zone), radio: air.radios[Int(transition.radio)].name,
            distance: air.status(of: transition.index)?.distance,
            silence: transition.lastHeard.map(seconds), lasted: seconds(since: transition.since))
        if let event = writer.beacon(transition, place) { store.post(event) }
    }

    private func announce(_ events: [StoredEvent]) {
        for event in events {
            connection.emit(
                "EventKept", of: HubInterface.name, at: Self.root,
                [
                    .uint64(UInt64(clamping: event.sequence)), .string(event.event.type),
                ])
        }
    }

    /// Shows a device on the bus as it is now: a new object, other properties, or no object.
    private func deviceChanged(_ id: String) {
        let document = DeviceStateDocument(rows: DeviceRows(station: devices, hub: hub))
        store.states.set("devices/\(id)/state", document.bytes(of: id))
        let path = DeviceInterface.path(of: id)
        guard devices.registry.device(id) != nil else {
            if shownDevices.remove(id) != nil { connection.withdraw(path) }
            return
        }
        if shownDevices.insert(id).inserted {
            connection.export([DeviceInterface.table(self, id)], at: path)
        } else {
            connection.propertiesChanged(
                ["State", "Link", "Problem", "Owners", "LastMeasurement"],
                of: DeviceInterface.name, at: path)
        }
    }

    // MARK: Watching over the stations

    private func everySecond() {
        // A store that hangs is told of from what is known without it.
        if let known = knownOutbox { watch.update(problems(known)) }
        devices.tick()
        guard !isPolling else { return }
        isPolling = true
        Task {
            // Answered by the store's own thread: a wedged disk stops the pings to the watchdog.
            let status = await store.status()
            await prepareDisclosure()
            isPolling = false
            lastOutbox = status
            tell(of: status.salvages)
            tell(ofRejected: status.rejected)
            watch.update(problems(status))
            pulse()
        }
    }

    /// Without a key nobody is named, and the rest goes on; it is asked for again each second.
    private func prepareDisclosure() async {
        do throws(OutboxError) {
            try await disclosure.prepare(store)
            disclosureProblem = nil
        } catch {
            disclosureProblem = HubProblem(
                part: "privacy",
                text: "no key for pseudonyms could be kept: \(error.text); who shook is left out "
                    + "of events that leave meanwhile")
        }
    }

    /// The last status with the store's present health, when the store is too busy to be asked.
    var knownOutbox: OutboxStatus? {
        let health = store.health
        guard health.busyFor > .seconds(1), var known = lastOutbox else { return nil }
        known.health = health
        return known
    }

    private func pulse() {
        let now = Hub.loop.now
        // Thrice in the 30 s that the unit allows.
        guard lastPulse.map({ $0.duration(to: now) >= .seconds(10) }) ?? true else { return }
        guard radios.isAlive else { return }
        lastPulse = now
        ServiceManager.alive()
    }

    func problems(_ outbox: OutboxStatus) -> [HubProblem] {
        var problems = radios.problems
        switch outbox.health.state {
        case .well: break
        case .failed, .closed:
            problems.append(HubProblem(part: "store", text: outbox.health.reason, isFatal: true))
        case .slow, .full:
            problems.append(HubProblem(part: "store", text: outbox.health.reason))
        }
        // A loss stays to be seen until somebody has looked at the file, or until a restart.
        if outbox.health.state == .well,
            let loss = outbox.salvages.last(where: { $0.isLoss && $0.isKept })
        {
            problems.append(
                HubProblem(
                    part: "store", text: "\(loss.text); remove that file when you have seen it"))
        }
        for sink in loaded.settings.sinks {
            let name = sink.outboxSettings.name
            guard let status = outbox.sinks.first(where: { $0.name == name }) else { continue }
            if let fault = status.fault {
                problems.append(HubProblem(part: "sink \(sink.name)", text: fault.text))
            } else if let missed = status.missed {
                problems.append(HubProblem(missed, sink: sink.name))
            }
        }
        problems += outbox.mismatches.map { HubProblem($0, loaded.settings) }
        problems += devices.problems + catalogs.problems
        if let disclosureProblem { problems.append(disclosureProblem) }
        if let busProblem { problems.append(busProblem) }
        if let configurationProblem { problems.append(configurationProblem) }
        return problems
    }

    /// Somebody set the wall clock: what runs now may be something else.
    func clockJumped() {
        journal.notice("the wall clock was set", .clockSet)
        timeService.refresh()
        shop.refresh()
        air.refreshKeys()
    }

    // MARK: Reload and end

    /// Reads everything again; puts all of it in force or nothing.
    ///
    /// - Returns: why nothing was put in force.
    func reload() async -> [String] {
        await inTurn { await self.reloadNow() }
    }

    private func reloadNow() async -> [String] {
        guard !isStopping else { return ["hubd is ending"] }
        ServiceManager.reloading()
        defer {
            if !isStopping { ServiceManager.ready("\(loaded.catalog.beacons.count) beacons") }
        }
        let sources: Sources
        let new: Loaded
        do throws(Problems) {
            sources = try Sources(reading: config)
            new = try Loaded(sources)
        } catch {
            return refuse("\(error)".split(separator: "\n").map(String.init))
        }
        let fixed = loaded.settings.settingsThatNeedARestart(new.settings)
        guard fixed.isEmpty else {
            return refuse(
                fixed.map {
                    "\(config): \($0) has changed; it takes effect with systemctl restart hubd"
                }, mend: nil)
        }
        do throws(OutboxError) {
            for sink in new.settings.sinks { Folder.make(for: sink) }
            tell(of: try await store.deliver(to: new.settings.sinks.map(\.outboxSettings)))
            try await devices.configure(new.settings.devices)
        } catch {
            return refuse(["\(config): \(error)"])
        }
        put(new)
        configurationProblem = nil
        keepCopy(of: sources)
        catalogs.configure()
        journal.notice(
            "configuration reloaded: \(new.catalog.beacons.count) beacons, "
                + "\(new.catalog.campaigns.count) campaigns", .reloaded)
        return []
    }

    /// Tells why nothing is put in force; `mend` is what to do beside what the lines say.
    private func refuse(
        _ lines: [String], mend: String? = HubProblem.configurationMend
    ) -> [String] {
        for line in lines { journal.error(line, .configurationRefused) }
        journal.error("nothing was changed: the configuration that was in force goes on")
        configurationProblem = .configuration(lines, mend: mend)
        return lines
    }

    /// Keeps a copy of the files in force for a start at which they are broken.
    private func keepCopy(of sources: Sources) {
        do throws(DurableFile.Fault) {
            try LastGood.keep(sources)
        } catch {
            journal.warning("no copy of the configuration could be kept: \(error.text)")
        }
    }

    func put(_ new: Loaded) {
        loaded = new
        // Transitions tell of zones by number: those of the old catalog go out with its words.
        air.drain()
        air.configure(new.catalog, keys: new.keys)
        shop.configure(new.catalog)
        let zones = new.catalog.zoneNumbers
        for (number, radio) in air.radios.enumerated() {
            air.assign(radio: UInt8(clamping: number), zone: radio.zone.flatMap { zones[$0] })
        }
    }

    /// Runs changes of what is in force one after the other: each reads the files, waits for the
    /// store and then puts its result in force, and another one in between would be undone.
    func inTurn<Result>(_ change: @Hub () async -> Result) async -> Result {
        await changing.take()
        defer { changing.give() }
        return await change()
    }

    /// Stops hearing, commits what waits, gives the sinks one last try, leaves the bus.
    func stop() async {
        isStopping = true
        ServiceManager.stopping()
        journal.notice("ending", .stopping)
        catalogs.stop()
        await devices.stop()
        radios.stop()
        await store.close(within: .seconds(2))
        await catalogs.stopped()
        connection.close()
    }
}
