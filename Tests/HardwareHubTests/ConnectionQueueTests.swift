import BeaconScanner
import HardwareHub
import Testing

@Suite("Each device is called when it is its turn, and never twice at once")
struct ConnectionQueueTests {
    private var queue = ConnectionQueue()

    private func at(_ milliseconds: Int64) -> BootTime {
        BootTime(nanoseconds: 1_000_000_000_000 + milliseconds * 1_000_000)
    }

    private static func failed(_ fault: DeviceFault.Class) -> DeviceOutcome {
        .failed(DeviceFault(fault, "as the test wants it"))
    }

    @Test mutating func onSight() {
        #expect(queue.next(at: at(0)) == nil)
        queue.heard("bp", at: at(0))
        #expect(queue.next(at: at(0)) == "bp")
        #expect(queue.phase(of: "bp") == .connecting)
        queue.heard("bp", at: at(10))
        #expect(queue.next(at: at(10)) == nil, "it is being connected to")
        queue.connected("bp")
        queue.heard("bp", at: at(20))
        #expect(queue.next(at: at(20)) == nil, "it is connected")
    }

    @Test("one connection is made at a time, in the order in which devices were heard")
    mutating func order() {
        for (time, id) in ["c", "a", "b"].enumerated() { queue.heard(id, at: at(Int64(time))) }
        var calls: [String] = []
        while let id = queue.next(at: at(100)) {
            calls.append(id)
            #expect(queue.next(at: at(100)) == nil, "a second one while \(id) is being called")
            queue.connected(id)
        }
        #expect(calls == ["c", "a", "b"])
    }

    @Test("who is on the air for seconds goes before who stays") mutating func brief() {
        queue.heard("band", at: at(0))
        queue.heard("belt", at: at(1))
        queue.heard("meter", isBrief: true, at: at(2))
        queue.heard("scale", isBrief: true, at: at(3))
        var calls: [String] = []
        while let id = queue.next(at: at(4)) {
            calls.append(id)
            queue.connected(id)
        }
        #expect(calls == ["scale", "meter", "band", "belt"])
    }

    @Test("nobody waits for ever") mutating func longWait() {
        queue.heard("band", at: at(0))
        for second in 1...61 as ClosedRange<Int64> {
            queue.heard("band", at: at(second * 1_000))
            queue.heard("scale\(second)", isBrief: true, at: at(second * 1_000))
            let next = queue.next(at: at(second * 1_000)) ?? ""
            #expect(next == (second < 60 ? "scale\(second)" : "band"), "after \(second) s")
            if next == "band" { break }
            queue.ended(next, .done, hadFindings: true, at: at(second * 1_000))
        }
    }

    @Test("who is not heard any more is not called") mutating func gone() {
        queue.heard("scale", at: at(0))
        #expect(queue.next(at: at(5_001)) == nil)
        queue.heard("scale", at: at(6_000))
        #expect(queue.next(at: at(6_000)) == "scale")
    }

    @Test mutating func sixteenPlaces() {
        for number in 10..<30 { queue.heard("d\(number)", at: at(0)) }
        for _ in 0..<ConnectionQueue.places {
            let id = queue.next(at: at(1))
            #expect(id != nil)
            queue.connected(id ?? "")
        }
        #expect(queue.next(at: at(1)) == nil)
        #expect(queue.toEnd(at: at(1)) == nil, "nobody rests")
        queue.rests("d12", true)
        queue.rests("d11", true)
        #expect(queue.toEnd(at: at(1)) == "d11")
        queue.ended("d11", .done, hadFindings: false, at: at(2))
        #expect(queue.next(at: at(3)) == "d26", "the next one in line has the place")
    }

    @Test("nobody gives up a place for nobody") mutating func restingStays() {
        for number in 10..<26 { queue.heard("d\(number)", at: at(0)) }
        while let id = queue.next(at: at(0)) {
            queue.connected(id)
            queue.rests(id, true)
        }
        #expect(queue.toEnd(at: at(1)) == nil)
        queue.heard("late", at: at(1))
        #expect(queue.toEnd(at: at(1)) == "d10")
        #expect(queue.toEnd(at: at(9_000)) == nil, "who waited is gone")
    }

    @Test("a device that shows up anew with something new is called at once")
    mutating func showsUpAnew() {
        queue.heard("scale", at: at(0))
        _ = queue.next(at: at(0))
        queue.ended("scale", .done, hadFindings: true, at: at(1_000))
        queue.heard("scale", at: at(2_000))
        #expect(queue.next(at: at(2_000)) == nil, "it only went on advertising")
        queue.heard("scale", at: at(20_000))
        #expect(queue.next(at: at(20_000)) == "scale")
    }

    @Test("one with nothing to say is not called again and again") mutating func nothingToSay() {
        var now: Int64 = 0
        var calls = 0
        // It advertises again four seconds after each connection, for an hour.
        while now < 3_600_000 {
            queue.heard("meter", at: at(now))
            if queue.next(at: at(now)) != nil {
                calls += 1
                queue.ended("meter", .done, hadFindings: false, at: at(now + 500))
                now += 4_500
            }
            now += 500
        }
        #expect((4...12).contains(calls), "\(calls)")
    }

    @Test(arguments: DeviceFault.Class.allCases)
    mutating func pauses(after fault: DeviceFault.Class) {
        let (first, longest): (Int64, Int64) =
            switch fault {
            case .transient: (1, 60)
            case .storage: (5, 60)
            case .protocolError: (30, 900)
            case .authentication: (60, 3_600)
            case .unsupported, .hostile: (3_600, 3_600)
            }
        var now: Int64 = 0
        for attempt in 0..<20 {
            queue.heard("d", at: at(now))
            #expect(queue.next(at: at(now)) == "d", "attempt \(attempt)")
            queue.ended("d", Self.failed(fault), hadFindings: false, at: at(now))
            let pause = min(longest, first << Int64(min(attempt, 12))) * 1_000
            queue.heard("d", at: at(now + pause - 1))
            #expect(queue.next(at: at(now + pause - 1)) == nil, "attempt \(attempt)")
            #expect(queue.nextDeadline(at: at(now + pause - 1)) == at(now + pause))
            now += pause
        }
        queue.ended("d", .done, hadFindings: true, at: at(now))
        queue.heard("d", at: at(now + 4_000))
        _ = queue.next(at: at(now + 4_000))
        queue.ended("d", Self.failed(fault), hadFindings: false, at: at(now + 5_000))
        queue.heard("d", at: at(now + 5_000 + first * 1_000))
        #expect(queue.next(at: at(now + 5_000 + first * 1_000)) == "d", "it begins anew")
    }

    @Test mutating func retry() {
        queue.heard("d", at: at(0))
        _ = queue.next(at: at(0))
        queue.ended("d", Self.failed(.hostile), hadFindings: false, at: at(0))
        queue.heard("d", at: at(10))
        #expect(queue.next(at: at(10)) == nil)
        queue.retry("d")
        #expect(queue.next(at: at(10)) == "d")
        queue.forget("d")
        #expect(queue.phase(of: "d") == .idle)
        #expect(queue.next(at: at(11)) == nil)
    }

    @Test("what is told of devices that nobody knows changes nothing") mutating func strangers() {
        queue.connected("x")
        queue.rests("x", true)
        queue.ended("x", .done, hadFindings: true, at: at(0))
        queue.retry("x")
        #expect(queue.next(at: at(0)) == nil)
        #expect(queue.phase(of: "x") == .idle)
    }
}
