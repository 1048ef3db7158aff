internal import Glibc
internal import Outbox

/// Durable events per second: callers that each wait for their batch of 64.
func bench(_ arguments: [String]) async throws {
    guard arguments.count == 2, let seconds = Double(arguments[1]) else { exit(64) }
    let folder = Folder(path: arguments[0])
    let store = try await Store.open(folder.settings)
    let clock = ContinuousClock()
    let start = clock.now
    let end = start + .seconds(seconds)
    var events = 0
    while clock.now < end {
        let batch = (0..<64).map { Folder.event(batch: events, index: $0) }
        events += try await store.append(batch).count
    }
    let taken = (clock.now - start) / .seconds(1)
    say("events \(events) seconds \(taken) rate \(Int(Double(events) / taken))")
    await store.close()
}

/// Days without network at an event a second: one in a hundred is of value, the others come and go.
/// Then the service is there, and everything is delivered.
func outage(_ arguments: [String]) async throws {
    guard arguments.count == 2, let count = Int(arguments[1]), let url = environment("RIG_SINK")
    else { exit(64) }
    let folder = Folder(path: arguments[0])
    let store = try await Store.open(folder.settings)
    // A sink that was never reached holds everything back.
    try await store.deliver(to: [.http(HTTPSinkSettings(url: "http://127.0.0.1:1/"))])
    let clock = ContinuousClock()
    for start in stride(from: 0, to: count, by: 64) {
        let events = (start..<min(count, start + 64)).map {
            Folder.visit($0, class: $0 % 100 == 0 ? .value : .presence)
        }
        _ = try await store.append(events)
    }
    let full = await store.status()
    say(
        "kept \(full.lastSequence) shed \(full.shed) bytes \(full.fileSize) MiB "
            + "\((Double(full.fileSize) / 1_048_576).rounded())")
    // As an operator mends the address: the new sink takes over what the old one has not got.
    let begin = clock.now
    let service = SinkSettings.http(HTTPSinkSettings(url: url))
    try await store.deliver(to: [service])
    // A measurement of just now.
    let fresh = try await store.append([Folder.event(batch: 0, index: 0)])[0].sequence
    var overtook: Duration?
    while true {
        let sink = await store.status().sinks[0]
        if overtook == nil, sink.express >= fresh { overtook = clock.now - begin }
        if sink.depth == 0 { break }
        await Task.yield()
    }
    let taken = (clock.now - begin) / .seconds(1)
    let audit = try await store.audit()
    say(
        "delivered \(count) seconds \(taken) rate \(Int(Double(count) / taken)) fresh "
            + "\((overtook ?? .zero) / .seconds(1)) ledger \(audit.ledger)")
    await store.close()
}

extension Folder {
    /// An event as a beacon's coming and going makes it.
    static func visit(_ number: Int, class eventClass: Event.Class) -> Event {
        var event = event(batch: -1, index: number, class: eventClass)
        event.type = "org.hubd.beacon.entered.v1"
        event.subject = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10001/\(number % 500)"
        event.data = Array(
            (#"{"beacon":"\#(event.subject)","label":"entrance 3","zone":"f1","radio":"bluez:hci0","#
                + #""rssi":-67.5,"distance":2.41,"proximity":"near"}"#).utf8)
        return event
    }
}
