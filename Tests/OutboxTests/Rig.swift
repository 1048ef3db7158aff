import Foundation
import Testing

/// The scripts and programs of the rigs.
enum Rig {
    /// What a script said, and how it ended.
    struct Outcome {
        var output: String
        var status: Int32
    }

    /// Tests/Rigs.
    static var scripts: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Rigs").path
    }

    /// The program that is killed and starved; it is built beside the tests.
    static var program: String {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appending(path: "outbox-rig").path
    }

    /// Builds disk.c into a folder.
    static func disk(in scratch: Scratch) throws -> String {
        let library = scratch.file("disk.so")
        let outcome = try run(
            "cc",
            [
                "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library,
                scripts + "/disk.c", "-ldl",
            ])
        try #require(outcome.status == 0, "disk.c: \(outcome.output)")
        return library
    }

    /// Runs a command to its end.
    static func run(
        _ command: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [command] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Outcome(
            output: String(decoding: output, as: UTF8.self), status: process.terminationStatus)
    }

    /// Runs a script of Tests/Rigs.
    static func script(
        _ name: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> Outcome {
        try run("python3", [scripts + "/" + name] + arguments, environment: environment)
    }
}
