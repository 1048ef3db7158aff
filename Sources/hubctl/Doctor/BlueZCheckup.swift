import Checkup
import DBus
import EventLoop

/// What bluetoothd says of itself and its adapters; it is always on the system bus.
struct BlueZCheckup {
    /// One adapter (org.bluez.Adapter1).
    struct Adapter: Hashable {
        /// `hci0` and so on.
        var name: String
        var address = ""
        var isPowered: Bool
        /// Whether somebody scans with it: us or another program.
        var isDiscovering: Bool
    }

    /// Why the system bus cannot be reached.
    var fault: String?
    /// Whether bluetoothd is on the bus.
    var isRunning = false
    /// Whether the bus could start it: whether it is installed.
    var isInstalled = false
    /// bluetoothd's version.
    var version: String?
    var adapters: [Adapter] = []

    // MARK: Judging

    /// How it stands for the adapters that the configuration wants through BlueZ.
    ///
    /// - Parameters:
    ///   - wanted: their names; nil in it stands for any one.
    ///   - hubdScans: whether hubd is running, and so may be the one who scans.
    /// - Returns: what was found; nothing when nothing is wanted.
    func checks(wanted: [String?], hubdScans: Bool) -> [Check] {
        guard !wanted.isEmpty else { return [] }
        if let fault {
            return [.failed("bluetooth", "bus", fault, mend: "systemctl start dbus")]
        }
        guard isRunning else {
            return [
                isInstalled
                    ? .failed(
                        "bluetooth", "bluetoothd", "does not run",
                        mend: "systemctl enable --now bluetooth")
                    : .failed(
                        "bluetooth", "bluetoothd", "is not installed", mend: "apt install bluez")
            ]
        }
        let known = version.map { ", version \($0)" } ?? ""
        var checks = [Check.well("bluetooth", "bluetoothd", "runs" + known)]
        let names = Set(wanted.compactMap(\.self))
        let used = adapters.filter {
            names.isEmpty || names.contains($0.name) || names.contains($0.address)
        }
        if used.isEmpty {
            checks.append(
                .failed(
                    "bluetooth", "bluetoothd", "has no adapter for us",
                    mend: "plug one in, or name one of bluetoothctl list in radios"))
        }
        return checks + used.flatMap { self.checks($0, hubdScans) }
    }

    private func checks(_ adapter: Adapter, _ hubdScans: Bool) -> [Check] {
        guard adapter.isPowered else {
            return [
                .failed(
                    "bluetooth", adapter.name, "is not powered",
                    mend: "bluetoothctl power on; AutoEnable=true in /etc/bluetooth/main.conf")
            ]
        }
        var checks = [Check.well("bluetooth", adapter.name, "is powered")]
        if adapter.isDiscovering, !hubdScans {
            checks.append(
                .warning(
                    "bluetooth", adapter.name, "somebody else scans with it",
                    mend: "look for a bluetoothctl scan, or a desktop's Bluetooth settings"))
        }
        return checks
    }

    // MARK: Looking

    /// Facts given, for tests.
    init() {}

    /// Asks the system bus.
    @Hub
    init(_ bus: Bus) async {
        let connection = Connection(bus)
        defer { connection.close() }
        do throws(BusError) {
            try await connection.connect()
        } catch {
            fault = error.message
            return
        }
        func ask(_ member: String) async -> [BusValue] {
            let reply = try? await connection.call(
                member, of: "org.freedesktop.DBus", at: "org.freedesktop.DBus",
                "/org/freedesktop/DBus", timeout: .seconds(5))
            return reply?.first?.elements ?? []
        }
        isInstalled = await ask("ListActivatableNames").contains { $0.string == "org.bluez" }
        isRunning = await ask("ListNames").contains { $0.string == "org.bluez" }
        guard isRunning else { return }
        version = await Self.bluetoothdVersion()
        let objects = try? await connection.call(
            "GetManagedObjects", of: "org.freedesktop.DBus.ObjectManager", at: "org.bluez", "/",
            starting: false, timeout: .seconds(5))
        for entry in objects?.first?.entries ?? [] {
            guard let adapter = entry.value["org.bluez.Adapter1"],
                let name = entry.key.string?.split(separator: "/").last
            else { continue }
            adapters.append(
                Adapter(
                    name: String(name), address: adapter["Address"]?.string ?? "",
                    isPowered: adapter["Powered"]?.bool ?? false,
                    isDiscovering: adapter["Discovering"]?.bool ?? false))
        }
    }

    /// bluetoothd tells its version on the command line only. Where Debian has it, and others.
    @Hub
    private static func bluetoothdVersion() async -> String? {
        for path in [
            "/usr/libexec/bluetooth/bluetoothd", "/usr/lib/bluetooth/bluetoothd",
        ] {
            let line = await Sideline.run(limit: .seconds(3)) {
                Program.firstLine([path, "--version"])
            }
            if let text = line ?? nil { return text }
        }
        return nil
    }
}
