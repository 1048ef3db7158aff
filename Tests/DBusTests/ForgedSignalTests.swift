import DBus
import EventLoop
import Glibc
import TestSupport
import Testing

@Suite("Signals are believed only from whom they should come")
struct ForgedSignalTests {
    init() { HubThread.start() }

    @Test("a forged signal, broadcast or sent straight to us, is dropped") @Hub
    func forged() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        guard case .connected(let unique) = client.state else { return #expect(Bool(false)) }
        let seen = Signpost()
        var hours: [Int64] = []
        try await client.subscribe(
            MatchRule(sender: "org.example", interface: Lamp.interface, member: "BurntOut")
        ) { message in
            hours.append((try? message.arguments())?.first?.integer ?? -1)
            seen.reach()
        }
        for destination in [[], ["--dest=\(unique)"]] {
            let result = try await run(
                ["dbus-send", "--bus=\(bus.address)", "--type=signal"] + destination + [
                    Lamp.path.text, "org.example.Lamp1.BurntOut", "uint32:666",
                ])
            #expect(result.code == 0, "\(result.output)")
        }
        lamp.connection.emit("BurntOut", of: Lamp.interface, at: Lamp.path, [.uint32(7)])
        try await seen.wait()
        #expect(hours == [7])
        // The broadcast did not pass the match rule; the direct one had to be seen through by us.
        #expect(client.counters.forgedSignals == 1)
    }

    @Test("nobody can pretend that a name has changed hands") @Hub
    func forgedOwner() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        guard case .connected(let unique) = client.state else { return #expect(Bool(false)) }
        let watch = try await client.watch("org.example") { _ in }
        let owner = watch.owner
        #expect(owner?.hasPrefix(":") == true)
        let result = try await run([
            "dbus-send", "--bus=\(bus.address)", "--type=signal", "--dest=\(unique)",
            "/org/freedesktop/DBus", "org.freedesktop.DBus.NameOwnerChanged",
            "string:org.example", "string:\(owner ?? "")", "string:",
        ])
        #expect(result.code == 0, "\(result.output)")
        _ = try await client.user(of: "org.example")
        #expect(watch.owner == owner)
    }

    @Test("a path namespace holds an object and what is below it, and no neighbor") @Hub
    func namespace() async throws {
        let bus = try TestBus()
        let sender = Connection(bus.bus)
        try await sender.connect()
        defer { sender.close() }
        let receiver = Connection(bus.bus)
        try await receiver.connect()
        defer { receiver.close() }
        var paths: [String] = []
        let end = Signpost()
        try await receiver.subscribe(
            MatchRule(sender: nil, pathNamespace: "/a/b", interface: "org.example.T")
        ) { message in paths.append(message.path?.text ?? "") }
        try await receiver.subscribe(
            MatchRule(sender: nil, path: "/end", argument0: "it's \\ the 'end',x='y'")
        ) { _ in end.reach() }
        for path in ["/a", "/a/b", "/a/bc", "/a/b/c", "/a/b/c/d", "/"] {
            sender.emit("S", of: "org.example.T", at: ObjectPath(path) ?? "/")
        }
        sender.emit("S", of: "org.example.T", at: "/end", [.string("not yet")])
        sender.emit("S", of: "org.example.T", at: "/end", [.uint32(1)])
        sender.emit("S", of: "org.example.T", at: "/end", [.string("it's \\ the 'end',x='y'")])
        try await end.wait()
        #expect(paths == ["/a/b", "/a/b/c", "/a/b/c/d"])
        #expect(end.count == 1)
    }

    @Test(
        "a rule that the bus would refuse is refused here",
        arguments: [
            MatchRule(sender: "no name"), MatchRule(sender: nil, interface: "none"),
            MatchRule(sender: nil, member: "a.b"),
            MatchRule(sender: nil, path: "/", pathNamespace: "/"),
            MatchRule(sender: nil, argument0: String(repeating: "x", count: 1_024)),
        ]) @Hub
    func badRule(_ rule: MatchRule) async {
        let connection = Connection(.address("unused"))
        let error = await #expect(throws: BusError.self) {
            try await connection.subscribe(rule) { _ in }
        }
        #expect(error?.code == .invalidArgs)
    }

    @Test("after cancel nothing comes, and one subscriber can cancel another") @Hub
    func cancel() async throws {
        let bus = try TestBus()
        let sender = Connection(bus.bus)
        try await sender.connect()
        defer { sender.close() }
        let receiver = Connection(bus.bus)
        try await receiver.connect()
        defer { receiver.close() }
        var seen: [String] = []
        var second: Subscription?
        let first = try await receiver.subscribe(MatchRule(sender: nil, member: "S")) { _ in
            seen.append("first")
            second?.cancel()
        }
        second = try await receiver.subscribe(MatchRule(sender: nil, member: "S")) { _ in
            seen.append("second")
        }
        let end = Signpost()
        try await receiver.subscribe(MatchRule(sender: nil, member: "End")) { _ in end.reach() }
        sender.emit("S", of: "org.example.T", at: "/")
        sender.emit("End", of: "org.example.T", at: "/")
        try await end.wait()
        #expect(seen == ["first"])
        first.cancel()
        sender.emit("S", of: "org.example.T", at: "/")
        sender.emit("End", of: "org.example.T", at: "/")
        try await end.wait(for: 2)
        #expect(seen == ["first"])
    }

    @Test("signals that name an object below another one are told apart from those that do not")
    @Hub
    func below() async throws {
        let bus = try TestBus()
        let sender = Connection(bus.bus)
        try await sender.connect()
        defer { sender.close() }
        let receiver = Connection(bus.bus)
        try await receiver.connect()
        defer { receiver.close() }
        guard case .connected(let unique) = receiver.state else { return #expect(Bool(false)) }
        let end = Signpost()
        var seen: [String] = []
        try await receiver.subscribe(
            MatchRule(sender: nil, member: "Added", argument0Below: "/a/dev_1")
        ) { message in seen.append((try? message.arguments())?.first?.string ?? "") }
        // Without it the bus would pass on what matches the other rule only.
        try await receiver.subscribe(MatchRule(sender: nil, interface: "org.example.T")) {
            message in
            if message.member == "End" { end.reach() }
        }
        for path in ["/a", "/a/dev_1", "/a/dev_10/s", "/a/dev_1/s", "/a/dev_1/s/c"] as [ObjectPath]
        {
            sender.emit("Added", of: "org.example.T", at: "/", [.objectPath(path)])
        }
        sender.emit("Added", of: "org.example.T", at: "/", [.string("/a/dev_1/text")])
        sender.emit("Added", of: "org.example.T", at: "/")
        sender.emit("End", of: "org.example.T", at: "/")
        try await end.wait()
        #expect(seen == ["/a/dev_1/s", "/a/dev_1/s/c"])
        // The bus alone tells them apart likewise.
        let alone = Connection(bus.bus)
        try await alone.connect()
        defer { alone.close() }
        var passed: [String] = []
        try await alone.subscribe(
            MatchRule(sender: nil, member: "Added", argument0Below: "/a/dev_1")
        ) { message in passed.append((try? message.arguments())?.first?.string ?? "") }
        for path in ["/a/dev_10/s", "/a/dev_1/s"] as [ObjectPath] {
            sender.emit("Added", of: "org.example.T", at: "/", [.objectPath(path)])
        }
        _ = try await sender.user(of: unique)
        _ = try await alone.user(of: unique)
        #expect(passed == ["/a/dev_1/s"])
    }

    @Test("a descriptor that comes with a signal is ours to read from and to close") @Hub
    func descriptor() async throws {
        let bus = try TestBus()
        let sender = try RawClient(bus)
        let receiver = Connection(bus.bus)
        try await receiver.connect()
        defer { receiver.close() }
        let ends = try Ends()
        let seen = Signpost()
        var word = ""
        try await receiver.subscribe(MatchRule(sender: sender.uniqueName, member: "Take")) {
            message in
            let taken = try? message.read { (reader) throws(BusError) in
                try reader.descriptor().release()
            }
            if let taken {
                let descriptor = Descriptor(owning: taken)
                var bytes = [UInt8](repeating: 0, count: 5)
                _ = unsafe read(descriptor.number, &bytes, 5)
                word = String(decoding: bytes, as: UTF8.self)
            }
            seen.reach()
        }
        _ = unsafe write(ends.left, "hello", 5)
        sender.send(
            RawClient.message(
                sender.nextSerial(), 0, nil, "/x", "org.example.T", "Take", nil, descriptors: 1,
                kind: 4), passing: ends.right)
        try await seen.wait()
        #expect(word == "hello")
        ends.closeRight()
        let closed = Signpost()
        let watch = try Hub.loop.watch(ends.left, for: .readable) { readiness in
            if readiness.contains(.hangUp) { closed.reach() }
        }
        try await closed.wait()
        watch.cancel()
    }
}
