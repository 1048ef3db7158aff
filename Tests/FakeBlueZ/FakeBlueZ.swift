public import DBus
public import EventLoop

/// A bluetoothd for tests: the same name, objects, calls and signals, and every fault on demand.
///
/// It keeps discovery as BlueZ does, one session for each client (doc/org.bluez.Adapter.rst), and
/// counts what it is asked, so that a test can see what was asked too often.
@Hub
public final class FakeBlueZ {
    /// What is done with the calls of one method.
    public enum Fault: Sendable {
        /// They are answered with an error.
        case error(String)
        /// They are answered with an error and a text of it.
        case text(String, String)
        /// They are answered when `release` is called.
        case late
        /// It is done, and the caller does not get to know it in time.
        case lost
    }

    /// An adapter; what a test changes of it, it has to tell with `tell`.
    public struct Adapter: Sendable {
        /// The controller's address.
        public var address: String
        /// Whether it is on.
        public var isPowered = true
        /// Whether it can advertise.
        public var canAdvertise = true
        /// Whether it has the experimental interface of passive scans.
        public var canScanPassively = false
        /// The clients that discover.
        public var sessions: Set<String> = []
        /// What BlueZ says; may differ from `sessions` when something went wrong.
        public var isDiscovering = false
        /// The advertisements registered, as client and path.
        public var advertisements: [String] = []

        /// Makes an adapter.
        public init(address: String, isPowered: Bool = true, canAdvertise: Bool = true) {
            self.address = address
            self.isPowered = isPowered
            self.canAdvertise = canAdvertise
        }
    }

    /// The adapters by name, such as `hci0`.
    public private(set) var adapters: [String: Adapter] = [:]
    /// The faults by method; `Powered` for setting that property.
    public var faults: [String: Fault] = [:]
    /// How often each method was called.
    public private(set) var calls: [String: Int] = [:]
    /// The filters that clients have set, as they came.
    public private(set) var filters: [BusValue] = []
    /// Is told of each call that has come.
    public var onCall: (String) -> Void = { _ in }
    /// The objects below which clients have patterns for a passive scan, as client and path.
    public private(set) var patterns: [String] = []
    /// What was below the last one: the objects of the client.
    public private(set) var patternObjects: BusValue?
    /// What a registered advertisement says of itself.
    public private(set) var advertised: BusValue?

    /// The agents registered, by client: path and capability.
    public internal(set) var agents: [String: (path: ObjectPath, capability: String)] = [:]
    /// The devices that can be connected.
    public internal(set) var devices: [FakeDevice] = []

    private var known: [ObjectPath: Interface] = [:]
    private let bus: Bus
    private(set) var connection: Connection
    private var held: [CheckedContinuation<Void, Never>] = []

    /// The connection that bluetoothd calls its clients by.
    public var bluetoothd: Connection { connection }

    static let service = "org.bluez"
    static let adapterInterface = "org.bluez.Adapter1"
    static let deviceInterface = "org.bluez.Device1"

    /// Makes a bluetoothd that is not on the bus yet.
    public init(_ bus: Bus) {
        self.bus = bus
        connection = Connection(bus)
    }

    // MARK: Life

    /// Goes on the bus.
    public func start() async {
        connection = Connection(bus)
        for name in adapters.keys { export(name) }
        for (path, interface) in known { connection.export([interface], at: path) }
        connection.export([agentTable], at: "/org/bluez")
        for device in devices { device.export() }
        var waiting: CheckedContinuation<Void, Never>?
        await withCheckedContinuation { continuation in
            waiting = continuation
            connection.stay(as: Self.service) { state in
                guard case .connected = state else { return }
                waiting?.resume()
                waiting = nil
            }
        }
    }

    /// Leaves the bus, as a crash does: sessions and advertisements are gone with it.
    public func stop() {
        connection.close()
        release()
        for name in adapters.keys {
            adapters[name]?.sessions = []
            adapters[name]?.isDiscovering = false
            adapters[name]?.advertisements = []
        }
        patterns = []
        agents = [:]
        for device in devices { device.crash() }
    }

    /// Answers all calls that were held back.
    public func release() {
        let waiting = held
        held = []
        for continuation in waiting { continuation.resume() }
    }

    // MARK: Adapters

    /// Plugs an adapter in.
    public func plug(_ name: String, _ adapter: Adapter) {
        adapters[name] = adapter
        export(name)
    }

    /// Unplugs one.
    public func unplug(_ name: String) {
        adapters[name] = nil
        connection.withdraw(Self.path(name))
    }

    /// Changes an adapter and tells what differs.
    public func change(_ name: String, _ change: (inout Adapter) -> Void) {
        guard var adapter = adapters[name] else { return }
        let old = adapter
        change(&adapter)
        adapters[name] = adapter
        var names: [String] = []
        if adapter.isPowered != old.isPowered { names.append("Powered") }
        if adapter.isDiscovering != old.isDiscovering { names.append("Discovering") }
        connection.propertiesChanged(names, of: Self.adapterInterface, at: Self.path(name))
    }

    /// The object of an adapter.
    public nonisolated static func path(_ name: String) -> ObjectPath {
        ObjectPath("/org/bluez/\(name)") ?? "/org/bluez"
    }

    private func export(_ name: String) {
        var interfaces = [adapterTable(name)]
        if adapters[name]?.canAdvertise == true { interfaces.append(advertisingTable(name)) }
        if adapters[name]?.canScanPassively == true { interfaces.append(passiveTable()) }
        connection.export(interfaces, at: Self.path(name))
    }

    /// Notes a call and does the fault that is set for it.
    func enter(_ method: String) async throws(BusError) {
        calls[method, default: 0] += 1
        onCall(method)
        switch faults[method] {
        case .error(let name): throw BusError(BusError.Code(name), "as the test wants it")
        case .text(let name, let text): throw BusError(BusError.Code(name), text)
        case .late: await withCheckedContinuation { held.append($0) }
        case .lost, nil: break
        }
    }

    /// Loses the answer of a method that was done, if that is the fault that is set for it.
    private func leave(_ method: String) throws(BusError) {
        if case .lost = faults[method] { throw BusError(.noReply, "as the test wants it") }
    }

    private func adapterTable(_ name: String) -> Interface {
        Interface("org.bluez.Adapter1") {
            Method("SetDiscoveryFilter", in: ["filter": "a{sv}"], needs: .read) {
                [unowned self] call throws(BusError) in
                try await enter("SetDiscoveryFilter")
                filters.append(try call.value(0))
                return []
            }
            Method("StartDiscovery", needs: .read) { [unowned self] call throws(BusError) in
                try await enter("StartDiscovery")
                try begin(call.sender, name)
                return []
            }
            Method("StopDiscovery", needs: .read) { [unowned self] call throws(BusError) in
                try await enter("StopDiscovery")
                try end(call.sender, name)
                return []
            }
            Method("RemoveDevice", in: ["device": "o"], needs: .read) {
                [unowned self] call throws(BusError) in
                try await enter("RemoveDevice")
                try remove(call.string(0))
                return []
            }
            Property("Address", "s", needs: .read, notice: .const) {
                [unowned self] in .string(adapters[name]?.address ?? "")
            }
            Property(
                "Powered", "b", needs: .read,
                get: { [unowned self] in .bool(adapters[name]?.isPowered == true) },
                changeNeeds: .read,
                set: { [unowned self] value, _ throws(BusError) in
                    try await enter("Powered")
                    power(value.bool == true, name)
                })
            Property("Discovering", "b", needs: .read) {
                [unowned self] in .bool(adapters[name]?.isDiscovering == true)
            }
        }
    }

    private func begin(_ client: String, _ name: String) throws(BusError) {
        guard let adapter = adapters[name], adapter.isPowered else {
            throw BusError(.init("org.bluez.Error.NotReady"), "Resource Not Ready")
        }
        guard !adapter.sessions.contains(client) else {
            throw BusError(.init("org.bluez.Error.InProgress"), "Operation already in progress")
        }
        change(name) {
            $0.sessions.insert(client)
            $0.isDiscovering = true
        }
    }

    private func end(_ client: String, _ name: String) throws(BusError) {
        guard adapters[name]?.sessions.contains(client) == true else {
            throw BusError(.init("org.bluez.Error.Failed"), "No discovery started")
        }
        change(name) {
            $0.sessions.remove(client)
            $0.isDiscovering = !$0.sessions.isEmpty
        }
    }

    private func power(_ isOn: Bool, _ name: String) {
        change(name) {
            $0.isPowered = isOn
            if !isOn {
                $0.sessions = []
                $0.isDiscovering = false
            }
        }
    }

    private func passiveTable() -> Interface {
        Interface("org.bluez.AdvertisementMonitorManager1") {
            Method("RegisterMonitor", in: ["application": "o"], needs: .read) {
                [unowned self] call throws(BusError) in
                defer { onCall("RegisterMonitor") }
                try await enter("RegisterMonitor")
                let path = try call.string(0)
                guard !patterns.contains(call.sender + path) else {
                    throw BusError(.init("org.bluez.Error.AlreadyExists"), "Already Exists")
                }
                patternObjects = try await connection.call(
                    "GetManagedObjects", of: "org.freedesktop.DBus.ObjectManager",
                    at: call.sender, ObjectPath(path) ?? "/"
                ).first
                patterns.append(call.sender + path)
                return []
            }
            Method("UnregisterMonitor", in: ["application": "o"], needs: .read) {
                [unowned self] call throws(BusError) in
                defer { onCall("UnregisterMonitor") }
                try await enter("UnregisterMonitor")
                let name = call.sender + (try call.string(0))
                patterns.removeAll { $0 == name }
                return []
            }
        }
    }

    /// Drops the patterns of a client and tells it.
    public func releasePatterns(of client: String, _ path: ObjectPath) async throws(BusError) {
        patterns = []
        _ = try await connection.call(
            "Release", of: "org.bluez.AdvertisementMonitor1", at: client, path)
    }

    private func advertisingTable(_ name: String) -> Interface {
        Interface("org.bluez.LEAdvertisingManager1") {
            Method(
                "RegisterAdvertisement", in: ["advertisement": "o", "options": "a{sv}"],
                needs: .read
            ) { [unowned self] call throws(BusError) in
                try await enter("RegisterAdvertisement")
                let path = try call.string(0)
                guard adapters[name]?.advertisements.contains(call.sender + path) != true else {
                    throw BusError(.init("org.bluez.Error.AlreadyExists"), "Already Exists")
                }
                advertised = try await connection.call(
                    "GetAll", of: "org.freedesktop.DBus.Properties", at: call.sender,
                    ObjectPath(path) ?? "/", [.string("org.bluez.LEAdvertisement1")]
                ).first
                adapters[name]?.advertisements.append(call.sender + path)
                try leave("RegisterAdvertisement")
                return []
            }
            Method("UnregisterAdvertisement", in: ["advertisement": "o"], needs: .read) {
                [unowned self] call throws(BusError) in
                try await enter("UnregisterAdvertisement")
                let owned = call.sender + (try call.string(0))
                guard adapters[name]?.advertisements.contains(owned) == true else {
                    throw BusError(.init("org.bluez.Error.DoesNotExist"), "Does Not Exist")
                }
                adapters[name]?.advertisements.removeAll { $0 == owned }
                return []
            }
        }
    }

    /// Takes an advertisement off the air and tells its owner.
    public func releaseAdvertisement(of client: String, _ path: ObjectPath) async {
        for name in adapters.keys { adapters[name]?.advertisements = [] }
        _ = try? await connection.call(
            "Release", of: "org.bluez.LEAdvertisement1", at: client, path)
    }

    // MARK: Devices

    /// The object of a device.
    public nonisolated static func device(_ address: String, on adapter: String) -> ObjectPath {
        let name = address.split(separator: ":").joined(separator: "_")
        return ObjectPath("/org/bluez/\(adapter)/dev_\(name)") ?? "/org/bluez"
    }

    /// Knows a device from before: it is among the managed objects, and nothing is told of it.
    public func know(_ address: String, on adapter: String = "hci0", data: BusValue) {
        known[Self.device(address, on: adapter)] = Interface("org.bluez.Device1") {
            Property("Address", "s", needs: .read) { .string(address) }
            Property("AddressType", "s", needs: .read) { .string("public") }
            Property("ManufacturerData", "a{qv}", needs: .read) { data }
            Property("RSSI", "n", needs: .read) { .int16(-77) }
        }
    }

    /// A new device was found.
    public func found(
        _ address: String, on adapter: String = "hci0", _ properties: [(String, BusValue)]
    ) {
        let known: [(String, BusValue)] = [
            ("Address", .string(address)), ("AddressType", .string("random")),
            ("Alias", .string(address)), ("Paired", .bool(false)),
            ("Adapter", .objectPath(Self.path(adapter))),
        ]
        connection.emit(
            "InterfacesAdded", of: "org.freedesktop.DBus.ObjectManager", at: "/",
            [
                .objectPath(Self.device(address, on: adapter)),
                .dictionary(
                    key: "s", value: "a{sv}",
                    [.init(.string(Self.deviceInterface), .options(known + properties))]),
            ])
    }

    /// A known device was heard again.
    public func heard(
        _ address: String, on adapter: String = "hci0", _ properties: [(String, BusValue)]
    ) {
        connection.emit(
            "PropertiesChanged", of: "org.freedesktop.DBus.Properties",
            at: Self.device(address, on: adapter),
            [.string(Self.deviceInterface), .options(properties), .strings([])])
    }

    /// A device was forgotten.
    public func forgot(_ address: String, on adapter: String = "hci0") {
        connection.emit(
            "InterfacesRemoved", of: "org.freedesktop.DBus.ObjectManager", at: "/",
            [
                .objectPath(Self.device(address, on: adapter)),
                .strings(["org.freedesktop.DBus.Properties", Self.deviceInterface]),
            ])
    }

    /// Any signal at all, for what bluetoothd should never send.
    public func emit(
        _ member: String, of interface: String, at path: ObjectPath, _ arguments: [BusValue]
    ) {
        connection.emit(member, of: interface, at: path, arguments)
    }

    /// Waits until the bus has passed on all that was sent.
    public func flush() async throws {
        _ = try await connection.call(
            "GetId", of: "org.freedesktop.DBus", at: "org.freedesktop.DBus",
            "/org/freedesktop/DBus")
    }

    /// Manufacturer data as BlueZ has it.
    public nonisolated static func manufacturerData(
        _ company: UInt16, _ bytes: [UInt8]
    ) -> (String, BusValue) {
        (
            "ManufacturerData",
            .dictionary(
                key: "q", value: "v", [.init(.uint16(company), .variant(.bytes(bytes)))])
        )
    }

    /// Service data as BlueZ has it.
    public nonisolated static func serviceData(
        _ uuid: String, _ bytes: [UInt8]
    ) -> (String, BusValue) {
        ("ServiceData", .options([(uuid, .bytes(bytes))]))
    }

    /// The manufacturer data of an iBeacon (Apple, Proximity Beacon Specification R1).
    public nonisolated static func iBeacon(
        _ uuid: [UInt8], _ major: UInt16, _ minor: UInt16
    ) -> (String, BusValue) {
        manufacturerData(
            0x004c,
            [0x02, 0x15] + uuid
                + [
                    UInt8(major >> 8), UInt8(truncatingIfNeeded: major), UInt8(minor >> 8),
                    UInt8(truncatingIfNeeded: minor), UInt8(bitPattern: -59),
                ])
    }
}
