internal import CLinux
internal import EventLoop
internal import Glibc

/// Opening the channel: a socket of the kernel's Bluetooth, bound to no adapter.
///
/// The numbers are the kernel's interface (include/net/bluetooth/bluetooth.h and hci_sock.h); see
/// decision record 2 on why they stand here.
extension MonitorSocket {
    /// AF_BLUETOOTH.
    private static let bluetooth: Int32 = 31
    /// BTPROTO_HCI.
    private static let hci: Int32 = 1
    /// HCI_CHANNEL_MONITOR.
    private static let monitor: UInt16 = 2

    /// What is asked for; the kernel gives at most twice `net.core.rmem_max`.
    private static let wantedBuffer: Int32 = 4 << 20

    /// Opens, prepares and binds.
    static func openChannel() throws(MonitorError) -> Descriptor {
        let number = socket(
            bluetooth, Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue),
            hci)
        guard number >= 0 else { throw MonitorError(.socket, code: errno) }
        let descriptor = Descriptor(owning: number)
        // Before it is bound: the kernel sends the first frames from within bind(2).
        try prepare(descriptor.number)
        var address = sockaddr_hci(
            hci_family: UInt16(bluetooth), hci_dev: MonitorFrame.noAdapter, hci_channel: monitor)
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_hci>.size))
            }
        }
        guard result == 0 else { throw MonitorError(.bind, code: errno) }
        return descriptor
    }

    /// Asks for what we want, and a time stamp with each frame.
    package static func prepare(_ socket: Int32) throws(MonitorError) {
        let refusal = MonitorFilter.attach(to: socket)
        guard refusal == 0 else { throw MonitorError(.preparation, code: refusal) }
        try set(SO_TIMESTAMPNS, to: 1, of: socket)
        try set(SO_RCVBUF, to: wantedBuffer, of: socket)
    }

    private static func set(
        _ option: Int32, to value: Int32, of socket: Int32
    ) throws(MonitorError) {
        var value = value
        let length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe setsockopt(socket, SOL_SOCKET, option, &value, length) == 0 else {
            throw MonitorError(.preparation, code: errno)
        }
    }
}
