import Foundation
import TestSupport
import Testing

@testable import Checkup

@Suite("A checkup finds each fault and says what mends it")
struct CheckTests {
    /// A folder that goes with the test.
    final class Scratch {
        let path: String

        init() throws {
            path =
                FileManager.default.temporaryDirectory
                .appending(path: "checkup-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }

        func write(_ name: String, _ text: String) throws {
            let file = URL(fileURLWithPath: path).appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    // MARK: Disk

    private static let roomy = Disk(
        freeBytes: 10 << 30, bytes: 20 << 30, freeFiles: 1_000, isReadOnly: false)

    private func states(_ change: (inout Disk) -> Void) -> [Check.State] {
        var disk = Self.roomy
        change(&disk)
        let checks = disk.checks(store: "/var/lib/hubd/hubd.db", quota: 128 << 20, used: 0)
        #expect(checks.allSatisfy { ($0.state == .well) == $0.mend.isEmpty })
        return checks.map(\.state)
    }

    @Test func disks() {
        #expect(states { _ in } == [.well])
        #expect(states { $0.freeBytes = 15 << 20 } == [.failed])
        #expect(states { $0.freeBytes = 100 << 20 } == [.warning])
        #expect(states { $0.freeBytes = 128 << 20 } == [.well])
        #expect(states { $0.isReadOnly = true } == [.failed])
        #expect(states { $0.freeFiles = 3 } == [.well, .failed])
        #expect(states { $0.freeFiles = nil } == [.well])
    }

    @Test("what the store has already does not have to be free") func used() {
        var disk = Self.roomy
        disk.freeBytes = 60 << 20
        let checks = disk.checks(store: "x", quota: 128 << 20, used: 100 << 20)
        #expect(checks.map(\.state) == [.well])
        let over = disk.checks(store: "x", quota: 128 << 20, used: .max)
        #expect(over.map(\.state) == [.well])
    }

    @Test func thisDisk() throws {
        let disk = try #require(Disk(of: "/"))
        #expect(disk.bytes > 0 && disk.freeBytes <= disk.bytes)
        #expect(Disk(of: "/no/such/place") == nil)
    }

    @Test(arguments: [
        (Int64(0), "0 MiB"), (120 << 20, "120 MiB"), ((3 << 30) + (512 << 20), "3.5 GiB"),
        (75 << 30, "75 GiB"), (.max, "8589934591 GiB"),
    ])
    func sizes(bytes: Int64, text: String) {
        #expect(Disk.text(bytes) == text)
    }

    // MARK: Clock

    @Test func clocks() {
        func states(_ clock: Clock, zone: String? = nil) -> [Check.State] {
            clock.checks(zone: zone).map(\.state)
        }
        let now: Int64 = 1_795_000_000
        let good = Clock(isSynchronised: true, unixSeconds: now, systemZone: "Asia/Shanghai")
        #expect(states(good) == [.well, .well])
        var clock = good
        clock.isSynchronised = false
        #expect(states(clock) == [.warning, .well])
        clock.isSynchronised = nil
        #expect(states(clock) == [.unknown, .well])
        clock.unixSeconds = 12
        #expect(states(clock) == [.failed, .well])
        clock = good
        clock.systemZone = nil
        #expect(states(clock) == [.well, .warning])
        #expect(states(clock, zone: "Asia/Shanghai") == [.well, .well])
    }

    @Test func zones() throws {
        let scratch = try Scratch()
        let link = scratch.path + "/localtime"
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: "../usr/share/zoneinfo/Asia/Shanghai")
        #expect(Clock.zone(link: link) == "Asia/Shanghai")
        #expect(Clock.zone(link: scratch.path + "/none") == nil)
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/x")
        #expect(Clock.zone(link: link) == nil)
    }

    // MARK: Bluetooth

    private func states(_ air: Airwaves, _ wanted: [String?]) -> [Check.State] {
        air.checks(wanted: wanted).map(\.state)
    }

    @Test func adapters() {
        let air = Airwaves(hasSockets: true, adapters: ["hci0"], switches: [])
        #expect(states(air, []) == [])
        #expect(states(air, [nil]) == [.well])
        #expect(states(air, ["hci0"]) == [.well])
        #expect(states(air, ["hci1"]) == [.well, .failed])
        let none = Airwaves(hasSockets: true, adapters: [], switches: [])
        #expect(states(none, [nil]) == [.well, .failed])
        #expect(states(none, ["hci0"]) == [.well, .failed])
        let kernel = Airwaves(hasSockets: false, adapters: [], switches: [])
        #expect(states(kernel, [nil]) == [.failed])
    }

    @Test func sysfs() throws {
        let scratch = try Scratch()
        for name in ["hci0", "hci0:64", "hci1"] {
            try scratch.write("class/bluetooth/\(name)/uevent", "")
        }
        for (number, soft, hard, type) in [
            (0, "0", "0", "bluetooth"), (1, "1", "0", "bluetooth"), (2, "0", "1", "bluetooth"),
            (3, "1", "1", "wlan"),
        ] {
            let folder = "class/rfkill/rfkill\(number)/"
            try scratch.write(folder + "type", type + "\n")
            try scratch.write(folder + "name", "hci\(number)\n")
            try scratch.write(folder + "soft", soft + "\n")
            try scratch.write(folder + "hard", hard + "\n")
        }
        var air = Airwaves(sysfs: scratch.path)
        air.hasSockets = true
        #expect(air.adapters == ["hci0", "hci1"])
        #expect(air.switches.map(\.name) == ["hci0", "hci1", "hci2"])
        let checks = air.checks(wanted: [nil])
        #expect(checks.map(\.state) == [.well, .well, .failed, .failed])
        #expect(checks.map(\.mend).contains("rfkill unblock bluetooth"))
        #expect(Airwaves(sysfs: scratch.path + "/none").adapters.isEmpty)
    }

    // MARK: Sinks

    @Test func files() throws {
        let scratch = try Scratch()
        func state(_ path: String, isRunning: Bool = true) -> Check.State {
            SinkFile.check(path, sink: "file", isRunning: isRunning).state
        }
        #expect(state(scratch.path + "/events.jsonl") == .well)
        try scratch.write("events.jsonl", "")
        #expect(state(scratch.path + "/events.jsonl") == .well)
        #expect(state(scratch.path + "/events.jsonl/more") == .failed)
        #expect(state(scratch.path) == .failed)
        let missing = SinkFile.check(scratch.path + "/none/events.jsonl", sink: "file")
        #expect(missing.state == .failed && missing.mend.hasPrefix("install -d"))
        #expect(state(scratch.path + "/none/events.jsonl", isRunning: false) == .unknown)
        #expect(state(scratch.path + "/none/none/events.jsonl", isRunning: false) == .failed)
    }

    @Test func parents() {
        #expect(SinkFile.parent(of: "/a/b") == "/a")
        #expect(SinkFile.parent(of: "/a") == "/")
        #expect(SinkFile.parent(of: "a") == ".")
    }

    @Test func ways() throws {
        // A port that listens, and the same one after it has been closed.
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe bind(number, $0, size)
                _ = listen(number, 1)
                _ = unsafe getsockname(number, $0, &size)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        let open = Way.reach(host: "127.0.0.1", port: port)
        #expect(open == .connected("127.0.0.1"))
        close(number)
        let closed = Way.reach(host: "127.0.0.1", port: port)
        guard case .silent("127.0.0.1", _) = closed else { return #expect(Bool(false)) }
        // Made here: a name that is not found would be asked of the machine's name server.
        let unknown = Way.Reach.unknownName("Name or service not known")
        func states(_ reach: Way.Reach) -> [Check.State] {
            Way.check(reach, sink: "http", host: "h", port: 1).map(\.state)
        }
        #expect(states(open) == [.well, .well])
        #expect(states(closed) == [.well, .failed])
        #expect(states(unknown) == [.failed])
    }

    @Test func certificates() {
        func state(_ fault: String?, days: Int64?) -> Check.State {
            let now: Int64 = 1_795_000_000
            let expires = days.map { now + $0 * 86_400 }
            return Certificate.check(
                sink: "http", host: "h", fault: fault, expires: expires, now: now
            ).state
        }
        #expect(state(nil, days: 90) == .well)
        #expect(state(nil, days: 14) == .well)
        #expect(state(nil, days: 13) == .warning)
        #expect(state(nil, days: -1) == .warning)
        #expect(state(nil, days: nil) == .well)
        #expect(state("the certificate has expired", days: nil) == .failed)
    }
}
