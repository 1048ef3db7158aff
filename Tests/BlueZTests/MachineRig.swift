import BeaconScanner
import BlueZ
import EventLoop

/// A radio's machine with a clock turned by hand and a bluetoothd that answers at once.
struct MachineRig {
    var machine: RadioMachine
    var now = EventLoop.Instant(nanoseconds: 1_000_000_000_000)
    var adapter: Adapter
    /// What was asked for since it was last looked at.
    var requests: [RadioRequest] = []
    /// What bluetoothd says to a request; nil: nothing, for now.
    var answer: (RadioRequest) -> RadioAnswer? = { _ in .done }
    var hearsElsewhere = false
    /// The tokens of requests that were not answered.
    var open: [UInt64] = []
    /// All states in their order.
    var states: [RadioState] = []

    init(doubt: Duration = .seconds(8), isPowered: Bool = true) {
        machine = RadioMachine(doubt: doubt)
        adapter = Adapter(
            path: "/org/bluez/hci0", address: DeviceAddress("00:1A:7D:DA:71:13"),
            isPowered: isPowered)
    }

    /// A rig whose radio has discovery on.
    static func listening() -> MachineRig {
        var rig = MachineRig()
        rig.appear()
        _ = rig.take()
        return rig
    }

    /// A rig whose radio hears an advertisement each second, for a minute so far.
    static func hearing(every gap: Duration = .seconds(1), times: Int = 60) -> MachineRig {
        var rig = MachineRig.listening()
        for _ in 0..<times {
            rig.pass(gap)
            rig.hear()
        }
        return rig
    }

    mutating func appear() {
        machine.serviceChanged(.present, at: now)
        machine.adapterChanged(adapter, at: now)
        proceed()
    }

    mutating func tell(_ change: (inout Adapter) -> Void) {
        change(&adapter)
        machine.adapterChanged(adapter, at: now)
        proceed()
    }

    mutating func hear() {
        _ = machine.heard(at: now)
        proceed()
    }

    /// Lets time pass as the owner does: a tick each second, and one when a retry is due.
    mutating func pass(_ duration: Duration) {
        let end = now.advanced(by: duration)
        while now < end {
            var next = min(now.advanced(by: .seconds(1)), end)
            if let retry = machine.retryAt, retry > now { next = min(next, retry) }
            now = next
            machine.tick(at: now, hearsElsewhere: hearsElsewhere)
            proceed()
        }
    }

    /// Passes time until a state is reached; nil when it is not within the limit.
    mutating func time(
        until limit: Duration = .seconds(3_600), _ isReached: (RadioState) -> Bool
    ) -> Duration? {
        let start = now
        while start.duration(to: now) < limit {
            if isReached(machine.state) { return start.duration(to: now) }
            pass(.seconds(1))
        }
        return nil
    }

    /// The requests since the last time, and forgets them.
    mutating func take() -> [RadioRequest] {
        defer { requests = [] }
        return requests
    }

    /// Does what the machine asks, as bluetoothd would.
    mutating func proceed() {
        note()
        while let next = machine.nextRequest() {
            requests.append(next.request)
            note()
            guard let answer = answer(next.request) else {
                open.append(next.token)
                continue
            }
            if answer == .done { obey(next.request) }
            machine.answered(next.token, answer, at: now)
            note()
        }
    }

    private mutating func obey(_ request: RadioRequest) {
        switch request {
        case .setPowered(let isOn):
            adapter.isPowered = isOn
            if !isOn { adapter.isDiscovering = false }
        case .startDiscovery: adapter.isDiscovering = true
        case .stopDiscovery: adapter.isDiscovering = false
        case .setFilter: return
        }
        machine.adapterChanged(adapter, at: now)
    }

    private mutating func note() {
        if states.last != machine.state { states.append(machine.state) }
    }
}

let discovery: [RadioRequest] = [.setFilter, .startDiscovery]
let restart: [RadioRequest] = [.stopDiscovery, .setFilter, .startDiscovery]
let powerCycle: [RadioRequest] = [
    .setPowered(false), .setPowered(true), .setFilter, .startDiscovery,
]
