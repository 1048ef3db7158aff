import Configuration
import Foundation
import Outbox
import Testing

@testable import hubd

/// The variables belong to the whole process: one suite, one test after the other.
@Suite("What systemd hands over is found where it puts it", .serialized)
struct UnitEnvironmentTests {
    private static func with<Result>(
        _ variable: String, _ value: String, _ body: () throws -> Result
    ) rethrows -> Result {
        unsafe setenv(variable, value, 1)
        defer { unsafe unsetenv(variable) }
        return try body()
    }

    /// `secret_` is the id of the unit's LoadCredential=.
    @Test func credentials() throws {
        let unit = try String(
            contentsOf: TestHub.repository.appending(path: "systemd/hubd.service"),
            encoding: .utf8)
        #expect(unit.contains("\nLoadCredential=secret:/etc/hubd/credentials\n"))
        let hub = try TestHub()
        try hub.write("secret_sync", "of the unit")
        try hub.write("token", "of a drop-in")
        Self.with("CREDENTIALS_DIRECTORY", hub.folder.path) {
            #expect(Credential.path(of: "sync") == "\(hub.folder.path)/secret_sync")
            #expect(Credential.path(of: "token") == "\(hub.folder.path)/token")
            // Opening it will say that it is missing, and where.
            #expect(Credential.path(of: "gone") == "\(hub.folder.path)/gone")
            #expect(Credential.path(of: "/srv/secret") == "/srv/secret")
            #expect(Credential.path(of: "./secret") == "./secret")
        }
        #expect(Credential.path(of: "no-such-credential") == "no-such-credential")
    }

    @Test func bootWithoutTheKernelsFile() throws {
        let unit = try String(
            contentsOf: TestHub.repository.appending(path: "systemd/hubd.service"),
            encoding: .utf8)
        #expect(unit.contains("\nEnvironment=BOOT_ID=%b\n"))
        let passed = "0d4f6a2b8c1e4d3f9a5b7c6d8e0f1a2b"
        let boot = EventClock.bootID(file: "/nowhere", passed: passed)
        #expect(boot?.description == "0d4f6a2b-8c1e-4d3f-9a5b-7c6d8e0f1a2b")
        #expect(EventClock.bootID(file: "/nowhere", passed: "short") == nil)
        #expect(EventClock.bootID(file: "/nowhere", passed: nil) == nil)
        #expect(EventClock.bootID() != nil)
    }

    /// Wherever the database is: files that are broken need not tell.
    @Test func stateDirectory() throws {
        let hub = try TestHub()
        try hub.configure()
        let config = hub.folder.appending(path: "hubd.json5").path
        let state = try TestHub()
        try Self.with("STATE_DIRECTORY", "\(state.folder.path):/var/lib/other") {
            try LastGood.keep(Sources(reading: config))
            try hub.write("hubd.json5", "")
            #expect(LastGood.find(config)?.settings.hub.id == "test-hub")
        }
        #expect(!hub.read("last-good.json").contains("test-hub"))
        #expect(state.read("last-good.json").contains("test-hub"))
    }
}
