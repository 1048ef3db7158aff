public import DBus
public import EventLoop
import Glibc

/// A device that can be connected, with services and every fault on demand.
///
/// It counts what it is asked, so that a test can see what was asked twice, and keeps the other ends
/// of sockets as bluetoothd does.
@Hub
public final class FakeDevice {
    /// A characteristic of a device.
    public struct Characteristic: Sendable {
        /// The number of its object.
        public var handle: UInt16
        /// The number of its service's object.
        public var service: UInt16
        /// Its type, and that of its service: 36 characters.
        public var uuid: String
        /// See `uuid`.
        public var serviceUUID: String
        /// As BlueZ writes them.
        public var flags: [String]
        /// What is read.
        public var value: [UInt8] = []
        /// Whether there is a socket for its values.
        public var canBeAcquired = true

        /// Makes a characteristic of 16-bit types.
        public init(
            _ handle: UInt16, _ uuid: String, in service: UInt16, _ serviceUUID: String,
            _ flags: [String], value: [UInt8] = [], canBeAcquired: Bool = true
        ) {
            self.handle = handle
            self.service = service
            self.uuid = Self.long(uuid)
            self.serviceUUID = Self.long(serviceUUID)
            self.flags = flags
            self.value = value
            self.canBeAcquired = canBeAcquired
        }

        private static func long(_ uuid: String) -> String {
            uuid.utf8.count == 4 ? "0000\(uuid)-0000-1000-8000-00805f9b34fb" : uuid
        }
    }

    /// Its address.
    public nonisolated let address: String
    /// Its adapter.
    public nonisolated let adapter: String
    /// What it offers.
    public private(set) var characteristics: [Characteristic]
    /// The faults by method; `read 000b` is that of one characteristic's ReadValue.
    public var faults: [String: FakeBlueZ.Fault] = [:]
    /// How often each method was called.
    public private(set) var calls: [String: Int] = [:]
    /// The most calls of Connect that were under way at once.
    public private(set) var mostConnects = 0
    /// The most reads and writes that were under way at once.
    public private(set) var mostOperations = 0
    /// Whether its services are found when it is connected.
    public var resolves = true
    /// What it shows while it pairs; nil for Just Works.
    public var passkey: UInt32?
    /// What the other side wrote, and how.
    public private(set) var written: [(handle: UInt16, bytes: [UInt8], type: String)] = []
    /// Whether it is connected.
    public private(set) var isConnected = false
    /// Whether it is bonded.
    public private(set) var isPaired = false
    /// Whether bluetoothd was told to trust it.
    public private(set) var isTrusted = false
    /// How the agent answered: its passkey, or the name of its error.
    public private(set) var agentAnswers: [String] = []
    /// Is told of each call that has come.
    public var onCall: (String) -> Void = { _ in }

    // Weak: a call that was held back may be answered after the test.
    private weak var blueZ: FakeBlueZ?
    private var isResolved = false
    private var connects = 0
    private var operations = 0
    private var sockets: [UInt16: Int32] = [:]
    private var notifying: Set<UInt16> = []
    private var held: [CheckedContinuation<Void, Never>] = []

    init(
        _ address: String, on adapter: String, _ characteristics: [Characteristic],
        _ blueZ: FakeBlueZ
    ) {
        self.address = address
        self.adapter = adapter
        self.characteristics = characteristics
        self.blueZ = blueZ
    }

    /// Its object.
    public nonisolated var path: ObjectPath { FakeBlueZ.device(address, on: adapter) }

    // MARK: What it does

    /// Sends a value, by whatever way was asked for.
    ///
    /// - Returns: whether anybody had asked.
    @discardableResult
    public func notify(_ handle: UInt16, _ bytes: [UInt8]) -> Bool {
        if let socket = sockets[handle] {
            return unsafe send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) >= 0
        }
        guard isConnected, notifying.contains(handle), let path = path(of: handle) else {
            return false
        }
        blueZ?.emit(
            "PropertiesChanged", of: "org.freedesktop.DBus.Properties", at: path,
            [
                .string("org.bluez.GattCharacteristic1"), .options(["Value": .bytes(bytes)]),
                .strings([]),
            ])
        return true
    }

    /// Whether somebody has asked for the values of a characteristic; a socket that was closed
    /// counts as the end of that.
    public func isSubscribed(_ handle: UInt16) -> Bool {
        if notifying.contains(handle) { return true }
        guard let socket = sockets[handle] else { return false }
        var entry = pollfd(fd: socket, events: 0, revents: 0)
        return unsafe poll(&entry, 1, 0) == 0
    }

    /// Hangs up. As in bluetoothd, who asked for signals gets them in the next connection too, from its
    /// first moment (src/gatt-client.c, `btd_gatt_client_connected`).
    ///
    /// - Parameter silently: without closing the sockets first, as when the signal is faster.
    public func hangUp(silently: Bool = false) {
        isConnected = false
        isResolved = false
        changed("Connected", "ServicesResolved")
        if !silently { closeSockets() }
    }

    /// Takes all services away and offers them again: a service-changed indication.
    public func changeServices() {
        withdrawServices()
        exportServices()
    }

    /// Tells that the services are known.
    public func resolve() {
        exportServices()
        isResolved = true
        changed("ServicesResolved")
    }

    /// Answers the calls that were held back.
    public func release() {
        let waiting = held
        held = []
        for continuation in waiting { continuation.resume() }
    }

    /// Changes what a characteristic has to say.
    public func set(_ handle: UInt16, _ bytes: [UInt8]) {
        for index in characteristics.indices where characteristics[index].handle == handle {
            characteristics[index].value = bytes
        }
    }

    /// bluetoothd is gone.
    func crash() {
        isConnected = false
        isResolved = false
        notifying = []
        closeSockets()
        release()
    }

    private func closeSockets() {
        for socket in sockets.values { close(socket) }
        sockets = [:]
    }

    private func changed(_ names: String...) {
        blueZ?.connection.propertiesChanged(names, of: FakeBlueZ.deviceInterface, at: path)
    }

    // MARK: Calls

    private func enter(_ method: String) async throws(BusError) {
        calls[method, default: 0] += 1
        onCall(method)
        switch faults[method] {
        case .error(let name): throw BusError(BusError.Code(name), "as the test wants it")
        case .text(let name, let text): throw BusError(BusError.Code(name), text)
        case .late: await withCheckedContinuation { held.append($0) }
        case .lost, nil: break
        }
    }

    private func connect() async throws(BusError) {
        connects += 1
        mostConnects = max(mostConnects, connects)
        defer { connects -= 1 }
        try await enter("Connect")
        isConnected = true
        changed("Connected")
        if resolves { resolve() }
    }

    private func disconnect() async throws(BusError) {
        try await enter("Disconnect")
        release()
        if isConnected { hangUp() }
    }

    private func pair(_ client: String) async throws(BusError) {
        try await enter("Pair")
        // 5.66 tries BR/EDR then, which no such device has (`pair_device` in src/device.c).
        guard !isPaired else {
            throw BusError(
                .init("org.bluez.Error.AuthenticationCanceled"), "Authentication Canceled")
        }
        if let passkey, try await ask(client) != "\(passkey)" {
            throw BusError(
                .init("org.bluez.Error.AuthenticationFailed"), "Authentication Failed")
        }
        isPaired = true
        faults = faults.filter { fault in
            if case .text(_, "Not paired") = fault.value { false } else { true }
        }
        changed("Paired")
    }

    private func ask(_ client: String) async throws(BusError) -> String {
        guard let blueZ, let agent = blueZ.agents[client] else {
            throw BusError(.init("org.bluez.Error.AuthenticationFailed"), "no agent")
        }
        do throws(BusError) {
            let answer = try await blueZ.connection.call(
                "RequestPasskey", of: "org.bluez.Agent1", at: client, agent.path,
                [.objectPath(path)]
            ).first?.integer
            agentAnswers.append("\(answer ?? -1)")
        } catch {
            agentAnswers.append(error.code.name)
        }
        return agentAnswers.last ?? ""
    }

    private func operate<Answer>(
        _ method: String, _ body: () throws(BusError) -> Answer
    ) async throws(BusError) -> Answer {
        operations += 1
        mostOperations = max(mostOperations, operations)
        defer { operations -= 1 }
        try await enter(method)
        guard isConnected else {
            throw BusError(.init("org.bluez.Error.Failed"), "Not connected")
        }
        return try body()
    }

    // MARK: Objects

    func export() {
        blueZ?.connection.export([table], at: path)
        if isResolved { exportServices() }
    }

    func withdraw() {
        withdrawServices()
        blueZ?.connection.withdraw(path)
    }

    private func path(of handle: UInt16) -> ObjectPath? {
        characteristics.first { $0.handle == handle }.map(path)
    }

    private func path(_ characteristic: Characteristic) -> ObjectPath {
        servicePath(characteristic.service).child("char" + Self.digits(characteristic.handle))
    }

    private func servicePath(_ handle: UInt16) -> ObjectPath {
        path.child("service" + Self.digits(handle))
    }

    /// Four hexadecimal digits.
    public nonisolated static func digits(_ number: UInt16) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 4 - text.utf8.count) + text
    }

    private func exportServices() {
        for service in Set(characteristics.map(\.service)).sorted() {
            let uuid = characteristics.first { $0.service == service }?.serviceUUID ?? ""
            blueZ?.connection.export(
                [
                    Interface("org.bluez.GattService1") {
                        Property("UUID", "s", needs: .read) { .string(uuid) }
                        Property("Primary", "b", needs: .read) { .bool(true) }
                    }
                ], at: servicePath(service))
        }
        for characteristic in characteristics {
            blueZ?.connection.export([table(characteristic)], at: path(characteristic))
        }
    }

    private func withdrawServices() {
        for characteristic in characteristics {
            blueZ?.connection.withdraw(path(characteristic))
        }
        for service in Set(characteristics.map(\.service)).sorted() {
            blueZ?.connection.withdraw(servicePath(service))
        }
    }

    private var table: Interface {
        Interface("org.bluez.Device1") {
            Method("Connect", needs: .read) { [unowned self] _ throws(BusError) in
                try await connect()
                return []
            }
            Method("Disconnect", needs: .read) { [unowned self] _ throws(BusError) in
                try await disconnect()
                return []
            }
            Method("Pair", needs: .read) { [unowned self] call throws(BusError) in
                try await pair(call.sender)
                return []
            }
            Method("CancelPairing", needs: .read) { [unowned self] _ throws(BusError) in
                try await enter("CancelPairing")
                return []
            }
            Property("Address", "s", needs: .read) { [address] in .string(address) }
            Property("AddressType", "s", needs: .read) { .string("public") }
            Property("Connected", "b", needs: .read) { [unowned self] in .bool(isConnected) }
            Property("ServicesResolved", "b", needs: .read) {
                [unowned self] in .bool(isResolved)
            }
            Property("Paired", "b", needs: .read) { [unowned self] in .bool(isPaired) }
            Property(
                "Trusted", "b", needs: .read,
                get: { [unowned self] in .bool(isTrusted) }, changeNeeds: .read,
                set: { [unowned self] value, _ in isTrusted = value.bool == true })
        }
    }

    private func table(_ characteristic: Characteristic) -> Interface {
        let handle = characteristic.handle
        let name = Self.digits(handle)
        let service = servicePath(characteristic.service)
        return Interface("org.bluez.GattCharacteristic1") {
            Method("ReadValue", in: ["options": "a{sv}"], out: ["value": "ay"], needs: .read) {
                [unowned self] _ throws(BusError) in
                try await operate("read \(name)") {
                    [.bytes(characteristics.first { $0.handle == handle }?.value ?? [])]
                }
            }
            Method("WriteValue", in: ["value": "ay", "options": "a{sv}"], needs: .read) {
                [unowned self] call throws(BusError) in
                try await operate("write \(name)") { () throws(BusError) in
                    try written.append(
                        (handle, call.bytes(0), call.value(1)["type"]?.string ?? ""))
                }
                return []
            }
            Method("StartNotify", needs: .read) { [unowned self] _ throws(BusError) in
                try await operate("start \(name)") { _ = notifying.insert(handle) }
                return []
            }
            Method("StopNotify", needs: .read) { [unowned self] _ throws(BusError) in
                try await enter("stop \(name)")
                notifying.remove(handle)
                return []
            }
            Method(
                "AcquireNotify", in: ["options": "a{sv}"], out: ["fd": "h", "mtu": "q"],
                needs: .read
            ) { [unowned self] call throws(BusError) in
                try await operate("acquire \(name)") { () throws(BusError) in
                    try acquire(handle, call)
                }
                return [.uint16(247)]
            }
            Property("UUID", "s", needs: .read) { .string(characteristic.uuid) }
            Property("Service", "o", needs: .read) { .objectPath(service) }
            Property("Flags", "as", needs: .read) { .strings(characteristic.flags) }
            Property("MTU", "q", needs: .read) { .uint16(247) }
            Property("NotifyAcquired", "b", needs: .read) { () throws(BusError) in
                // bluetoothd shows it of those that notify (`characteristic_notify_acquired_exists`).
                guard characteristic.canBeAcquired, characteristic.flags.contains("notify") else {
                    throw BusError(.unknownProperty, "bluetoothd does not offer it")
                }
                return .bool(false)
            }
        }
    }

    private func acquire(_ handle: UInt16, _ call: Call) throws(BusError) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw BusError(.failed, "no socket")
        }
        sockets[handle] = ends[0]
        call.pass(Descriptor(owning: ends[1]))
    }
}

extension FakeBlueZ {
    /// Adds a device that can be connected.
    @discardableResult
    public func add(
        _ address: String, on adapter: String = "hci0",
        _ characteristics: [FakeDevice.Characteristic]
    ) -> FakeDevice {
        let device = FakeDevice(address, on: adapter, characteristics, self)
        devices.append(device)
        device.export()
        device.onCall = { [weak self] in self?.onCall($0) }
        return device
    }

    /// Forgets one.
    func remove(_ path: String) throws(BusError) {
        guard let index = devices.firstIndex(where: { $0.path.text == path }) else {
            throw BusError(.init("org.bluez.Error.DoesNotExist"), "Does Not Exist")
        }
        devices[index].hangUp()
        devices.remove(at: index).withdraw()
    }

    var agentTable: Interface {
        Interface("org.bluez.AgentManager1") {
            Method("RegisterAgent", in: ["agent": "o", "capability": "s"], needs: .read) {
                [unowned self] call throws(BusError) in
                try await enter("RegisterAgent")
                guard agents[call.sender] == nil else {
                    throw BusError(.init("org.bluez.Error.AlreadyExists"), "Already Exists")
                }
                agents[call.sender] = (
                    ObjectPath(try call.string(0)) ?? "/", try call.string(1)
                )
                return []
            }
            Method("UnregisterAgent", in: ["agent": "o"], needs: .read) {
                [unowned self] call throws(BusError) in
                try await enter("UnregisterAgent")
                agents[call.sender] = nil
                return []
            }
        }
    }
}
