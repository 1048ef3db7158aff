internal import Glibc

/// Whether the kernel keeps an adapter off (rfkill, Documentation/ABI/stable/sysfs-class-rfkill).
///
/// bluetoothd has an error of its own for it, org.bluez.Error.Blocked, and does not give it: on
/// Linux 6.1 with BlueZ 5.66 a blocked adapter answers org.bluez.Error.Failed like any other fault.
enum RadioSwitch {
    /// - Parameters:
    ///   - path: the adapter's object, whose last part is its name, `hci0`.
    ///   - switches: where the kernel lists them.
    /// - Returns: whether one of the adapter's switches is off, by software or hardware.
    static func isOff(adapter path: String, in switches: String = "/sys/class/rfkill") -> Bool {
        guard let adapter = path.split(separator: "/").last.map(String.init) else { return false }
        return entries(of: switches).contains { entry in
            let folder = switches + "/" + entry
            return text(of: folder + "/name") == adapter
                && (text(of: folder + "/soft") == "1" || text(of: folder + "/hard") == "1")
        }
    }

    private static func entries(of folder: String) -> [String] {
        guard let directory = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { start in
                unsafe start.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name.hasPrefix("rfkill") { names.append(name) }
        }
        return names
    }

    private static func text(of path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes.prefix(count).prefix { $0 != 0x0a }, as: UTF8.self)
    }
}
