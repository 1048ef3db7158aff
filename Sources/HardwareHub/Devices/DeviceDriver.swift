public import BeaconScanner

/// Knows a kind of device: which ones it can serve, and how to speak with one.
public protocol DeviceDriver: Sendable {
    /// What people know it by: `health`.
    var name: String { get }

    /// The names that `devices[].kind` calls it by.
    var kinds: [String] { get }

    /// The services that a device it can serve advertises, for whoever looks out for them.
    var services: [GATTUUID] { get }

    /// Whether a device that advertises these services may be of one of its kinds.
    func offers(_ kind: String, _ services: [GATTUUID]) -> Bool

    /// Whether devices of a kind are on the air for seconds, when they have something to say.
    func isBrief(_ kind: String) -> Bool

    /// Whether devices of its kinds say in their protocol which one they are, so that one can be found
    /// by its own id, at whatever address.
    var provesIdentity: Bool { get }

    /// Makes the machine for one connection.
    ///
    /// - Throws: what is missing in the device's configuration: a key.
    func machine(for device: DeviceContext) throws(DeviceFault) -> any DeviceMachine
}

/// What a driver may know of a device. Whom its values belong to is not part of it.
public struct DeviceContext: Sendable {
    /// The device's name, as configured or enrolled.
    public var id: String
    /// Its kind, one of the driver's.
    public var kind: String
    /// Its radio address now.
    public var address: DeviceAddress
    /// Whether the address is one that was laid down for the device. Otherwise it is where somebody was
    /// heard who may be the device, and to name that address proves nothing.
    public var isLocated = true
    /// An AirSync device's type: the `gh_…` of its maker's account.
    public var deviceType: String?
    /// An AirSync device's own id.
    public var deviceID: String?
    /// The device's key, 16 bytes.
    public var key: [UInt8]?
    /// What earlier connections left.
    public var memory: [String: [UInt8]]
    /// Ciphers.
    public var crypto: AirSyncCrypto
    /// So many bytes that nobody can foretell.
    public var random: @Sendable (Int) -> [UInt8]

    /// Makes a context.
    public init(
        id: String, kind: String, address: DeviceAddress, deviceType: String? = nil,
        deviceID: String? = nil, key: [UInt8]? = nil, memory: [String: [UInt8]] = [:],
        crypto: AirSyncCrypto, random: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.id = id
        self.kind = kind
        self.address = address
        self.deviceType = deviceType
        self.deviceID = deviceID
        self.key = key
        self.memory = memory
        self.crypto = crypto
        self.random = random
    }
}

extension DeviceDriver {
    /// No: they stay.
    public func isBrief(_ kind: String) -> Bool { false }

    /// No: whoever is at an address is it.
    public var provesIdentity: Bool { false }

    /// The first of its kinds.
    public var name: String { kinds.first ?? "" }

    /// Whether a device that advertises these services may be of a kind: any of the driver's
    /// services, for drivers whose kinds do not differ by it.
    public func offers(_ kind: String, _ services: [GATTUUID]) -> Bool {
        kinds.contains(kind) && services.contains(where: self.services.contains)
    }
}
