import BeaconScanner
import HardwareHub
import Testing

@Suite("History belongs to the person: devices come, go and are replaced")
struct DeviceRegistryTests {
    private static func device(
        _ id: String, _ address: String? = nil, owners: [String] = [],
        origin: RegisteredDevice.Origin = .configured
    ) -> RegisteredDevice {
        RegisteredDevice(
            id: id, kind: "blood-pressure", address: address.flatMap { DeviceAddress($0) },
            origin: origin,
            owners: owners.map { RegisteredDevice.Owner(key: $0, origin: origin) })
    }

    private static func words(_ changes: [DeviceRegistry.Change]) -> [String] {
        changes.map { ($0.isBound ? "+" : "-") + $0.owner + "@" + $0.device }
    }

    private func refusal(
        _ body: () throws(DeviceRegistry.Refusal) -> Void
    ) -> DeviceRegistry.Refusal? {
        do throws(DeviceRegistry.Refusal) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test("the configuration binds and unbinds by what it says") func configuration() {
        var registry = DeviceRegistry()
        #expect(
            Self.words(registry.configure([Self.device("bp", owners: ["a", "b"])]))
                == ["+a@bp", "+b@bp"])
        #expect(registry.configure([Self.device("bp", owners: ["a", "b"])]).isEmpty)
        #expect(
            Self.words(registry.configure([Self.device("bp", owners: ["b", "c"])]))
                == ["-a@bp", "+c@bp"])
        #expect(Self.words(registry.configure([])) == ["-b@bp", "-c@bp"])
        #expect(registry.all.isEmpty)
    }

    @Test("what was bound by command outlives the configuration's change") func both() throws {
        var registry = DeviceRegistry()
        _ = registry.configure([Self.device("bp", owners: ["a"])])
        #expect(try registry.bind("x", to: "bp") != nil)
        #expect(try registry.bind("x", to: "bp") == nil, "it is bound already")
        #expect(try registry.bind("a", to: "bp") == nil)
        #expect(registry.configure([Self.device("bp", owners: ["a"])]).isEmpty)
        #expect(registry.device("bp")?.owners.map(\.key) == ["a", "x"])
        #expect(Self.words(registry.configure([])) == ["-a@bp"])
        #expect(registry.device("bp")?.owners.map(\.key) == ["x"], "still served for x")
        #expect(Self.words(try registry.forget("bp")) == ["-x@bp"])
    }

    @Test("a command cannot undo what the configuration says") func configured() {
        var registry = DeviceRegistry()
        _ = registry.configure([Self.device("bp", owners: ["a"])])
        let unbind = refusal { () throws(DeviceRegistry.Refusal) in
            _ = try registry.unbind("a", from: "bp")
        }
        #expect(unbind?.reason == .configured)
        #expect(unbind?.description.contains("reload") == true)
        let forget = refusal { () throws(DeviceRegistry.Refusal) in
            _ = try registry.forget("bp")
        }
        #expect(forget?.reason == .configured)
    }

    @Test("a new device takes over the bindings and not the past") func replacing() throws {
        var registry = DeviceRegistry()
        _ = registry.configure([
            Self.device("old", "C0:00:00:00:00:01", owners: ["a"]),
            Self.device("new", "C0:00:00:00:00:02", owners: ["b"]),
        ])
        _ = try registry.bind("c", to: "old")
        #expect(
            Self.words(try registry.replace("old", with: "new"))
                == ["-a@old", "-c@old", "+a@new", "+c@new"])
        #expect(registry.device("new")?.owners.map(\.key) == ["b", "a", "c"])
        #expect(registry.device("old")?.replacedBy == "new")
        #expect(registry.device(at: DeviceAddress("C0:00:00:00:00:01")!) == nil, "not served")
        // The files still name the old one's owner; that does not bind anybody again.
        #expect(
            registry.configure([
                Self.device("old", "C0:00:00:00:00:01", owners: ["a"]),
                Self.device("new", "C0:00:00:00:00:02", owners: ["b"]),
            ]).isEmpty)
        let again = refusal { () throws(DeviceRegistry.Refusal) in
            _ = try registry.replace("old", with: "new")
        }
        #expect(again?.reason == .taken)
        let bind = refusal { () throws(DeviceRegistry.Refusal) in
            _ = try registry.bind("d", to: "old")
        }
        #expect(bind?.description == "device old was replaced with new")
    }

    @Test("a forgotten device has taken nobody's place") func forgottenSuccessor() throws {
        var registry = DeviceRegistry()
        _ = registry.configure([Self.device("old", "C0:00:00:00:00:01", owners: ["a"])])
        _ = try registry.enroll(Self.device("new", "C0:00:00:00:00:02", origin: .enrolled))
        _ = try registry.replace("old", with: "new")
        #expect(Self.words(try registry.forget("new")) == ["-a@new"])
        #expect(registry.device("old")?.replacedBy == nil)
        #expect(registry.device(at: DeviceAddress("C0:00:00:00:00:01")!)?.id == "old")
        #expect(try registry.bind("a", to: "old") != nil)
    }

    /// Ids are alike, and there is no way back: whoever mistypes must not give a family's scale to those
    /// who get somebody's blood pressure.
    @Test("a device does not take the place of one of another kind") func replacingAnotherKind()
        throws
    {
        var registry = DeviceRegistry()
        var scale = Self.device("bp-1", owners: ["a"])
        scale.kind = "weight-scale"
        _ = registry.configure([scale, Self.device("bp-2", owners: ["b"])])
        let before = registry
        let refusal = refusal { () throws(DeviceRegistry.Refusal) in
            _ = try registry.replace("bp-1", with: "bp-2")
        }
        #expect(refusal?.reason == .taken && registry == before)
        #expect(
            refusal?.description
                == "device bp-2 is a blood-pressure, and bp-1 a weight-scale: "
                + "hubctl bind binds owners to another kind")
    }

    @Test func enrolling() throws {
        var registry = DeviceRegistry()
        let device = Self.device("x", "C0:00:00:00:00:09", owners: ["k"], origin: .enrolled)
        #expect(Self.words(try registry.enroll(device)) == ["+k@x"])
        let sameName = refusal { () throws(DeviceRegistry.Refusal) in
            _ = try registry.enroll(Self.device("x", origin: .enrolled))
        }
        #expect(sameName?.reason == .taken)
        let samePlace = refusal { () throws(DeviceRegistry.Refusal) in
            _ = try registry.enroll(Self.device("y", "C0:00:00:00:00:09", origin: .enrolled))
        }
        #expect(samePlace?.description.contains("is device x already") == true)
        // Of whatever kind the address is: the configuration cannot say it.
        let random = DeviceAddress("C0:00:00:00:00:09", kind: .random)!
        #expect(registry.device(at: random)?.id == "x")
    }

    @Test("of two devices at one address the configured one is it, whatever the order")
    func sameAddress() throws {
        var registry = DeviceRegistry()
        _ = try registry.enroll(Self.device("a", "C0:00:00:00:00:09", origin: .enrolled))
        _ = registry.configure([Self.device("z", "C0:00:00:00:00:09")])
        #expect(registry.device(at: DeviceAddress("C0:00:00:00:00:09")!)?.id == "z")
    }

    @Test("unknown things are named") func unknown() {
        var registry = DeviceRegistry()
        let device = refusal { () throws(DeviceRegistry.Refusal) in
            _ = try registry.bind("a", to: "nothing")
        }
        #expect(device?.reason == .unknown)
        #expect(device?.description == "there is no device nothing; hubctl devices lists them")
        _ = registry.configure([Self.device("bp")])
        let owner = refusal { () throws(DeviceRegistry.Refusal) in
            _ = try registry.unbind("a", from: "bp")
        }
        #expect(owner?.description == "a is not bound to device bp")
    }

    @Test func limits() throws {
        var registry = DeviceRegistry()
        _ = registry.configure([Self.device("bp")])
        for number in 0..<DeviceRegistry.mostOwners {
            _ = try registry.bind("k\(number)", to: "bp")
        }
        let full = refusal { () throws(DeviceRegistry.Refusal) in
            _ = try registry.bind("one more", to: "bp")
        }
        #expect(full?.reason == .full)
    }

    @Test func codes() {
        var device = Self.device("bp-7")
        #expect(device.code(hub: "store-42") == "urn:hubd:store-42:device:bp-7")
        device.ticket = "AQBk1"
        #expect(device.code(hub: "store-42") == "http://we.qq.com/d/AQBk1")
    }
}

@Suite("Types of attributes are read and written as BlueZ does")
struct GATTUUIDTests {
    @Test(arguments: [
        ("2a35", 0x2a35 as UInt16?), ("2A35", 0x2a35),
        ("00002a35-0000-1000-8000-00805f9b34fb", 0x2a35),
        ("0001FEE7-0000-1000-8000-00805f9b34fb", nil),
        ("6e400001-b5a3-f393-e0a9-e50e24dcca9e", nil),
    ])
    func reading(text: String, short: UInt16?) throws {
        let uuid = try #require(GATTUUID(text))
        #expect(uuid.short == short)
        #expect(GATTUUID("\(uuid)") == uuid)
        #expect(GATTUUID(uuid.text) == uuid)
        if text.count > 4 { #expect(uuid.text == text.lowercased()) }
    }

    @Test(arguments: [
        "", "2a3", "2a355", "xyzw", "00002a35", "00002a35-0000-1000-8000",
        "00002a350000-1000-8000-00805f9b34fb-", "0002a35-00000-1000-8000-00805f9b34fb",
        "00002a35-0000-1000-8000-00805f9b34f", "-2a35",
    ])
    func nonsense(text: String) { #expect(GATTUUID(text) == nil) }
}
