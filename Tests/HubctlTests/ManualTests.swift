import Foundation
import Testing

@testable import hubctl

@Suite("Manual and completion know every verb, option and key, and no others")
struct ManualTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: repository.appending(path: path), encoding: .utf8)
    }

    /// The words behind a macro of mdoc(7): `.It Fl -zone` and `.It Ic status`.
    private static func words(_ macro: String, in manual: String) -> Set<String> {
        Set(
            manual.split(separator: "\n").filter { $0.hasPrefix(".It \(macro) ") }
                .compactMap { $0.split(separator: " ").dropFirst(2).first.map(String.init) })
    }

    @Test func hubctlManual() throws {
        let manual = try Self.text("man/hubctl.1")
        #expect(Self.words("Ic", in: manual) == Set(HubctlMain.verbs.map { $0.name }))
        let options = Arguments.common + HubctlMain.verbs.flatMap { $0.options }
        #expect(
            Self.words("Fl", in: manual) == Set(options.map { String($0.name.dropFirst()) }))
        for verb in HubctlMain.verbs {
            // From the verb's entry to the next one: its options stand there.
            let entry = manual.split(separator: "\n.It Ic ").first {
                $0.split(whereSeparator: \.isWhitespace).first.map(String.init) == verb.name
            }
            for option in verb.options {
                let line = "\n.It Fl \(option.name.dropFirst())"
                #expect(entry?.contains(line) == true, "\(verb.name) \(option.name)")
            }
        }
    }

    @Test func completion() throws {
        let script = try Self.text("debian/hubd.bash-completion")
        let shell = """
            \(script)
            COMP_WORDS=(hubctl ''); COMP_CWORD=1; _hubctl; echo "${COMPREPLY[@]}"
            for verb in \(HubctlMain.verbs.map { $0.name }.joined(separator: " ")); do
                COMP_WORDS=(hubctl $verb --); COMP_CWORD=2; _hubctl; echo "${COMPREPLY[@]}"
            done
            """
        let bash = Process()
        bash.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        bash.arguments = ["bash", "--norc", "-c", shell]
        let pipe = Pipe()
        bash.standardOutput = pipe
        try bash.run()
        let output = String(
            decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        bash.waitUntilExit()
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false).map {
            Set($0.split(separator: " ").map(String.init))
        }
        try #require(lines.count == HubctlMain.verbs.count + 2)
        #expect(lines[0] == Set(HubctlMain.verbs.map { $0.name } + ["help"]))
        for (verb, offered) in zip(HubctlMain.verbs, lines.dropFirst()) {
            let options = (verb.options + Arguments.common).map { option in
                option.value == nil ? option.name : option.name + "="
            }
            #expect(offered == Set(options), "\(verb.name)")
        }
    }

    /// A key is what the readers of Sources/Configuration ask an object for.
    @Test func everyKeyOfTheConfiguration() throws {
        var keys: Set<String> = []
        let readers = Self.repository.appending(path: "Sources/Configuration")
        let files = try #require(
            FileManager.default.enumerator(at: readers, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let source = try String(contentsOf: file, encoding: .utf8)
            for match in source.matches(of: /(required|optional|section)\(\s*"(\w+)"/) {
                keys.insert(String(match.output.2))
            }
        }
        #expect(keys.count > 50)
        let manual = try Self.text("man/hubd.json5.5")
        let named = manual.split(separator: "\n").flatMap { line -> ArraySlice<Substring> in
            // `.Cm a , b` and `.It Cm a , b` name keys; `.Ss a: …` names a key of the top level.
            let words = line.split { !$0.isLetter }
            if line.hasPrefix(".Ss ") { return words.dropFirst().prefix(1) }
            if line.hasPrefix(".It Cm ") { return words.dropFirst(2) }
            return line.hasPrefix(".Cm ") ? words.dropFirst() : []
        }.map(String.init)
        #expect(keys.subtracting(named).isEmpty, "not in hubd.json5(5)")
        #expect(Set(named).subtracting(keys).isEmpty, "not in the readers")
    }
}
