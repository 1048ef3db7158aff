import DBus
import EventLoop
import Glibc
import TestSupport
import Testing

/// Notes the states of a connection and lets a test wait for them.
@Hub
private final class StateLog {
    private(set) var states: [Connection.State] = []
    let connected = Signpost()
    let lost = Signpost()

    func note(_ state: Connection.State) {
        states.append(state)
        switch state {
        case .connected: connected.reach()
        case .lost: lost.reach()
        case .closed, .connecting: break
        }
    }
}

@Suite("A service survives its bus")
struct ReconnectTests {
    init() { HubThread.start() }

    @Test("after the bus is killed and restarted, name, objects and subscriptions are back") @Hub
    func restart() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        let log = StateLog()
        lamp.connection.stay(as: "org.example", log.note)
        try await log.connected.wait()
        defer { lamp.connection.close() }

        let heard = Signpost()
        try await lamp.connection.subscribe(
            MatchRule(sender: "org.weather", interface: "org.weather.Sky1", member: "Dark")
        ) { _ in heard.reach() }
        let watchChanges = Signpost()
        let watch = try await lamp.connection.watch("org.weather") { _ in watchChanges.reach() }
        #expect(watch.owner == nil)
        let first = watch.generation

        for round in 1...3 {
            let weather = Connection(bus.bus)
            let weatherUp = Signpost()
            weather.stay(as: "org.weather") { if case .connected = $0 { weatherUp.reach() } }
            try await weatherUp.wait()
            try await watchChanges.wait(for: 2 * round - 1)
            #expect(watch.owner?.hasPrefix(":") == true)
            weather.emit("Dark", of: "org.weather.Sky1", at: "/sky")
            try await heard.wait(for: round)
            let reply = try await run([
                "dbus-send", "--bus=\(bus.address)", "--dest=org.example", "--print-reply",
                Lamp.path.text, "org.example.Lamp1.Blink", "uint32:\(round)",
            ])
            #expect(reply.code == 0, "\(reply.output)")

            bus.kill()
            try await log.lost.wait(for: log.lost.count + 1)
            #expect(watch.owner == nil)
            weather.close()
            try bus.start()
            try await log.connected.wait(for: round + 1)
            #expect(watchChanges.count == 2 * round)
        }
        #expect(lamp.blinks == [1, 2, 3])
        #expect(watch.generation > first)
        #expect(lamp.connection.counters.losses == 3)
    }

    @Test("a call that is under way when the bus dies fails at once, not at its timeout") @Hub
    func pendingCall() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        let failed = Signpost()
        var code: BusError.Code?
        Hub.start {
            do throws(BusError) {
                _ = try await client.call(
                    "Hold", of: Lamp.interface, at: "org.example", Lamp.path,
                    timeout: .seconds(3_600))
            } catch {
                code = error.code
            }
            failed.reach()
        }
        while lamp.heldCount == 0 { _ = try await client.user(of: "org.example") }
        bus.kill()
        try await failed.wait()
        #expect(code == .disconnected)
        // It answers into the void, and nothing breaks.
        lamp.release()
        lamp.connection.close()
        // A client that connected once can connect again.
        try bus.start()
        try await client.connect()
        let user = try await client.user(of: "org.freedesktop.DBus")
        #expect(user == geteuid())
    }

    @Test("a call that was waiting for permission when the bus died is not carried out") @Hub
    func lateAuthorization() async throws {
        let bus = try TestBus()
        let gate = SlowGatekeeper()
        let lamp = Lamp(bus.bus, gatekeeper: gate)
        try await lamp.start()
        let client = try RawClient(bus)
        client.send(
            to: "org.example", Lamp.path.text, interface: Lamp.interface, "Blink", .uint32(1))
        try await gate.asked.wait()
        bus.kill()
        let lost = Signpost()
        let probe = Connection(bus.bus)
        probe.stay(as: nil) { if case .lost = $0 { lost.reach() } }
        try await lost.wait()
        probe.close()
        while case .connected = lamp.connection.state { await Task.yield() }
        gate.answer(true)
        try bus.start()
        // The service is back on the new bus, and has served nothing meanwhile.
        let second = Connection(bus.bus)
        try await second.connect()
        defer { second.close() }
        let up = Signpost()
        let watch = try await second.watch("org.example") { if $0.owner != nil { up.reach() } }
        if watch.owner == nil { try await up.wait() }
        #expect(lamp.blinks.isEmpty)
        lamp.connection.close()
    }

    @Test("another owner of the name is reported, and the name taken when it is free") @Hub
    func squatter() async throws {
        let bus = try TestBus()
        let squatter = Lamp(bus.bus)
        try await squatter.start()
        let lamp = Lamp(bus.bus)
        let log = StateLog()
        lamp.connection.stay(as: "org.example", log.note)
        defer { lamp.connection.close() }
        try await log.lost.wait(for: 2)
        guard
            case .lost(let error, let wait)? = log.states.first(where: {
                if case .lost = $0 { true } else { false }
            })
        else { return #expect(Bool(false)) }
        #expect(error.code == .nameTaken)
        #expect(error.message.hasPrefix(":1."))
        #expect(error.message.contains("org.example"))
        #expect(wait == .milliseconds(100))
        squatter.connection.close()
        try await log.connected.wait()
    }

    @Test("nobody can take the name away") @Hub
    func replacement() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        // REPLACE_EXISTING (2) and DO_NOT_QUEUE (4); 3 is "exists".
        let reply = try await client.call(
            "RequestName", of: "org.freedesktop.DBus", at: "org.freedesktop.DBus",
            "/org/freedesktop/DBus", [.string("org.example"), .uint32(2 | 4)])
        #expect(reply == [.uint32(3)])
    }

    @Test("closing while connecting, while waiting and while connected ends in closed") @Hub
    func close() async throws {
        let bus = try TestBus()
        for when in 0..<3 {
            let connection = Connection(when == 1 ? .address("unix:path=/nowhere") : bus.bus)
            let log = StateLog()
            let closed = Signpost()
            connection.stay(as: nil) { state in
                log.note(state)
                if state == .closed { closed.reach() }
            }
            if when == 1 { try await log.lost.wait() }
            if when == 2 { try await log.connected.wait() }
            connection.close()
            connection.close()
            try await closed.wait()
            #expect(connection.state == .closed)
        }
    }

    @Test("a service may close its connection from inside its own state change") @Hub
    func closeInside() async throws {
        let bus = try TestBus()
        let observer = Connection(bus.bus)
        try await observer.connect()
        defer { observer.close() }
        for round in 0..<2 {
            let connection = Connection(bus.bus)
            let closed = Signpost()
            var last: Connection.State?
            connection.stay(as: "org.example.Round\(round)") { state in
                last = state
                switch state {
                case .connecting where round == 0: connection.close()
                case .connected where round == 1: connection.close()
                case .closed: closed.reach()
                default: break
                }
            }
            try await closed.wait()
            #expect(last == .closed && connection.state == .closed)
            let watch = try await observer.watch("org.example.Round\(round)") { _ in }
            #expect(watch.owner == nil)
        }
    }

    @Test("watches and subscriptions may go while the connection is being set up") @Hub
    func cancelWhileConnecting() async throws {
        let bus = try TestBus()
        let connection = Connection(bus.bus)
        var watches: [NameWatch] = []
        for number in 0..<20 {
            try await watches.append(connection.watch("org.example.N\(number)") { _ in })
        }
        let connected = Signpost()
        connection.stay(as: nil) { if case .connected = $0 { connected.reach() } }
        defer { connection.close() }
        // Every second one goes, some before and some after their turn.
        for (number, watch) in watches.enumerated() where number % 2 == 0 {
            _ = try? await connection.user(of: "org.freedesktop.DBus")
            watch.cancel()
        }
        try await connected.wait()
        let rest = Connection(bus.bus)
        let changes = Signpost()
        rest.stay(as: "org.example.N19") { if case .connected = $0 { changes.reach() } }
        defer { rest.close() }
        try await changes.wait()
        _ = try await connection.user(of: "org.example.N19")
        #expect(watches[19].owner != nil)
    }

    @Test("30 losses leave no descriptor behind")
    func descriptors() async {
        await #expect(processExitsWith: .exitCode(42)) {
            // A process of its own: the others open and close descriptors meanwhile.
            func openDescriptors() -> Int { (0..<1_024).filter { fcntl($0, F_GETFD) != -1 }.count }
            let grown = Hub.run { @Hub in
                guard let bus = try? TestBus() else { return -1 }
                let connection = Connection(bus.bus)
                let log = StateLog()
                connection.stay(as: "org.example", log.note)
                _ = try? await connection.watch("org.weather") { _ in }
                var counts: [Int] = []
                for round in 0..<30 {
                    try? await log.connected.wait(for: round + 1)
                    counts.append(openDescriptors())
                    bus.kill()
                    try? await log.lost.wait(for: log.lost.count + 1)
                    try? bus.start()
                }
                connection.close()
                return (counts.max() ?? -1) - (counts.first ?? 0)
            }
            exit(grown == 0 ? 42 : 1)
        }
    }
}

/// Answers when the test says so.
@Hub
final class SlowGatekeeper: Gatekeeper {
    let asked = Signpost()
    private var waiting: [CheckedContinuation<Bool, Never>] = []

    func verdict(on request: AccessRequest, from connection: Connection) async -> Verdict {
        let isAllowed = await withCheckedContinuation {
            waiting.append($0)
            asked.reach()
        }
        return isAllowed ? .allowed : .refused("the test said no")
    }

    func answer(_ answer: Bool) {
        for continuation in waiting { continuation.resume(returning: answer) }
        waiting = []
    }
}
