import DBus
import EventLoop
import Glibc
import TestSupport
import Testing

@Suite("A client gets answers, or errors that tell what to do")
struct ClientTests {
    init() { HubThread.start() }

    @Test("a bus that is not there: the error names it and what helps") @Hub
    func noBus() async throws {
        let connection = Connection(.address("unix:path=/nowhere/bus"))
        let error = await #expect(throws: BusError.self) { try await connection.connect() }
        #expect(error?.message.contains("unix:path=/nowhere/bus") == true)
        #expect(error?.message.contains("is the address right") == true)
        #expect(connection.state == .closed)
        let call = await #expect(throws: BusError.self) {
            try await connection.user(of: "org.example")
        }
        #expect(call?.code == .disconnected)
    }

    @Test(
        "an address that makes no sense is an error and no crash",
        arguments: ["", "nonsense", "unix:", "unix:path=", "unix:path=/x\0y", "tcp:port=x"]) @Hub
    func badAddress(_ address: String) async {
        let connection = Connection(.address(address))
        let error = await #expect(throws: BusError.self) { try await connection.connect() }
        #expect(error?.message.isEmpty == false)
    }

    @Test("a service that does not run is told apart from one that fails") @Hub
    func notRunning() async throws {
        let bus = try TestBus()
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        for starting in [true, false] {
            let error = await #expect(throws: BusError.self) {
                try await client.call(
                    "Ping", of: "org.freedesktop.DBus.Peer", at: "org.example", "/",
                    starting: starting)
            }
            #expect(error?.meansNotRunning == true, "\(String(describing: error))")
        }
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let error = await #expect(throws: BusError.self) {
            try await client.call(
                "Blink", of: Lamp.interface, at: "org.example", Lamp.path, [.uint32(0)])
        }
        #expect(error == BusError(.init("org.example.Error.Dark"), "no light"))
        #expect(error?.meansNotRunning == false)
    }

    @Test("an answer that does not come ends in NoReply, and one that comes later is dropped") @Hub
    func timeout() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        let error = await #expect(throws: BusError.self) {
            try await client.call(
                "Hold", of: Lamp.interface, at: "org.example", Lamp.path,
                timeout: .milliseconds(50))
        }
        #expect(error?.code == .noReply)
        #expect(error?.message == "no answer to org.example.Lamp1.Hold within 0.05 seconds")
        lamp.release()
        let echo = try await client.call(
            "Echo", of: Lamp.interface, at: "org.example", Lamp.path, [.variant(.byte(1))])
        #expect(echo == [.variant(.byte(1))])
    }

    @Test("arguments that cannot be sent are refused here, and the connection lives on") @Hub
    func badArguments() async throws {
        let bus = try TestBus()
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        for value in [
            .array(of: "s", [.byte(1)]), .structure([]),
            .bytes([UInt8](repeating: 0, count: 9 << 20)),
        ] as [BusValue] {
            await #expect(throws: BusError.self) {
                try await client.call("X", of: "org.example.X", at: "org.example", "/", [value])
            }
        }
        let user = try await client.user(of: "org.freedesktop.DBus")
        #expect(user == geteuid())
    }

    @Test("many calls at once get their own answers") @Hub
    func concurrent() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        let done = Signpost()
        var right = 0
        for number in 0..<30 {
            Hub.start {
                let value = BusValue.variant(.uint32(UInt32(number)))
                let reply = try? await client.call(
                    "Echo", of: Lamp.interface, at: "org.example", Lamp.path, [value])
                if reply == [value] { right += 1 }
                done.reach()
            }
        }
        try await done.wait(for: 30)
        #expect(right == 30)
    }

    @Test("a watched name shows its owner from the start, its loss and its next owner") @Hub
    func nameWatch() async throws {
        let bus = try TestBus()
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        let first = Lamp(bus.bus)
        try await first.start()
        let changes = Signpost()
        let watch = try await client.watch("org.example") { _ in changes.reach() }
        let firstOwner = watch.owner
        let firstGeneration = watch.generation
        #expect(firstOwner != nil)
        let known = changes.count
        first.connection.close()
        try await changes.wait(for: known + 1)
        #expect(watch.owner == nil)
        #expect(watch.generation > firstGeneration)
        let second = Lamp(bus.bus)
        try await second.start()
        try await changes.wait(for: known + 2)
        #expect(watch.owner != nil && watch.owner != firstOwner)
        watch.cancel()
        watch.cancel()
        second.connection.close()
        while (try? await client.user(of: "org.example")) != nil {}
        #expect(changes.count == known + 2)
        await #expect(throws: BusError.self) { _ = try await client.watch("not a name") { _ in } }
    }

    @Test("a whole client program runs on one thread: main")
    func program() async {
        await #expect(processExitsWith: .exitCode(42)) {
            alarm(20)
            for _ in 0..<256 { Task.detached { while true { pause() } } }
            let echoed = Hub.run { @Hub in
                guard let bus = try? TestBus() else { return false }
                let lamp = Lamp(bus.bus)
                lamp.connection.stay(as: "org.example") { _ in }
                let client = Connection(bus.bus)
                guard (try? await client.connect()) != nil else { return false }
                let up = Signpost()
                let watch = try? await client.watch("org.example") {
                    if $0.owner != nil { up.reach() }
                }
                if watch?.owner == nil { try? await up.wait() }
                let reply = try? await client.call(
                    "Blink", of: Lamp.interface, at: "org.example", Lamp.path, [.uint32(5)])
                client.close()
                lamp.connection.close()
                return reply == [.int64(5)]
            }
            exit(echoed ? 42 : 1)
        }
    }
}
