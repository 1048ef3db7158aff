import DBus
import EventLoop
import Glibc
import TestSupport
import Testing

@Suite("A descriptor that comes with an answer belongs to whoever takes it, and else to nobody")
struct DescriptorTests {
    init() { HubThread.start() }

    @Test(arguments: [true, false]) @Hub
    func isTakenOrClosed(isTaken: Bool) async throws {
        let bus = try TestBus()
        let service = Connection(bus.bus)
        let ends = Pair()
        service.export(
            [
                Interface("org.example.Pipe1") {
                    Method("Open", out: ["fd": "h", "size": "q"], needs: .read) { call in
                        call.pass(Descriptor(owning: ends.takeRight()))
                        return [.uint16(7)]
                    }
                }
            ], at: "/pipe")
        try await service.connect()
        defer { service.close() }
        guard case .connected(let name) = service.state else { return #expect(Bool(false)) }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        var taken: Int32 = -1
        do {
            let reply = try await client.call(
                Message.methodCall(name, "/pipe", "org.example.Pipe1", "Open"))
            if isTaken {
                taken = try reply.read { (reader) throws(BusError) in
                    try reader.descriptor().release()
                }
            }
        }
        if isTaken {
            let own = Descriptor(owning: taken)
            _ = unsafe write(ends.left, "hello", 5)
            var bytes = [UInt8](repeating: 0, count: 8)
            #expect(unsafe read(own.number, &bytes, 8) == 5)
            #expect(fcntl(own.number, F_GETFD) & FD_CLOEXEC != 0)
        }
        // Whoever had the other end has it no more.
        let closed = Signpost()
        let watch = try Hub.loop.watch(ends.left, for: .readable) { readiness in
            if readiness.contains(.hangUp) { closed.reach() }
        }
        try await closed.wait()
        watch.cancel()
    }

    /// Two connected sockets.
    @Hub
    private final class Pair {
        let left: Int32
        private var right: Int32

        init() {
            var ends: [Int32] = [-1, -1]
            _ = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
            (left, right) = (ends[0], ends[1])
        }

        func takeRight() -> Int32 {
            defer { right = -1 }
            return right
        }

        isolated deinit {
            close(left)
            if right >= 0 { close(right) }
        }
    }
}
