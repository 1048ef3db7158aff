internal import Glibc

/// Why the kernel's HCI monitor channel cannot be heard, and the mend.
public struct MonitorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done.
    public enum Step: Hashable, Sendable {
        /// socket(2) in the Bluetooth family.
        case socket
        /// Setting the socket up: filter, time stamps, buffer, the loop's watch.
        case preparation
        /// bind(2) to the monitor channel.
        case bind
        /// Reading frames.
        case reading
    }

    /// What was being done.
    public let step: Step
    /// The error number (errno); 0 when the kernel closed the channel.
    public let code: Int32

    /// Makes an error.
    public init(_ step: Step, code: Int32) {
        self.step = step
        self.code = code
    }

    /// Whether trying again later may help without anybody's doing.
    public var isTemporary: Bool {
        switch (step, code) {
        case (.reading, _): true
        case (_, EMFILE), (_, ENFILE), (_, ENOMEM), (_, ENOBUFS): true
        default: false
        }
    }

    /// The thing, what happened to it, and the mend.
    public var description: String {
        let place = "the kernel's HCI monitor channel"
        let unit =
            "systemctl edit hubd, and under [Service] AmbientCapabilities=CAP_NET_RAW, "
            + "CapabilityBoundingSet=CAP_NET_RAW, PrivateUsers=no, "
            + "RestrictAddressFamilies=AF_BLUETOOTH"
        switch (step, code) {
        case (_, EMFILE):
            return
                "cannot open \(place): hubd has no descriptors left; raise LimitNOFILE= in its unit"
        case (_, ENFILE):
            return "cannot open \(place): the system has no descriptors left; raise fs.file-max"
        case (_, ENOMEM), (_, ENOBUFS):
            return "cannot open \(place): the kernel has no memory left for it; free some"
        case (.socket, EAFNOSUPPORT):
            // Three doors give the same answer: the kernel without its module, RestrictAddressFamilies=
            // (systemd.exec(5)), and any network namespace but the first (net/bluetooth/af_bluetooth.c).
            return
                "\(place) is not there: this kernel has no Bluetooth (modprobe bluetooth), or hubd is "
                + "kept from it: \(unit); a container needs the network of its host"
        case (.socket, EPROTONOSUPPORT), (.socket, ESOCKTNOSUPPORT):
            return "\(place) is not there: this kernel's Bluetooth has no HCI sockets; "
                + "use one built with CONFIG_BT"
        case (.socket, EPERM), (.socket, EACCES):
            return "cannot open \(place): refused before rights were asked for, so by a filter of "
                + "system calls or a security module; allow socket(AF_BLUETOOTH)"
        case (.bind, EPERM), (.bind, EACCES):
            // The kernel asks in the first user namespace (capable(), net/bluetooth/hci_sock.c).
            return "cannot open \(place): hubd lacks CAP_NET_RAW; \(unit)"
        case (.bind, EINVAL):
            return "\(place) is not there: the kernel is older than 3.4; update it"
        case (.reading, 0):
            return "\(place) was closed by the kernel; hubd opens it again"
        default:
            return "\(place): \(Self.text(code)) (\(Self.call(step)))"
        }
    }

    private static func call(_ step: Step) -> String {
        switch step {
        case .socket: "socket"
        case .preparation: "setsockopt"
        case .bind: "bind"
        case .reading: "recvmmsg"
        }
    }

    private static func text(_ code: Int32) -> String {
        var text = [CChar](repeating: 0, count: 128)
        _ = unsafe strerror_r(code, &text, text.count)
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
