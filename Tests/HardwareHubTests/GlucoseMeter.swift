import BeaconScanner
import HardwareHub
import TestSupport

/// A glucose meter that can be wrong in the ways that meters are.
struct GlucoseMeter {
    struct Record: Hashable {
        var sequence: UInt16
        /// Days since the meter was first used: makes the base time.
        var day: Int
        var hasContext: Bool
    }

    var records: [Record] = []
    /// Whether it selects by number, and whether it counts.
    var selects = true
    var counts = true
    /// What it counts beyond what it has.
    var overcount = 0
    /// Records that it counts and does not send.
    var lost: Set<UInt16> = []
    /// The order in which contexts follow: their place behind the records, by shuffling.
    var shuffle: (([DeviceEvent]) -> [DeviceEvent])?
    /// Whether the answer is here before the records.
    var isOvertaken = false
    let table: GATTTable

    init(_ records: [Record] = [], table: GATTTable = HealthMachineTests.table("glucose-meter")) {
        self.records = records
        self.table = table
    }

    /// Records with these numbers, one a day.
    init(_ numbers: some Sequence<Int>, contexts: Bool = false) {
        self.init(
            numbers.map {
                Record(sequence: UInt16(truncatingIfNeeded: $0), day: $0, hasContext: contexts)
            })
    }

    /// The bytes of a record: day `day` of years with 12 months of 28 days.
    static func bytes(_ record: Record) -> [UInt8] {
        let year = 2020 + record.day / 336
        return [record.hasContext ? 0x12 : 0x02] + little(Int(record.sequence), 2)
            + little(year, 2)
            + [
                UInt8(record.day % 336 / 28 + 1), UInt8(record.day % 28 + 1), 7, 30, 0,
                UInt8(50 + record.day % 150), 0xb0, 0x11,
            ]
    }

    /// The bytes of its context: before a meal.
    static func context(_ record: Record) -> [UInt8] {
        [0x02] + little(Int(record.sequence), 2) + [1]
    }

    /// What the meter sends in answer to a request.
    func answer(_ request: [UInt8]) -> [DeviceEvent] {
        let control = table.handle(0x2a52)
        func result(_ code: UInt8) -> [DeviceEvent] {
            [.value(handle: control, [6, 0, request[0], code])]
        }
        guard request.count >= 2, request[0] == 1 || request[0] == 4 else { return result(2) }
        if request[0] == 4, !counts { return result(2) }
        var chosen = records
        switch request[1] {
        case 1: break
        case 3:
            guard selects else { return result(4) }
            let first = UInt16(request[3]) | UInt16(request[4]) << 8
            chosen = records.filter { $0.sequence >= first }
        default: return result(3)
        }
        if request[0] == 4 {
            return [.value(handle: control, [5, 0] + little(chosen.count + overcount, 2))]
        }
        if chosen.isEmpty { return result(6) }
        var events: [DeviceEvent] = []
        for record in chosen where !lost.contains(record.sequence) {
            events.append(.value(handle: table.handle(0x2a18), Self.bytes(record)))
            if record.hasContext {
                events.append(.value(handle: table.handle(0x2a34), Self.context(record)))
            }
        }
        events = shuffle?(events) ?? events
        return isOvertaken ? result(1) + events : events + result(1)
    }

    /// Connects, and answers until the machine has ended or asks no more; after `cut` events the
    /// connection is gone.
    func visit(_ memory: [String: [UInt8]] = [:], cut: Int? = nil) throws -> HealthSession {
        var session = try HealthSession("glucose-meter", table, memory: memory)
        var events = 0
        var incoming: [DeviceEvent] = []
        session.connect()
        while session.outcome == nil, cut.map({ events < $0 }) ?? true {
            events += 1
            if case .write(let handle, let bytes)? = session.asked.first,
                handle == table.handle(0x2a52)
            {
                incoming += answer(bytes)
                session.answer()
            } else if !session.asked.isEmpty {
                session.answer()
            } else if !incoming.isEmpty {
                session.hand(incoming.removeFirst())
            } else if !session.handed.isEmpty {
                session.store()
            } else if let deadline = session.machine.deadline {
                session.pass(Double(deadline.nanoseconds - session.now.boot.nanoseconds) / 1e9)
            } else {
                break
            }
        }
        return session
    }
}
