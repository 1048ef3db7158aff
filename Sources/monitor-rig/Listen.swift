internal import BeaconScanner
internal import BlueZ
internal import EventLoop

/// Listens to the real channel and tells, once a second, what it has heard:
/// `adapters hci0=00:00:5E:00:53:FE frames N events N malformed N dropped N`.
func listen(seconds: Int) throws {
    let loop = try EventLoop()
    var failure: MonitorError?
    var owner = MonitorSocket.Owner { _, _, _ in }
    owner.onFailure = {
        failure = $0
        loop.stop()
    }
    let socket = try MonitorSocket(on: loop, owner: owner)
    var left = seconds
    loop.schedule(every: .seconds(1)) {
        let adapters = socket.adapters.all.map { "hci\($0.number)=\($0.address)" }
        let counts = socket.counts
        say(
            "adapters \(adapters.joined(separator: ",")) frames \(counts.frames) "
                + "events \(counts.events) malformed \(counts.malformed) dropped \(counts.dropped) "
                + "buffer \(socket.bufferSize)")
        left -= 1
        if left <= 0 { loop.stop() }
    }
    loop.run()
    if let failure { throw failure }
}
