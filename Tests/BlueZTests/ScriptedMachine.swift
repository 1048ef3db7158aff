import BeaconScanner
import EventLoop
import HardwareHub
import Synchronization

/// A machine that does what a test says, and remembers what it was told.
struct ScriptedMachine: DeviceMachine {
    typealias Script = @Sendable (DeviceEvent, inout ScriptedMachine) -> [DeviceAction]

    let log: MachineLog
    var deadline: BootTime?
    var now = BootTime(nanoseconds: 0)
    private let script: Script

    init(_ log: MachineLog, _ script: @escaping Script) {
        self.log = log
        self.script = script
    }

    mutating func handle(_ event: DeviceEvent, at now: DeviceClock) -> [DeviceAction] {
        self.now = now.boot
        if event == .deadline { deadline = nil }
        log.append(event)
        return script(event, &self)
    }
}

/// What machines were told, in order.
final class MachineLog: Sendable {
    private let events = Mutex<[DeviceEvent]>([])

    var all: [DeviceEvent] { events.withLock { $0 } }
    var values: [[UInt8]] {
        all.compactMap { if case .value(_, let bytes) = $0 { bytes } else { nil } }
    }

    func append(_ event: DeviceEvent) { events.withLock { $0.append(event) } }
}
