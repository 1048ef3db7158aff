import Checkup
import JSON
import Testing

@testable import hubctl

@Suite("The doctor names each fault and its mend")
struct DoctorTests {
    private func hub(_ change: (inout HubCheckup) -> Void) -> [String] {
        var hub = HubCheckup(bus: "the system bus", isSystem: true)
        hub.owner = ":1.5"
        hub.version = HubctlMain.version
        hub.unit = .init(
            load: "loaded", active: "active", file: "enabled", result: "success", status: 0,
            restarts: 0)
        change(&hub)
        let checks = hub.checks
        for check in checks where check.state == .failed || check.state == .warning {
            #expect(!check.mend.isEmpty, "\(check)")
        }
        return checks.filter { $0.state != .well }.map { "\($0.state) \($0.area) \($0.thing)" }
    }

    @Test func aHubThatIsWell() {
        #expect(hub { _ in } == [])
        // Without systemd there is nothing to be said of a unit.
        #expect(hub { $0.unit = nil } == [])
    }

    @Test func faultsOfTheHub() {
        #expect(hub { $0.fault = "cannot reach it" }.first == "failed bus ")
        #expect(hub { $0.owner = nil } == ["failed hubd "])
        #expect(hub { $0.version = "0.0.1" } == ["warning hubd version"])
        #expect(
            hub { $0.missingFiles = ["a", "b"] } == Array(repeating: "failed hubd policy", count: 2)
        )
        #expect(hub { $0.hasPolkit = false } == ["warning hubd polkit"])
        #expect(hub { $0.unit?.load = "not-found" } == ["failed hubd unit"])
        #expect(hub { $0.unit?.result = "exit-code" } == ["failed hubd unit"])
        #expect(hub { $0.unit?.restarts = 3 } == ["warning hubd unit"])
        #expect(hub { $0.unit?.file = "disabled" } == ["warning hubd unit"])
    }

    @Test("a configuration that stopped hubd is named as the reason")
    func exitStatus() {
        var hub = HubCheckup(bus: "b", isSystem: true)
        hub.unit = .init(load: "loaded", active: "failed", result: "exit-code", status: 78)
        #expect(hub.checks.contains { $0.mend.contains("hubd --check") })
    }

    @Test("on a private bus nobody asks for policies, polkit and units")
    func privateBus() {
        var hub = HubCheckup(bus: "a bus", isSystem: false)
        hub.owner = ":1.5"
        hub.missingFiles = ["a"]
        hub.hasPolkit = false
        #expect(hub.checks.allSatisfy { $0.state == .well })
    }

    private func bluez(_ wanted: [String?] = [nil], _ change: (inout BlueZCheckup) -> Void)
        -> [String]
    {
        var bluez = BlueZCheckup()
        bluez.isRunning = true
        bluez.isInstalled = true
        bluez.version = "5.66"
        bluez.adapters = [.init(name: "hci0", isPowered: true, isDiscovering: false)]
        change(&bluez)
        let checks = bluez.checks(wanted: wanted, hubdScans: false)
        for check in checks where check.state != .well { #expect(!check.mend.isEmpty) }
        return checks.filter { $0.state != .well }.map { "\($0.state) \($0.thing)" }
    }

    @Test func faultsOfBlueZ() {
        #expect(bluez { _ in } == [])
        #expect(bluez([]) { $0.isRunning = false } == [])
        #expect(bluez { $0.fault = "no bus" } == ["failed bus"])
        #expect(bluez { $0.isRunning = false } == ["failed bluetoothd"])
        #expect(
            bluez {
                $0.isRunning = false
                $0.isInstalled = false
            } == ["failed bluetoothd"])
        #expect(bluez { $0.adapters = [] } == ["failed bluetoothd"])
        #expect(bluez(["hci1"]) { _ in } == ["failed bluetoothd"])
        #expect(bluez { $0.adapters[0].isPowered = false } == ["failed hci0"])
        #expect(bluez { $0.adapters[0].isDiscovering = true } == ["warning hci0"])
    }

    @Test func whatTheDaemonTells() {
        let checks = DaemonCheckup.checks(diagnosis: [
            "checks": [
                ["area": "sink", "thing": "http", "state": "failed", "text": "t", "mend": "m"],
                ["area": "disk", "state": "well", "text": "t"],
                ["area": "disk", "state": "of a later version", "text": "t"],
            ]
        ])
        #expect(checks.map(\.state) == [.failed, .well, .unknown])
        #expect(checks[0].thing == "http" && checks[0].mend == "m")
        #expect(DaemonCheckup.checks(diagnosis: .null).isEmpty)
    }

    @Test func deafRadios() {
        func states(_ uptime: Int, _ reports: Int) -> [Check.State] {
            DaemonCheckup.checks(status: [
                "uptime": .integer(uptime),
                "radios": [["name": "hci0", "state": "hearing", "reports": .integer(reports)]],
            ]).map(\.state)
        }
        #expect(states(61, 0) == [.warning])
        #expect(states(59, 0) == [.well])
        #expect(states(3_600, 1) == [.well])
        let problem = DaemonCheckup.checks(status: ["problems": ["sink http: x"]])
        #expect(problem.map(\.state) == [.failed])
    }

    // MARK: On paper

    private let report = DoctorReport(checks: [
        .well("bus", "", "answers"),
        .failed("sink", "奶茶", "port 443: refused", mend: "does it run?"),
        .unknown("clock", "", "not told\u{1B}[31m"),
    ])

    @Test func inAPipe() {
        #expect(
            report.lines(on: Terminal(width: nil, hasColor: false)) == [
                "well     bus        answers",
                "failed   sink 奶茶  port 443: refused",
                "                    mend: does it run?",
                "unknown  clock      not told\u{FFFD}[31m",
                "", "1 of 3 checks found something",
            ])
    }

    @Test func onATerminal() {
        let lines = report.lines(on: Terminal(width: 80, hasColor: false))
        #expect(lines[0] == "✓  bus        answers")
        #expect(lines[1] == "✗  sink 奶茶  port 443: refused")
        #expect(lines[2] == "              → does it run?")
        let painted = report.lines(on: Terminal(width: 80, hasColor: true))
        #expect(painted[1].hasPrefix("\u{1B}[31m✗"))
    }

    @Test func forPrograms() {
        #expect(report.document["found"]?.number?.integer(as: Int.self) == 1)
        #expect(report.document["checks"]?.elements?.count == 3)
        #expect(report.document["checks"]?.elements?[1]["mend"]?.string == "does it run?")
        #expect(DoctorReport(checks: []).found == 0)
    }
}
