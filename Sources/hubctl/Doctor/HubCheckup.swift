import Checkup
import DBus
import EventLoop
import Glibc

/// Whether hubd runs and can be reached, from what the bus and systemd say.
struct HubCheckup {
    /// The unit as systemd knows it.
    struct Unit: Hashable {
        /// `loaded`, `not-found` …
        var load = ""
        /// `active`, `inactive`, `failed` …
        var active = ""
        /// `enabled`, `disabled` …
        var file = ""
        /// `success`, `exit-code`, `watchdog` …
        var result = ""
        /// The status that the process last ended with.
        var status: Int64 = 0
        /// How often systemd has started it again.
        var restarts: Int64 = 0
    }

    /// Which bus, in words.
    var bus: String
    /// Whether it is the machine's: the others have no policy, no polkit and no unit.
    var isSystem: Bool
    /// Why the bus cannot be reached.
    var fault: String?
    /// The unique name of hubd on the bus.
    var owner: String?
    /// hubd's version.
    var version: String?
    /// Files of the installation that are missing.
    var missingFiles: [String] = []
    /// Whether polkit is there or can be started.
    var hasPolkit = true
    /// hubd's unit; nil when systemd does not answer.
    var unit: Unit?

    /// D-Bus refuses a name and polkit an action that no file of the installation allows.
    static let policies = [
        ["/usr/share/dbus-1/system.d/org.hubd.conf", "/etc/dbus-1/system.d/org.hubd.conf"],
        ["/usr/share/polkit-1/actions/org.hubd.policy"],
    ]

    // MARK: Judging

    var checks: [Check] {
        var checks = [busCheck]
        if fault == nil { checks.append(daemon) }
        if let version, version != HubctlMain.version {
            checks.append(
                .warning(
                    "hubd", "version", "hubd is \(version), hubctl is \(HubctlMain.version)",
                    mend: "systemctl restart hubd, if hubd was upgraded"))
        }
        guard isSystem else { return checks }
        if let unit { checks += self.checks(unit) }
        for file in missingFiles {
            checks.append(
                .failed(
                    "hubd", "policy", "\(file) is missing",
                    mend: "install the package again; then systemctl reload dbus"))
        }
        if fault == nil, !hasPolkit {
            checks.append(
                .warning(
                    "hubd", "polkit", "is not installed: only root and the group hubd get in",
                    mend: "apt install polkitd, or adduser NAME hubd for those who need it"))
        }
        return checks
    }

    private var busCheck: Check {
        guard let fault else { return .well("bus", "", "\(bus) answers") }
        return .failed("bus", "", fault, mend: "systemctl start dbus, or name another --bus")
    }

    private var daemon: Check {
        if owner != nil {
            return .well("hubd", "", "runs\(version.map { ", version \($0)" } ?? "")")
        }
        return .failed(
            "hubd", "", "does not run on \(bus)",
            mend: "systemctl start hubd; journalctl -u hubd tells why it ended")
    }

    private func checks(_ unit: Unit) -> [Check] {
        if unit.load == "not-found" {
            return [
                .failed(
                    "hubd", "unit", "systemd does not know hubd.service",
                    mend: "install the package again; then systemctl daemon-reload")
            ]
        }
        var checks: [Check] = []
        if unit.result != "success", !unit.result.isEmpty {
            checks.append(
                .failed(
                    "hubd", "unit", "ended with \(unit.result), status \(unit.status)",
                    mend: unit.status == Int64(ExitCode.configuration.rawValue)
                        ? "the configuration is broken: hubd --check"
                        : "journalctl -u hubd -e tells why"))
        }
        if unit.restarts > 0 {
            checks.append(
                .warning(
                    "hubd", "unit", "systemd has started it again \(unit.restarts) times",
                    mend: "journalctl -u hubd tells why it ended"))
        }
        if unit.file == "disabled" {
            checks.append(
                .warning(
                    "hubd", "unit", "is not started with the machine",
                    mend: "systemctl enable hubd"))
        }
        if checks.isEmpty { checks.append(.well("hubd", "unit", "\(unit.active)")) }
        return checks
    }

    // MARK: Looking

    /// Asks a bus that answers, or notes why it does not.
    @Hub
    init(_ bus: Bus, _ connection: Connection, fault: BusError?) async {
        self.bus = bus.description
        self.fault = fault?.message
        isSystem = bus == .system
        if isSystem {
            missingFiles = Self.policies.filter { files in
                !files.contains { unsafe access($0, F_OK) == 0 }
            }.map { $0[0] }
        }
        guard fault == nil else { return }
        owner = try? await ask("GetNameOwner", [.string("org.hubd")], connection).string
        if owner != nil {
            version = try? await connection.call(
                "Get", of: "org.freedesktop.DBus.Properties", at: "org.hubd", "/org/hubd",
                [.string("org.hubd.Hub1"), .string("Version")], starting: false,
                timeout: .seconds(5)
            ).first?.string
        }
        guard isSystem else { return }
        let names = try? await ask("ListActivatableNames", [], connection).elements
        let running = try? await ask("ListNames", [], connection).elements
        hasPolkit = ((names ?? []) + (running ?? [])).contains {
            $0.string == "org.freedesktop.PolicyKit1"
        }
        unit = await Unit(connection)
    }

    @Hub
    private func ask(
        _ member: String, _ arguments: [BusValue], _ connection: Connection
    ) async throws(BusError) -> BusValue {
        try await connection.call(
            member, of: "org.freedesktop.DBus", at: "org.freedesktop.DBus",
            "/org/freedesktop/DBus", arguments, timeout: .seconds(5)
        ).first ?? .bool(false)
    }
}

extension HubCheckup {
    /// Facts given, for tests.
    init(bus: String, isSystem: Bool) {
        self.bus = bus
        self.isSystem = isSystem
    }
}

extension HubCheckup.Unit {
    /// Asks systemd (org.freedesktop.systemd1(5)); nil when it is not there.
    @Hub
    fileprivate init?(_ connection: Connection) async {
        let systemd = "org.freedesktop.systemd1"
        guard
            let reply = try? await connection.call(
                "LoadUnit", of: systemd + ".Manager", at: systemd, "/org/freedesktop/systemd1",
                [.string("hubd.service")], timeout: .seconds(5)),
            case .objectPath(let path)? = reply.first
        else { return nil }
        func get(_ interface: String, _ name: String) async -> BusValue? {
            try? await connection.call(
                "Get", of: "org.freedesktop.DBus.Properties", at: systemd, path,
                [.string("\(systemd).\(interface)"), .string(name)], timeout: .seconds(5)
            ).first
        }
        self.init()
        load = await get("Unit", "LoadState")?.string ?? ""
        active = await get("Unit", "ActiveState")?.string ?? ""
        file = await get("Unit", "UnitFileState")?.string ?? ""
        result = await get("Service", "Result")?.string ?? ""
        status = await get("Service", "ExecMainStatus")?.integer ?? 0
        restarts = await get("Service", "NRestarts")?.integer ?? 0
    }
}
