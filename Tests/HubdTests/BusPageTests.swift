import Foundation
import Testing

@Suite("The page about the bus says what the daemon says")
struct BusPageTests {
    @Test func everyMemberIsOnThePage() throws {
        let hub = try TestHub()
        try hub.configure()
        try hub.configureDevices(
            "[{ id: \"probe\", kind: \"heart-rate\", address: \"C0:00:00:00:00:01\" }]")
        try hub.startAndPlay()
        let xml =
            try introspection(of: "/org/hubd", hub)
            + introspection(of: "/org/hubd/devices/probe", hub)
        let page = try String(
            contentsOf: TestHub.repository.appending(path: "docs/DBus.md"), encoding: .utf8)
        var members = 0
        for block in xml.components(separatedBy: "<interface name=\"").dropFirst()
        where block.hasPrefix("org.hubd.") {
            let interface = block.prefix { $0 != "\"" }
            let section = try #require(
                page.components(separatedBy: "## \(interface)\n").dropFirst().first?
                    .components(separatedBy: "\n## ").first, "\(interface)")
            for kind in ["method", "property", "signal"] {
                for part in block.components(separatedBy: "<\(kind) name=\"").dropFirst() {
                    let name = part.prefix { $0 != "\"" }
                    #expect(section.contains("| `\(name)` |"), "\(interface).\(name)")
                    members += 1
                }
            }
        }
        #expect(members == 44)
    }

    private func introspection(of path: String, _ hub: TestHub) throws -> String {
        let send = Process()
        send.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        send.arguments = [
            "dbus-send", "--bus=\(hub.busAddress)", "--print-reply=literal",
            "--dest=org.hubd", path, "org.freedesktop.DBus.Introspectable.Introspect",
        ]
        let pipe = Pipe()
        send.standardOutput = pipe
        try send.run()
        return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }
}
