import BeaconScanner
import Crypto
import TestSupport
import Testing

@testable import HardwareHub

@Suite("An AirSync device is served when it is the one, and what it sends is never lost or doubled")
struct AirSyncDriverTests {
    private func context(
        key: Bool = false, named: Bool = true, memory: [String: [UInt8]] = [:]
    ) -> DeviceContext {
        .test(
            "airsync", type: named ? AirSyncDevice.type : nil, id: named ? AirSyncDevice.id : nil,
            key: key ? AirSyncDevice.key : nil, memory: memory)
    }

    private func bench(
        _ device: AirSyncDevice, _ context: DeviceContext, longestWrite: Int = 20
    ) throws -> DriverBench<AirSyncDevice> {
        DriverBench(
            try AirSyncDriver().machine(for: context), device, longestWrite: longestWrite)
    }

    private static let data: [[UInt8]] = [[1, 2, 3], [UInt8](repeating: 7, count: 300)]

    /// The three ways to be recognized, at every size of values in both directions.
    @Test(arguments: [AirSyncDevice.Way.mac, .md5, .key])
    func recognizedAndServed(way: AirSyncDevice.Way) throws {
        for size in 20...244 {
            var device = AirSyncDevice(way: way, fragment: size)
            device.data = Self.data
            var bench = try bench(device, context(key: way == .key), longestWrite: size)
            bench.connect()
            #expect(bench.findings == Self.data.map { .data($0, type: 0) })
            #expect(bench.device.dataResponses.map(\.response.outcome.code) == [0, 0])
            let answer = try #require(bench.device.initResponses.first)
            #expect(answer.challengeAnswer == 0x77f2_9dd1)
            #expect(answer.nickname == nil && answer.model == nil && answer.time == nil)
            #expect(bench.notes.contains(.resting) && bench.outcome == nil && bench.reports == [])
            #expect(bench.device.authResponses.first?.sessionKey.count == (way == .key ? 32 : 0))
            bench.happens(.push([UInt8](repeating: 9, count: 100)))
            #expect(
                bench.device.pushes == [
                    .receiveDataPush(
                        AirSyncData(data: [UInt8](repeating: 9, count: 100), type: .manufacturer))
                ])
            bench.happens(.ending)
            #expect(bench.outcome == .done)
            for action in bench.asked {
                // However much the connection could carry: devices have buffers for 20 bytes.
                if case .write(_, let value) = action { #expect(value.count <= 20) }
            }
        }
    }

    /// The captured session, packet for packet, where the hub's part does not depend on the hub.
    @Test func recordedSession() throws {
        var machine = try AirSyncDriver().machine(for: context(named: false))
        let table = AirSyncDevice().table
        var written: [UInt8] = []
        func feed(_ event: DeviceEvent) {
            var actions = machine.handle(event, at: .noon)
            while !actions.isEmpty {
                guard case .write(let handle, let value) = actions.removeFirst() else { continue }
                written += value
                actions += machine.handle(.written(handle: handle), at: .noon)
            }
        }
        feed(.connected(table, longestWrite: 20))
        feed(.read(handle: 15, hex("001a7dda7113")))
        feed(.subscribed(handle: 12))
        let request = hex("fe010022271100010a0018848004200128023a06001a7dda7113620647756d705758")
        feed(.value(handle: 12, Array(request.prefix(20))))
        feed(.value(handle: 12, Array(request.dropFirst(20))))
        #expect(written == hex("fe01000e4e2100010a0208001200"))
        written = []
        feed(.value(handle: 12, hex("fe010010271300020a001a0431323334")))
        let packet = try AirSyncPacket(written.span)
        let answer = try InitResponse(packet.body.span)
        #expect(packet.sequence == 2 && answer.challengeAnswer == 2_615_402_659)
        written = []
        feed(.value(handle: 12, hex("fe01000c271200030a001200")))
        #expect(written == hex("fe01000c4e2200030a020800"))
    }

    @Test(
        arguments: [
            (
                "another MAC",
                [0x0a, 0, 0x18, 0x84, 0x80, 4, 0x20, 1, 0x28, 2, 0x3a, 6, 9, 9, 9, 9, 9, 9]
            ),
            ("no MAC", [0x0a, 0, 0x18, 0x84, 0x80, 4, 0x20, 1, 0x28, 2]),
            ("no digest", [0x0a, 0, 0x18, 0x84, 0x80, 4, 0x20, 1, 0x28, 1]),
        ] as [(String, [UInt8])])
    func notTheDevice(what: String, introduction: [UInt8]) throws {
        var bench = try bench(AirSyncDevice(introduction: introduction), context())
        bench.connect()
        #expect(bench.device.authResponses.map(\.outcome) == [.deviceBlocked])
        #expect(bench.fault?.faultClass == .authentication && bench.fault?.mend != "")
        #expect(bench.findings == [])
    }

    /// Either byte order, and FEC9 when the address is a private one.
    @Test func addresses() throws {
        let tail = hex("0a0018848004200128023a06")
        for claim in ["001a7dda7113", "1371da7d1a00"] {
            var device = AirSyncDevice(introduction: tail + hex(claim))
            device.macAddress = nil
            var bench = try bench(device, context())
            bench.connect()
            #expect(bench.device.initResponses.count == 1)
        }
        var device = AirSyncDevice(introduction: tail + hex("a0b0c0d0e0f0"))
        device.macAddress = hex("f0e0d0c0b0a0")
        var bench = try bench(device, context())
        bench.connect()
        #expect(bench.device.initResponses.count == 1)
    }

    /// A device with a key has to prove it; one that proves a key nobody configured is told so.
    @Test func noWayDown() throws {
        for way in [AirSyncDevice.Way.mac, .md5] {
            var bench = try bench(AirSyncDevice(way: way), context(key: true))
            bench.connect()
            #expect(bench.device.authResponses.map(\.outcome) == [.deviceBlocked])
            #expect(bench.fault?.text == "it does not prove that it has its key")
        }
        var bench = try bench(AirSyncDevice(way: .key), context())
        bench.connect()
        #expect(bench.fault?.mend == "set keyFile to a file with its key")
        var unnamed = try self.bench(AirSyncDevice(way: .md5), context(named: false))
        unnamed.connect()
        #expect(unnamed.fault?.mend == "set deviceType and deviceId")
        var stranger = try self.bench(
            AirSyncDevice(introduction: hex("0a0018848004200128033a06001a7dda7113")), context())
        stranger.connect()
        #expect(stranger.device.authResponses.map(\.outcome.code) == [-8])
        #expect(stranger.fault?.faultClass == .unsupported)
    }

    @Test func keysThatCannotBe() {
        #expect(throws: DeviceFault.self) {
            try AirSyncDriver().machine(for: .test("airsync", id: "x", key: [1]))
        }
        #expect(throws: DeviceFault.self) {
            try AirSyncDriver().machine(for: .test("airsync", key: AirSyncDevice.key))
        }
    }

    /// Every proof is good once, whatever the hub was doing when its power was cut.
    @Test func replayedProof() throws {
        var memory: [String: [UInt8]] = [:]
        for sequence in [1, 2, 7] as [UInt32] {
            for isReplay in [false, true] {
                let device = AirSyncDevice(way: .key, proofSequence: sequence)
                var bench = try bench(device, context(key: true, memory: memory))
                bench.connect()
                memory.merge(bench.memory) { $1 }
                #expect(bench.device.authResponses.map(\.outcome.code) == [isReplay ? -5 : 0])
                #expect((bench.fault?.text.hasPrefix("replayed proof") ?? false) == isReplay)
            }
        }
        // The proof is durable before the device hears anything.
        var cut = try bench(AirSyncDevice(way: .key), context(key: true))
        cut.storeTakes = nil
        cut.connect()
        #expect(cut.device.commands == [])
        cut.waitForDeadline()
        #expect(cut.fault?.faultClass == .storage)
        var full = try bench(AirSyncDevice(way: .key), context(key: true))
        full.storeTakes = false
        full.connect()
        #expect(full.device.authResponses.map(\.outcome.code) == [-1])
        #expect(full.fault?.faultClass == .storage && full.memory == [:])
    }

    /// The number of a proof counts for the key that it was made with: a device that takes another one's
    /// place, or was given a new key, begins anew.
    @Test func newKeyCountsAnew() throws {
        var first = try bench(
            AirSyncDevice(way: .key, proofSequence: 900), context(key: true))
        first.connect()
        #expect(first.device.authResponses.map(\.outcome.code) == [0])
        var other = context(key: true, memory: first.memory)
        other.deviceID = "another device"
        #expect(AirSyncRecognition(other).lastSequence == nil)
        other = context(key: true, memory: first.memory)
        other.key = [UInt8](repeating: 7, count: 16)
        #expect(AirSyncRecognition(other).lastSequence == nil)
        #expect(
            AirSyncRecognition(context(key: true, memory: first.memory)).lastSequence == 900)
        // What earlier versions kept does not say which key: it counts for each.
        let old = context(key: true, memory: ["airsync.proof": [0, 0, 0, 9]])
        #expect(AirSyncRecognition(old).lastSequence == 9)
    }

    /// Every one-byte change of a proof is refused.
    @Test func changedProof() throws {
        let request = AirSyncDevice(way: .key).introduces()
        for index in request.indices.suffix(16) {
            var introduction = request
            introduction[index] ^= 0x40
            var bench = try bench(
                AirSyncDevice(way: .key, introduction: introduction), context(key: true))
            bench.connect()
            #expect(bench.device.authResponses.map(\.outcome) == [.deviceBlocked])
            #expect(bench.memory == [:])
        }
    }

    @Test func askedFieldsThatRevealNothing() throws {
        let device = AirSyncDevice(
            beginning: hex("0a00") + [0x12, 1, 0x7f] + hex("1a0411223344"))
        var bench = try bench(device, context())
        bench.connect()
        let answer = try #require(bench.device.initResponses.first)
        #expect(answer.time == 1_795_492_800 && answer.timeText == "202611241200002")
        #expect(answer.nickname == nil && answer.platform == nil && answer.model == nil)
        #expect(answer.system == nil && answer.timeZone == nil)
        var unsure = try self.bench(device, context())
        unsure.clock.isSynchronized = false
        unsure.connect()
        #expect(unsure.device.initResponses.first?.time == nil)
        #expect(unsure.device.initResponses.first?.userLow == answer.userLow)
    }

    /// What is asked before its stage is answered with −2.
    @Test func outOfTurn() throws {
        var early = AirSyncDevice(introduction: [])
        var bench = try bench(early, context())
        bench.hand(.connected(early.table, longestWrite: 20))
        bench.settle()
        #expect(bench.device.authResponses.map(\.outcome) == [.decodingFailed])
        for event in early.send(10003, hex("0a00")) { bench.happens(event) }
        for event in early.sendData([1]) { bench.happens(event) }
        #expect(bench.device.initResponses.map(\.outcome) == [.authenticationNeeded])
        #expect(bench.device.dataResponses.map(\.response.outcome) == [.authenticationNeeded])
        #expect(bench.reports.count == 3 && bench.findings == [])
        for _ in 0..<10 {
            for event in early.sendData([1]) { bench.happens(event) }
        }
        #expect(bench.fault?.faultClass == .protocolError, "not for ever")

        var recognized = try self.bench(AirSyncDevice(beginning: nil), context())
        recognized.connect()
        for event in recognized.device.sendData([1]) { recognized.happens(event) }
        #expect(recognized.device.dataResponses.map(\.response.outcome) == [.authenticationNeeded])
        for event in recognized.device.send(10003, hex("0a00")) { recognized.happens(event) }
        for event in recognized.device.sendData([1]) { recognized.happens(event) }
        #expect(recognized.findings == [.data([1], type: 0)])
    }

    @Test func undecodable() throws {
        var bench = try bench(AirSyncDevice(way: .key), context(key: true))
        bench.connect()
        var plain = AirSyncDevice()
        for event in plain.sendData([1]) { bench.happens(event) }
        #expect(bench.device.decodeErrors == 1, "in the clear within an encrypted session")
        for event in bench.device.send(10002, [0x12, 9]) { bench.happens(event) }
        #expect(bench.device.dataResponses.map(\.response.outcome) == [.decodingFailed])
        for event in bench.device.send(12345, [1]) { bench.happens(event) }
        for event in bench.device.send(30001, [0x0a, 0]) { bench.happens(event) }
        bench.happens(.value(handle: 12, [0x00, 0x01]))
        #expect(bench.reports.count == 5 && bench.outcome == nil && bench.findings == [])
    }

    /// A request that comes again is answered again and kept once; a device that does not count its
    /// requests has each of them kept.
    @Test func sentTwice() throws {
        var bench = try bench(AirSyncDevice(), context())
        bench.connect()
        for _ in 0..<3 {
            for event in bench.device.sendData([5], sequence: 9) { bench.happens(event) }
        }
        #expect(bench.findings == [.data([5], type: 0)])
        #expect(bench.device.dataResponses.map(\.sequence) == [9, 9, 9])
        for byte in [6, 7, 7] as [UInt8] {
            for event in bench.device.sendData([byte], sequence: 9) { bench.happens(event) }
        }
        #expect(bench.findings.count == 4 && bench.device.dataResponses.count == 6)
        for _ in 0..<2 {
            for event in bench.device.sendData([8], sequence: 0) { bench.happens(event) }
        }
        #expect(bench.findings.count == 6)
        for event in bench.device.sendData([]) { bench.happens(event) }
        #expect(bench.findings.count == 6 && bench.device.dataResponses.count == 9)
    }

    /// The introduction too: a device that did not hear the answer sends the same again.
    @Test func introducedTwice() throws {
        var bench = try bench(AirSyncDevice(way: .key), context(key: true))
        bench.connect()
        let request = AirSyncDevice(way: .key).introduces()
        var again = AirSyncDevice()
        for event in again.send(10001, request, sequence: 1) { bench.happens(event) }
        #expect(bench.device.authResponses.map(\.outcome.code) == [0, 0])
        #expect(bench.device.authResponses[0] == bench.device.authResponses[1])
        for event in again.send(10001, request, sequence: 2) { bench.happens(event) }
        #expect(bench.device.authResponses.last?.outcome == .deviceBlocked, "a replay all the same")
    }

    @Test func storeRefuses() throws {
        var bench = try bench(AirSyncDevice(), context())
        bench.connect()
        bench.storeTakes = false
        for event in bench.device.sendData([1]) { bench.happens(event) }
        #expect(bench.device.dataResponses.map(\.response.outcome.code) == [-1])
        #expect(bench.fault?.faultClass == .storage && bench.findings == [])
    }

    /// Nothing is answered before it is durable, and no more than four requests wait for that.
    @Test func storeIsSlow() throws {
        var bench = try bench(AirSyncDevice(), context())
        bench.connect()
        bench.storeTakes = nil
        for byte in 1...6 as ClosedRange<UInt8> {
            for event in bench.device.sendData([byte]) { bench.happens(event) }
        }
        #expect(bench.device.dataResponses.map(\.response.outcome.code) == [-9, -9])
        bench.happens(.kept(token: 2))
        #expect(bench.device.dataResponses.map(\.response.outcome.code) == [-9, -9, 0])
        bench.wait(10)
        #expect(bench.device.dataResponses.map(\.response.outcome.code) == [-9, -9, 0, -1, -1, -1])
        bench.happens(.kept(token: 1))
        #expect(bench.device.dataResponses.count == 6)
        for event in bench.device.sendData([1], sequence: 3) { bench.happens(event) }
        #expect(bench.device.dataResponses.last?.response.outcome.code == 0, "kept, so not again")
    }

    /// While the hub is ending, what is under way becomes whole or stays with the device.
    @Test func hubEnds() throws {
        var bench = try bench(AirSyncDevice(), context())
        bench.connect()
        bench.storeTakes = nil
        for event in bench.device.sendData([1]) { bench.happens(event) }
        bench.happens(.ending)
        #expect(bench.outcome == nil)
        for event in bench.device.sendData([2]) { bench.happens(event) }
        bench.happens(.kept(token: 1))
        #expect(bench.device.dataResponses.map(\.response.outcome.code) == [0])
        #expect(bench.outcome == .done)
        var late = try self.bench(AirSyncDevice(), context())
        late.connect()
        late.storeTakes = nil
        for event in late.device.sendData([1]) { late.happens(event) }
        late.happens(.ending)
        late.wait(1)
        #expect(late.fault?.faultClass == .transient && late.device.dataResponses.isEmpty)
        var early = try self.bench(AirSyncDevice(introduction: []), context())
        early.connect()
        early.happens(.ending)
        #expect(early.fault?.faultClass == .transient)
    }

    @Test func times() throws {
        var silent = try bench(AirSyncDevice(), context())
        silent.hand(.connected(silent.device.table, longestWrite: 20))
        silent.hand(.read(handle: 15, []))
        silent.hand(.subscribed(handle: 12))
        #expect(silent.machine.deadline == silent.clock.later(by: 5_000_000_000))
        var slow = try bench(AirSyncDevice(), context())
        slow.hand(.connected(slow.device.table, longestWrite: 20))
        #expect(slow.machine.deadline == slow.clock.later(by: 10_000_000_000))
        var idle = try bench(AirSyncDevice(beginning: nil), context())
        idle.connect()
        idle.wait(5)
        #expect(idle.fault?.text == "it did not begin within 5 s")
    }

    /// A byte a second is no packet, nor are many that stop half-way.
    @Test func slowloris() throws {
        var bench = try bench(AirSyncDevice(), context())
        bench.connect()
        for byte in hex("fe0100642712") {
            bench.happens(.value(handle: 12, [byte]))
            bench.wait(1)
        }
        #expect(bench.fault?.text == "it does not finish the packets it begins")
        var stalling = try self.bench(AirSyncDevice(), context())
        stalling.connect()
        for _ in 0..<3 {
            stalling.happens(.value(handle: 12, [0xfe, 1]))
            stalling.wait(3)
        }
        #expect(stalling.reports.count == 2 && stalling.fault?.faultClass == .protocolError)
    }

    /// A device that asks and asks without taking the answers is left alone.
    @Test func neverTakesAnswers() throws {
        var bench = try bench(AirSyncDevice(), context())
        bench.connect()
        var device = bench.device
        var outcome: DeviceOutcome?
        for _ in 0..<40 where outcome == nil {
            for case .value(let handle, let value) in device.sendData([], sequence: 3) {
                for case .finish(let end) in bench.machine.handle(
                    .value(handle: handle, value), at: bench.clock)
                { outcome = end }
            }
        }
        guard case .failed(let fault)? = outcome else {
            Issue.record("still there")
            return
        }
        #expect(fault.faultClass == .hostile)
    }

    @Test func otherDevices() throws {
        struct Other: ScriptedDevice {
            var table = GATTTable([
                GATTCharacteristic(handle: 3, service: 0xfee7, uuid: 0xfec7, properties: .read)
            ])
            mutating func asked(_ action: DeviceAction) -> [DeviceEvent] { [] }
        }
        var bench = DriverBench(try AirSyncDriver().machine(for: context()), Other())
        bench.connect()
        #expect(bench.fault?.faultClass == .unsupported)
    }

    @Test(arguments: [GATTFault.disconnected, .notPaired, .noAnswer, .notPermitted])
    func linkFails(fault: GATTFault) throws {
        for handle in [10, 12] as [UInt16] {
            var bench = try bench(AirSyncDevice(), context())
            bench.connect()
            bench.happens(.failed(handle: handle, fault))
            #expect(bench.fault != nil)
        }
        var bench = try bench(AirSyncDevice(), context())
        bench.hand(.connected(bench.device.table, longestWrite: 20))
        bench.happens(.failed(handle: 15, fault))
        #expect((bench.fault == nil) == (fault != .disconnected), "FEC9 is optional")
    }

    /// The link is cut after every single event: nothing that was answered is missing from the
    /// store, and nothing is in it twice.
    @Test(arguments: [AirSyncDevice.Way.mac, .md5, .key])
    func cutAfterEveryEvent(way: AirSyncDevice.Way) throws {
        var events = 0
        var isWhole = false
        while !isWhole {
            var device = AirSyncDevice(way: way)
            device.data = Self.data
            var bench = try bench(device, context(key: way == .key))
            bench.cut = events
            bench.connect()
            let answered = bench.device.dataResponses.count(where: { $0.response.outcome.code == 0 }
            )
            #expect(bench.findings.count >= answered)
            #expect(bench.findings.count - answered <= 1)
            isWhole = bench.events < events
            events += 1
        }
        #expect(events > 20)
    }

    /// Every prefix and one-byte change of the recorded packets, at every stage.
    @Test(arguments: AirSyncAssemblyTests.packets)
    func neighbours(vector: Vector) throws {
        var stages: [any DeviceMachine] = []
        for (way, key) in [(AirSyncDevice.Way.mac, false), (.key, true)] {
            var bench = try bench(AirSyncDevice(way: way), context(key: key))
            bench.hand(.connected(bench.device.table, longestWrite: 20))
            bench.hand(.read(handle: 15, []))
            if key { stages.append(bench.machine) }
            bench = try self.bench(AirSyncDevice(way: way), context(key: key))
            bench.connect()
            stages.append(bench.machine)
        }
        ByteVerifier.neighbours(of: vector.bytes) { bytes in
            for stage in stages {
                var machine = stage
                _ = machine.handle(.value(handle: 12, bytes), at: .noon)
            }
        }
    }

    /// Pushes wait for the device, not for ever and not without a bound.
    @Test func pushes() throws {
        var bench = try bench(AirSyncDevice(), context())
        bench.hand(.connected(bench.device.table, longestWrite: 20))
        for byte in 1...6 as ClosedRange<UInt8> { bench.hand(.push([byte])) }
        bench.settle()
        #expect(bench.reports.count == 2 && bench.device.pushes.count == 4)
        bench.happens(.push([UInt8](repeating: 0, count: 5000)))
        #expect(bench.reports.count == 3 && bench.outcome == nil)
        var session = AirSyncSession(context())
        #expect(
            session.push(.switchViewPush(AirSyncSwitch(operation: 1, view: 1)), at: .noon) == nil)
    }
}
