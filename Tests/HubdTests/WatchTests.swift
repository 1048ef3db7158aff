import Foundation
import Testing

@Suite("The terminal comes back as it was, and the watch goes on while hubd is away")
struct WatchTests {
    private static let leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    private func watch(_ hub: TestHub, _ words: String...) throws -> Pty {
        try Pty(
            [TestHub.program("hubctl"), "watch", "--bus=\(hub.busAddress)"] + words,
            columns: 100, rows: 12)
    }

    enum Way: String, CaseIterable {
        case key = "q"
        case interrupt = "\u{03}"
        case terminate, hangUp, interruptSignal
    }

    @Test(arguments: Way.allCases)
    func everyWayOut(way: Way) throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        let pty = try watch(hub)
        let before = pty.settings
        try pty.wait("the table") { $0.contains("of 30 present") && $0.contains("1–8 of 30") }
        #expect(pty.output.contains("\u{1B}[?1049h"))
        #expect(pty.settings != before)
        switch way {
        case .key, .interrupt: pty.type(way.rawValue)
        case .terminate: pty.signal(SIGTERM)
        case .hangUp: pty.signal(SIGHUP)
        case .interruptSignal: pty.signal(SIGINT)
        }
        #expect(try pty.end() == 0)
        #expect(pty.settings == before)
        #expect(pty.output.hasSuffix(Self.leave))
    }

    @Test func anotherSize() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        let pty = try watch(hub, "--zone=kids")
        try pty.wait("the table") { $0.contains("小鲸") && $0.contains("\u{1B}[12;1H") }
        pty.clear()
        pty.resize(columns: 60, rows: 9)
        try pty.wait("the smaller table") {
            $0.contains("\u{1B}[2J") && $0.contains("\u{1B}[9;1H")
        }
        #expect(!pty.output.contains("\u{1B}[12;1H"))
        pty.type("q")
        #expect(try pty.end() == 0)
    }

    @Test func aRestartOfHubd() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        let pty = try watch(hub)
        try pty.wait("the table") { $0.contains("of 30 present") }
        #expect(hub.end() == 0)
        try pty.wait("the notice") { $0.contains("hubd does not run; waiting for it") }
        pty.clear()
        try hub.start()
        // The second line is empty again.
        try pty.wait("the hub") { $0.contains("\u{1B}[2;1H\u{1B}[K") }
        // And the same when the bus goes.
        pty.clear()
        hub.stopBus()
        try pty.wait("the notice") { $0.contains("waiting for it") }
        try hub.startBus()
        try pty.wait("the hub") { $0.contains("\u{1B}[2;1H\u{1B}[K") }
        pty.type("q")
        #expect(try pty.end() == 0)
    }

    @Test func inAPipe() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.startAndPlay()
        for options in [[], ["--json"]] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: TestHub.program("hubctl"))
            process.arguments = ["watch", "--bus=\(hub.busAddress)"] + options
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let wanted = options.isEmpty ? 30 : 2
            var lines: [String] = []
            var rest = Data()
            while lines.count < wanted {
                rest += pipe.fileHandleForReading.availableData
                lines = String(decoding: rest, as: UTF8.self).split(separator: "\n").map(
                    String.init)
                if rest.last != UInt8(ascii: "\n") { lines = lines.dropLast() }
            }
            kill(process.processIdentifier, SIGTERM)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(!lines.contains { $0.contains("\u{1B}") })
            if options.isEmpty {
                #expect(lines.contains { $0.contains("/10012/3  never-heard") })
            } else {
                let object = try JSONSerialization.jsonObject(with: Data(lines[0].utf8))
                let document = try #require(object as? [String: Any])
                #expect(document["state"] as? String == "well")
                #expect((document["beacons"] as? [Any])?.count == 30)
            }
        }
    }

    @Test func withoutAHub() throws {
        let hub = try TestHub()
        try hub.startBus()
        let pty = try watch(hub)
        #expect(try pty.end() == 3)
        #expect(!pty.output.contains("\u{1B}[?1049h"))
    }
}
