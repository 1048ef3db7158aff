import EventLoop
import Glibc
import TestSupport
import Testing

@testable import DBus

/// Allows what it was told to, and notes what it was asked.
@Hub
private final class ListGatekeeper: Gatekeeper {
    var allowed: Set<Need> = []
    var asked: [Need] = []

    func verdict(on request: AccessRequest, from connection: Connection) async -> Verdict {
        asked.append(request.need)
        return allowed.contains(request.need) ? .allowed : .refused("not on the list")
    }
}

@Suite("Nothing is done that the gatekeeper has not allowed")
struct AuthorizationTests {
    init() { HubThread.start() }

    /// What became of one line of the matrix.
    @Hub
    private func attempt(
        _ line: Interface.Permission, _ client: Connection, _ table: Interface
    ) async -> BusError.Code? {
        let properties = "org.freedesktop.DBus.Properties"
        let names: [BusValue] = [.string(line.interface), .string(line.member)]
        // Arguments of the right types for the methods of the lamp.
        let arguments: [String: [BusValue]] = [
            "Blink": [.uint32(1)], "Echo": [.variant(.byte(1))], "Import": [.string("x")],
        ]
        do throws(BusError) {
            switch line.access {
            case .call:
                _ = try await client.call(
                    line.member, of: line.interface, at: "org.example", Lamp.path,
                    arguments[line.member] ?? [])
            case .get:
                _ = try await client.call(
                    "Get", of: properties, at: "org.example", Lamp.path, names)
            case .set:
                _ = try await client.call(
                    "Set", of: properties, at: "org.example", Lamp.path,
                    names + [.variant(.uint32(1))])
            }
            return nil
        } catch {
            return error.code
        }
    }

    @Test("the whole matrix: each member is open exactly to those who have its need") @Hub
    func matrix() async throws {
        let bus = try TestBus()
        let gate = ListGatekeeper()
        let lamp = Lamp(bus.bus, gatekeeper: gate)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        let lines = lamp.table.permissions.filter { $0.member != "Hold" && $0.member != "Lie" }
        for allowed in [[], [.read], [.manage], [.read, .manage]] as [Set<Need>] {
            gate.allowed = allowed
            for line in lines {
                // To reach a property, one has to be allowed to call Properties too.
                let needs: Set<Need> =
                    line.access == .call ? [line.needs] : [.read, line.needs]
                let expected: BusError.Code? =
                    needs.isSubset(of: allowed) ? nil : .accessDenied
                let result = await attempt(line, client, lamp.table)
                #expect(result == expected, "\(line) with \(allowed)")
            }
        }
        #expect(lamp.blinks == [1, 1])
    }

    @Test("GetAll and GetManagedObjects leave out what the caller may not read") @Hub
    func filtered() async throws {
        let bus = try TestBus()
        let gate = ListGatekeeper()
        gate.allowed = [.read]
        let lamp = Lamp(bus.bus, gatekeeper: gate)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        func all() async throws -> BusValue? {
            try await client.call(
                "GetAll", of: "org.freedesktop.DBus.Properties", at: "org.example", Lamp.path,
                [.string(Lamp.interface)]
            ).first
        }
        func managed() async throws -> BusValue? {
            try await client.call(
                "GetManagedObjects", of: "org.freedesktop.DBus.ObjectManager", at: "org.example",
                "/org/example"
            ).first?[Lamp.path.text]?[Lamp.interface]
        }
        let little = [try await all(), try await managed()]
        for properties in little {
            #expect(properties?["Maker"]?.string == "Examples Inc.")
            #expect(properties?["Code"] == nil)
        }
        gate.allowed = [.read, .manage]
        let everything = [try await all(), try await managed()]
        for properties in everything { #expect(properties?["Code"]?.string == "secret") }
    }

    @Test("wrong arguments are refused before anybody is asked for permission") @Hub
    func order() async throws {
        let bus = try TestBus()
        let gate = ListGatekeeper()
        let lamp = Lamp(bus.bus, gatekeeper: gate)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        let error = await #expect(throws: BusError.self) {
            try await client.call(
                "Blink", of: Lamp.interface, at: "org.example", Lamp.path, [.string("x")])
        }
        #expect(error?.code == .invalidArgs)
        #expect(gate.asked.isEmpty)
    }

    @Test("the owner's gatekeeper: everybody reads; only root and we manage; doubt means no") @Hub
    func owner() async throws {
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = Connection(bus.bus)
        try await client.connect()
        defer { client.close() }
        guard case .connected(let we) = client.state else { return #expect(Bool(false)) }
        let gate = OwnerGatekeeper()
        let service = lamp.connection
        func allows(_ sender: String, _ need: Need) async -> Bool {
            await gate.verdict(on: AccessRequest(sender: sender, need: need), from: service)
                == .allowed
        }
        #expect(await allows(we, .read))
        #expect(await allows(we, .manage))
        #expect(await allows(we, Need("unheard of")))
        // A client that the bus does not know, or no longer: nothing but reading.
        #expect(await allows(":1.999", .read))
        #expect(await allows(":1.999", .manage) == false)
        #expect(await allows("", .manage) == false)
        service.close()
        #expect(await allows(we, .manage) == false)
    }

    @Test("a process of another user reads and does not manage; one of ours does both") @Hub
    func strangers() async throws {
        try requireRoot()
        let bus = try TestBus()
        let lamp = Lamp(bus.bus)
        try await lamp.start()
        defer { lamp.connection.close() }
        let stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        let call = [
            "dbus-send", "--bus=\(bus.address)", "--dest=org.example", "--print-reply",
            Lamp.path.text,
        ]
        let echo = call + ["org.example.Lamp1.Echo", "variant:byte:1"]
        let blink = call + ["org.example.Lamp1.Blink", "uint32:1"]
        let read = try await run(stranger + echo)
        #expect(read.code == 0, "\(read.output)")
        let manage = try await run(stranger + blink)
        #expect(
            manage.output.hasPrefix("Error org.freedesktop.DBus.Error.AccessDenied: "),
            "\(manage.output)")
        let own = try await run(blink)
        #expect(own.code == 0, "\(own.output)")
        #expect(lamp.blinks == [1])
    }

    @Test("the rule about users")
    func users() {
        #expect(OwnerGatekeeper.trusts(0))
        #expect(OwnerGatekeeper.trusts(geteuid()))
        #expect(OwnerGatekeeper.trusts(geteuid() &+ 1) == false)
        #expect(OwnerGatekeeper.trusts(65_534) == false)
        #expect(OwnerGatekeeper.trusts(.max) == false)
    }

    @Test("permission that comes late or never holds up only the call that needs it") @Hub
    func slow() async throws {
        let bus = try TestBus()
        let gate = SlowGatekeeper()
        let lamp = Lamp(bus.bus, gatekeeper: gate)
        try await lamp.start()
        defer { lamp.connection.close() }
        let client = try RawClient(bus)
        let first = client.send(
            to: "org.example", Lamp.path.text, interface: Lamp.interface, "Blink", .uint32(1))
        let second = client.send(
            to: "org.example", Lamp.path.text, interface: Lamp.interface, "Nothing", nil)
        #expect(try await client.nextReply().replySerial == second)
        try await gate.asked.wait()
        #expect(lamp.blinks.isEmpty)
        gate.answer(false)
        let refusal = try await client.reply(to: first)
        #expect(refusal.contains("org.freedesktop.DBus.Error.AccessDenied"))
        #expect(lamp.blinks.isEmpty)
    }
}
