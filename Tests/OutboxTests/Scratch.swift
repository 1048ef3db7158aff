import Foundation
import Outbox
import Testing

/// A folder of its own for a test, gone when the test is.
final class Scratch: Sendable {
    let path: String

    init() {
        // Memory where there is some: the tests fsync thousands of times.
        let root = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
        path = root + "/hubd-outbox-" + UUID().uuidString
        try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A path in the folder.
    func file(_ name: String) -> String { path + "/" + name }

    /// The lines of a file, as far as they are ended.
    func lines(_ name: String) -> [String] {
        guard let text = try? String(contentsOfFile: file(name), encoding: .utf8) else { return [] }
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(
            String.init)
    }

    /// The whole of a file.
    func bytes(_ name: String) -> [UInt8] {
        FileManager.default.contents(atPath: file(name)).map(Array.init) ?? []
    }

    /// The rights of a file.
    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: file(name))
        return attributes[.posixPermissions] as? Int ?? 0
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: file(name))
    }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    }
}

/// 2026-11-22T14:03:07.123456789Z, 100 s after the start of a machine in Shanghai.
let someTime = EventTime(
    unixNanoseconds: 1_795_356_187_123_456_789, utcOffset: 28_800, isSynchronized: true,
    boot: UniqueID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210),
    bootNanoseconds: 100_000_000_000)

extension Event {
    /// An event of a test.
    static func test(
        _ number: Int = 0, class eventClass: Class = .value, padding: Int = 0,
        time: EventTime = someTime
    ) -> Event {
        let text = String(repeating: "x", count: padding)
        return Event(
            type: "org.hubd.measurement.recorded.v1", subject: "bp-7", time: time,
            data: Array(#"{"n":\#(number),"p":"\#(text)"}"#.utf8), class: eventClass)
    }
}

extension StoreSettings {
    /// Settings of a test, with a clock that stands still.
    static func test(_ scratch: Scratch, quota: Int64 = defaultQuota) -> StoreSettings {
        StoreSettings(
            path: scratch.file("hubd.db"), hub: "store-0042", quota: quota, clock: { someTime })
    }
}

extension StoredEvent {
    /// The `n` of an event that `Event.test` made.
    var number: Int? {
        let object = try? JSONSerialization.jsonObject(with: Data(event.data)) as? [String: Any]
        return object?["n"] as? Int
    }
}

/// Waits until something is so that another thread brings about; 30 seconds at most.
func until(_ isSo: () async throws -> Bool) async throws {
    let limit = ContinuousClock.now + .seconds(30)
    while try await !isSo() {
        try #require(ContinuousClock.now < limit, "it never came to be")
        try await Task.sleep(for: .milliseconds(2))
    }
}
