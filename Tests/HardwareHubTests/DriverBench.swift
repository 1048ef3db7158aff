import BeaconScanner
import Testing

@testable import HardwareHub

/// What a machine of a driver is connected to in these tests: an owner that carries its actions out
/// one after the other, a store, two clocks and a device written in Swift.
protocol ScriptedDevice {
    var table: GATTTable { get }
    /// The device was asked something; it answers with exactly one event, and may send values.
    mutating func asked(_ action: DeviceAction) -> [DeviceEvent]
    /// So much time passed, in nanoseconds since the connection.
    mutating func elapsed(_ nanoseconds: Int64) -> [DeviceEvent]
}

extension ScriptedDevice {
    mutating func elapsed(_ nanoseconds: Int64) -> [DeviceEvent] { [] }
}

extension DeviceClock {
    /// 2026-11-24 12:00 in Shanghai, three hours after the hub was started.
    static let noon = DeviceClock(
        boot: BootTime(nanoseconds: 10_800_000_000_000), unixSeconds: 1_795_492_800,
        utcOffset: 28_800, isSynchronized: true)

    func after(seconds: Double) -> DeviceClock {
        var clock = self
        clock.boot.nanoseconds += Int64(seconds * 1e9)
        clock.unixSeconds = unixSeconds + Int64(seconds)
        return clock
    }
}

extension DeviceContext {
    static func test(
        _ kind: String, address: String = "00:1A:7D:DA:71:13", type: String? = nil,
        id: String? = nil, key: [UInt8]? = nil, memory: [String: [UInt8]] = [:]
    ) -> DeviceContext {
        DeviceContext(
            id: "band-3", kind: kind,
            address: DeviceAddress(address) ?? DeviceAddress(bits: 0, kind: .public),
            deviceType: type, deviceID: id, key: key, memory: memory, crypto: .openSSL,
            random: { [UInt8](repeating: 0xa5, count: $0) })
    }
}

/// Runs one connection until nothing happens any more.
struct DriverBench<Device: ScriptedDevice> {
    var machine: any DeviceMachine
    var device: Device
    var clock = DeviceClock.noon
    let start = DeviceClock.noon
    var longestWrite = 20
    /// Whether the store takes what it is given; nil leaves it unanswered.
    var storeTakes: Bool? = true
    /// After so many events the link is gone.
    var cut: Int?

    var findings: [DeviceFinding] = []
    var memory: [String: [UInt8]] = [:]
    var notes: [DeviceNote] = []
    var reports: [DeviceFault] = []
    var outcome: DeviceOutcome?
    var asked: [DeviceAction] = []
    var events = 0
    private var queue: [DeviceAction] = []
    private var arriving: [DeviceEvent] = []

    init(_ machine: any DeviceMachine, _ device: Device, longestWrite: Int = 20) {
        self.machine = machine
        self.device = device
        self.longestWrite = longestWrite
    }

    /// Connects and goes on until the device has nothing to say and no deadline is near.
    mutating func connect() {
        hand(.connected(device.table, longestWrite: longestWrite))
        settle()
    }

    /// Hands one event in and puts what follows in the queue.
    mutating func hand(_ event: DeviceEvent) {
        guard outcome == nil, cut.map({ events < $0 }) ?? true else { return }
        events += 1
        queue += machine.handle(event, at: clock)
    }

    /// Hands one event in and carries out what follows.
    mutating func happens(_ event: DeviceEvent) {
        hand(event)
        settle()
    }

    /// Carries out what waits.
    mutating func settle() {
        while outcome == nil, cut.map({ events < $0 }) ?? true {
            if !queue.isEmpty {
                carryOut(queue.removeFirst())
            } else if !arriving.isEmpty {
                hand(arriving.removeFirst())
            } else {
                return
            }
        }
    }

    /// Lets time pass, a step at a time: deadlines first, then what the device does.
    mutating func wait(_ seconds: Double, step: Double = 1) {
        var left = seconds
        while left > 0, outcome == nil {
            let now = min(step, left)
            left -= now
            clock = clock.after(seconds: now)
            if let deadline = machine.deadline, clock.boot >= deadline { happens(.deadline) }
            arriving += device.elapsed(clock.boot.nanoseconds(since: start.boot))
            settle()
        }
    }

    /// Lets time pass up to the machine's own deadline.
    mutating func waitForDeadline() {
        guard outcome == nil, let deadline = machine.deadline else { return }
        let missing = max(0, deadline.nanoseconds(since: clock.boot))
        clock.boot.nanoseconds += missing
        clock.unixSeconds += missing / 1_000_000_000
        happens(.deadline)
    }

    private mutating func carryOut(_ action: DeviceAction) {
        switch action {
        case .subscribe, .unsubscribe, .read, .write:
            asked.append(action)
            arriving += device.asked(action)
        case .keep(let token, let kept, let change):
            guard let storeTakes else { return }
            guard storeTakes else {
                arriving.append(.refused(token: token, reason: "the disk is full"))
                return
            }
            findings += kept
            for (key, value) in change { memory[key] = value }
            arriving.append(.kept(token: token))
        case .note(let note): notes.append(note)
        case .report(let fault): reports.append(fault)
        case .finish(let outcome): self.outcome = outcome
        }
    }

    /// The fault that the connection ended with.
    var fault: DeviceFault? {
        guard case .failed(let fault)? = outcome else { return nil }
        return fault
    }
}
