import DBus
import EventLoop
import TestSupport
import Testing

@Suite("A service on a real bus answers clients that we did not write")
struct ServiceTests {
    init() { HubThread.start() }

    /// Calls with dbus-send, an independent client.
    @Hub
    private func send(
        _ bus: TestBus, _ method: String, _ arguments: String..., path: String = Lamp.path.text
    ) async throws -> String {
        let command =
            ["dbus-send", "--bus=\(bus.address)", "--dest=org.example", "--print-reply", path]
            + [method] + arguments
        return try await run(command).output
    }

    @Hub
    private func busctl(_ bus: TestBus, _ arguments: String...) async throws -> String {
        try await run(["busctl", "--address=\(bus.address)"] + arguments).output
    }

    @Test("dbus-send calls a method and gets the result") @Hub
    func call() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let reply = try await send(bus, "org.example.Lamp1.Blink", "uint32:3")
        #expect(reply.hasSuffix("   int64 3\n"), "\(reply)")
        #expect(lamp.blinks == [3])
    }

    @Test("every mistake has its own error name") @Hub
    func errors() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let lampPath = Lamp.path.text
        let get = "org.freedesktop.DBus.Properties.Get"
        let set = "org.freedesktop.DBus.Properties.Set"
        let cases: [(method: String, arguments: [String], path: String, error: String)] = [
            ("org.example.Lamp1.Nothing", [], lampPath, "UnknownMethod"),
            ("org.example.Nothing.Blink", [], lampPath, "UnknownInterface"),
            ("org.example.Lamp1.Blink", ["uint32:1"], "/org/nothing", "UnknownObject"),
            ("org.example.Lamp1.Blink", ["uint32:1"], "/org", "UnknownInterface"),
            ("org.example.Lamp1.Blink", [], lampPath, "InvalidArgs"),
            ("org.example.Lamp1.Blink", ["int32:1"], lampPath, "InvalidArgs"),
            ("org.example.Lamp1.Blink", ["uint32:1", "uint32:1"], lampPath, "InvalidArgs"),
            ("org.example.Lamp1.Lie", [], lampPath, "Failed"),
            (get, ["string:org.example.Lamp1", "string:Nothing"], lampPath, "UnknownProperty"),
            (get, ["string:org.example.Nothing", "string:Lit"], lampPath, "UnknownInterface"),
            (get, ["string:", "string:Lit"], lampPath, "UnknownInterface"),
            (
                set, ["string:org.example.Lamp1", "string:Lit", "variant:boolean:true"], lampPath,
                "PropertyReadOnly"
            ),
            (
                set, ["string:org.example.Lamp1", "string:Brightness", "variant:string:x"],
                lampPath, "InvalidArgs"
            ),
            (
                set, ["string:org.example.Lamp1", "string:Brightness", "variant:uint32:101"],
                lampPath, "InvalidArgs"
            ),
        ]
        for one in cases {
            let command =
                ["dbus-send", "--bus=\(bus.address)", "--dest=org.example", "--print-reply"]
                + [one.path, one.method] + one.arguments
            let reply = try await run(command).output
            #expect(
                reply.hasPrefix("Error org.freedesktop.DBus.Error.\(one.error): "),
                "\(one.method) \(one.arguments) at \(one.path): \(reply)")
        }
        let own = try await send(bus, "org.example.Lamp1.Blink", "uint32:0")
        #expect(own == "Error org.example.Error.Dark: no light\n")
        #expect(lamp.blinks.isEmpty && lamp.brightness == 50)
    }

    @Test("a call without an interface finds the method") @Hub
    func noInterface() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = try RawClient(bus)
        let serial = client.send(
            to: "org.example", Lamp.path.text, interface: nil, "Blink", .uint32(4))
        let reply = try await client.reply(to: serial)
        #expect(reply.kind == 2)
        #expect(lamp.blinks == [4])
    }

    @Test("a call that wants no reply gets none, and is done all the same") @Hub
    func noReply() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = try RawClient(bus)
        client.send(
            to: "org.example", Lamp.path.text, interface: Lamp.interface, "Blink", .uint32(1),
            wantsReply: false)
        client.send(
            to: "org.example", Lamp.path.text, interface: Lamp.interface, "Nothing", .uint32(1),
            wantsReply: false)
        let last = client.send(
            to: "org.example", Lamp.path.text, interface: Lamp.interface, "Blink", .uint32(2))
        let first = try await client.nextReply()
        #expect(first.replySerial == last)
        #expect(lamp.blinks == [1, 2])
    }

    @Test("busctl reads the introspection of every node and shows the tree") @Hub
    func introspection() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let tree = try await busctl(bus, "tree", "--list", "org.example")
        #expect(
            tree.split(separator: "\n") == ["/", "/org", "/org/example", "/org/example/lamp"])
        let text = try await busctl(bus, "introspect", "org.example", Lamp.path.text)
        let rows = text.split(separator: "\n").map {
            $0.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        for row in [
            "org.example.Lamp1 interface - - -", ".Blink method u x -", ".Echo method v v -",
            ".Hold method - - -", ".Lit property b false emits-change",
            ".Brightness property u 50 emits-change writable",
            ".Maker property s \"Examples Inc.\" const", ".BurntOut signal u - -",
            "org.freedesktop.DBus.Properties interface - - -", ".GetAll method s a{sv} -",
            ".PropertiesChanged signal sa{sv}as - -",
            "org.freedesktop.DBus.Introspectable interface - - -",
            "org.freedesktop.DBus.Peer interface - - -",
        ] {
            #expect(rows.contains(row), "\(row) in \(text)")
        }
        // We are its owner, so what needs more than reading is shown too.
        #expect(rows.contains(".Code property s \"secret\" emits-invalidation"))
        let root = try await busctl(bus, "introspect", "org.example", "/org/example")
        #expect(root.contains("org.freedesktop.DBus.ObjectManager"))
        #expect(!text.contains("org.freedesktop.DBus.ObjectManager"))
    }

    @Test("properties are read, set and watched by busctl and dbus-send") @Hub
    func properties() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let path = Lamp.path.text
        let name = ["org.example", path, "org.example.Lamp1", "Brightness"]
        #expect(
            try await run(["busctl", "--address=\(bus.address)", "get-property"] + name).output
                == "u 50\n")
        let set = ["busctl", "--address=\(bus.address)", "set-property"] + name + ["u", "70"]
        #expect(try await run(set).code == 0)
        #expect(lamp.brightness == 70)
        let all = try await send(
            bus, "org.freedesktop.DBus.Properties.GetAll", "string:org.example.Lamp1")
        for word in ["\"Lit\"", "boolean false", "\"Brightness\"", "uint32 70", "\"Maker\""] {
            #expect(all.contains(word), "\(all)")
        }
        let empty = try await send(
            bus, "org.freedesktop.DBus.Properties.GetAll",
            "string:org.freedesktop.DBus.Introspectable")
        #expect(empty.hasSuffix("   array [\n   ]\n"), "\(empty)")
    }

    @Test("the root lists its objects, and tells of those that come and go") @Hub
    func objectManager() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let listed = try await send(
            bus, "org.freedesktop.DBus.ObjectManager.GetManagedObjects", path: "/org/example")
        #expect(listed.contains("object path \"/org/example/lamp\""))
        #expect(listed.contains("string \"Brightness\""))

        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        let seen = Signpost()
        var added: [BusValue] = []
        var removed: [BusValue] = []
        try await client.subscribe(
            MatchRule(
                sender: "org.example", path: "/org/example",
                interface: "org.freedesktop.DBus.ObjectManager")
        ) { message in
            let arguments = (try? message.arguments()) ?? []
            if message.member == "InterfacesAdded" {
                added = arguments
            } else {
                removed = arguments
            }
            seen.reach()
        }
        lamp.connection.export([lamp.table], at: "/org/example/second")
        lamp.connection.withdraw("/org/example/second")
        lamp.connection.withdraw("/org/example/second")
        try await seen.wait(for: 2)
        #expect(added.first == .objectPath("/org/example/second"))
        let properties = added.last?["org.example.Lamp1"]
        #expect(properties?["Lit"] == .bool(false))
        // A secret is not broadcast.
        #expect(properties?["Code"] == nil)
        #expect(removed == [.objectPath("/org/example/second"), .strings(["org.example.Lamp1"])])
        let tree = try await busctl(bus, "tree", "--list", "org.example")
        #expect(!tree.contains("second"))
    }

    @Test("watchers are told what changed, and never a value that not everybody may read") @Hub
    func propertiesChanged() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        let seen = Signpost()
        var arguments: [BusValue] = []
        try await client.subscribe(
            MatchRule(
                sender: "org.example", interface: "org.freedesktop.DBus.Properties",
                argument0: "org.example.Lamp1")
        ) { message in
            arguments = (try? message.arguments()) ?? []
            seen.reach()
        }
        lamp.isLit = true
        lamp.connection.propertiesChanged(
            ["Lit", "Code", "Maker"], of: Lamp.interface, at: Lamp.path)
        // Nothing to tell: a constant, and an object that is not there.
        lamp.connection.propertiesChanged(["Maker"], of: Lamp.interface, at: Lamp.path)
        lamp.connection.propertiesChanged(["Lit"], of: Lamp.interface, at: "/gone")
        try await seen.wait()
        #expect(
            arguments == [
                .string("org.example.Lamp1"), .options(["Lit": .bool(true)]), .strings(["Code"]),
            ])
        _ = try await client.user(of: "org.example")
        #expect(seen.count == 1)
    }

    @Test("anybody who can be reached answers a ping, and the machine has an id") @Hub
    func peer() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        let peer = "org.freedesktop.DBus.Peer"
        let pong = try await client.call("Ping", of: peer, at: "org.example", "/no/object")
        #expect(pong.isEmpty)
        let answer = try? await client.call("GetMachineId", of: peer, at: "org.example", "/")
        // A container may have no machine-id; then it is an error and no crash.
        #expect(answer == nil || answer?.first?.string?.utf8.count == 32)
    }
}
