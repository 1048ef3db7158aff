import BeaconScanner
import HardwareHub
import TestSupport
import Testing

extension DeviceContext {
    /// A device of a kind, with what earlier connections left.
    static func health(_ kind: String, memory: [String: [UInt8]] = [:]) -> DeviceContext {
        DeviceContext(
            id: "test", kind: kind, address: DeviceAddress(bits: 1, kind: .public), memory: memory,
            crypto: .openSSL, random: { [UInt8](repeating: 0, count: $0) })
    }
}

extension GATTTable {
    /// A table of characteristics in the order of their handles, from 1 on.
    static func health(
        _ rows: [(service: GATTUUID, uuid: GATTUUID, properties: GATTCharacteristic.Properties)]
    ) -> GATTTable {
        GATTTable(
            rows.enumerated().map {
                GATTCharacteristic(
                    handle: UInt16($0.offset + 1), service: $0.element.service,
                    uuid: $0.element.uuid, properties: $0.element.properties)
            })
    }

    /// The handle of a characteristic; 0 when it is not there.
    func handle(_ uuid: GATTUUID) -> UInt16 {
        characteristics.first { $0.uuid == uuid }?.handle ?? 0
    }
}

/// The owner of one machine, in memory: what it is asked is answered when a test wants it.
struct HealthSession {
    var machine: any DeviceMachine
    let table: GATTTable
    var now = DeviceClock(
        boot: BootTime(nanoseconds: 1_000_000_000), unixSeconds: 1_795_514_400, utcOffset: 28_800,
        isSynchronized: true)
    /// What can be read.
    var readable: [GATTUUID: [UInt8]] = [:]
    /// What refuses, and how.
    var refusing: [GATTUUID: GATTFault] = [:]

    /// Asked and not answered.
    var asked: [DeviceAction] = []
    /// Handed over to be kept, and not answered.
    var handed: [(token: UInt32, measurements: [Measurement], memory: [String: [UInt8]?])] = []
    /// Durable.
    var kept: [Measurement] = []
    var memory: [String: [UInt8]]
    var notes: [DeviceNote] = []
    var reports: [DeviceFault] = []
    var written: [[UInt8]] = []
    var order: [String] = []
    var outcome: DeviceOutcome?
    private var lastToken: UInt32 = 0

    init(_ kind: String, _ table: GATTTable, memory: [String: [UInt8]] = [:]) throws {
        machine = try HealthDriver().machine(for: .health(kind, memory: memory))
        self.table = table
        self.memory = memory
    }

    /// Hands an event in and notes what is to be done.
    mutating func hand(_ event: DeviceEvent) {
        let wasOver = outcome != nil
        let actions = machine.handle(event, at: now)
        #expect(!wasOver || actions.isEmpty, "it goes on after its end")
        for action in actions {
            #expect(outcome == nil, "\(action) follows the end")
            switch action {
            case .subscribe(let handle):
                order.append("subscribe \(table[handle].map { "\($0.uuid)" } ?? "?")")
                asked.append(action)
            case .read(let handle):
                order.append("read \(table[handle].map { "\($0.uuid)" } ?? "?")")
                asked.append(action)
            case .write(let handle, let bytes):
                order.append("write \(table[handle].map { "\($0.uuid)" } ?? "?")")
                written.append(bytes)
                asked.append(action)
            case .unsubscribe: break
            case .keep(let token, let findings, let memory):
                #expect(token > lastToken, "a token is new")
                lastToken = token
                handed.append(
                    (
                        token,
                        findings.compactMap {
                            if case .measurement(let measurement) = $0 { measurement } else { nil }
                        }, memory
                    ))
            case .note(let note): notes.append(note)
            case .report(let fault): reports.append(fault)
            case .finish(let outcome): self.outcome = outcome
            }
        }
    }

    /// Connects.
    mutating func connect() { hand(.connected(table, longestWrite: 20)) }

    /// Answers the oldest thing that was asked.
    mutating func answer() {
        guard let action = asked.first else { return }
        asked.removeFirst()
        switch action {
        case .subscribe(let handle): hand(refusal(handle) ?? .subscribed(handle: handle))
        case .read(let handle):
            let bytes = table[handle].flatMap { readable[$0.uuid] }
            hand(
                refusal(handle)
                    ?? bytes.map { .read(handle: handle, $0) }
                    ?? .failed(handle: handle, .refused(code: 0x0e, text: "unlikely")))
        case .write(let handle, _): hand(refusal(handle) ?? .written(handle: handle))
        default: break
        }
    }

    private func refusal(_ handle: UInt16) -> DeviceEvent? {
        table[handle].flatMap { refusing[$0.uuid] }.map { .failed(handle: handle, $0) }
    }

    /// Makes the oldest of what was handed over durable, and may say so.
    mutating func store(telling: Bool = true) {
        guard !handed.isEmpty else { return }
        let (token, measurements, change) = handed.removeFirst()
        kept += measurements
        for (key, value) in change { memory[key] = value }
        if telling { hand(.kept(token: token)) }
    }

    /// Answers and stores until nothing is left to do.
    mutating func settle() {
        while !asked.isEmpty || !handed.isEmpty {
            answer()
            store()
        }
    }

    /// Sends a value.
    mutating func send(_ uuid: GATTUUID, _ bytes: [UInt8]) {
        hand(.value(handle: table.handle(uuid), bytes))
    }

    /// Lets time pass, and hands in the deadlines that are over on the way.
    mutating func pass(_ seconds: Double) {
        let end = now.boot.nanoseconds + Int64(seconds * 1_000_000_000)
        while let deadline = machine.deadline, deadline.nanoseconds <= end, outcome == nil {
            advance(to: max(deadline.nanoseconds, now.boot.nanoseconds))
            let before = machine.deadline
            hand(.deadline)
            #expect(machine.deadline != before, "a deadline that was handed in is over")
            if machine.deadline == before { break }
        }
        advance(to: end)
    }

    private mutating func advance(to nanoseconds: Int64) {
        now.unixSeconds += (nanoseconds - now.boot.nanoseconds) / 1_000_000_000
        now.boot = BootTime(nanoseconds: nanoseconds)
    }
}

extension Measurement {
    /// `systolic 138 mm[Hg] 8480-6`, one for each value.
    var texts: [String] {
        values.map { "\($0.name) \($0.value) \($0.unit) \($0.code ?? "–")" }
    }

    /// `diastolic not-a-number`.
    var absentTexts: [String] { absent.map { "\($0.name) \($0.reason.rawValue)" } }

    /// `user 1`, `time-offset -5 min`.
    var detailTexts: [String] {
        details.map {
            switch $0.content {
            case .word(let word): "\($0.name) \(word)"
            case .number(let number, let unit):
                "\($0.name) \(number)\(unit.map { " \($0)" } ?? "")"
            }
        }
    }
}
