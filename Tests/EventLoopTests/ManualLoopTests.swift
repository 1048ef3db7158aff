import EventLoop
import Glibc
import Testing

/// What a test saw, in order.
private final class Trace {
    var entries: [String] = []
}

/// A pipe with both ends owned.
private struct Pipe: ~Copyable {
    let reading: Descriptor
    let writing: Descriptor

    init() throws {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        reading = Descriptor(owning: ends[0])
        writing = Descriptor(owning: ends[1])
    }

    func write(_ count: Int = 1) {
        let bytes = [UInt8](repeating: 1, count: count)
        _ = unsafe Glibc.write(writing.number, bytes, count)
    }

    func readOne() {
        var byte: UInt8 = 0
        _ = unsafe Glibc.read(reading.number, &byte, 1)
    }
}

private func manualLoop() throws -> EventLoop {
    try EventLoop(time: .manual(startingAt: .init(nanoseconds: 0)))
}

@Suite("A loop on manual time does exactly what is due")
struct ManualLoopTests {
    @Test("time passes only when the test says so, and timers fire at their own instants")
    func advance() throws {
        let loop = try manualLoop()
        let trace = Trace()
        loop.schedule(after: .seconds(3)) { trace.entries.append("3@\(loop.now.nanoseconds)") }
        loop.schedule(after: .seconds(1)) { trace.entries.append("1@\(loop.now.nanoseconds)") }
        loop.turn()
        #expect(trace.entries == [])
        loop.advance(by: .milliseconds(2_999))
        #expect(trace.entries == ["1@1000000000"])
        loop.advance(by: .milliseconds(1))
        #expect(trace.entries == ["1@1000000000", "3@3000000000"])
        #expect(loop.now.nanoseconds == 3_000_000_000)
    }

    @Test("a repeating timer fires each round in passing time, once after a jump")
    func repeating() throws {
        let loop = try manualLoop()
        let trace = Trace()
        let timer = loop.schedule(every: .seconds(1)) { trace.entries.append("tick") }
        loop.advance(by: .seconds(5))
        #expect(trace.entries.count == 5)
        loop.jump(by: .seconds(86_400))
        #expect(trace.entries.count == 6)
        timer.cancel()
        loop.advance(by: .seconds(5))
        #expect(trace.entries.count == 6)
    }

    @Test("one due timer can cancel another that is due in the same turn")
    func cancelWithinTurn() throws {
        let loop = try manualLoop()
        let trace = Trace()
        var second: EventLoop.Timer?
        loop.schedule(after: .seconds(1)) { second?.cancel() }
        second = loop.schedule(after: .seconds(1)) { trace.entries.append("must not fire") }
        loop.advance(by: .seconds(2))
        #expect(trace.entries == [])
    }

    @Test("a timer that schedules itself at once gets one round per turn")
    func selfScheduling() throws {
        let loop = try manualLoop()
        let trace = Trace()
        func again() {
            trace.entries.append("round")
            guard trace.entries.count < 10 else { return }
            loop.schedule(after: .zero) { again() }
        }
        again()
        for turn in 2...10 {
            loop.turn()
            #expect(trace.entries.count == turn)
        }
    }

    @Test("an endlessly readable descriptor starves neither timers nor other descriptors")
    func fairness() throws {
        let loop = try manualLoop()
        let trace = Trace()
        let endless = try Pipe()
        let other = try Pipe()
        endless.write(100)
        let first = try loop.watch(endless.reading, for: .readable) { _ in
            trace.entries.append("endless")
        }
        let number = other.reading.number
        let second = try loop.watch(other.reading, for: .readable) { _ in
            trace.entries.append("other")
            var byte: UInt8 = 0
            _ = unsafe Glibc.read(number, &byte, 1)
        }
        loop.schedule(after: .zero) { trace.entries.append("timer") }
        other.write()
        loop.turn()
        #expect(trace.entries.filter { $0 == "endless" }.count == 1)
        #expect(trace.entries.contains("other"))
        #expect(trace.entries.last == "timer")
        loop.turn()
        #expect(trace.entries.filter { $0 == "endless" }.count == 2)
        first.cancel()
        second.cancel()
    }

    @Test("nothing is reported after cancel, even if it was ready in the same turn")
    func cancelReady() throws {
        let loop = try manualLoop()
        let trace = Trace()
        let pipes = [try PipeBox(), try PipeBox()]
        var watches: [EventLoop.Watch] = []
        for index in 0..<2 {
            try watches.append(
                loop.watch(pipes[index].pipe.reading, for: .readable) { _ in
                    trace.entries.append("\(index)")
                    for watch in watches { watch.cancel() }
                })
            pipes[index].pipe.write()
        }
        loop.turn()
        #expect(trace.entries.count == 1)
        loop.turn()
        #expect(trace.entries.count == 1)
    }

    @Test("a descriptor number that is used again reports to its new watch only")
    func reusedNumber() throws {
        let loop = try manualLoop()
        let trace = Trace()
        let old = try Pipe()
        let number = old.reading.number
        let oldWatch = try loop.watch(old.reading, for: .readable) { _ in
            trace.entries.append("old")
        }
        old.write()
        oldWatch.cancel()
        let new = try Pipe()
        let duplicate = dup2(new.reading.number, number)
        try #require(duplicate == number)
        let newWatch = try loop.watch(number, for: .readable) { _ in trace.entries.append("new") }
        new.write()
        loop.turn()
        #expect(trace.entries == ["new"])
        newWatch.cancel()
        oldWatch.cancel()
    }

    @Test("interest can be changed, and without interest a hang-up does not spin the loop")
    func interest() throws {
        let loop = try manualLoop()
        let trace = Trace()
        let ends = try SocketPair()
        let watch = try loop.watch(ends.left, for: []) { readiness in
            trace.entries.append(readiness.contains(.hangUp) ? "hang-up" : "ready")
        }
        loop.turn()
        #expect(trace.entries == [])
        try watch.setInterest(.writable)
        loop.turn()
        #expect(trace.entries == ["ready"])
        try watch.setInterest([])
        ends.closeRight()
        loop.turn()
        #expect(trace.entries == ["ready"])
        try watch.setInterest(.readable)
        loop.turn()
        #expect(trace.entries == ["ready", "hang-up"])
        watch.cancel()
        try watch.setInterest(.readable)
        loop.turn()
        #expect(trace.entries.count == 2)
    }

    @Test("what cannot be watched is refused with the reason")
    func refusals() throws {
        let loop = try manualLoop()
        let file = Descriptor(owning: unsafe open("/proc/self/status", O_RDONLY))
        #expect(throws: SystemError(code: EPERM, call: "epoll_ctl")) {
            try loop.watch(file.number, for: .readable) { _ in }
        }
        #expect(throws: SystemError(code: EBADF, call: "epoll_ctl")) {
            try loop.watch(-1, for: .readable) { _ in }
        }
        let pipe = try Pipe()
        let watch = try loop.watch(pipe.reading.number, for: .readable) { _ in }
        let number = pipe.reading.number
        #expect(throws: SystemError(code: EEXIST, call: "epoll_ctl")) {
            try loop.watch(number, for: .readable) { _ in }
        }
        watch.cancel()
        #expect(
            SystemError(code: EPERM, call: "epoll_ctl").description
                == "epoll_ctl: Operation not permitted")
    }

    @Test("every turn counts as progress")
    func progress() throws {
        let loop = try manualLoop()
        let before = loop.progress
        loop.turn()
        loop.turn()
        #expect(loop.progress == before + 2)
    }

    @Test("a stop before run counts")
    func stopFirst() throws {
        let loop = try manualLoop()
        loop.stop()
        loop.run()
        #expect(loop.progress == 0)
    }
}

/// A pipe that an array can hold.
private final class PipeBox {
    let pipe: Pipe
    init() throws { pipe = try Pipe() }
}

/// Two connected sockets; the right one can be closed early.
private final class SocketPair {
    let left: Int32
    private var right: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue)
        try #require(unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0)
        (left, right) = (ends[0], ends[1])
    }

    func closeRight() {
        close(right)
        right = -1
    }

    deinit {
        close(left)
        if right >= 0 { close(right) }
    }
}
