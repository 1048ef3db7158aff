internal import Glibc
internal import Outbox

/// One line on standard output, in one system call: the recorder sees when it was said.
func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe Glibc.write(1, bytes, bytes.count)
}

/// A setting of the rig.
func environment(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
}

/// The state folder of a rig.
struct Folder {
    let path: String

    /// The settings of the store; RIG_SYNCHRONOUS=NORMAL shows what a store loses that does not
    /// wait for the disk.
    var settings: StoreSettings {
        var settings = StoreSettings(path: path + "/hubd.db", hub: "rig", clock: Folder.clock)
        if let mode = environment("RIG_SYNCHRONOUS").flatMap(StoreSettings.Synchronous.init) {
            settings.synchronous = mode
        }
        if let quota = environment("RIG_QUOTA").flatMap(Int64.init) { settings.quota = quota }
        if environment("RIG_HURRY") != nil { settings.backoff = .hurry }
        return settings
    }

    /// A sink that turns to a new file often, so that this too is interrupted.
    var sink: SinkSettings {
        .file(FileSinkSettings(path: path + "/events.jsonl", rotateAt: 200_000, kept: 1_000))
    }

    /// Opens the store, with its sink.
    func open() async throws(OutboxError) -> Store {
        let store = try await Store.open(settings)
        try await store.deliver(to: [sink])
        return store
    }

    @Sendable static func clock() -> EventTime {
        var wall = timespec()
        var boot = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &wall)
        unsafe clock_gettime(CLOCK_BOOTTIME, &boot)
        return EventTime(
            unixNanoseconds: Int64(wall.tv_sec) * 1_000_000_000 + Int64(wall.tv_nsec), utcOffset: 0,
            isSynchronized: true, boot: UniqueID(high: 1, low: 1),
            bootNanoseconds: Int64(boot.tv_sec) * 1_000_000_000 + Int64(boot.tv_nsec))
    }

    /// As much as a measurement has, so that the file grows as it does in a shop.
    private static let padding = String(repeating: "x", count: 300)

    /// An event that says where it belongs.
    static func event(batch: Int, index: Int, class eventClass: Event.Class = .value) -> Event {
        Event(
            type: "org.hubd.measurement.recorded.v1", subject: "rig", time: clock(),
            data: Array(#"{"batch":\#(batch),"index":\#(index),"padding":"\#(padding)"}"#.utf8),
            class: eventClass)
    }
}

/// Appends batches of eight, some presence in between, and says what is durable.
func write(_ arguments: [String]) async throws {
    guard arguments.count == 2, let batches = Int(arguments[1]) else { exit(64) }
    let store = try await Folder(path: arguments[0]).open()
    say("ready")
    // Batches are told apart across restarts by where they begin.
    let start = Int(await store.status().lastSequence)
    for batch in start..<start + batches {
        store.post(Folder.event(batch: -1, index: batch, class: .presence))
        let events = (0..<8).map { Folder.event(batch: batch, index: $0) }
        let change = StateChange(key: "batch", value: Array(String(batch).utf8))
        let receipts = try await store.append(events, state: [change])
        if let last = receipts.last { say("acked \(last.sequence) \(batch)") }
    }
    await store.close()
    say("closed")
}

/// Opens one folder after the other and says what is in it.
func openFolders() async throws {
    while let path = readLine() {
        do throws(OutboxError) {
            let store = try await Folder(path: path).open()
            let audit = try await store.audit()
            let batch = try await store.state(prefix: "batch")["batch"] ?? []
            while await store.status().sinks.contains(where: { $0.depth > 0 }) {
                await Task.yield()
            }
            await store.close()
            say(
                "\(audit.integrity) count \(audit.count) last \(audit.last) ledger "
                    + "\(audit.ledger) batch " + String(decoding: batch, as: UTF8.self))
        } catch {
            say("failed \(error)")
        }
    }
}

/// Opens one folder after the other, delivers nothing, and says whether the accounts come out even.
func auditFolders() async throws {
    while let path = readLine() {
        do throws(OutboxError) {
            let store = try await Store.open(Folder(path: path).settings)
            let audit = try await store.audit()
            await store.close()
            say("\(audit.integrity) count \(audit.count) last \(audit.last) ledger \(audit.ledger)")
        } catch {
            say("failed \(error)")
        }
    }
}

/// Keeps a store busy in all the ways in which events leave it: more presence and telemetry than
/// there is room for, or RIG_LOOSE of each between values, and a service at RIG_SINK that refuses
/// some events and is away at times.
func churn(_ arguments: [String]) async throws {
    guard arguments.count == 1, let url = environment("RIG_SINK") else { exit(64) }
    let folder = Folder(path: arguments[0])
    let store = try await Store.open(folder.settings)
    var http = HTTPSinkSettings(url: url, batch: 16)
    http.maxAge = environment("RIG_MAX_AGE").flatMap(Int.init).map { .milliseconds($0) }
    try await store.deliver(to: [.http(http), folder.sink])
    let loose = environment("RIG_LOOSE").flatMap(Int.init) ?? 40
    say("ready")
    var number = 0
    while true {
        for _ in 0..<loose {
            number += 1
            store.post(Folder.event(batch: -1, index: number, class: .presence))
            store.post(Folder.event(batch: -1, index: number, class: .telemetry))
        }
        let events = (0..<3).map { Folder.event(batch: number, index: $0) }
        if let receipts = try? await store.append(events), let last = receipts.last {
            say("acked \(last.sequence) \(number)")
        }
    }
}

extension StoreAudit {
    /// The accounts that do not come out even, in one word.
    var ledger: String {
        mismatches.isEmpty
            ? "even"
            : mismatches.map { "\($0.stage):\($0.difference)" }.joined(separator: ",")
                .replacing(" ", with: "")
    }
}
