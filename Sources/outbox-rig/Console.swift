internal import Glibc
internal import Outbox

/// Does what each line on standard input says, and answers each with one line.
///
/// - `value COUNT BYTES`: appends events of value one by one: `stored N refused N last N`
/// - `post COUNT BYTES`: posts events of presence: `posted N`
/// - `health`: `state S waiting N`, without asking the store's thread
/// - `status`: `state S dropped N shed N refused N last N waiting N depth N`
/// - `close`: closes the store
/// RIG_SINK is the path of a file sink, or the address of an HTTP sink or of a broker.
func serve(_ arguments: [String]) async throws {
    guard arguments.count == 1 else { exit(64) }
    let folder = Folder(path: arguments[0])
    let store = try await Store.open(folder.settings)
    if let path = environment("RIG_SINK") {
        try await store.deliver(to: [sink(path)])
    }
    say("ready")
    while let line = readLine() {
        let words = line.split(separator: " ")
        let count = words.count > 1 ? Int(words[1]) ?? 0 : 0
        let padding = words.count > 2 ? Int(words[2]) ?? 0 : 0
        switch words.first {
        case "value": await appendValues(count, padding, to: store)
        case "post":
            for number in 0..<count {
                store.post(Folder.event(number, padding: padding, class: .presence))
            }
            say("posted \(count)")
        case "status":
            let status = await store.status()
            say(
                "state \(status.health.state) dropped \(status.dropped) shed \(status.shed) "
                    + "refused \(status.refused) last \(status.lastSequence) "
                    + "waiting \(status.health.waiting) depth \(status.sinks.first?.depth ?? 0)")
        case "health":
            say("state \(store.health.state) waiting \(store.health.waiting)")
        default:
            await store.close()
            say("closed")
            return
        }
    }
}

private func sink(_ place: String) -> SinkSettings {
    if place.hasPrefix("/") { return .file(FileSinkSettings(path: place)) }
    guard place.hasPrefix("mqtt") else { return .http(HTTPSinkSettings(url: place)) }
    return .mqtt(
        MQTTSinkSettings(
            url: place, topic: "hubs/{hub}/events", stateTopic: "hubs/{hub}/state"))
}

private func appendValues(_ count: Int, _ padding: Int, to store: Store) async {
    var refusals: [OutboxError] = []
    var last: Int64 = 0
    for number in 0..<count {
        do throws(OutboxError) {
            last = try await store.append([Folder.event(number, padding: padding)])[0].sequence
        } catch {
            refusals.append(error)
        }
    }
    let code = refusals.last.map { " \($0.code)" } ?? ""
    say("stored \(count - refusals.count) refused \(refusals.count) last \(last)" + code)
}

extension Folder {
    /// An event of some length.
    static func event(_ number: Int, padding: Int, class eventClass: Event.Class = .value) -> Event
    {
        var event = event(batch: -1, index: number, class: eventClass)
        if padding > 0 {
            let text = String(repeating: "x", count: padding)
            event.data = Array(#"{"index":\#(number),"padding":"\#(text)"}"#.utf8)
        }
        return event
    }
}
