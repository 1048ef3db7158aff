import BusSupport
import Configuration
import EventLoop
import Foundation
import TestSupport
import Testing

@testable import DBus
@testable import hubd

/// Every member of every interface that hubd serves, for every kind of caller and every state of
/// polkit. The lines come from the tables, the callers are processes of real users, the daemon is
/// the real one under a user of its own.
@Suite("Who may do what is what the tables declare")
struct AuthorizationMatrixTests {
    init() throws {
        try #require(geteuid() == 0, "run as root: this test calls as other users")
        HubThread.start()
    }

    /// Users of every Debian system (base-passwd): hubd's own here, and a stranger.
    private static let owner = "1"
    private static let stranger = "2"

    /// What every need means, decided here once more and apart from the tables: a member whose need
    /// is not on this list, or that is on no list, has been added without a decision.
    private static let decisions: [String: [String]] = [
        "read": [
            "org.freedesktop.DBus.Introspectable.Introspect", "org.freedesktop.DBus.Peer.Ping",
            "org.freedesktop.DBus.Peer.GetMachineId", "org.freedesktop.DBus.Properties.Get",
            "org.freedesktop.DBus.Properties.Set", "org.freedesktop.DBus.Properties.GetAll",
            "org.freedesktop.DBus.ObjectManager.GetManagedObjects", "org.hubd.Hub1.Status",
            "org.hubd.Hub1.Outbox", "org.hubd.Hub1.Ledger", "org.hubd.Hub1.Diagnose",
            "org.hubd.Hub1.Version", "org.hubd.Beacons1.List", "org.hubd.Beacons1.ListUnknown",
            "org.hubd.Beacons1.Export", "org.hubd.Beacons1.Zones", "org.hubd.Campaigns1.List",
            "org.hubd.Campaigns1.Preview", "org.hubd.Catalog1.Describe",
            "org.hubd.Catalog1.Versions", "org.hubd.Devices1.List",
            "org.hubd.Devices1.ListUnknown", "org.hubd.Device1.Id", "org.hubd.Device1.Kind",
            "org.hubd.Device1.State", "org.hubd.Device1.Link", "org.hubd.Device1.Problem",
        ],
        "inspect": [
            "org.hubd.Hub1.Events", "org.hubd.Hub1.PreviewDelivery", "org.hubd.Device1.Describe",
            "org.hubd.Device1.Owners",
            "org.hubd.Device1.LastMeasurement",
        ],
        "serve": ["org.hubd.Campaigns1.Shake"],
        "manage": [
            "org.hubd.Hub1.RetryRejected", "org.hubd.Hub1.DropRejected",
            "org.hubd.Hub1.DeliverAgain", "org.hubd.Hub1.DeliverNow", "org.hubd.Hub1.Reload",
            "org.hubd.Beacons1.Import", "org.hubd.Devices1.Enroll",
            "org.hubd.Devices1.Replace", "org.hubd.Devices1.Forget", "org.hubd.Device1.Bind",
            "org.hubd.Device1.Unbind", "org.hubd.Device1.Pair", "org.hubd.Device1.Send",
            "org.hubd.Device1.Retry", "org.hubd.Catalog1.Compare", "org.hubd.Catalog1.Pull",
            "org.hubd.Catalog1.Rollback",
        ],
    ]

    /// One line of the matrix, as it can be called.
    private struct Line: Sendable {
        let permission: Interface.Permission
        let call: [String]

        var name: String { "\(permission.interface).\(permission.member)" }
        /// The object that has it.
        var path: String {
            permission.interface == DeviceInterface.name ? "/org/hubd/devices/probe" : "/org/hubd"
        }
        /// What is asked first: to reach a property, one has to be allowed to call Properties.
        var first: Need { permission.access == .call ? permission.needs : .read }
    }

    /// The tables of the daemon, taken from one that is not started.
    @Hub
    private static func lines(config: String) async throws -> [Line] {
        let journal = Journal()
        let start = try #require(Start(config: config, journal: journal))
        let daemon = try await Daemon(
            start, config: config, bus: .address("unix:path=/nowhere"), journal: journal)
        let tables =
            daemon.interfaces + [DeviceInterface.table(daemon, "probe")] + Standard.everywhere
            + [Standard.objectManager]
        let lines = tables.flatMap { table in
            table.permissions.map { permission in
                Line(permission: permission, call: Self.words(permission, table))
            }
        }
        await daemon.stop()
        return lines
    }

    /// The words after `busctl call`: arguments of the right types that change nothing.
    private static func words(_ line: Interface.Permission, _ table: Interface) -> [String] {
        let properties = "org.freedesktop.DBus.Properties"
        let hub = "org.hubd.Hub1"
        switch (line.access, line.member) {
        case (.get, _): return [properties, "Get", "ss", line.interface, line.member]
        case (.set, _):
            return [properties, "Set", "ssv", line.interface, line.member, "s", ""]
        case (.call, "Get") where line.interface == properties:
            return [properties, "Get", "ss", hub, "Version"]
        case (.call, "Set") where line.interface == properties:
            return [properties, "Set", "ssv", hub, "Version", "s", "x"]
        case (.call, "GetAll") where line.interface == properties:
            return [properties, "GetAll", "s", hub]
        case (.call, _):
            let types = table.method(line.member)?.input.signature ?? ""
            let values = types.types.map { type in
                // An empty container; a text that names nothing; the number one.
                type.text.hasPrefix("a") ? "0" : type.text == "s" ? "nothing" : "1"
            }
            return [line.interface, line.member]
                + (types.text.isEmpty ? [] : [types.text] + values)
        }
    }

    /// The polkit of these tests gives a client 32 places: each question that hangs takes one, and
    /// one more when it is called off.
    private static let atOnce = 16

    /// Calls all lines as a user, many at once.
    ///
    /// - Returns: by name of the line, what busctl said, empty when the call was answered.
    private func call(
        _ lines: [Line], on hub: TestHub, as user: String
    ) throws -> [String: String] {
        var answers: [String: String] = [:]
        for start in stride(from: 0, to: lines.count, by: Self.atOnce) {
            let some = Array(lines[start...].prefix(Self.atOnce))
            answers.merge(try callAtOnce(some, on: hub, as: user)) { $1 }
        }
        return answers
    }

    private func callAtOnce(
        _ lines: [Line], on hub: TestHub, as user: String
    ) throws -> [String: String] {
        // Their common end is that of the pipe: the shell's own `wait` needs SIGCHLD, which threads
        // of this process block, and their children with them.
        var script = "cd \"$1\"\n{\n"
        for (number, line) in lines.enumerated() {
            let words = line.call.map { "'\($0)'" }.joined(separator: " ")
            script +=
                "busctl --address=\(hub.busAddress) --allow-interactive-authorization=no call "
                + "org.hubd \(line.path) \(words) 3>&1 >/dev/null 2>answer.\(number) &\n"
        }
        script += "} | cat\n"
        let folder = hub.folder.appending(path: "answers-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        unsafe chmod(folder.path, 0o777)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let become = ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"]
        process.arguments = become + ["sh", "-c", script, "sh", folder.path]
        try process.run()
        process.waitUntilExit()
        var answers: [String: String] = [:]
        for (number, line) in lines.enumerated() {
            let file = folder.appending(path: "answer.\(number)")
            answers[line.name] = try String(contentsOf: file, encoding: .utf8)
        }
        return answers
    }

    private func isRefusal(_ answer: String) -> Bool {
        answer.contains("Access denied") || answer.contains("needs the password")
    }

    @Test("every member, for root, owner and stranger, with every state of polkit")
    func matrix() async throws {
        let hub = try TestHub()
        try hub.configure(radios: "[]")
        try hub.configureDevices(
            "[{ id: \"probe\", kind: \"heart-rate\", address: \"C0:00:00:00:00:01\" }]")
        let lines = try await Self.lines(config: "\(hub.folder.path)/hubd.json5")
        for line in lines {
            let decided = Self.decisions[line.permission.needs.name] ?? []
            #expect(decided.contains(line.name), "no decision about \(line.name)")
        }
        #expect(lines.count == Self.decisions.values.reduce(0) { $0 + $1.count })

        try hub.startBus()
        let polkit = await FakePolkit(.address(hub.busAddress), .decides { _, _ in (true, false) })
        await polkit.start()
        try Self.start(hub)

        func expect(
            _ state: String, as user: String, allowed: (Line) -> Bool
        ) throws {
            let answers = try call(lines, on: hub, as: user)
            for line in lines {
                let answer = answers[line.name] ?? "nothing"
                #expect(
                    isRefusal(answer) == !allowed(line),
                    "\(line.name) for user \(user), polkit \(state): \(answer)")
            }
        }

        try expect("allows", as: Self.stranger) { _ in true }
        let actions = Set(await polkit.questions.map(\.action))
        #expect(actions == Set(Permissions.needs.map { "org.hubd.\($0)" }))

        await polkit.behave(.decides { _, _ in (false, false) })
        try expect("denies", as: Self.stranger) { _ in false }
        // Each call was asked about once, by the action of its need.
        let asked = await polkit.questions.map(\.action).sorted()
        #expect(asked == lines.map { "org.hubd.\($0.first)" }.sorted())

        await polkit.behave(.decides { _, _ in (false, true) })
        try expect("wants a password", as: Self.stranger) { _ in false }

        await polkit.behave(
            .decides { _, question in (question.action == "org.hubd.read", false) })
        try expect("allows reading", as: Self.stranger) { $0.permission.needs == .read }

        await polkit.behave(.talksNonsense([.bool(true)]))
        try expect("talks nonsense", as: Self.stranger) { _ in false }

        await polkit.behave(.hangs)
        try expect("hangs", as: Self.stranger) { _ in false }
        let hung = Set(await polkit.questions.map(\.cancellation))
        // Each question is called off before its caller is refused, but polkit may hear of it later.
        for _ in 0..<1_000 where Set(await polkit.calledOff) != hung {
            _ = try hub.hubctl("status")
        }
        #expect(Set(await polkit.calledOff) == hung)

        // It hangs still: who need not be asked about does not wait for it.
        let known = await polkit.questions.count
        try expect("hangs", as: "0") { _ in true }
        try expect("hangs", as: Self.owner) { _ in true }
        #expect(await polkit.questions.count == known)

        await polkit.stop()
        try expect("is absent", as: Self.stranger) { _ in false }
        try expect("is absent", as: "0") { _ in true }
        try expect("is absent", as: Self.owner) { _ in true }

        let status = try hub.hubctl("status", "--json").json()["bus"] as? [String: Any]
        #expect(status?["deniedCalls"] as? Int ?? 0 > 5 * lines.count)
        #expect(status?["refusedCalls"] as? Int == 0)
        #expect(status?["forgedSignals"] as? Int == 0)
        #expect(hub.end() == 0)
    }

    /// Starts hubd as a user of its own, on a bus that it takes for the system's.
    private static func start(_ hub: TestHub) throws {
        // The tables' daemon has made the store as root.
        let files = try FileManager.default.contentsOfDirectory(atPath: hub.folder.path)
        for file in files { unsafe chown(hub.folder.appending(path: file).path, 1, 1) }
        unsafe chown(hub.folder.path, 1, 1)
        try hub.startOnSystemBus(as: owner)
        // Degraded: no radio can reach the device whose members are called.
        try hub.wait("hubd") { try hub.hubctl("status").status <= 1 }
    }
}
