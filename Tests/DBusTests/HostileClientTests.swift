import DBus
import EventLoop
import TestSupport
import Testing

@Suite("A hostile client gets errors, and nobody else notices")
struct HostileClientTests {
    init() { HubThread.start() }

    @Hub
    private func withLamp(
        _ body: @Hub (Lamp, TestBus, Connection) async throws -> Void
    ) async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        let client = Connection(bus.bus)
        try await client.connect()
        defer {
            client.close()
            lamp.connection.close()
        }
        try await body(lamp, bus, client)
    }

    @Hub
    private func echo(_ client: Connection, _ value: BusValue) async throws -> [BusValue] {
        try await client.call("Echo", of: Lamp.interface, at: "org.example", Lamp.path, [value])
    }

    /// The code of the error that a call ends with; nil when it succeeds.
    @Hub
    private func code(_ body: () async throws -> Void) async -> BusError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? BusError)?.code
        }
    }

    @Test("variants inside each other: 16 are echoed, 17 are refused") @Hub
    func deepVariants() async throws {
        try await withLamp { _, bus, client in
            func nested(_ depth: Int) -> BusValue {
                (0..<depth).reduce(.byte(1)) { value, _ in .variant(value) }
            }
            #expect(try await echo(client, nested(16)) == [nested(16)])
            #expect(await code { _ = try await echo(client, nested(17)) } == .limitsExceeded)
            // 40 levels, deeper than we can write ourselves.
            let call = ["busctl", "--address=\(bus.address)", "call", "org.example"]
            let deep = Array(repeating: "v", count: 40) + ["y", "1"]
            let result = try await run(
                call + [Lamp.path.text, Lamp.interface, "Echo", "v"] + deep)
            #expect(result.code != 0)
            #expect(result.output.contains("too deep"), "\(result.output)")
            #expect(try await echo(client, .variant(.bool(true))) == [.variant(.bool(true))])
        }
    }

    @Test("huge arrays and texts are refused, up to the limit they are taken") @Hub
    func hugeArrays() async throws {
        try await withLamp { _, _, client in
            func list(_ count: Int) -> BusValue {
                .variant(.array(of: "b", Array(repeating: .bool(true), count: count)))
            }
            let most = try await echo(client, list(4_096))
            #expect(most == [list(4_096)])
            #expect(await code { _ = try await echo(client, list(4_097)) } == .limitsExceeded)
            #expect(await code { _ = try await echo(client, list(1_000_000)) } == .limitsExceeded)
            let bytes = BusValue.variant(.bytes([UInt8](repeating: 0, count: 7 << 20)))
            #expect(await code { _ = try await echo(client, bytes) } == .limitsExceeded)
        }
    }

    @Test("a method may allow larger arguments than others") @Hub
    func largerLimit() async throws {
        try await withLamp { _, _, client in
            func size(_ count: Int) async throws -> Int64? {
                let text = BusValue.string(String(repeating: "x", count: count))
                let reply = try await client.call(
                    "Import", of: Lamp.interface, at: "org.example", Lamp.path, [text])
                return reply.first?.integer
            }
            let million = try await size(1_000_000)
            #expect(million == 1_000_000)
            #expect(await code { _ = try await size(1 << 20) } == .limitsExceeded)
        }
    }

    @Test("calls larger than what libdbus holds at once do not stop the bus while they wait") @Hub
    func largeCallsThatWait() async throws {
        let bus = try TestBus()
        // The gatekeeper asks the bus about the sender: its answer has to come through.
        let lamp = Lamp(bus.bus, gatekeeper: PolkitGatekeeper(actions: "org.example"))
        let waits = Signpost()
        var waiting: [CheckedContinuation<Void, Never>] = []
        lamp.connection.export(
            [
                Interface("org.example.Big1") {
                    Method(
                        "Take", in: ["bytes": "ay"], needs: .manage, limits: Limits(bytes: 5 << 20)
                    ) { _ in
                        await withCheckedContinuation {
                            waiting.append($0)
                            waits.reach()
                        }
                        return []
                    }
                }
            ], at: "/org/example/big")
        try await lamp.start()
        defer { lamp.connection.close() }
        var clients: [Connection] = []
        for _ in 0..<5 {
            let client = Connection(bus.bus)
            try await client.connect()
            clients.append(client)
        }
        defer { for client in clients { client.close() } }
        func take(_ client: Connection, _ megabytes: Int) async -> BusError.Code? {
            await code {
                _ = try await client.call(
                    "Take", of: "org.example.Big1", at: "org.example", "/org/example/big",
                    [.bytes([UInt8](repeating: 7, count: megabytes << 20))])
            }
        }
        let done = Signpost()
        var results: [BusError.Code?] = []
        for (number, client) in clients.prefix(4).enumerated() {
            Hub.start {
                results.append(await take(client, 2))
                done.reach()
            }
            try await waits.wait(for: number + 1)
        }
        // While they wait, small calls are served; no client may pile up more of the kind, and all
        // together have a bound.
        let small = try await echo(clients[4], .variant(.byte(8)))
        #expect(small == [.variant(.byte(8))])
        #expect(await take(clients[0], 1) == .limitsExceeded)
        #expect(await take(clients[4], 4) == .limitsExceeded)
        #expect(lamp.connection.counters.refusedCalls == 2)
        for continuation in waiting { continuation.resume() }
        try await done.wait(for: 4)
        #expect(results == Array(repeating: nil, count: 4))
    }

    @Test("one user's clients hang with all the calls they get: another user's are answered") @Hub
    func hangingUser() async throws {
        try requireRoot()
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        // A client for each call; they run until the shell's input is closed.
        let call =
            "dbus-send --bus=\(bus.address) --print-reply --reply-timeout=60000 "
            + "--dest=org.example \(Lamp.path.text) \(Lamp.interface).Hold"
        let hangers = try Child([
            "setpriv", "--reuid=2", "--regid=2", "--clear-groups", "sh", "-c",
            "for i in $(seq 100); do \(call) & done; read nothing",
        ])
        defer {
            // Without it they end too.
            bus.kill()
            _ = hangers.finish()
        }
        while lamp.heldCount + Int(lamp.connection.counters.refusedCalls) < 100 {
            _ = try await lamp.connection.user(of: "org.example")
        }
        #expect(lamp.heldCount == 64)
        #expect(lamp.connection.counters.refusedCalls == 36)
        for user in ["0", "65534"] {
            let answer = try await run([
                "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "dbus-send",
                "--bus=\(bus.address)", "--print-reply", "--dest=org.example", Lamp.path.text,
                "\(Lamp.interface).Echo", "variant:byte:1",
            ])
            #expect(answer.code == 0, "user \(user): \(answer.output)")
        }
    }

    @Test("10,000 calls at once: each is answered, most of them with LimitsExceeded") @Hub
    func flood() async throws {
        try await withLamp { lamp, bus, client in
            let flooder = try RawClient(bus)
            let done = Signpost()
            var answered = 0
            var refused = 0
            Hub.start {
                for _ in 0..<10_000 {
                    guard let reply = try? await flooder.nextReply() else { break }
                    if reply.kind == 2 { answered += 1 }
                    if reply.contains("org.freedesktop.DBus.Error.LimitsExceeded") { refused += 1 }
                }
                done.reach()
            }
            // In portions that a socket's buffer takes, so that nothing blocks.
            for _ in 0..<100 {
                var bytes: [UInt8] = []
                for _ in 0..<100 {
                    bytes += flooder.bytes(
                        to: "org.example", Lamp.path.text, interface: Lamp.interface, "Hold")
                }
                flooder.send(bytes)
                let other = try await echo(client, .variant(.byte(1)))
                #expect(other == [.variant(.byte(1))])
                lamp.release()
            }
            while answered + refused < 10_000, done.count == 0 {
                lamp.release()
                _ = try await client.user(of: "org.example")
            }
            try await done.wait()
            #expect(answered + refused == 10_000)
            #expect(answered >= 32)
            #expect(refused > answered)
            #expect(lamp.connection.counters.refusedCalls == refused)
        }
    }

    @Test("32 calls of one client may hang; the next is refused, another client is not") @Hub
    func hangingCalls() async throws {
        try await withLamp { lamp, bus, client in
            let hanger = try RawClient(bus)
            var serials: [UInt32] = []
            for _ in 0..<33 {
                serials.append(
                    hanger.send(
                        to: "org.example", Lamp.path.text, interface: Lamp.interface, "Hold", nil))
            }
            let refusal = try await hanger.nextReply()
            #expect(refusal.replySerial == serials.last)
            #expect(refusal.contains("LimitsExceeded"))
            #expect(lamp.heldCount == 32)
            #expect(try await echo(client, .variant(.byte(2))) == [.variant(.byte(2))])
            lamp.release()
            for serial in serials.dropLast() {
                #expect(try await hanger.reply(to: serial).kind == 2)
            }
        }
    }

    @Test("a client that never reads harms only itself") @Hub
    func neverReads() async throws {
        try await withLamp { _, bus, client in
            let deaf = try RawClient(bus)
            deaf.stopReading()
            let text = String(repeating: "x", count: 60_000)
            for _ in 0..<20 {
                deaf.send(
                    to: "org.example", Lamp.path.text, interface: Lamp.interface, "Import",
                    .string(text))
                for _ in 0..<20 {
                    deaf.send(
                        to: "org.example", Lamp.path.text,
                        interface: "org.freedesktop.DBus.Introspectable", "Introspect", nil)
                }
                #expect(try await echo(client, .variant(.byte(3))) == [.variant(.byte(3))])
            }
        }
    }

    @Test("a client that leaves in the middle of its calls frees its place") @Hub
    func leaves() async throws {
        try await withLamp { lamp, bus, client in
            for round in 1...10 {
                let leaver = try RawClient(bus)
                let gone = Signpost()
                let watch = try await client.watch(leaver.uniqueName) { watch in
                    if watch.owner == nil { gone.reach() }
                }
                #expect(watch.owner == leaver.uniqueName)
                for _ in 0..<20 {
                    leaver.send(
                        to: "org.example", Lamp.path.text, interface: Lamp.interface, "Hold", nil)
                }
                // Behind its calls: when this is answered, they have arrived.
                let last = leaver.send(
                    to: "org.example", Lamp.path.text, interface: "org.freedesktop.DBus.Peer",
                    "Ping", nil)
                #expect(try await leaver.reply(to: last).kind == 2)
                #expect(lamp.heldCount == 20, "round \(round)")
                leaver.leave()
                try await gone.wait()
                watch.cancel()
                lamp.release()
            }
            // 200 answers went to nobody; the total of calls in flight is 0 again.
            #expect(try await echo(client, .variant(.byte(4))) == [.variant(.byte(4))])
        }
    }

    @Test("half a message and then silence, or nonsense, ends only the one who sent it") @Hub
    func garbage() async throws {
        try await withLamp { _, bus, client in
            let half = try RawClient(bus)
            half.send(Array(half.bytes(to: "org.example", "/", interface: nil, "X").prefix(20)))
            let nonsense = try RawClient(bus)
            nonsense.send([UInt8](repeating: 0xaa, count: 10_000))
            #expect(try await echo(client, .variant(.byte(5))) == [.variant(.byte(5))])
        }
    }

    @Test("random arguments for every method: errors or answers, and the service lives on") @Hub
    func randomCalls() async throws {
        try await withLamp { lamp, bus, _ in
            var random = RandomValues(state: 7)
            let properties = "org.freedesktop.DBus.Properties"
            let own = lamp.table.permissions.filter { $0.access == .call && $0.member != "Hold" }
            let methods =
                own.map { (Lamp.interface, $0.member) }
                + [(properties, "Get"), (properties, "Set"), (properties, "GetAll")]
            var codes: Set<BusError.Code?> = []
            var answers = 0
            for round in 0..<15 {
                // A new client for each round: one alone would soon only be refused.
                let client = Connection(bus.bus)
                try await client.connect()
                for (interface, method) in methods {
                    for _ in 0..<20 {
                        let count = round == 0 ? 1 : Int(random.next() % 4)
                        let arguments = (0..<count).map { _ in random.value(depth: 3) }
                        codes.insert(
                            await code {
                                _ = try await client.call(
                                    method, of: interface, at: "org.example", Lamp.path, arguments)
                            })
                        answers += 1
                    }
                }
                client.close()
            }
            // An error is an answer too; only silence and the loss of the bus are none.
            #expect(!codes.contains(.noReply) && !codes.contains(.disconnected))
            #expect(codes.contains(nil) && codes.contains(.invalidArgs))
            #expect(answers == 15 * 7 * 20)
            #expect(lamp.brightness == 50)
        }
    }

    @Test("a call with a descriptor where none belongs is refused, and the descriptor closed") @Hub
    func descriptors() async throws {
        try await withLamp { _, bus, client in
            let sender = try RawClient(bus)
            let ends = try Ends()
            for _ in 0..<5 {
                sender.send(
                    RawClient.message(
                        sender.nextSerial(), 0, "org.example", Lamp.path.text, Lamp.interface,
                        "Echo", nil, descriptors: 1), passing: ends.right)
                let reply = try await sender.nextReply()
                #expect(reply.contains("org.freedesktop.DBus.Error.InvalidArgs"))
            }
            ends.closeRight()
            // The end that we kept sees the end of the stream only when all copies are closed.
            let closed = Signpost()
            let watch = try Hub.loop.watch(ends.left, for: .readable) { readiness in
                if readiness.contains(.hangUp) { closed.reach() }
            }
            try await closed.wait()
            watch.cancel()
            #expect(try await echo(client, .variant(.byte(6))) == [.variant(.byte(6))])
        }
    }

    @Test("a bus that stops reading fills a bounded queue, and what does not fit is counted") @Hub
    func frozenBus() async throws {
        try await withLamp { lamp, bus, client in
            bus.freeze()
            let text = BusValue.string(String(repeating: "x", count: 1 << 20))
            for _ in 0..<50 {
                lamp.connection.emit("BurntOut", of: Lamp.interface, at: Lamp.path, [text])
            }
            // 8 MiB are queued, and what the socket's buffer holds is on its way.
            #expect(lamp.connection.counters.unsentSignals >= 40)
            let error = await code {
                _ = try await lamp.connection.call("X", of: "a.b", at: "a.b", "/")
            }
            #expect(error == .limitsExceeded)
            bus.thaw()
            let answer = try await echo(client, .variant(.byte(7)))
            #expect(answer == [.variant(.byte(7))])
        }
    }
}
