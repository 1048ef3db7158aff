internal import Glibc

/// Which bus to use.
public enum Bus: Hashable, Sendable, CustomStringConvertible {
    /// The machine's bus: DBUS_SYSTEM_BUS_ADDRESS, or the well-known socket.
    case system
    /// The user's bus: DBUS_SESSION_BUS_ADDRESS, or the socket that systemd gives a user.
    case session
    /// The bus that started this process: DBUS_STARTER_ADDRESS, or else the machine's.
    case starter
    /// A bus at an address like `unix:path=/run/test/bus`.
    case address(String)

    /// Reads what people write after `--bus=`.
    public init(_ text: String) {
        switch text {
        case "system": self = .system
        case "session": self = .session
        case "starter": self = .starter
        default: self = .address(text)
        }
    }

    /// The address to connect to (D-Bus specification, "Well-known Message Bus Instances").
    ///
    /// It is looked up anew for each connection: nothing is remembered from an earlier bus.
    public var address: String {
        let systemSocket = "unix:path=/var/run/dbus/system_bus_socket"
        switch self {
        case .address(let text):
            return text
        case .system:
            return variable("DBUS_SYSTEM_BUS_ADDRESS") ?? systemSocket
        case .starter:
            return variable("DBUS_STARTER_ADDRESS") ?? Bus.system.address
        case .session:
            if let address = variable("DBUS_SESSION_BUS_ADDRESS") { return address }
            return "unix:path=\(variable("XDG_RUNTIME_DIR") ?? "/run/user/\(getuid())")/bus"
        }
    }

    /// What people call it, with the address where that says more.
    public var description: String {
        switch self {
        case .system: "the system bus at \(address)"
        case .session: "the session bus at \(address)"
        case .starter: "the bus at \(address)"
        case .address(let text): "the bus at \(text)"
        }
    }

    /// What helps when nobody answers.
    var mend: String {
        switch self {
        case .system: "is dbus.service running?"
        case .session: "is a user session running, or should it be --bus=system?"
        case .starter, .address: "is the address right, and does the bus run?"
        }
    }

    private func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}
