internal import Glibc

/// What the kernel knows of Bluetooth, without any daemon: read from sysfs and by one socket.
public struct Airwaves: Hashable, Sendable {
    /// A switch that can silence a radio (rfkill, Documentation/driver-api/rfkill.rst).
    public struct Switch: Hashable, Sendable {
        /// Which one, such as `hci0`.
        public var name: String
        /// Blocked by software: `rfkill block`.
        public var isSoftBlocked: Bool
        /// Blocked by a switch on the device.
        public var isHardBlocked: Bool

        /// Makes a switch.
        public init(name: String, isSoftBlocked: Bool, isHardBlocked: Bool) {
            self.name = name
            self.isSoftBlocked = isSoftBlocked
            self.isHardBlocked = isHardBlocked
        }
    }

    /// Whether the kernel has Bluetooth sockets.
    public var hasSockets: Bool
    /// The adapters that the kernel has, `hci0` and so on.
    public var adapters: [String]
    /// The switches of Bluetooth radios.
    public var switches: [Switch]

    /// Makes facts.
    public init(hasSockets: Bool, adapters: [String], switches: [Switch]) {
        self.hasSockets = hasSockets
        self.adapters = adapters
        self.switches = switches
    }

    /// Looks at this machine.
    ///
    /// - Parameter sysfs: where sysfs is mounted.
    public init(sysfs: String = "/sys") {
        self.init(
            hasSockets: Self.hasBluetoothSockets,
            adapters: Self.names(sysfs + "/class/bluetooth").filter(Self.isAdapter).sorted(),
            switches: Self.switches(sysfs + "/class/rfkill"))
    }

    /// How the adapters stand that the configuration wants.
    ///
    /// - Parameter wanted: their names; nil in it stands for any one.
    /// - Returns: what was found; nothing when nothing is wanted.
    public func checks(wanted: [String?]) -> [Check] {
        guard !wanted.isEmpty else { return [] }
        guard hasSockets else {
            return [
                .failed(
                    "bluetooth", "kernel", "the kernel has no Bluetooth",
                    mend: "modprobe bluetooth; in a container it cannot be had")
            ]
        }
        var checks = [Check.well("bluetooth", "kernel", "has Bluetooth")]
        // An adapter that is named by its address is looked for by bluetoothd.
        let named = wanted.compactMap(\.self).filter(Self.isAdapter)
        let missing = Set(named).subtracting(adapters)
        for name in missing.sorted() {
            checks.append(
                .failed(
                    "bluetooth", name, "there is no such adapter\(others)",
                    mend: "plug it in, or name another one in radios"))
        }
        if adapters.isEmpty, missing.isEmpty {
            checks.append(
                .failed(
                    "bluetooth", "adapter", "there is none",
                    mend: "plug one in; dmesg tells whether its firmware is missing"))
        }
        return checks + switches.map(Self.check)
    }

    private var others: String {
        adapters.isEmpty ? "" : "; there is \(adapters.joined(separator: ", "))"
    }

    private static func check(_ lever: Switch) -> Check {
        if lever.isHardBlocked {
            return .failed(
                "bluetooth", lever.name, "switched off by hardware (rfkill)",
                mend: "turn the radio on with the device's switch or in its firmware")
        }
        if lever.isSoftBlocked {
            return .failed(
                "bluetooth", lever.name, "blocked (rfkill)", mend: "rfkill unblock bluetooth")
        }
        return .well("bluetooth", lever.name, "not blocked (rfkill)")
    }

    // MARK: Looking

    /// AF_BLUETOOTH is 31, BTPROTO_HCI is 1 (bluetooth/bluetooth.h); a kernel without it answers
    /// EAFNOSUPPORT, whoever asks.
    private static var hasBluetoothSockets: Bool {
        let number = socket(31, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 1)
        guard number < 0 else {
            close(number)
            return true
        }
        return errno != EAFNOSUPPORT && errno != EPROTONOSUPPORT
    }

    private static func isAdapter(_ name: String) -> Bool {
        // `hci0:64` and the like are connections.
        name.hasPrefix("hci") && !name.dropFirst(3).isEmpty
            && name.dropFirst(3).allSatisfy { $0.isASCII && $0.isNumber }
    }

    private static func switches(_ folder: String) -> [Switch] {
        names(folder).sorted().compactMap { entry in
            let path = "\(folder)/\(entry)/"
            guard line(path + "type") == "bluetooth" else { return nil }
            return Switch(
                name: line(path + "name") ?? entry, isSoftBlocked: line(path + "soft") == "1",
                isHardBlocked: line(path + "hard") == "1")
        }
    }

    private static func names(_ folder: String) -> [String] {
        guard let stream = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    /// The first line of a small file.
    private static func line(_ path: String) -> String? {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        defer { close(number) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe read(number, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(
            decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
