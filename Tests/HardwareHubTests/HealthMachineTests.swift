import BeaconScanner
import HardwareHub
import TestSupport
import Testing

@Suite("A health device is asked in the right order and nothing it says is lost or doubled")
struct HealthMachineTests {
    /// A device of a kind that offers all that it may.
    static func table(_ kind: String) -> GATTTable {
        typealias Row = (GATTUUID, GATTUUID, GATTCharacteristic.Properties)
        let own: [Row] =
            switch kind {
            case "blood-pressure":
                [(0x1810, 0x2a35, .indicate), (0x1810, 0x2a36, .notify), (0x1810, 0x2a49, .read)]
            case "weight-scale", "body-composition":
                [
                    (0x181d, 0x2a9d, .indicate), (0x181d, 0x2a9e, .read),
                    (0x181b, 0x2a9c, .indicate), (0x181b, 0x2a9b, .read),
                ]
            case "glucose-meter":
                [
                    (0x1808, 0x2a18, .notify), (0x1808, 0x2a34, .notify), (0x1808, 0x2a51, .read),
                    (0x1808, 0x2a52, [.write, .indicate]),
                ]
            case "thermometer":
                [(0x1809, 0x2a1c, .indicate), (0x1809, 0x2a1e, .notify), (0x1809, 0x2a1d, .read)]
            case "pulse-oximeter":
                [(0x1822, 0x2a5e, .indicate), (0x1822, 0x2a5f, .notify), (0x1822, 0x2a60, .read)]
            case "heart-rate": [(0x180d, 0x2a37, .notify)]
            default: [(0x1814, 0x2a53, .notify), (0x1814, 0x2a54, .read)]
            }
        let common: [Row] = [
            (0x180f, 0x2a19, [.read, .notify]), (0x180a, 0x2a24, .read), (0x180a, 0x2a29, .read),
            (0x1805, 0x2a2b, [.read, .write]), (0x1805, 0x2a0f, [.read, .write]),
        ]
        // The device's own come last, so that the order of handles is not the order of asking.
        return .health(common + own)
    }

    static func session(
        _ kind: String, memory: [String: [UInt8]] = [:]
    ) throws -> HealthSession {
        try HealthSession(kind, table(kind), memory: memory)
    }

    /// 2026-11-24 18:00:00 + `seconds` by the hub's local clock: the session's time.
    static func clock(_ seconds: UInt8, hour: UInt8 = 18) -> [UInt8] {
        hex("ea070b18") + [hour, 0, seconds, 2, 0, 0]
    }

    /// A blood pressure with a time.
    static func pressure(_ minute: UInt8, systolic: UInt8 = 120) -> [UInt8] {
        [0x02, systolic, 0, 80, 0, 90, 0] + hex("ea070b1811") + [minute, 0]
    }

    @Test func driverServesTheKindsOfTheContract() throws {
        let driver = HealthDriver()
        #expect(
            driver.kinds == [
                "blood-pressure", "weight-scale", "body-composition", "glucose-meter",
                "thermometer", "pulse-oximeter", "heart-rate", "running-speed",
            ])
        #expect(
            driver.services == [0x1810, 0x181d, 0x181b, 0x1808, 0x1809, 0x1822, 0x180d, 0x1814])
        let fault = #expect(throws: DeviceFault.self) {
            try driver.machine(for: .health("etc-reader"))
        }
        #expect(fault?.faultClass == .unsupported)
    }

    @Test func subscriptionsComeFirst() throws {
        var session = try Self.session("blood-pressure")
        session.readable = [
            0x2a2b: Self.clock(3), 0x2a19: [87], 0x2a49: [5, 0], 0x2a29: Array("Maker\0".utf8),
            0x2a24: Array("M-7".utf8),
        ]
        session.connect()
        #expect(session.order == ["subscribe 2a35"])
        session.settle()
        #expect(
            session.order == [
                "subscribe 2a35", "subscribe 2a36", "read 2a2b", "read 2a19", "subscribe 2a19",
                "read 2a49", "read 2a29", "read 2a24",
            ])
        #expect(
            session.notes == [
                .clock(offset: 3, wasSet: false), .battery(87),
                .fact("features", "body-movement, irregular-pulse"), .fact("manufacturer", "Maker"),
                .fact("model", "M-7"),
            ])
        #expect(session.outcome == nil)
        session.send(0x2a19, [86])
        #expect(session.notes.last == .battery(86))
    }

    /// Nothing that is read is worth a failed connection.
    @Test func failingReadsAreNoFault() throws {
        var session = try Self.session("thermometer")
        session.connect()
        session.settle()
        #expect(session.order.count == 8 && session.notes.isEmpty && session.reports.isEmpty)
        session.pass(20)
        #expect(session.outcome == .done)
    }

    /// A monitor that sends all it stores at every connection, as many as any stores, and what an earlier
    /// version of hubd remembered.
    @Test func everythingSentAtEveryConnection() throws {
        var memory: [String: [UInt8]] = [:]
        var kept: [Measurement] = []
        func connect(_ values: Range<UInt8>) throws {
            var session = try Self.session("blood-pressure", memory: memory)
            session.connect()
            session.settle()
            for hour in 0..<4 as Range<UInt8> {
                for minute in values {
                    var value = Self.pressure(minute)
                    value[11] = hour
                    session.send(0x2a35, value)
                    session.settle()
                }
            }
            memory = session.memory
            kept += session.kept
        }
        for _ in 0..<3 { try connect(0..<50) }
        #expect(kept.count == 200)
        try connect(10..<60)
        #expect(kept.count == 240)
        #expect(memory.count <= 64, "more than a driver may remember")
        #expect(memory.reduce(0) { $0 + $1.key.utf8.count + $1.value.count } < 16_384)

        let one = Self.pressure(1)
        var session = try Self.session("blood-pressure")
        session.connect()
        session.settle()
        session.send(0x2a35, one)
        session.settle()
        let fingerprint = try #require(session.memory["seen.0"]).dropFirst().prefix(8)
        var again = try Self.session(
            "blood-pressure", memory: ["seen": [1, 6], "seen.5": [1] + fingerprint])
        again.connect()
        again.settle()
        again.send(0x2a35, one)
        again.settle()
        #expect(again.kept.isEmpty)
        let nonsense = [2] + [UInt8](repeating: 0xff, count: 8)
        _ = try Self.session("blood-pressure", memory: ["seen": nonsense, "seen.61": [2, 1]])
    }

    @Test func valuesAreKeptAtOnce() throws {
        var session = try Self.session("blood-pressure")
        session.connect()
        session.answer()
        session.send(0x2a35, hex("00780050005a00"))
        session.send(0x2a35, hex("00780050005a00"))
        #expect(session.handed.count == 2, "neither waits for the other, and none is doubled")
        session.settle()
        #expect(session.kept.count == 2)
    }

    // MARK: The end

    @Test func quietDeviceIsLetGo() throws {
        var session = try Self.session("weight-scale")
        session.connect()
        session.settle()
        session.pass(15)
        session.send(0x2a9d, hex("00b036"))
        session.pass(15)
        #expect(session.outcome == nil, "it is being kept")
        session.store()
        #expect(session.outcome == nil)
        session.pass(5)
        #expect(session.outcome == .done && session.machine.deadline == nil)
    }

    @Test func refusedValueIsNotRemembered() throws {
        var session = try Self.session("blood-pressure")
        session.connect()
        session.answer()
        session.send(0x2a35, Self.pressure(1))
        session.send(0x2a35, Self.pressure(2))
        session.hand(.refused(token: session.handed[0].token, reason: "quota"))
        guard case .failed(let fault)? = session.outcome else {
            Issue.record("it goes on")
            return
        }
        #expect(fault.faultClass == .storage)
        // The second one was on its way and is durable; the first one is sent again.
        session.handed.removeFirst()
        session.store(telling: false)
        var again = try Self.session("blood-pressure", memory: session.memory)
        again.connect()
        again.answer()
        again.send(0x2a35, Self.pressure(1))
        again.send(0x2a35, Self.pressure(2))
        again.settle()
        #expect(again.kept.count == 1 && again.kept[0].deviceTime?.minute == 1)
    }

    @Test func endingWaitsForTheStore() throws {
        var session = try Self.session("blood-pressure")
        session.connect()
        session.answer()
        session.send(0x2a35, Self.pressure(1))
        session.hand(.ending)
        #expect(session.outcome == nil)
        session.store()
        #expect(session.outcome == .done)
    }

    /// Most devices hang up as soon as they have delivered, whatever they are being asked just then.
    @Test func deviceThatHangsUpIsDone() throws {
        for event in [DeviceEvent.ending, .failed(handle: 4, .disconnected)] {
            var session = try Self.session("blood-pressure")
            session.connect()
            for _ in 0..<2 { session.answer() }
            session.send(0x2a35, Self.pressure(1))
            session.hand(event)
            #expect(session.outcome == nil, "it is being kept")
            session.store()
            #expect(session.outcome == .done && session.kept.count == 1)
        }
        // Unless nothing could be heard yet.
        for event in [DeviceEvent.ending, .failed(handle: 6, .disconnected)] {
            var session = try Self.session("blood-pressure")
            session.connect()
            session.hand(event)
            guard case .failed(let fault)? = session.outcome else {
                Issue.record("\(String(describing: session.outcome))")
                continue
            }
            #expect(fault.faultClass == .transient)
        }
    }

    // MARK: What is wrong

    @Test func wrongBytesAreReported() throws {
        var session = try Self.session("blood-pressure")
        session.connect()
        session.settle()
        session.send(0x2a35, hex("04780050005a00"))
        #expect(
            session.reports == [
                DeviceFault(.protocolError, "2a35: byte 7: pulse rate missing")
            ])
        for _ in 0..<15 { session.send(0x2a35, []) }
        #expect(session.outcome == nil && session.kept.isEmpty && session.handed.isEmpty)
        session.send(0x2a35, Self.pressure(1))
        #expect(session.handed.count == 1, "it goes on")
        session.send(0x2a36, [0])
        guard case .failed(let fault)? = session.outcome else {
            Issue.record("seventeen are too many")
            return
        }
        #expect(fault.faultClass == .hostile)
    }

    @Test func missingServicesAreNamed() throws {
        var session = try HealthSession("glucose-meter", Self.table("blood-pressure"))
        session.connect()
        #expect(
            session.outcome
                == .failed(
                    DeviceFault(
                        .unsupported, "the device has no Glucose service (1808)",
                        mend: "check its kind: glucose-meter")))
        var half = try HealthSession(
            "glucose-meter", .health([(0x1808, 0x2a18, .notify), (0x1808, 0x2a52, .write)]))
        half.connect()
        #expect(
            half.outcome
                == .failed(
                    DeviceFault(
                        .unsupported, "the device does not send 2a52",
                        mend: "check its kind: glucose-meter")))
    }

    @Test func unpairedDeviceIsToBePaired() throws {
        for fault in [GATTFault.notPaired, .refused(code: 0x0f, text: "encryption")] {
            var session = try Self.session("blood-pressure")
            session.refusing = [0x2a35: fault]
            session.connect()
            session.settle()
            guard case .failed(let fault)? = session.outcome else {
                Issue.record("it goes on")
                return
            }
            #expect(fault.faultClass == .authentication && fault.mend == "pair with the device")
        }
        var session = try Self.session("blood-pressure")
        session.refusing = [0x2a36: .notPaired]
        session.connect()
        session.settle()
        #expect(session.outcome == nil, "that one can be done without")
    }

    /// A device that only has one of the oximeter's two is served as well.
    @Test func oneOfTwoIsEnough() throws {
        var session = try HealthSession("pulse-oximeter", .health([(0x1822, 0x2a5f, .notify)]))
        session.connect()
        session.settle()
        #expect(session.outcome == nil && session.notes == [.resting])
        var spot = try Self.session("pulse-oximeter")
        spot.refusing = [0x2a5f: .notPermitted]
        spot.connect()
        spot.settle()
        spot.pass(20)
        #expect(spot.outcome == .done)
    }

    // MARK: Said before

    @Test func whatWasSentBeforeIsKeptOnce() throws {
        var session = try Self.session("blood-pressure")
        session.connect()
        session.settle()
        for minute in 0..<40 as Range<UInt8> {
            session.send(0x2a35, Self.pressure(minute))
            session.send(0x2a35, Self.pressure(minute))
        }
        session.settle()
        #expect(session.kept.count == 40)
        var again = try Self.session("blood-pressure", memory: session.memory)
        again.connect()
        again.settle()
        for minute in 0..<41 as Range<UInt8> where minute >= 8 {
            again.send(0x2a35, Self.pressure(minute))
        }
        again.settle()
        #expect(again.kept.map(\.deviceTime?.minute) == [40], "the last 32 are remembered")
        again.send(0x2a35, Self.pressure(39, systolic: 121))
        #expect(again.handed.count == 1, "another value is another measurement")
    }

    /// A meter that was never told the year knows day and second.
    @Test func withoutAYearItIsKnownAgain() throws {
        var session = try Self.session("blood-pressure")
        session.connect()
        session.settle()
        for date in ["00000b1811", "00000b1811", "0000001811", "0000001811"] {
            session.send(0x2a35, [0x02, 120, 0, 80, 0, 90, 0] + hex(date) + [5, 9])
        }
        session.settle()
        #expect(session.kept.count == 3, "of the second date only the day is known")
    }

    /// Without a time nothing tells the second of two equal weights from the first sent again.
    @Test func equalValuesWithoutTimeAreTwo() throws {
        var session = try Self.session("weight-scale")
        session.connect()
        session.settle()
        for text in ["00b036", "00b036", "02b036 00000000000000", "02b03600000000000000"] {
            session.send(0x2a9d, hex(text.filter { $0 != " " }))
        }
        session.settle()
        #expect(session.kept.count == 4 && session.memory.isEmpty)
        // Nor does a time by a clock that the device calls unset.
        var spot = try Self.session("pulse-oximeter")
        spot.connect()
        spot.settle()
        for _ in 0..<2 { spot.send(0x2a5e, hex("1161004800e807030f0e1e2d")) }
        spot.settle()
        #expect(spot.kept.count == 2)
    }

    @Test func damagedMemoryIsNone() throws {
        var session = try Self.session("blood-pressure")
        session.connect()
        session.settle()
        session.send(0x2a35, Self.pressure(1))
        session.settle()
        let memory = session.memory
        #expect(memory.count == 2)
        for key in memory.keys {
            try ByteVerifier.neighbours(of: memory[key] ?? []) { damaged in
                var broken = memory
                broken[key] = damaged
                var again = try Self.session("blood-pressure", memory: broken)
                again.connect()
                again.answer()
                again.send(0x2a35, Self.pressure(1))
                again.send(0x2a35, Self.pressure(2))
                again.settle()
                #expect(again.kept.count == 1 || again.kept.count == 2)
            }
        }
    }

    // MARK: Clocks

    @Test func wrongClockIsSetWithItsZone() throws {
        var session = try Self.session("blood-pressure")
        session.readable = [0x2a2b: Self.clock(0, hour: 17)]
        session.connect()
        session.answer()
        session.answer()
        session.send(0x2a35, Self.pressure(1))
        session.answer()
        session.send(0x2a35, Self.pressure(2))
        #expect(session.order.suffix(1) == ["write 2a0f"])
        session.settle()
        #expect(session.written == [[32, 0], hex("ea070b18120000020002")])
        #expect(
            session.notes == [
                .clock(offset: -3600, wasSet: false), .clock(offset: -3600, wasSet: true),
            ])
        // The first came before anything was known, the second by the clock as it was.
        session.send(0x2a35, Self.pressure(3))
        session.send(0x2a35, [0x02, 120, 0, 80, 0, 90, 0] + hex("ea070b18120500"))
        session.settle()
        #expect(session.kept.map(\.clockOffset) == [nil, -3600, -3600, 0])
    }

    @Test func clocksAreLeftAlone() throws {
        func written(
            _ value: [UInt8], synchronized: Bool = true,
            table: GATTTable = Self.table("thermometer")
        ) throws -> Int {
            var session = try HealthSession("thermometer", table)
            session.now.isSynchronized = synchronized
            session.readable = [0x2a2b: value]
            session.connect()
            session.settle()
            return session.written.count
        }
        #expect(try written(Self.clock(5)) == 0, "five seconds are within what looking costs")
        #expect(try written(Self.clock(6)) == 2)
        #expect(try written(Self.clock(9), synchronized: false) == 0, "the hub's own may be wrong")
        #expect(try written(hex("00000000000000000000")) == 2, "a clock that was never set")
        #expect(try written(hex("ea070d18120000020000")) == 2, "an impossible one")
        let fixed = GATTTable.health([(0x1809, 0x2a1c, .indicate), (0x1805, 0x2a2b, .read)])
        #expect(try written(Self.clock(59), table: fixed) == 0)
    }

    /// Monitors without a Current Time Service that have Date Time (2A08) beside their values.
    @Test func dateTimeIsAClockToo() throws {
        let table = GATTTable.health([
            (0x1810, 0x2a35, .indicate), (0x1810, 0x2a08, [.read, .write]),
        ])
        var session = try HealthSession("blood-pressure", table)
        session.readable = [0x2a08: hex("ea070b18110000")]
        session.connect()
        session.settle()
        #expect(session.order.filter { $0.contains("2a08") } == ["read 2a08", "write 2a08"])
        #expect(session.written == [hex("ea070b18120000")])
        #expect(
            session.notes == [
                .clock(offset: -3600, wasSet: false), .clock(offset: -3600, wasSet: true),
            ])
        let both = GATTTable.health([
            (0x1810, 0x2a35, .indicate), (0x1810, 0x2a08, [.read, .write]),
            (0x1805, 0x2a2b, [.read, .write]),
        ])
        var other = try HealthSession("blood-pressure", both)
        other.readable = [0x2a2b: Self.clock(0, hour: 17)]
        other.connect()
        other.settle()
        #expect(!other.order.contains { $0.contains("2a08") }, "one clock is enough")
    }

    /// Every date of some centuries there and back, by way of what is written to a device.
    @Test func datesAreRight() throws {
        for day in stride(from: -100_000, through: 100_000, by: 997) as StrideThrough<Int64> {
            var session = try Self.session("thermometer")
            session.now.unixSeconds = day * 86_400 + 12_345
            session.now.utcOffset = 0
            session.readable = [0x2a2b: hex("00000000000000000000")]
            session.connect()
            session.settle()
            let bytes = session.written.last ?? []
            let time = try CurrentTime(bytes.span)
            var again = try Self.session("thermometer")
            again.now = session.now
            again.readable = [0x2a2b: bytes]
            again.connect()
            again.settle()
            #expect(again.notes == [.clock(offset: 0, wasSet: false)], "\(time)")
            #expect((day + 3 - Int64(time.weekday) + 1) % 7 == 0, "\(time)")
        }
    }

    // MARK: Streams

    @Test func streamIsThinnedOut() throws {
        var session = try Self.session("heart-rate")
        session.connect()
        session.settle()
        #expect(session.notes == [.resting])
        for second in 0..<3600 {
            session.send(0x2a37, [0, UInt8(60 + second % 50)])
            session.pass(1)
            session.settle()
        }
        #expect(session.kept.count == 361, "the first, and one in ten seconds")
        #expect(session.kept[0].details.isEmpty)
        #expect(
            session.kept[1].detailTexts == [
                "lowest-heart-rate 61 /min", "highest-heart-rate 69 /min", "samples 9",
            ])
        #expect(session.kept[1].texts == ["heart-rate 69 /min 8867-4"])
        session.send(0x2a37, [0, 200])
        session.hand(.ending)
        session.settle()
        #expect(session.kept.last?.texts == ["heart-rate 200 /min 8867-4"], "the last one counts")
        #expect(session.outcome == .done)
    }

    @Test func streamThatPausesBeginsAnew() throws {
        var session = try Self.session("heart-rate")
        session.connect()
        session.settle()
        session.send(0x2a37, [0, 60])
        session.settle()
        session.pass(3600)
        #expect(session.outcome == nil && session.machine.deadline == nil)
        session.send(0x2a37, [0, 61])
        #expect(session.handed.count == 1)
    }

    // MARK: What an oximeter stores

    /// An oximeter with memory, when its other services are left out.
    private static func oximeter(_ memory: [String: [UInt8]] = [:]) throws -> HealthSession {
        var session = try HealthSession(
            "pulse-oximeter",
            .health([
                (0x1822, 0x2a5e, .indicate), (0x1822, 0x2a52, [.write, .indicate]),
                (0x180f, 0x2a19, .read),
            ]), memory: memory)
        session.readable = [0x2a19: [50]]
        return session
    }

    /// A spot-check with a time and a status.
    private static func spotCheck(_ minute: UInt8, status: [UInt8] = [0x80, 0x02]) -> [UInt8] {
        [0x03, 97, 0, 72, 0] + hex("ea070b1811") + [minute, 0] + status
    }

    /// Stored spot-checks are asked for once the device can send them, kept once, and nothing is deleted;
    /// one that came when it was made is the same one from storage.
    @Test func storedSpotChecks() throws {
        var session = try Self.oximeter()
        session.connect()
        for _ in 0..<3 { session.answer() }
        #expect(session.order == ["subscribe 2a5e", "subscribe 2a52", "write 2a52"])
        #expect(session.written == [[1, 1]] && session.machine.isReceivingRecords)
        for minute in 0..<40 as Range<UInt8> { session.send(0x2a5e, Self.spotCheck(minute)) }
        // Two without a time, of which one is sent twice: what is stored is sent each time.
        for saturation in [90, 91, 90] as [UInt8] {
            session.send(0x2a5e, [0, saturation, 0, 72, 0])
        }
        session.settle()
        #expect(session.order.last == "write 2a52", "the rest waits for the answer")
        session.send(0x2a52, [6, 0, 1, 1])
        #expect(!session.machine.isReceivingRecords)
        session.settle()
        #expect(session.order.last == "read 2a19" && session.kept.count == 42)
        session.send(0x2a5e, Self.spotCheck(50, status: [0x80, 0]))
        session.settle()
        session.pass(20)
        #expect(session.outcome == .done && session.reports == [] && session.written.count == 1)

        var again = try Self.oximeter(session.memory)
        again.connect()
        for _ in 0..<3 { again.answer() }
        for minute in 0..<40 as Range<UInt8> { again.send(0x2a5e, Self.spotCheck(minute)) }
        for saturation in [90, 91] as [UInt8] { again.send(0x2a5e, [0, saturation, 0, 72, 0]) }
        again.send(0x2a5e, Self.spotCheck(50))
        again.send(0x2a52, [6, 0, 1, 1])
        again.settle()
        #expect(again.kept.isEmpty)
    }

    /// However its memory answers, the oximeter is served.
    @Test func oximeterMemoryThatDoesNotAnswer() throws {
        func session(_ answer: [UInt8]?) throws -> HealthSession {
            var session = try Self.oximeter()
            session.connect()
            for _ in 0..<3 { session.answer() }
            if let answer { session.send(0x2a52, answer) } else { session.pass(30) }
            session.settle()
            #expect(session.order.last == "read 2a19" && session.outcome == nil)
            return session
        }
        #expect(try session([6, 0, 1, 6]).reports == [])
        #expect(try session([6, 0, 1, 2]).reports.map(\.faultClass) == [.protocolError])
        #expect(try session(nil).reports.map(\.faultClass) == [.transient])
        var refusing = try Self.oximeter()
        refusing.connect()
        refusing.answer()
        refusing.answer()
        refusing.refusing[0x2a52] = .refused(code: 0xfd, text: "")
        refusing.settle()
        #expect(refusing.reports.count == 1 && refusing.order.last == "read 2a19")
        // Cut off in the middle it is asked again soon.
        var cut = try Self.oximeter()
        cut.connect()
        for _ in 0..<3 { cut.answer() }
        cut.send(0x2a5e, Self.spotCheck(1))
        cut.hand(.ending)
        cut.settle()
        #expect(cut.kept.count == 1)
        guard case .failed(let fault)? = cut.outcome else {
            Issue.record("the end counts as done")
            return
        }
        #expect(fault.faultClass == .transient)
        // An answer to nothing is told.
        var early = try Self.oximeter()
        early.connect()
        early.answer()
        early.send(0x2a52, [6, 0, 1, 1])
        #expect(
            early.reports.map(\.text) == ["2a52: byte 0: an answer to something that was not asked"]
        )
    }

    /// What a device calls doubtful stays apart from what it does not: neither is the other's lowest
    /// or highest value.
    @Test func doubtfulValuesStayApart() throws {
        var session = try Self.session("pulse-oximeter")
        session.connect()
        session.settle()
        func send(_ saturation: UInt8, _ status: [UInt8]) {
            session.send(0x2a5f, [4, saturation, 0, 72, 0] + status)
        }
        let (good, doubtful) = ([0x80, 0] as [UInt8], [0, 0x40] as [UInt8])
        send(97, good)
        for (saturation, status) in [
            (96, good), (95, good), (60, doubtful), (58, doubtful), (97, good),
        ] as [(UInt8, [UInt8])] {
            send(saturation, status)
        }
        session.pass(10)
        session.settle()
        try #require(session.kept.count == 3)
        #expect(session.kept[1].status == ["questionable"])
        #expect(
            session.kept[1].detailTexts.prefix(2) == [
                "lowest-oxygen-saturation 58 %", "highest-oxygen-saturation 60 %",
            ])
        #expect(session.kept[2].status == ["validated"])
        #expect(
            session.kept[2].detailTexts.prefix(2) == [
                "lowest-oxygen-saturation 95 %", "highest-oxygen-saturation 97 %",
            ])
        // A finger that is pulled out at the end does not take along what was measured before.
        send(91, good)
        session.send(0x2a5f, [4, 0xff, 7, 0xff, 7, 0x80, 0])
        session.pass(10)
        session.settle()
        #expect(session.kept.suffix(2).map { $0.values.first?.value.double } == [91, nil])
        // However often it changes its mind, what is kept of it stays bounded.
        let before = session.kept.count
        for index in 0..<50 as Range<UInt8> { send(90, [0x80, index]) }
        session.pass(10)
        session.settle()
        #expect(session.kept.count - before <= 4)
    }

    /// What a cuff showed on its way is void once there is a result.
    @Test func resultTakesThePlaceOfTheProvisional() throws {
        var session = try Self.session("blood-pressure")
        session.connect()
        session.settle()
        for pressure in 100..<130 as Range<UInt8> {
            session.send(0x2a36, [0, pressure, 0, 0xff, 7, 0xff, 7])
        }
        session.send(0x2a35, Self.pressure(1))
        session.pass(15)
        session.settle()
        #expect(session.kept.map(\.isProvisional) == [true, false])
        #expect(session.kept[0].texts == ["cuff-pressure 100 mm[Hg] –"])
    }

    // MARK: Two values, one measurement

    @Test func compositionInTwoValuesIsOne() throws {
        var session = try Self.session("body-composition")
        session.connect()
        session.settle()
        session.send(0x2a9c, hex("1a10e100ea070b18110000881390 01".filter { $0 != " " }))
        #expect(session.handed.isEmpty)
        session.send(0x2a9c, hex("0014e100b036"))
        session.settle()
        #expect(
            session.kept.map(\.texts) == [
                [
                    "body-fat 22.5 % 41982-0", "basal-metabolism 5000 kJ –",
                    "muscle-percentage 40.0 % –", "body-weight 70.000 kg 29463-7",
                ]
            ])
        #expect(session.kept[0].raw.count == 2 && session.kept[0].status.isEmpty)
    }

    @Test func restThatIsMissedIsTold() throws {
        for ending in [false, true] {
            var session = try Self.session("body-composition")
            session.connect()
            session.settle()
            session.send(0x2a9c, hex("0810e1008813"))
            if ending { session.hand(.ending) } else { session.pass(5) }
            session.settle()
            #expect(session.kept.map(\.status) == [["incomplete"]])
        }
        // Nor is a value the rest that has what the first one has.
        var session = try Self.session("body-composition")
        session.connect()
        session.settle()
        session.send(0x2a9c, hex("0810e1008813"))
        session.send(0x2a9c, hex("0800e1008913"))
        session.settle()
        #expect(session.kept.map(\.status) == [["incomplete"], []])
    }

    @Test func siteOfTheDevice() throws {
        var session = try Self.session("thermometer")
        session.readable = [0x2a1d: [3]]
        session.connect()
        session.settle()
        session.send(0x2a1c, hex("00b00e00fe"))
        session.send(0x2a1c, hex("04b00e00fe06"))
        session.settle()
        #expect(session.kept.map(\.detailTexts) == [["site ear"], ["site mouth"]])
    }
}
