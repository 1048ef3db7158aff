import BeaconScanner
import BlueZ
import Configuration
import Crypto
import EventLoop
import HardwareHub
import Outbox

/// The devices of the hub: which ones there are and whose, who is connected to when, and what they
/// yield. The one owner of all that.
///
/// Radios hand in what is heard; findings become durable here before a device hears that they are.
@Hub
final class DeviceStation {
    private(set) var registry: DeviceRegistry
    private(set) var states: [String: DeviceState] = [:]
    private(set) var last: [String: DeviceRecords.LastFinding]
    private(set) var strangers = StrangeDevices()
    private(set) var queue = ConnectionQueue()
    private var memory: [String: [String: [UInt8]]]
    private var links: [String: DeviceSession] = [:]
    /// The number of each device's connection: one that ends late speaks for nobody any more.
    private var visits: [String: UInt64] = [:]
    private var visitCount: UInt64 = 0
    /// With whom somebody is pairing: they are not connected to meanwhile.
    private var pairing: Set<String> = []
    private var whereabouts = Whereabouts()
    private let turn = Turn()
    private var isStopping = false
    private var stopped: CheckedContinuation<Void, Never>?
    private let store: Store
    private let writer: DeviceWriter
    private let journal: Journal
    /// Makes connections; nil where no radio can.
    private(set) var air: BlueZDevices?
    /// Is told when a device has come, changed or gone.
    var onChange: (String) -> Void = { _ in }

    // MARK: Life

    /// Reads what is kept of devices.
    init(_ store: Store, _ writer: DeviceWriter, _ journal: Journal) async throws(OutboxError) {
        self.store = store
        self.writer = writer
        self.journal = journal
        let kept = try await DeviceRecords.read(store)
        registry = DeviceRegistry(kept.devices)
        last = kept.last
        memory = kept.memory
        for key in kept.unreadable {
            journal.error("store: state \(key) cannot be read and is left as it is")
        }
    }

    /// Puts the devices of a configuration in force.
    ///
    /// - Throws: that what follows for bindings could not be kept; then nothing is in force.
    func configure(_ devices: [Device]) async throws(OutboxError) {
        let configured = devices.map(RegisteredDevice.init)
        do throws(ChangeFault) {
            try await change(because: "configuration") { $0.configure(configured) }
        } catch {
            if case .notKept(let error) = error { throw error }
        }
        // Somebody may have mended what was wrong: each may be tried again.
        for device in registry.all {
            queue.retry(device.id)
            states[device.id]?.toldFault = nil
        }
        tellInterest()
    }

    /// Devices are heard and connected to by these means from now on.
    func use(_ air: BlueZDevices) {
        self.air = air
        air.onSighting = { [weak self] in self?.heard($0) }
        air.isEnrolled = { [weak self] in self?.isEnrolled($0) ?? false }
        air.clock = { DeviceClock(WallClock.now(), boot: Hub.loop.now) }
        tellInterest()
    }

    /// Ends all connections; returns when they are ended, or have had the 2 s of their goodbye.
    func stop() async {
        isStopping = true
        guard !links.isEmpty else { return }
        for link in links.values { link.end() }
        await withCheckedContinuation { continuation in
            guard !links.isEmpty else { return continuation.resume() }
            stopped = continuation
            Hub.loop.schedule(after: .milliseconds(2_500)) { [weak self] in
                Hub.assumeIsolated { self?.allEnded() }
            }
        }
    }

    private func allEnded() {
        stopped?.resume()
        stopped = nil
    }

    /// Lets a second pass.
    func tick() {
        let now = present
        for (id, state) in states where state.isHere && links[id] == nil {
            guard let heard = state.heard, now.nanoseconds(since: heard) > DeviceState.lostAfter
            else { continue }
            states[id]?.isHere = false
            tellPresence(id, isHere: false, silence: now.nanoseconds(since: heard))
        }
        proceed()
    }

    private var present: BootTime { BootTime(nanoseconds: Hub.loop.now.nanoseconds) }

    // MARK: Hearing

    /// Takes a device that a radio heard.
    func heard(_ sighting: DeviceSighting) {
        guard !isStopping else { return }
        let now = present
        if let device = registry.device(at: sighting.address) {
            return heard(device, sighting, at: now)
        }
        if let device = unlocated(sighting, at: now) {
            return heard(device, sighting, at: now)
        }
        hearStranger(sighting, at: now)
    }

    private func heard(
        _ device: RegisteredDevice, _ sighting: DeviceSighting, at now: BootTime
    ) {
        strangers.remove(sighting.address)
        var state = states[device.id] ?? DeviceState()
        let silence = state.heard.map { now.nanoseconds(since: $0) }
        state.heard = now
        state.rssi = sighting.rssi
        state.adapter = sighting.adapter
        state.address = sighting.address
        let isBack = !state.isHere
        state.isHere = true
        states[device.id] = state
        if isBack { tellPresence(device.id, isHere: true, silence: silence) }
        guard !pairing.contains(device.id), let driver = DeviceDrivers.driver(of: device.kind)
        else { return }
        queue.heard(device.id, isBrief: driver.isBrief(device.kind), at: now)
        proceed()
    }

    /// A device that is known by its own id only, and could be the one that was heard.
    private func unlocated(_ sighting: DeviceSighting, at now: BootTime) -> RegisteredDevice? {
        registry.all.first { device in
            guard device.address == nil, device.deviceID != nil, device.replacedBy == nil,
                links[device.id] == nil, let driver = DeviceDrivers.driver(of: device.kind),
                driver.provesIdentity,
                driver.services.contains(where: sighting.services.contains)
            else { return false }
            return whereabouts.mayBe(
                device.id, at: sighting.address, heard: states[device.id]?.heard, now: now)
        }
    }

    private func hearStranger(_ sighting: DeviceSighting, at now: BootTime) {
        let kinds = DeviceDrivers.all.filter {
            $0.services.contains(where: sighting.services.contains)
        }
        .flatMap { driver in driver.kinds.filter { driver.offers($0, sighting.services) } }
        guard !kinds.isEmpty else { return }
        let stranger = StrangeDevice(
            address: sighting.address, kinds: kinds, name: sighting.name, rssi: sighting.rssi,
            heard: now)
        guard strangers.heard(stranger) else { return }
        // The table bounds how often that can be: a flood of addresses fills it once.
        guard strangers.all(at: now).count < StrangeDevices.most / 2 else { return }
        let kind = kinds[0]
        journal.info(
            "\(sighting.address) is a \(kind) that nobody enrolled: it is left alone; "
                + "hubctl pair \(sighting.address) --kind=\(kind) takes it in",
            .deviceUnknown, ["ADDRESS": "\(sighting.address)"])
    }

    private func tellPresence(_ id: String, isHere: Bool, silence: Int64?) {
        guard let device = registry.device(id) else { return }
        store.post(
            writer.presence(device, isHere: isHere, silence: silence.map { $0 / 1_000_000_000 }))
        onChange(id)
    }

    // MARK: Connecting

    /// Connects to whoever is due, and makes room for them.
    private func proceed() {
        guard let air, !isStopping else { return }
        let now = present
        if let resting = queue.toEnd(at: now) { links[resting]?.end() }
        while let id = queue.next(at: now) {
            guard let device = registry.device(id), device.replacedBy == nil,
                let address = states[id]?.address
            else {
                queue.forget(id)
                continue
            }
            guard !pairing.contains(id) else {
                let fault = DeviceFault(.transient, "somebody is pairing with it")
                queue.ended(id, .failed(fault), hadFindings: false, at: now)
                continue
            }
            states[id]?.reports = []
            states[id]?.kept = 0
            do throws(DeviceFault) {
                let machine = try machine(for: device, at: address)
                visitCount += 1
                visits[id] = visitCount
                links[id] = air.connect(
                    address, machine: machine, owner: owner(visitCount, of: id, at: address))
                onChange(id)
            } catch {
                ended(id, at: address, .failed(error))
            }
        }
    }

    private func machine(
        for device: RegisteredDevice, at address: DeviceAddress
    ) throws(DeviceFault) -> any DeviceMachine {
        guard let driver = DeviceDrivers.driver(of: device.kind) else {
            throw DeviceFault(
                .unsupported, "hubd has no driver \"\(device.kind)\"",
                mend: "kinds it has: \(DeviceDrivers.kinds)")
        }
        var key: [UInt8]?
        if let keyFile = device.keyFile { key = try DeviceKey.read(keyFile) }
        var context = DeviceContext(
            id: device.id, kind: device.kind, address: address, deviceType: device.deviceType,
            deviceID: device.deviceID, key: key, memory: memory[device.id] ?? [:],
            crypto: .system, random: { Crypto.randomBytes($0) })
        context.isLocated = device.address != nil
        return try driver.machine(for: context)
    }

    private func owner(
        _ visit: UInt64, of id: String, at address: DeviceAddress
    ) -> SessionOwner {
        let station: () -> DeviceStation? = { [weak self] in
            self?.visits[id] == visit ? self : nil
        }
        return SessionOwner(
            onConnected: { station()?.connected(id) },
            keep: { findings, memory in
                guard let station = station() else { return Self.nobody }
                return await station.keep(findings, memory, of: id)
            },
            onNote: { station()?.note($0, of: id) },
            onReport: { station()?.report($0, of: id) },
            onEnd: { [weak self] report in
                station()?.ended(id, at: address, report.outcome)
                self?.forgetBond(address)
            })
    }

    private nonisolated static let nobody = "the device is not known any more"

    /// Who is not served has no bond with the hub.
    private func forgetBond(_ address: DeviceAddress) {
        guard let air, !isStopping, !isEnrolled(address) else { return }
        Hub.start { [weak self] in
            do throws(DeviceFault) {
                try await air.forget(address)
            } catch {
                self?.journal.warning(
                    "\(address): \(error); bluetoothctl remove \(address) does it",
                    .deviceFault, ["ADDRESS": "\(address)"])
            }
        }
    }

    private func connected(_ id: String) {
        queue.connected(id)
        proceed()
        onChange(id)
    }

    private func ended(_ id: String, at address: DeviceAddress, _ outcome: DeviceOutcome) {
        links[id] = nil
        visits[id] = nil
        let kept = states[id]?.kept ?? 0
        queue.ended(id, outcome, hadFindings: kept > 0, at: present)
        states[id]?.heard = present
        tellEnd(id, outcome, kept: kept)
        if registry.device(id)?.address == nil, let device = registry.device(id) {
            located(device, at: address, outcome)
        }
        onChange(id)
        if links.isEmpty { allEnded() }
        Hub.start { [weak self] in self?.proceed() }
    }

    /// A device that is known by its own id only is where it has proven to be; where it was not, it
    /// is not looked for again within the hour.
    private func located(
        _ device: RegisteredDevice, at address: DeviceAddress, _ outcome: DeviceOutcome
    ) {
        switch outcome {
        case .failed(let fault)
        where [.authentication, .unsupported, .hostile, .protocolError].contains(fault.faultClass):
            whereabouts.missed(device.id, at: address, now: present)
            // The next address may be the right one, and need not wait for this one's sake.
            queue.retry(device.id)
        case .done: whereabouts.found(device.id, at: address)
        case .failed: break
        }
    }

    // MARK: What a connection brings

    /// Makes findings durable, with what the driver wants to find again.
    ///
    /// - Returns: why that was not possible; nil when it is done.
    private func keep(
        _ findings: [DeviceFinding], _ change: [String: [UInt8]?], of id: String
    ) async -> String? {
        // Not while bindings change: an event names those who are bound when it is kept.
        await turn.take()
        defer { turn.give() }
        guard let device = registry.device(id), device.replacedBy == nil else {
            return Self.nobody
        }
        let changed = memory(id, changedBy: change)
        guard DeviceMemory.isWithinLimits(changed) else {
            return "the driver wants to remember more than \(DeviceMemory.longest) bytes"
        }
        var state = DeviceRecords.changes(id, change)
        var newest: DeviceRecords.LastFinding?
        if let finding = findings.last {
            let latest = DeviceRecords.LastFinding(
                time: WallClock.now().rfc3339, text: finding.text)
            state.append(DeviceRecords.change(id, latest))
            newest = latest
        }
        do throws(OutboxError) {
            let receipts = try await store.append(
                findings.map { writer.finding($0, of: device) }, state: state)
            memory[id] = memory(id, changedBy: change)
            if let newest { last[id] = newest }
            states[id]?.kept += findings.count
            if let sequence = receipts.last?.sequence { states[id]?.lastSequence = sequence }
            onChange(id)
            return nil
        } catch {
            return error.text
        }
    }

    private func memory(_ id: String, changedBy change: [String: [UInt8]?]) -> [String: [UInt8]] {
        (memory[id] ?? [:]).merging(change.compactMapValues(\.self)) { $1 }
            .filter { key, _ in change[key].map { $0 != nil } ?? true }
    }

    private func note(_ note: DeviceNote, of id: String) {
        switch note {
        case .battery(let level): states[id]?.battery = level
        case .fact(let name, let text):
            // What a stranger's device says of itself ends on terminals.
            guard (states[id]?.facts.count ?? 0) < 16 else { return }
            states[id]?.facts[name] = Printable.cleaned(text, longest: 128)
        case .clock(let offset, let wasSet): states[id]?.clock = (offset, wasSet)
        case .resting:
            queue.rests(id, true)
            proceed()
        }
        onChange(id)
    }

    private func report(_ fault: DeviceFault, of id: String) {
        guard let state = states[id], state.reports.count < 8, !state.reports.contains(fault) else {
            return
        }
        states[id]?.reports.append(fault)
        journal.warning(
            "\(id): \(Printable.cleaned("\(fault)", longest: 512))", .deviceFault,
            ["DEVICE": id, "CLASS": fault.faultClass.rawValue])
    }

    /// One line when a device's fault begins, and one when it is over; each connection that brought
    /// something is a line of the normal course.
    private func tellEnd(_ id: String, _ outcome: DeviceOutcome, kept: Int) {
        if kept > 0 {
            journal.info(
                "\(id): \(kept) \(kept == 1 ? "finding" : "findings") kept", .deviceServed,
                ["DEVICE": id, "COUNT": "\(kept)"])
        }
        switch outcome {
        case .done:
            guard states[id]?.toldFault != nil else { return }
            states[id]?.toldFault = nil
            journal.notice("\(id): well again", .deviceRecovered, ["DEVICE": id])
        case .failed(let fault):
            guard states[id]?.toldFault?.faultClass != fault.faultClass else { return }
            states[id]?.toldFault = fault
            // Out of reach is what devices are most of the time.
            guard fault.faultClass != .transient else {
                journal.info("\(id): \(fault)", .deviceFault, ["DEVICE": id, "CLASS": "transient"])
                return
            }
            journal.warning(
                "\(id): \(Printable.cleaned("\(fault)", longest: 512))", .deviceFault,
                ["DEVICE": id, "CLASS": fault.faultClass.rawValue])
        }
    }

    // MARK: Changes by command

    /// Why the registry was not changed.
    enum ChangeFault: Error {
        /// The registry refuses it.
        case refused(DeviceRegistry.Refusal)
        /// It could not be made durable.
        case notKept(OutboxError)
    }

    /// Changes the registry: what follows is durable before it is in force, one change at a time.
    ///
    /// - Parameters:
    ///   - reason: what the events say: `command`, `configuration`, `replaced`, `forgotten`.
    ///   - body: the change, made on a copy; it returns who was bound and unbound.
    /// - Throws: that the registry refuses it, or that it could not be made durable.
    func change(
        because reason: String,
        _ body: (inout DeviceRegistry) throws(DeviceRegistry.Refusal) -> [DeviceRegistry.Change]
    ) async throws(ChangeFault) {
        await turn.take()
        defer { turn.give() }
        var new = registry
        let changes: [DeviceRegistry.Change]
        do throws(DeviceRegistry.Refusal) {
            changes = try body(&new)
        } catch {
            throw .refused(error)
        }
        let old = registry
        guard new != old else { return }
        var state: [StateChange] = []
        for device in new.all where old.device(device.id) != device {
            state.append(DeviceRecords.change(device))
        }
        let gone = old.all.filter { new.device($0.id) == nil }
        for device in gone {
            state.append(DeviceRecords.removal(device.id))
            let keys = (memory[device.id] ?? [:]).keys.sorted()
            state += DeviceRecords.removals(device.id, memory: keys)
        }
        let events = changes.map { change in
            let device = new.device(change.device) ?? old.device(change.device)
            return writer.binding(change, kind: device?.kind ?? "", reason: reason)
        }
        do throws(OutboxError) {
            _ = try await store.append(events, state: state)
        } catch {
            throw .notKept(error)
        }
        registry = new
        for device in gone { dismiss(device.id) }
        for device in new.all where old.device(device.id) != device {
            if let was = old.device(device.id), !device.isServedAlike(was) {
                // It is another thing under the same name: what was connected is not it any more.
                leave(device.id)
            }
            onChange(device.id)
        }
        // One that is still spoken with when its time has come loses its bond at the end of that.
        let unserved = old.all.filter { new.device($0.id)?.replacedBy != nil || gone.contains($0) }
        for device in unserved where links[device.id] == nil {
            device.address.map(forgetBond)
        }
        for device in unserved { leave(device.id) }
        tellInterest()
    }

    /// Has nothing to do any more with what was met under a name.
    private func leave(_ id: String) {
        links.removeValue(forKey: id)?.end()
        visits[id] = nil
        queue.forget(id)
        states[id] = nil
        whereabouts.forget(id)
    }

    private func dismiss(_ id: String) {
        last[id] = nil
        memory[id] = nil
        onChange(id)
    }

    /// Tries a device again at once, whatever went wrong before.
    func retry(_ id: String) {
        queue.retry(id)
        whereabouts.retry(id)
        states[id]?.toldFault = nil
        proceed()
    }

    /// Hands bytes to a connected device's driver.
    ///
    /// - Returns: whether it is connected.
    func push(_ bytes: [UInt8], to id: String) -> Bool {
        links[id]?.push(bytes) ?? false
    }

    /// Pairs with a device at the Bluetooth level: it is enrolled, and whoever enrolled it waits.
    ///
    /// - Parameters:
    ///   - id: the device.
    ///   - passkey: the six digits that it shows.
    ///   - isAnew: whether a bond that there is already is forgotten first.
    /// - Throws: why it is not paired, with the mend.
    func pair(_ id: String, passkey: UInt32?, isAnew: Bool) async throws(DeviceFault) {
        guard let air else {
            throw DeviceFault(
                .unsupported, "no radio can connect",
                mend: "add a radio of kind \"bluez\" or \"monitor\"")
        }
        guard let address = states[id]?.address ?? registry.device(id)?.address else {
            throw DeviceFault(
                .transient, "it was not heard yet", mend: "switch it on, near the hub")
        }
        pairing.insert(id)
        defer { pairing.remove(id) }
        try await air.pair(address, passkey: passkey, isAnew: isAnew)
    }

    /// Whether a device at an address may pair with the hub: only one that is enrolled.
    func isEnrolled(_ address: DeviceAddress) -> Bool { registry.device(at: address) != nil }

    private func tellInterest() {
        let served = registry.all.filter { $0.replacedBy == nil }
        air?.look(
            for: served.compactMap(\.address),
            services: DeviceDrivers.services)
    }

    /// Whether a device is connected.
    func isConnected(_ id: String) -> Bool { links[id] != nil }
}
