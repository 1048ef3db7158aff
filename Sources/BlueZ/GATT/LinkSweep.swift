package import EventLoop
internal import Glibc

/// Finds links that the kernel keeps although bluetoothd has ended them.
///
/// Linux 6.1.192, which Debian 12 has had since 2026, answers the management command Disconnect with
/// success and does not disconnect: seen with bluetoothd 5.66 alone and `btmon`, which shows the
/// command and no HCI Disconnect after it. The device stays connected to nobody, and so it does not
/// advertise any more. Switching the adapter off and on ends such links; nothing else that
/// bluetoothd offers does (RemoveDevice and Blocked were tried).
package struct LinkSweep: Sendable {
    /// How long there must be links too many: bluetoothd itself takes two seconds to disconnect.
    static let patience: Int64 = 20_000_000_000
    /// The same while other devices are connected, whom it cuts off for some seconds.
    static let longPatience: Int64 = 600_000_000_000
    /// Between two sweeps: an adapter that is off hears nothing for a second.
    static let pause: Int64 = 120_000_000_000

    private var surplusSince: EventLoop.Instant?
    private var lastSweep: EventLoop.Instant?

    /// Links that the kernel has had too many for longer than ending them takes.
    package private(set) var stuck = 0

    /// Makes a sweep that has seen nothing.
    package init() {}

    /// Takes how many links there are.
    ///
    /// - Parameters:
    ///   - kernel: links of the adapter that the kernel has.
    ///   - known: those that bluetoothd knows of.
    ///   - hasSessions: whether devices are being spoken with, which would be cut off.
    ///   - now: the time.
    /// - Returns: whether the adapter is to be switched off and on now.
    package mutating func look(
        kernel: Int, known: Int, hasSessions: Bool, at now: EventLoop.Instant
    ) -> Bool {
        guard kernel > known else {
            surplusSince = nil
            stuck = 0
            return false
        }
        let since = surplusSince ?? now
        surplusSince = since
        guard now.nanoseconds - since.nanoseconds >= Self.patience else { return false }
        stuck = kernel - known
        guard !hasSessions || now.nanoseconds - since.nanoseconds >= Self.longPatience,
            lastSweep.map({ now.nanoseconds - $0.nanoseconds >= Self.pause }) ?? true
        else { return false }
        return true
    }

    /// The adapter is being switched off and on.
    package mutating func swept(at now: EventLoop.Instant) {
        lastSweep = now
        surplusSince = nil
        stuck = 0
    }

    /// How many links the kernel has on an adapter: it lists them as `hci0:64`, by their handle
    /// (hci_conn_add_sysfs in net/bluetooth/hci_sysfs.c).
    static func links(of adapter: String, in folder: String = "/sys/class/bluetooth") -> Int {
        guard let directory = unsafe opendir(folder) else { return 0 }
        defer { unsafe closedir(directory) }
        var count = 0
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { start in
                unsafe start.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name.hasPrefix(adapter + ":") { count += 1 }
        }
        return count
    }
}
