import Campaigns
import Configuration
import Foundation
import Testing

@Suite("Files are read with the care that configuration needs")
struct FileTests {
    /// A directory that is gone after the test.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "hubd-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory)
    }

    private func write(_ text: String, to path: String, mode: Int = 0o640) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func problem(_ path: String, limit: Int = 1 << 20) -> String {
        do {
            let file = try SourceFile(reading: path, limit: limit)
            Issue.record("read \(file.bytes.count) bytes")
            return ""
        } catch {
            return error.description
        }
    }

    @Test("drop-ins are taken in the order of names, and only those that are meant")
    func dropIns() throws {
        try withDirectory { directory in
            let main = directory + "/hubd.json5"
            try write("{ hub: { id: 'main' }, catalog: 'a' }", to: main)
            #expect(try Settings(readingFile: main).hub.id == "main")
            try FileManager.default.createDirectory(
                atPath: main + ".d", withIntermediateDirectories: true)
            try write("{ hub: { id: 'twenty' } }", to: main + ".d/20.json5")
            try write("{ hub: { id: 'ten', timezone: 'UTC' } }", to: main + ".d/10.json5")
            try write("nonsense", to: main + ".d/30.json5.bak")
            try write("nonsense", to: main + ".d/.40.json5")
            let settings = try Settings(readingFile: main)
            #expect(settings.hub == .init(id: "twenty", timezone: "UTC"))
            #expect(settings.catalog == directory + "/a")
        }
    }

    @Test("what is not there, no file, too big or open to all is refused; links are followed")
    func refused() throws {
        try withDirectory { directory in
            let path = directory + "/a"
            #expect(problem(path) == "\(path): No such file or directory, expected a file to read")
            #expect(problem(directory) == "\(directory): no regular file, expected a regular file")
            #expect(problem("/dev/zero") == "/dev/zero: no regular file, expected a regular file")
            let pipe = directory + "/pipe"
            let made = unsafe mkfifo(pipe, 0o600)
            #expect(made == 0)
            #expect(problem(pipe) == "\(pipe): no regular file, expected a regular file")
            try write(String(repeating: " ", count: 1 << 20), to: path)
            #expect(try SourceFile(reading: path, limit: 1 << 20).bytes.count == 1 << 20)
            try write(String(repeating: " ", count: 1 << 20 + 1), to: path)
            #expect(problem(path) == "\(path): more than 1 MiB, expected at most 1 MiB")
            try write("{}", to: path, mode: 0o666)
            #expect(
                problem(path)
                    == "\(path): a file that everybody may write, expected less: chmod o-w \(path)")
            #expect(
                try SourceFile(reading: path, limit: 10, mayBeShared: true).bytes.count == 2)
            try write("{}", to: path)
            let link = directory + "/link"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            #expect(try SourceFile(reading: link, limit: 10).bytes == Array("{}".utf8))
        }
    }

    @Test("a catalog file is checked with what was imported, and the settings with both")
    func catalog() throws {
        try withDirectory { directory in
            let path = directory + "/catalog.json5"
            let missing = problems { () throws(Problems) in
                try CheckedCatalog(readingFile: path)
            }
            #expect(missing == ["\(path): No such file or directory, expected a file to read"])
            try write("{ zones: [ { id: 'f1' } ] }", to: path)
            let checked = try CheckedCatalog(
                readingFile: path,
                overlay: SourceFile(name: "overlay", text: "{ zones: [ { id: 'f2' } ] }"),
                rows: SourceFile(name: "rows", text: "id,parent\nf3,f2"))
            #expect(checked.catalog.zones.map(\.id) == ["f1", "f2", "f3"])
            #expect(checked.imported.zones.map(\.id) == ["f2", "f3"])
            #expect(try CheckedCatalog(readingFile: nil).catalog.zones.isEmpty)
            let settings = Settings(radios: [
                Radio(.monitor(adapter: nil), zone: "f3"),
                Radio(.monitor(adapter: "hci1"), zone: "f33"), Radio(.bluez(adapter: nil)),
            ])
            #expect(
                settings.problems(with: checked.catalog, file: "hubd.json5").map(\.description) == [
                    "hubd.json5: radios[1].zone: the unknown id \"f33\", expected the id of a zone"
                        + " of the catalog (did you mean \"f3\"?)"
                ])
        }
    }

    @Test("every file's problem is reported, and a directory open to all is refused")
    func directory() throws {
        try withDirectory { directory in
            let main = directory + "/hubd.json5"
            try FileManager.default.createDirectory(
                atPath: main + ".d", withIntermediateDirectories: true)
            try write("{}", to: main + ".d/1.json5", mode: 0o646)
            let found = problems { () throws(Problems) in try Settings(readingFile: main) }
            #expect(
                found == [
                    "\(main): No such file or directory, expected a file to read",
                    "\(main).d/1.json5: a file that everybody may write, expected less: chmod o-w"
                        + " \(main).d/1.json5",
                ])
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o777], ofItemAtPath: main + ".d")
            let open = problems { () throws(Problems) in try Settings(readingFile: main) }
            #expect(
                open == [
                    "\(main).d: a directory in which everybody may write, expected less: chmod o-w"
                        + " \(main).d"
                ])
        }
    }
}
