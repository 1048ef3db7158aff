public import BeaconScanner

/// One entry of `devices`: a thing that measures or reads, and whose values it yields.
public struct Device: Hashable, Sendable {
    /// `id`: its name in events and commands; it stays when the radio address changes.
    public var id: String
    /// `kind`: one of `standardKinds`, or the name of a driver.
    public var kind: String
    /// `address`: its radio address; may be missing when `deviceId` says which one it is.
    public var address: DeviceAddress?
    /// `owners`: the opaque keys of the people its values belong to.
    public var owners: [String]
    /// `deviceType`: an AirSync device's type, the `gh_…` of its maker's account.
    public var deviceType: String?
    /// `deviceId`: an AirSync device's own id.
    public var deviceID: String?
    /// `keyFile`: a file with 32 hexadecimal digits, the key of the device: a path, or the name
    /// of a systemd credential.
    public var keyFile: String?

    /// `qrTicket`: the ticket of its QR code, as WeChat's device/create_qrcode gave it out.
    public var qrTicket: String?

    /// The kinds hubd has drivers of its own for, or names for.
    public static let standardKinds = [
        "blood-pressure", "weight-scale", "body-composition", "glucose-meter", "thermometer",
        "pulse-oximeter", "heart-rate", "running-speed", "wechat-sport", "airsync", "etc-reader",
    ]

    /// The kinds that speak a Bluetooth SIG profile and so have no AirSync settings.
    private static let profileKinds = standardKinds.prefix(8)

    /// Whether devices of a kind speak a Bluetooth SIG profile, and so have no `deviceType`, `deviceId`
    /// and `keyFile`.
    public static func speaksProfile(_ kind: String) -> Bool { profileKinds.contains(kind) }

    /// Makes a device.
    public init(
        id: String, kind: String, address: DeviceAddress?, owners: [String] = [],
        deviceType: String? = nil, deviceID: String? = nil, keyFile: String? = nil,
        qrTicket: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.address = address
        self.owners = owners
        self.deviceType = deviceType
        self.deviceID = deviceID
        self.keyFile = keyFile
        self.qrTicket = qrTicket
    }
}
