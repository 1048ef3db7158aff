internal import BeaconScanner
internal import BlueZ
internal import EventLoop

/// Listens to the real channel and tells once a second what it has heard:
/// `adapters hci0=00:00:5E:00:53:FE frames N events N malformed N dropped N buffer BYTES`.
///
/// - Returns: why it ended early.
@Hub
func listen(seconds: Int) async -> MonitorError? {
    var socket: MonitorSocket?
    var timer: EventLoop.Timer?
    var left = seconds
    defer { timer?.cancel() }
    return await withCheckedContinuation { (end: CheckedContinuation<MonitorError?, Never>) in
        do throws(MonitorError) {
            var owner = MonitorSocket.Owner { _, _, _ in }
            owner.onFailure = { end.resume(returning: $0) }
            socket = try MonitorSocket(on: Hub.loop, owner: owner)
        } catch {
            return end.resume(returning: error)
        }
        timer = Hub.loop.schedule(every: .seconds(1)) {
            if let socket { say(line(socket)) }
            left -= 1
            if left == 0 { end.resume(returning: nil) }
        }
    }
}

private func line(_ socket: MonitorSocket) -> String {
    let adapters = socket.adapters.all.map { "hci\($0.number)=\($0.address)" }
    let counts = socket.counts
    return "adapters \(adapters.joined(separator: ",")) frames \(counts.frames) "
        + "events \(counts.events) malformed \(counts.malformed) dropped \(counts.dropped) "
        + "buffer \(socket.bufferSize)"
}
