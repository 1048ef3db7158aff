import BeaconScanner
import TestSupport
import Testing

@testable import HardwareHub

/// A band of the WeChat Sport protocol.
struct Band: ScriptedDevice {
    var count: [UInt8]
    var goal: [UInt8]?
    var canNotify: Bool
    /// A value to notify each second.
    var grows: UInt32
    /// The device clamps goals to this.
    var mostGoal: UInt32 = .max
    private(set) var written: [[UInt8]] = []
    private var isFollowed = false
    private var told: Int64 = 0

    init(
        steps: UInt32, goal: [UInt8]? = hex("01102700"), canNotify: Bool = true, grows: UInt32 = 0
    ) {
        count = WeChatSport.goal(steps: steps) ?? []
        self.goal = goal
        self.canNotify = canNotify
        self.grows = grows
    }

    var table: GATTTable {
        var list = [
            GATTCharacteristic(
                handle: 20, service: 0xfee7, uuid: 0xfea1,
                properties: canNotify ? [.read, .notify] : .read),
            GATTCharacteristic(handle: 25, service: 0xfee7, uuid: 0xfec9, properties: .read),
        ]
        if goal != nil {
            list.append(
                GATTCharacteristic(
                    handle: 22, service: 0xfee7, uuid: 0xfea2,
                    properties: [.read, .write, .indicate]))
        }
        return GATTTable(list)
    }

    mutating func asked(_ action: DeviceAction) -> [DeviceEvent] {
        switch action {
        case .read(20): return [.read(handle: 20, count)]
        case .read(22): return [.read(handle: 22, goal ?? [])]
        case .read(25): return [.read(handle: 25, hex("001a7dda7113"))]
        case .subscribe(let handle):
            if handle == 20 { isFollowed = true }
            return [.subscribed(handle: handle)]
        case .write(let handle, let value):
            written.append(value)
            let steps = (try? WeChatSport(value.span))?.steps ?? 0
            goal = WeChatSport.goal(steps: min(steps, mostGoal))
            return [.written(handle: handle)]
        default: return []
        }
    }

    mutating func elapsed(_ nanoseconds: Int64) -> [DeviceEvent] {
        let seconds = nanoseconds / 1_000_000_000
        guard grows > 0, isFollowed, seconds > told else { return [] }
        told = seconds
        let steps = (try? WeChatSport(count.span))?.steps ?? 0
        count = WeChatSport.goal(steps: steps + grows) ?? []
        return [.value(handle: 20, count)]
    }
}

@Suite("A band's day is told at once, then once a minute, and a last time")
struct WeChatSportDriverTests {
    private func bench(
        _ band: Band, memory: [String: [UInt8]] = [:]
    ) throws -> DriverBench<Band> {
        DriverBench(
            try WeChatSportDriver().machine(for: .test("wechat-sport", memory: memory)), band)
    }

    private func steps(_ findings: [DeviceFinding]) -> [String] {
        findings.map { finding in
            guard case .measurement(let measurement) = finding else { return "?" }
            let values = measurement.values.map { "\($0.name) \($0.value.text) \($0.unit)" }
            return "\(measurement.day ?? "-"): \(values.joined(separator: ", "))"
        }
    }

    @Test func readOnce() throws {
        var band = Band(steps: 0, goal: nil, canNotify: false)
        band.count = hex("07400100900000180000")
        var bench = try bench(band)
        bench.connect()
        #expect(
            steps(bench.findings) == [
                "2026-11-24: steps 320 {steps}, distance 144 m, energy 24 kcal"
            ])
        #expect(bench.outcome == .done)
        #expect(bench.notes == [.fact("mac", "00:1A:7D:DA:71:13")])
        guard case .measurement(let measurement)? = bench.findings.first else { return }
        #expect(measurement.kind == .steps && measurement.values.first?.code == "41950-7")
        #expect(measurement.raw == [RawValue(0xfea1, hex("07400100900000180000"))])
        // The same again is no news.
        var again = try self.bench(band, memory: bench.memory)
        again.connect()
        #expect(again.findings.isEmpty && again.outcome == .done)
    }

    @Test func staysConnected() throws {
        var bench = try bench(Band(steps: 1000, grows: 2))
        bench.connect()
        #expect(steps(bench.findings) == ["2026-11-24: steps 1000 {steps}"])
        #expect(bench.notes.contains(.resting) && bench.notes.contains(.fact("target", "10000")))
        bench.wait(59)
        #expect(bench.findings.count == 1)
        bench.wait(1)
        #expect(bench.findings.count == 2)
        bench.wait(600)
        #expect(bench.findings.count == 12)
        bench.wait(30)
        #expect(bench.findings.count == 12)
        bench.happens(.ending)
        #expect(bench.outcome == .done)
        #expect(steps(bench.findings).last == "2026-11-24: steps 2380 {steps}")
    }

    /// From before midnight to after it, with a band that is right and one that lags.
    @Test func midnight() throws {
        var bench = try bench(Band(steps: 8000, grows: 1))
        bench.clock = DeviceClock.noon.after(seconds: 43_200 - 90)
        bench.connect()
        bench.wait(90)
        bench.device.count = hex("01000000")
        bench.wait(120)
        bench.happens(.ending)
        let last = Dictionary(
            steps(bench.findings).map { ($0.prefix(10), $0) }, uniquingKeysWith: { $1 })
        // The value of the last second before midnight was not sent.
        #expect(last["2026-11-24"]?.hasPrefix("2026-11-24: steps 809") == true)
        #expect(last["2026-11-25"]?.hasPrefix("2026-11-25: steps 12") == true)

        var lagging = try self.bench(Band(steps: 8000, grows: 1))
        lagging.clock = DeviceClock.noon.after(seconds: 43_200 - 60)
        lagging.connect()
        lagging.wait(600)
        lagging.device.count = hex("01000000")
        lagging.wait(60)
        lagging.happens(.ending)
        let days = Dictionary(
            steps(lagging.findings).map { ($0.prefix(10), $0) }, uniquingKeysWith: { $1 })
        #expect(days["2026-11-24"] == "2026-11-24: steps 8600 {steps}")
        #expect(days["2026-11-25"] == "2026-11-25: steps 60 {steps}")
    }

    @Test func goals() throws {
        var band = Band(steps: 1)
        band.mostGoal = 20_000
        var bench = try bench(band)
        bench.connect()
        bench.happens(.push(hex("01401f00")))
        #expect(bench.device.written == [hex("01401f00")])
        #expect(bench.notes.contains(.fact("target", "8000")) && bench.reports == [])
        bench.happens(.push(hex("01ffff00")))
        #expect(bench.notes.contains(.fact("target", "20000")))
        #expect(bench.reports.map(\.text) == ["it took the goal and keeps 20000"])
        for wrong in ["", "02401f00", "01401f", "01401f0000"] { bench.happens(.push(hex(wrong))) }
        #expect(bench.reports.count == 5 && bench.device.written.count == 2)
        bench.happens(.value(handle: 22, hex("01102700")))
        #expect(bench.notes.last == .fact("target", "10000"))
        var plain = try self.bench(Band(steps: 1, goal: nil))
        plain.connect()
        plain.happens(.push(hex("01401f00")))
        #expect(plain.reports.map(\.faultClass) == [.unsupported])
    }

    @Test func malformed() throws {
        var bench = try bench(Band(steps: 5))
        bench.connect()
        for bytes in ["", "00", "01", "0110", "03102700", "01ffffff"] {
            bench.happens(.value(handle: 20, hex(bytes)))
        }
        #expect(bench.reports.count == 6 && bench.findings.count == 1 && bench.outcome == nil)
        for _ in 0..<2 { bench.happens(.value(handle: 20, [])) }
        #expect(bench.fault?.faultClass == .protocolError)
        for canNotify in [true, false] {
            var band = Band(steps: 5, canNotify: canNotify)
            band.count = hex("0010")
            var first = try self.bench(band)
            first.connect()
            #expect(first.fault?.faultClass == .protocolError && first.findings.isEmpty)
        }
        var other = try self.bench(Band(steps: 1))
        other.happens(.connected(GATTTable([]), longestWrite: 20))
        #expect(other.fault?.faultClass == .unsupported)
    }

    /// What looks like nobody's steps is looked at again after a minute.
    @Test func overtakenValue() throws {
        var bench = try bench(Band(steps: 5000))
        bench.connect()
        bench.happens(.value(handle: 20, hex("01871300")))
        bench.wait(59)
        #expect(bench.findings.count == 1)
        bench.device.count = hex("01641300")
        bench.wait(2)
        #expect(bench.findings.count == 1 && bench.outcome == nil, "4964 after a minute: no reset")
        bench.device.count = hex("01321400")
        bench.wait(60)
        #expect(steps(bench.findings).last == "2026-11-24: steps 5170 {steps}")
    }

    @Test func storeRefuses() throws {
        var bench = try bench(Band(steps: 5))
        bench.storeTakes = false
        bench.connect()
        #expect(bench.fault?.faultClass == .storage && bench.findings.isEmpty)
        var silent = try self.bench(Band(steps: 5))
        silent.storeTakes = nil
        silent.connect()
        silent.wait(10)
        #expect(silent.fault?.faultClass == .storage)
        var ending = try self.bench(Band(steps: 5))
        ending.storeTakes = nil
        ending.connect()
        ending.happens(.ending)
        ending.wait(1)
        #expect(ending.fault?.faultClass == .transient)
    }

    @Test func damagedMemory() throws {
        var bench = try bench(Band(steps: 5), memory: [StepDay.memoryKey: [9, 9]])
        bench.connect()
        #expect(bench.reports.map(\.faultClass) == [.storage] && bench.findings.isEmpty)
        bench.happens(.value(handle: 20, hex("01060000")))
        bench.wait(60)
        #expect(steps(bench.findings) == [])
    }

    @Test(arguments: [GATTFault.disconnected, .notPaired, .noAnswer, .notPermitted])
    func linkFails(fault: GATTFault) throws {
        for events in 0..<9 {
            var bench = try bench(Band(steps: 5))
            bench.cut = events
            bench.connect()
            bench.cut = nil
            for handle in [20, 22, 25] as [UInt16] { bench.happens(.failed(handle: handle, fault)) }
            #expect(fault != .disconnected || bench.outcome != nil || bench.events == 0)
        }
        var silent = try bench(Band(steps: 5))
        silent.hand(.connected(silent.device.table, longestWrite: 20))
        silent.waitForDeadline()
        #expect(silent.fault?.text == "it did not answer within 10 s")
    }

    /// The link is cut after every event, again and again: the day is told, and never too much.
    @Test func cutAfterEveryEvent() throws {
        for events in 0..<40 {
            var memory: [String: [UInt8]] = [:]
            var told: UInt32 = 0
            var band = Band(steps: 1000, grows: 1)
            for round in 0..<4 {
                var bench = try bench(band, memory: memory)
                bench.clock = DeviceClock.noon.after(seconds: Double(round) * 600)
                bench.cut = events
                bench.connect()
                bench.wait(70)
                memory.merge(bench.memory) { $1 }
                for case .measurement(let measurement) in bench.findings {
                    let steps = measurement.values.first?.value.mantissa ?? 0
                    #expect(steps >= told && steps <= 1000 + 4 * 71)
                    told = UInt32(steps)
                }
                band = bench.device
                band = Band(
                    steps: (try? WeChatSport(band.count.span))?.steps ?? 0, grows: 1)
            }
            #expect(told > 0 || events < 5)
        }
    }

    @Test(arguments: Vector.all("wesport"))
    func neighbours(vector: Vector) throws {
        var bench = try bench(Band(steps: 5))
        bench.connect()
        let connected = bench.machine
        ByteVerifier.neighbours(of: vector.bytes) { bytes in
            var machine = connected
            for handle in [20, 22, 25, 99] as [UInt16] {
                _ = machine.handle(.value(handle: handle, bytes), at: .noon)
                _ = machine.handle(.read(handle: handle, bytes), at: .noon)
            }
        }
    }
}
