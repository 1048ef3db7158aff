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
