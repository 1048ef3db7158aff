internal import DBus
internal import EventLoop
internal import HardwareHub

/// A device in bluetoothd, and the calls that are made of it.
///
/// It belongs to one bluetoothd: calls go to the unique name of that one, and so does the comparison
/// of whom signals come from.
@Hub
struct DeviceObject {
    let connection: Connection
    /// The unique name of bluetoothd.
    let owner: String
    let path: ObjectPath

    // MARK: The device

    func connect(within timeout: Duration) async throws(BusError) {
        do throws(BusError) {
            try await call("Connect", of: Names.device, path, timeout: timeout)
        } catch {
            guard error.code.name != "org.bluez.Error.AlreadyConnected" else { return }
            throw error
        }
    }

    func disconnect(within timeout: Duration) async {
        _ = try? await call("Disconnect", of: Names.device, path, timeout: timeout)
    }

    func areServicesResolved() async throws(BusError) -> Bool {
        try await property("ServicesResolved")
    }

    /// Whether bluetoothd has a bond with it; no when bluetoothd does not know it.
    func isPaired() async -> Bool { (try? await property("Paired")) == true }

    private func property(_ name: String) async throws(BusError) -> Bool {
        let values = try await call(
            "Get", of: Names.properties, path, [.string(Names.device), .string(name)],
            timeout: .seconds(5))
        return values.first?.bool == true
    }

    /// What bluetoothd found on it.
    func objects() async throws(BusError) -> GATTObjects {
        let message = try Message.methodCall(owner, "/", Names.objectManager, "GetManagedObjects")
        return try await GATTObjects(
            below: path, in: connection.call(message, timeout: .seconds(10)))
    }

    // MARK: Characteristics

    func read(
        _ characteristic: ObjectPath, within timeout: Duration
    ) async throws(BusError) -> [UInt8] {
        let values = try await call(
            "ReadValue", of: Names.characteristic, characteristic, [.options([])],
            timeout: timeout)
        return values.first?.bytes ?? []
    }

    func write(
        _ characteristic: ObjectPath, _ bytes: [UInt8], isAnswered: Bool, within timeout: Duration
    ) async throws(BusError) {
        // Named outright: without it bluetoothd takes the way without an answer where both are
        // offered (doc/org.bluez.GattCharacteristic.rst, "type").
        let type = isAnswered ? "request" : "command"
        try await call(
            "WriteValue", of: Names.characteristic, characteristic,
            [.bytes(bytes), .options(["type": .string(type)])], timeout: timeout)
    }

    func startNotify(
        _ characteristic: ObjectPath, within timeout: Duration
    ) async throws(BusError) {
        try await call("StartNotify", of: Names.characteristic, characteristic, timeout: timeout)
    }

    func stopNotify(_ characteristic: ObjectPath, within timeout: Duration) async {
        _ = try? await call(
            "StopNotify", of: Names.characteristic, characteristic, timeout: timeout)
    }

    /// Has values sent through a socket: AcquireNotify, `a{sv}` → `hq`.
    func acquireNotify(
        _ characteristic: ObjectPath, within timeout: Duration
    ) async throws(BusError) -> Descriptor {
        let message = try Message.methodCall(
            owner, characteristic, Names.characteristic, "AcquireNotify")
        try message.append([.options([])])
        let reply = try await connection.call(message, timeout: timeout)
        let number = try reply.read { (reader) throws(BusError) in
            try reader.descriptor().release()
        }
        return Descriptor(owning: number)
    }

    // MARK: Signals

    /// Hears of the device itself, and of services that come and go.
    ///
    /// By its path and not by what lies below it: the bus of Debian 12 (dbus 1.14.10,
    /// `match_rule_equal` in bus/signals.c) does not look at path_namespace when it is told to
    /// forget a rule, and would forget another device's.
    func subscribe(
        _ body: @escaping @Hub (borrowing Message) -> Void
    ) async throws(BusError) -> [Subscription] {
        let changes = try await connection.subscribe(
            MatchRule(
                sender: owner, path: path, interface: Names.properties,
                member: "PropertiesChanged"), body)
        do {
            let objects = try await connection.subscribe(
                MatchRule(
                    sender: owner, interface: Names.objectManager, argument0Below: path), body)
            return [changes, objects]
        } catch {
            changes.cancel()
            throw error
        }
    }

    /// Hears of a characteristic's values.
    func follow(
        _ characteristic: ObjectPath, _ body: @escaping @Hub (borrowing Message) -> Void
    ) async throws(BusError) -> Subscription {
        try await connection.subscribe(
            MatchRule(
                sender: owner, path: characteristic, interface: Names.properties,
                member: "PropertiesChanged"), body)
    }

    @discardableResult
    func call(
        _ member: String, of interface: String, _ path: ObjectPath, _ arguments: [BusValue] = [],
        timeout: Duration
    ) async throws(BusError) -> [BusValue] {
        try await connection.call(
            member, of: interface, at: owner, path, arguments, starting: false, timeout: timeout)
    }
}
