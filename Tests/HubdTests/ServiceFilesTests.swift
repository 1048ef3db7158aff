import Foundation
import Testing

@testable import hubd

@Suite("What systemd is told of hubd is right, and true of hubd")
struct ServiceFilesTests {
    private static let files = TestHub.repository.appending(path: "systemd")

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: files.appending(path: name), encoding: .utf8)
    }

    /// The unit with programs that are there on a machine without the package.
    private static func unit(in hub: TestHub) throws -> String {
        let unit = try text("hubd.service")
            .replacing("/usr/libexec/hubd", with: "/usr/bin/env")
            .replacing("/usr/bin/hubctl", with: "/usr/bin/env")
        try hub.write("hubd.service", unit)
        return hub.folder.appending(path: "hubd.service").path
    }

    @Test func systemdUnderstandsTheUnit() throws {
        let hub = try TestHub()
        let verdict = try Tool.run(
            "systemd-analyze", ["verify", "--man=no", try Self.unit(in: hub)])
        #expect(verdict.status == 0)
        #expect(verdict.output.isEmpty, "\(verdict.output)")
    }

    /// 1.5 of 10, with the monitor channel allowed; bluetoothd of Debian 12 has 6.2.
    @Test func exposureIsAtMostOneAndAHalf() throws {
        let hub = try TestHub()
        let verdict = try Tool.run(
            "systemd-analyze",
            [
                "security", "--offline=true", "--no-pager", "--threshold=15",
                try Self.unit(in: hub),
            ])
        #expect(verdict.status == 0, "\(verdict.output)")
    }

    /// The unit lists the families to refuse: forgetting one would let it in.
    @Test func everyAddressFamilyIsJudged() throws {
        let header = try #require(
            ["x86_64", "aarch64"].map { "/usr/include/\($0)-linux-gnu/bits/socket.h" }
                .first(where: FileManager.default.fileExists(atPath:)))
        let known = try String(contentsOfFile: header, encoding: .utf8)
            .matches(of: /#define\sPF_(\w+)\s+\d+/).map { "AF_\($0.output.1)" }
        // No families: the lowest number, and one more than the highest.
        let bounds: Set = ["AF_UNSPEC", "AF_MAX"]
        let allowed: Set = ["AF_LOCAL", "AF_INET", "AF_INET6", "AF_BLUETOOTH"]
        let refused = try Self.text("hubd.service").split(separator: "\n")
            .filter { $0.hasPrefix("RestrictAddressFamilies=~") }
            .flatMap { $0.dropFirst("RestrictAddressFamilies=~".count).split(separator: " ") }
            .map(String.init)
        #expect(known.count > 40)
        #expect(Set(refused) == Set(known).subtracting(bounds).subtracting(allowed))
        #expect(Set(refused).count == refused.count)
    }

    @Test func journalctlUnderstandsTheCatalogAndItHasEveryMessage() throws {
        let hub = try TestHub()
        let catalogs = hub.folder.appending(path: "usr/lib/systemd/catalog")
        for folder in [catalogs, hub.folder.appending(path: "var/lib/systemd/catalog")] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(
            at: Self.files.appending(path: "hubd.catalog"),
            to: catalogs.appending(path: "hubd.catalog"))
        let root = "--root=\(hub.folder.path)"
        let update = try Tool.run("journalctl", [root, "--update-catalog"])
        #expect(update.status == 0 && update.output.isEmpty, "\(update.output)")
        let list = try Tool.run("journalctl", [root, "--list-catalog"]).output
            .split(separator: "\n")
        #expect(
            Set(list.map { String($0.prefix(32)) })
                == Set(JournalMessage.allCases.map(\.rawValue)))
        // Each with a subject and the name of who wrote it: "ID hubd: subject".
        #expect(list.allSatisfy { $0.dropFirst(32).hasPrefix(" hubd: ") && $0.count > 48 })
    }

    /// Each text: what it means, what happens next, what to do.
    @Test func everyCatalogTextSaysWhatToDo() throws {
        let entries = try Self.text("hubd.catalog").split(separator: "\n-- ").dropFirst()
        #expect(entries.count == JournalMessage.allCases.count)
        for entry in entries {
            let parts = entry.split(separator: "\n\n")
            #expect(parts.count >= 3, "header, meaning and mend: \(entry.prefix(32))")
            #expect(entry.contains("\nDocumentation: man:"), "\(entry.prefix(32))")
        }
        let page = try String(
            contentsOf: TestHub.repository.appending(path: "docs/Operations.md"), encoding: .utf8)
        for message in JournalMessage.allCases {
            #expect(page.contains("`\(message.rawValue)`"), "\(message) in Operations.md")
        }
    }
}

/// A program of the system, run to its end with both of its outputs as one.
enum Tool {
    static func run(_ name: String, _ words: [String]) throws -> (output: String, status: Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + words
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(
            decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (output, process.terminationStatus)
    }
}
