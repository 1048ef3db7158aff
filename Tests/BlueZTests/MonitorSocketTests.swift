import BeaconScanner
import EventLoop
import Glibc
import TestSupport
import Testing

@testable import BlueZ

/// A monitor at one end of a pair of sockets, and at the other a test that plays the kernel.
private final class Rig {
    struct Event: Equatable {
        var adapter: UInt16
        var bytes: [UInt8]
        var time: BootTime
    }

    let loop: EventLoop
    private(set) var monitor: MonitorSocket?
    private var kernel: Descriptor?
    var events: [Event] = []
    var adapters: [[UInt16]] = []
    var turns = 0
    var failure: MonitorError?
    var onEvent: (Rig) -> Void = { _ in }

    init(_ type: __socket_type = SOCK_DGRAM, isFiltered: Bool = true) throws {
        loop = try EventLoop(time: .manual(startingAt: .init(nanoseconds: 60_000_000_000)))
        var ends: [Int32] = [0, 0]
        try #require(
            unsafe socketpair(AF_UNIX, Int32(type.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0
        )
        let ours = Descriptor(owning: ends[0])
        kernel = Descriptor(owning: ends[1])
        if isFiltered { try MonitorSocket.prepare(ours.number) }
        var owner = MonitorSocket.Owner { [unowned self] adapter, event, time in
            events.append(
                Event(adapter: adapter, bytes: event.indices.map { event[$0] }, time: time))
            onEvent(self)
        }
        owner.onAdapters = { [unowned self] in adapters.append($0.all.map(\.number)) }
        owner.onTurn = { [unowned self] in turns += 1 }
        owner.onFailure = { [unowned self] in failure = $0 }
        monitor = try MonitorSocket(adopting: ours, on: loop, owner: owner)
    }

    var counts: MonitorSocket.Counts { monitor?.counts ?? .init() }

    /// Sends datagrams without a turn of the loop; false when the socket is full.
    @discardableResult
    func send(_ frames: [UInt8]...) -> Bool {
        frames.allSatisfy { frame in
            guard let number = kernel?.number else { return false }
            return unsafe Glibc.send(number, frame, frame.count, 0) == frame.count
        }
    }

    func hangUp() { kernel = nil }
    func forget() { monitor = nil }
}

@Suite("The monitor socket delivers what the kernel sends, in bounded turns")
struct MonitorSocketTests {
    @Test("events arrive whole, with their adapter and the boot clock's time")
    func events() throws {
        let rig = try Rig()
        rig.send(Frames.event(3), Frames.event(0))
        rig.loop.turn()
        #expect(rig.events.map(\.adapter) == [3, 0])
        #expect(rig.events.allSatisfy { $0.bytes == Frames.report })
        // Stamped by the real kernel, a moment before the manual clock's 60 s.
        for event in rig.events {
            #expect((55_000_000_000...60_000_000_000).contains(event.time.nanoseconds))
        }
        #expect(rig.turns == 1)
        rig.loop.turn()
        #expect(rig.turns == 1, "nothing to read, no turn")
    }

    @Test("the kernel filters: neither other traffic nor keys of a pairing reach the process")
    func filter() throws {
        let rig = try Rig()
        for opcode in 2...30 where ![3, 8, 9, 10].contains(opcode) {
            // With bytes that look like an advertising report.
            rig.send(Frames.frame(UInt16(opcode), 0, Frames.report))
        }
        rig.send(
            Frames.frame(0x0103, 0, Frames.report),  // 3 in the lower byte only
            Frames.event(0, [0x0e, 4, 1, 3, 12, 0]),  // Command Complete
            Frames.event(0, [0x18, 23] + [UInt8](repeating: 7, count: 23)),  // a link key
            Frames.event(0, [0x3e, 13, 5] + [UInt8](repeating: 7, count: 12)),  // a key
            Frames.event(0, [0x3e, 2]), Frames.event(0, []), [3, 0], [])
        rig.loop.turn()
        #expect(rig.counts == MonitorSocket.Counts())
        // And what is wanted does, after it.
        rig.send(
            Frames.added(), Frames.opened(), Frames.identified(), Frames.event(),
            Frames.event(0, [0x3e, 2, 0x0d, 0]), Frames.closed(), Frames.removed())
        rig.loop.turn()
        #expect(rig.counts.frames == 7 && rig.counts.events == 2 && rig.counts.malformed == 0)
        #expect(rig.failure == nil)
    }

    @Test("adapters are told as they change")
    func adapters() throws {
        let rig = try Rig()
        rig.send(Frames.added(1), Frames.added(0), Frames.added(0), Frames.removed(1))
        rig.loop.turn()
        #expect(rig.adapters == [[1], [0, 1], [0]])
        #expect(rig.monitor?.adapters.number(of: .first) == 0)
    }

    @Test("malformed frames are counted and the next one is used")
    func malformed() throws {
        let rig = try Rig(isFiltered: false)
        var lie = Frames.event()
        lie[4] = 1
        let long = Frames.frame(5, 0, [UInt8](repeating: 0, count: 4_000))
        rig.send([1], lie, Frames.frame(0, 0, [1]), long, Frames.event())
        rig.loop.turn()
        #expect(rig.counts.frames == 5 && rig.counts.malformed == 4 && rig.counts.events == 1)
        #expect(rig.events.map(\.bytes) == [Frames.report])
        // No time stamp was asked for: it is now.
        #expect(rig.events.map(\.time) == [BootTime(nanoseconds: 60_000_000_000)])
    }

    @Test("frames of the largest kind and of every size go through the ring")
    func sizes() throws {
        let rig = try Rig(isFiltered: false)
        for size in 0...255 {
            let event = [0x3e, UInt8(size)] + [UInt8](repeating: UInt8(size), count: size)
            rig.send(Frames.event(0, event))
            rig.loop.turn()
            #expect(rig.events.last?.bytes == event)
        }
        rig.send(Frames.event(0, [UInt8](repeating: 1, count: 1_500)))
        rig.loop.turn()
        #expect(rig.events.last?.bytes.count == 1_500)
        #expect(rig.counts.malformed == 0)
    }

    @Test("the owner may close it in the middle of a batch")
    func closeInside() throws {
        let rig = try Rig()
        rig.onEvent = { $0.monitor?.close() }
        rig.send(Frames.event(), Frames.event(), Frames.event())
        rig.loop.turn()
        rig.loop.turn()
        #expect(rig.events.count == 1 && rig.turns == 0 && rig.failure == nil)
        #expect(rig.monitor?.bufferSize == 0)
    }

    @Test("a forgotten socket is closed and leaves the loop")
    func forgotten() throws {
        let rig = try Rig()
        rig.send(Frames.event())
        rig.forget()
        rig.loop.turn()
        #expect(rig.events.isEmpty)
        #expect(!rig.send(Frames.event()))
    }

    @Test("a channel that ends is told once, and the loop is not spun")
    func ended() throws {
        let rig = try Rig(SOCK_SEQPACKET)
        rig.send(Frames.event())
        rig.hangUp()
        for _ in 0..<3 { rig.loop.turn() }
        #expect(rig.events.count == 1)
        #expect(rig.failure == MonitorError(.reading, code: 0))
        let taken = rig.turns
        rig.loop.turn()
        #expect(rig.turns == taken)
    }

    @Test("the memory for frames is used again and again")
    func ringIsReused() throws {
        let rig = try Rig()
        for round in 0..<300 {
            rig.send(Frames.event(UInt16(round)))
            rig.loop.turn()
        }
        #expect(rig.events.map(\.adapter) == (0..<300).map { UInt16($0) })
    }
}
