import BeaconScanner
import BlueZ
import Campaigns
import CaptureFile
import Configuration
import Crypto
import DBus
import EventLoop

/// The radios of the configuration, of whatever kind: starts them, knows how each is doing, and
/// tells the air whether to trust its silence.
@Hub
final class Radios {
    private let air: Air
    private let shop: Shop
    private let journal: Journal
    private let blueZ: BlueZClient
    private let doubt: Duration
    private var captures: [CaptureRadio] = []
    private var transmitter: BeaconTransmitter?
    private var silent: Set<UInt8> = []

    /// Makes the owner of the radios; none of them is started.
    ///
    /// - Parameters:
    ///   - air: what hears.
    ///   - shop: which campaigns run.
    ///   - leaveAfter: the least silence after which a beacon has left.
    ///   - journal: where states are noted.
    ///   - bluezBus: where bluetoothd is. Not the bus that hubd serves: on a developer's machine
    ///     that is the session's, and bluetoothd is always on the system's.
    init(_ air: Air, _ shop: Shop, leaveAfter: Duration, journal: Journal, bluezBus: Bus) {
        self.air = air
        self.shop = shop
        self.journal = journal
        // Before beacons leave, and no later than a radio needs at most.
        doubt = min(leaveAfter * 3 / 4, .seconds(8))
        blueZ = BlueZClient(
            bluezBus, seed: randomBytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    // MARK: Life

    /// Starts the radios of a configuration, and the beacon.
    func start(_ settings: Settings, zones: [String: Int32]) async {
        for radio in settings.radios { start(radio, in: radio.zone.flatMap { zones[$0] }) }
        if let broadcast = settings.broadcast { send(broadcast) }
        guard !blueZ.radios.isEmpty || transmitter != nil else { return }
        do throws(BusError) {
            try await blueZ.start()
        } catch {
            journal.error("bluetoothd: \(error)")
        }
    }

    /// What hears devices and connects to them; nil where no radio can.
    var deviceAir: BlueZDevices? { blueZ.radios.isEmpty ? nil : blueZ.devices }

    /// Stops hearing.
    func stop() {
        for capture in captures { capture.stop() }
        blueZ.stop()
    }

    private func start(_ radio: Radio, in zone: Int32?) {
        switch radio.kind {
        case .capture(let path, let speed, let isRepeated):
            let file = path.split(separator: "/").last.map(String.init) ?? path
            let name = unused("capture:" + file)
            let number = air.add(
                RadioStatus(name: name, kind: "capture", zone: radio.zone), in: zone)
            play(path, number, name, speed, isRepeated)
        case .bluez(let adapter):
            let (number, name) = add("bluez", adapter, radio.zone, in: zone)
            let bluez = blueZ.addRadio(selector(adapter), doubt: doubt) {
                [air, shop] header, payload, now in
                air.hear(header, payload: payload, radio: number, at: now, campaigns: shop.index)
            }
            follow(bluez, number, name)
        case .monitor(let adapter, let isPassive):
            let (number, name) = add("monitor", adapter, radio.zone, in: zone)
            let monitor = blueZ.addMonitorRadio(
                selector(adapter), scan: isPassive ? .passive : .active, doubt: doubt
            ) { [air, shop] event, now in
                air.hear(event: event, radio: number, at: now, campaigns: shop.index)
            }
            follow(monitor, number, name)
        }
    }

    // MARK: Captures

    private func play(
        _ path: String, _ number: UInt8, _ name: String, _ speed: Radio.Speed, _ isRepeated: Bool
    ) {
        do throws(CaptureFileError) {
            let capture = CaptureRadio(
                try CaptureFile(path: path), number: number, speed: speed, isRepeated: isRepeated,
                air: air, shop: shop
            ) { [weak self] state in
                self?.air.setState(state, of: number)
                if state == .ended {
                    self?.journal.info("\(name): played to its end", .captureEnded)
                }
            }
            air.setState(.hearing, of: number)
            captures.append(capture)
            capture.start()
        } catch {
            air.setState(.failed("\(error)"), of: number)
        }
    }

    // MARK: BlueZ

    private func add(
        _ kind: String, _ adapter: String?, _ zone: String?, in number: Int32?
    ) -> (number: UInt8, name: String) {
        let name = unused(adapter.map { "\(kind):\($0)" } ?? kind)
        return (air.add(RadioStatus(name: name, kind: kind, zone: zone), in: number), name)
    }

    /// A name that no radio has yet: problems and journal tell radios apart by it.
    private func unused(_ name: String) -> String {
        let names = Set(air.radios.map(\.name))
        guard names.contains(name) else { return name }
        // As many numbers as there are radios, and one more: one of them is free.
        let number = (2...(names.count + 2)).first { !names.contains("\(name)#\($0)") }
        return "\(name)#\(number ?? 2)"
    }

    /// The configuration has checked the text; an unreadable one would be the first adapter.
    private func selector(_ adapter: String?) -> AdapterSelector {
        AdapterSelector(adapter) ?? .first
    }

    private func follow(_ radio: BlueZRadio, _ number: UInt8, _ name: String) {
        radio.onChange = { [weak self] radio in self?.changed(radio, number, name) }
    }

    private func changed(_ radio: BlueZRadio, _ number: UInt8, _ name: String) {
        let state = radio.state
        air.setState(
            .named(state.name, text: state.text, isProblem: state.isProblem), of: number)
        air.setTrusted(radio.isTrusted, number)
        air.note(
            number, address: radio.adapter?.address?.description, recoveries: radio.recoveries)
        tellSilence(state, number, name)
    }

    /// Silence is one state for the journal, whatever is tried about it; a problem that comes of it
    /// is told like every other.
    private func tellSilence(_ state: RadioState, _ number: UInt8, _ name: String) {
        switch state {
        case .recovering, .quiet, .deaf:
            guard silent.insert(number).inserted else { return }
            journal.notice(
                "\(name): \(state.text ?? state.name)", .radioSilent, ["RADIO": name])
        default:
            guard silent.remove(number) != nil else { return }
            let now = state == .hearing ? "hears again" : "is \(state.name)"
            journal.notice("\(name): \(now)", .radioHeard, ["RADIO": name])
        }
    }

    private func send(_ broadcast: Settings.Broadcast) {
        let id = broadcast.id
        guard
            let beacon = TransmittedBeacon(
                uuid: Array(id.bytes.prefix(16)), major: id.major ?? 0, minor: id.minor ?? 0,
                measuredPower: broadcast.measuredPower, title: "\(id)")
        else { return }
        let transmitter = blueZ.addTransmitter(
            beacon, on: AdapterSelector(broadcast.adapter) ?? .first)
        var isSending = false
        transmitter.onChange = { [journal] state in
            guard isSending != (state == .sending) else { return }
            isSending.toggle()
            if isSending {
                journal.notice("beacon \(id): on the air", .beaconSent, ["BEACON": "\(id)"])
            } else {
                journal.notice(
                    "beacon \(id): off the air: \(state.name)", .beaconStopped,
                    ["BEACON": "\(id)"])
            }
        }
        self.transmitter = transmitter
    }

    // MARK: Questions

    /// Whether the radios are being looked after. A radio that is away or deaf is: it is told of
    /// and treated. One that nobody looks after any more could only be helped by a new start.
    var isAlive: Bool {
        guard let last = blueZ.lastTick else { return true }
        return last.duration(to: Hub.loop.now) < .seconds(10)
    }

    /// What keeps radios and beacon from doing their part.
    var problems: [HubProblem] {
        let radios = air.radios
        let isDeaf = !radios.isEmpty && radios.allSatisfy { $0.state.problem != nil }
        var problems: [HubProblem] = radios.compactMap { radio in
            radio.state.problem.map {
                HubProblem(part: "radio \(radio.name)", text: $0, isFatal: isDeaf)
            }
        }
        if let text = transmitter?.state.problem {
            problems.append(HubProblem(part: "broadcast", text: text))
        }
        return problems
    }

    /// Reports that the kernel's monitor channel lost; nil when no radio hears through it.
    var lostReports: UInt64? { blueZ.lostFrames }

    /// The beacon that is sent, and how that goes.
    var broadcast: (id: String, state: String, problem: String?)? {
        transmitter.map { ($0.beacon.title, $0.state.name, $0.state.problem) }
    }
}
