import Checkup
import Configuration
import DBus
import EventLoop
import JSON

/// `hubctl doctor`: every check an engineer would make, with its mend; also when hubd is down.
enum DoctorVerb: Verb {
    static let name = "doctor"
    static let summary = "look at everything the hub needs, and say what mends it"
    static let options: [Arguments.Option] = [
        .init(
            "--config", "FILE",
            "the configuration to check; that of the running hubd, or /etc/hubd/hubd.json5")
    ]
    static let details = [
        "It looks at: the bus, hubd and its unit, the versions, the policies of D-Bus and polkit,",
        "configuration and catalog, the kernel's Bluetooth, rfkill, bluetoothd and its adapters,",
        "the radios, the store's disk, clock and time zone, and each sink: its folder, or its name,",
        "port and certificate. hubd makes the last ones itself, with its own rights; when it does",
        "not run, what can be seen without it is checked.",
        "",
        "✓ well, ! works with less than it should, ✗ does not work, ? could not be looked at.",
        "Exit: 0 nothing found, 1 something found.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        var progress = Progress(output.terminal)
        let report = await examine(arguments) { progress.show("looking at \($0)") }
        progress.clear()
        if output.wantsJSON {
            try output.print(report.document)
        } else {
            try output.print(report.lines(on: output.terminal))
        }
        return report.found == 0 ? .ok : .degraded
    }

    @Hub
    private static func examine(
        _ arguments: Arguments, _ progress: (String) -> Void
    ) async -> DoctorReport {
        let bus = Bus(arguments.value("--bus") ?? "system")
        progress("the bus")
        let connection = Connection(bus)
        defer { connection.close() }
        var fault: BusError?
        do throws(BusError) { try await connection.connect() } catch { fault = error }
        let hub = await HubCheckup(bus, connection, fault: fault)
        var checks = hub.checks

        progress("the sinks")
        var client: HubClient?
        if hub.owner != nil { client = try? await HubClient(arguments) }
        let diagnosis = try? await client?.document("Diagnose", of: "Hub1")
        let status = try? await client?.document("Status", of: "Hub1")
        if hub.owner != nil, diagnosis == nil {
            checks.append(
                .unknown(
                    "hubd", "diagnosis", "hubd does not tell this user",
                    mend: "run hubctl doctor as root"))
        }

        let path =
            arguments.value("--config") ?? diagnosis?["config"]?.string ?? "/etc/hubd/hubd.json5"
        let configuration = ConfigurationCheckup.read(path)
        checks += configuration.checks
        if let settings = configuration.settings {
            progress("Bluetooth")
            checks += await bluetooth(settings, hubdRuns: hub.owner != nil)
        }
        if let status { checks += DaemonCheckup.checks(status: status) }
        if let diagnosis {
            checks += DaemonCheckup.checks(diagnosis: diagnosis)
        } else if let settings = configuration.settings {
            progress("the sinks")
            checks += await DaemonCheckup.checks(without: settings)
        }
        return DoctorReport(checks: checks)
    }

    /// Bluetooth is looked at only when a radio of the configuration needs it.
    @Hub
    private static func bluetooth(_ settings: Settings, hubdRuns: Bool) async -> [Check] {
        var byBlueZ: [String?] = []
        var byKernel: [String?] = []
        for radio in settings.radios {
            switch radio.kind {
            case .bluez(let adapter):
                byBlueZ.append(adapter)
                byKernel.append(adapter)
            case .monitor(let adapter): byKernel.append(adapter)
            case .capture: break
            }
        }
        if settings.radios.isEmpty {
            return [
                .warning(
                    "radio", "", "none is configured: the hub hears nothing",
                    mend: "radios: [ { kind: \"bluez\" } ] in the configuration")
            ]
        }
        let kernel = Airwaves().checks(wanted: byKernel)
        guard !byBlueZ.isEmpty else { return kernel }
        return kernel + (await BlueZCheckup(.system)).checks(wanted: byBlueZ, hubdScans: hubdRuns)
    }
}
