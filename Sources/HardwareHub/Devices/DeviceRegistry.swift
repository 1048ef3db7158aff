public import BeaconScanner

/// A device that this hub serves: what it is and whose, whatever its radio address is just now.
public struct RegisteredDevice: Hashable, Sendable {
    /// Where something was laid down.
    public enum Origin: String, Hashable, Sendable {
        /// In the configuration's files, which alone change it.
        case configured
        /// By a command, and kept in the store.
        case enrolled
    }

    /// Somebody whom the values of a device belong to, by an opaque key from outside: no name, no
    /// number, nothing that says who it is.
    public struct Owner: Hashable, Sendable {
        /// The opaque key.
        public var key: String
        /// Where it was bound.
        public var origin: Origin

        /// Makes an owner.
        public init(key: String, origin: Origin) {
            self.key = key
            self.origin = origin
        }
    }

    /// Its name in events and commands: stays when the address changes.
    public var id: String
    /// What it is; a driver's kind.
    public var kind: String
    /// Its radio address; nil for one that is known by `deviceID`.
    public var address: DeviceAddress?
    /// An AirSync device's type.
    public var deviceType: String?
    /// An AirSync device's own id.
    public var deviceID: String?
    /// Where its key is: a path or the name of a credential.
    public var keyFile: String?
    /// The ticket of its QR code, from WeChat's device/create_qrcode.
    public var ticket: String?
    /// Where it was laid down.
    public var origin: Origin
    /// Whom its values belong to, in the order in which they were bound.
    public var owners: [Owner]
    /// The device that took its place; nil while it is in use.
    public var replacedBy: String?

    /// Makes a device.
    public init(
        id: String, kind: String, address: DeviceAddress?, deviceType: String? = nil,
        deviceID: String? = nil, keyFile: String? = nil, ticket: String? = nil,
        origin: Origin, owners: [Owner] = [], replacedBy: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.address = address
        self.deviceType = deviceType
        self.deviceID = deviceID
        self.keyFile = keyFile
        self.ticket = ticket
        self.origin = origin
        self.owners = owners
        self.replacedBy = replacedBy
    }

    /// Whether it is reached and spoken with as another one: all but whose it is.
    public func isServedAlike(_ other: RegisteredDevice) -> Bool {
        kind == other.kind && address == other.address && deviceType == other.deviceType
            && deviceID == other.deviceID && keyFile == other.keyFile
    }

    /// The text of its QR code: what WeChat reads when there is a ticket
    /// (`http://we.qq.com/d/TICKET`), and else a name that the sync service knows it by.
    ///
    /// - Parameter hub: the hub's id.
    /// - Returns: a link or a name.
    public func code(hub: String) -> String {
        ticket.map { "http://we.qq.com/d/\($0)" } ?? "urn:hubd:\(hub):device:\(id)"
    }
}

/// All devices of a hub and who is bound to them: the one owner of that, a pure value.
///
/// A device and a person are bound n:m. What was measured belongs to those who were bound then, and
/// stays theirs: to bind, unbind or replace changes what comes, never what was.
public struct DeviceRegistry: Hashable, Sendable {
    /// Most devices.
    public static let mostDevices = 2_000
    /// Most owners of one device.
    public static let mostOwners = 32

    /// Why something cannot be done.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// What kind of reason it is.
        public enum Reason: Hashable, Sendable {
            /// There is no such device or binding.
            case unknown
            /// It is there already, or in use elsewhere.
            case taken
            /// The configuration's files lay it down.
            case configured
            /// There are too many.
            case full
        }

        /// What kind of reason it is.
        public let reason: Reason
        /// What is wrong, and the mend.
        public let description: String

        init(_ reason: Reason, _ text: String) {
            self.reason = reason
            description = text
        }
    }

    /// Somebody was bound to a device, or no longer is.
    public struct Change: Hashable, Sendable {
        /// The device.
        public let device: String
        /// The opaque key.
        public let owner: String
        /// Whether it was bound, as opposed to unbound.
        public let isBound: Bool
    }

    private var devices: [String: RegisteredDevice] = [:]

    /// Makes a registry of devices that were kept.
    public init(_ kept: [RegisteredDevice] = []) {
        for device in kept { devices[device.id] = device }
    }

    // MARK: Questions

    /// All devices by name, those that were replaced too.
    public var all: [RegisteredDevice] { devices.values.sorted { $0.id < $1.id } }

    /// A device; nil when there is none.
    public func device(_ id: String) -> RegisteredDevice? { devices[id] }

    /// The device in use that has an address, of whatever kind the address is; of two, which only a
    /// configuration can bring about, the one that is configured.
    public func device(at address: DeviceAddress) -> RegisteredDevice? {
        devices.values.filter { $0.address?.bits == address.bits && $0.replacedBy == nil }.min {
            $0.origin == $1.origin ? $0.id < $1.id : $0.origin == .configured
        }
    }

    // MARK: The configuration

    /// Puts the devices of the configuration in force. One that is no longer there goes, unless
    /// somebody is bound to it by command: then it stays as one that was enrolled.
    ///
    /// - Parameter configured: those of the files, with their owners.
    /// - Returns: who was bound and unbound by it.
    public mutating func configure(_ configured: [RegisteredDevice]) -> [Change] {
        var changes: [Change] = []
        let names = Set(configured.map(\.id))
        for device in all where device.origin == .configured && !names.contains(device.id) {
            changes += drop(device)
        }
        for device in configured {
            var new = device
            let old = devices[device.id]
            let bound = (old?.owners ?? []).filter { owner in
                owner.origin == .enrolled && !new.owners.contains { $0.key == owner.key }
            }
            new.owners = Array((new.owners + bound).prefix(Self.mostOwners))
            new.replacedBy = old?.replacedBy
            if old?.replacedBy != nil { new.owners = [] }
            changes += Self.changes(device.id, from: old?.owners ?? [], to: new.owners)
            devices[device.id] = new
        }
        return changes
    }

    private mutating func drop(_ device: RegisteredDevice) -> [Change] {
        var device = device
        let old = device.owners
        device.owners.removeAll { $0.origin == .configured }
        device.origin = .enrolled
        devices[device.id] = device.owners.isEmpty ? nil : device
        return Self.changes(device.id, from: old, to: device.owners)
    }

    private static func changes(
        _ device: String, from old: [RegisteredDevice.Owner], to new: [RegisteredDevice.Owner]
    ) -> [Change] {
        let (before, after) = (old.map(\.key), new.map(\.key))
        return before.filter { !after.contains($0) }.map {
            Change(device: device, owner: $0, isBound: false)
        }
            + after.filter { !before.contains($0) }.map {
                Change(device: device, owner: $0, isBound: true)
            }
    }

    // MARK: Commands

    /// Takes a device in that no file names.
    ///
    /// - Returns: who was bound by it.
    public mutating func enroll(_ device: RegisteredDevice) throws(Refusal) -> [Change] {
        if let known = devices[device.id] {
            throw Refusal(
                .taken, "there is a device \(device.id) (\(known.kind)) already: choose another id")
        }
        if let address = device.address, let other = self.device(at: address) {
            throw Refusal(
                .taken, "\(address) is device \(other.id) already: forget or replace that one")
        }
        guard devices.count < Self.mostDevices else {
            throw Refusal(.full, "there are \(Self.mostDevices) devices: forget some first")
        }
        devices[device.id] = device
        return Self.changes(device.id, from: [], to: device.owners)
    }

    /// Removes a device that was enrolled.
    ///
    /// - Returns: who was unbound by it.
    public mutating func forget(_ id: String) throws(Refusal) -> [Change] {
        let device = try known(id)
        guard device.origin == .enrolled else {
            throw Refusal(
                .configured, "device \(id) is in the configuration: remove it there and reload")
        }
        devices[id] = nil
        // Nothing has taken the place of what it replaced any more.
        for (old, other) in devices where other.replacedBy == id { devices[old]?.replacedBy = nil }
        return Self.changes(id, from: device.owners, to: [])
    }

    /// Binds somebody to a device.
    ///
    /// - Returns: the change; nil when they were bound already.
    public mutating func bind(_ owner: String, to id: String) throws(Refusal) -> Change? {
        let device = try inUse(id)
        if device.owners.contains(where: { $0.key == owner }) { return nil }
        guard device.owners.count < Self.mostOwners else {
            throw Refusal(
                .full, "device \(id) has \(Self.mostOwners) owners: unbind one of them first")
        }
        devices[id]?.owners.append(RegisteredDevice.Owner(key: owner, origin: .enrolled))
        return Change(device: id, owner: owner, isBound: true)
    }

    /// Ends a binding.
    public mutating func unbind(_ owner: String, from id: String) throws(Refusal) -> Change {
        let device = try known(id)
        guard let binding = device.owners.first(where: { $0.key == owner }) else {
            throw Refusal(.unknown, "\(owner) is not bound to device \(id)")
        }
        guard binding.origin == .enrolled else {
            throw Refusal(
                .configured,
                "\(owner) is bound to device \(id) by the configuration: "
                    + "remove it from its owners there and reload")
        }
        devices[id]?.owners.removeAll { $0.key == owner }
        return Change(device: id, owner: owner, isBound: false)
    }

    /// Puts a device in the place of another one of its kind: whoever was bound to the old one is bound
    /// to the new one. What the old one measured stays theirs; it is not served any more.
    ///
    /// - Returns: who was unbound from the old one and bound to the new one.
    public mutating func replace(_ old: String, with new: String) throws(Refusal) -> [Change] {
        let before = try inUse(old)
        let after = try inUse(new)
        guard old != new else {
            throw Refusal(.taken, "device \(old) cannot be replaced with itself")
        }
        // There is no way back, and ids are alike.
        guard before.kind == after.kind else {
            throw Refusal(
                .taken,
                "device \(new) is a \(after.kind), and \(old) a \(before.kind): "
                    + "hubctl bind binds owners to another kind")
        }
        let moved = before.owners.filter { owner in
            !after.owners.contains { $0.key == owner.key }
        }
        guard after.owners.count + moved.count <= Self.mostOwners else {
            throw Refusal(
                .full, "device \(new) would have more than \(Self.mostOwners) owners")
        }
        devices[old]?.owners = []
        devices[old]?.replacedBy = new
        devices[new]?.owners += moved.map {
            RegisteredDevice.Owner(key: $0.key, origin: .enrolled)
        }
        return Self.changes(old, from: before.owners, to: [])
            + moved.map { Change(device: new, owner: $0.key, isBound: true) }
    }

    private func known(_ id: String) throws(Refusal) -> RegisteredDevice {
        if let device = devices[id] { return device }
        throw Refusal(.unknown, "there is no device \(id); hubctl devices lists them")
    }

    private func inUse(_ id: String) throws(Refusal) -> RegisteredDevice {
        let device = try known(id)
        if let other = device.replacedBy {
            throw Refusal(.taken, "device \(id) was replaced with \(other)")
        }
        return device
    }
}
