internal import BeaconScanner
internal import DBus
package import EventLoop
internal import HardwareHub

/// The monitor channel as the radios of a client use it: one socket for all of them, opened again
/// when it fails, and each event goes to the radio of its adapter.
@Hub
package final class MonitorReception {
    /// Opens the channel for an owner.
    package typealias Opening = @Hub (MonitorSocket.Owner) throws(MonitorError) -> MonitorSocket

    /// A discovery whose results nobody wants on the bus.
    ///
    /// The kernel drops what is weaker than the filter's RSSI before it tells bluetoothd
    /// (net/bluetooth/mgmt.c, is_filter_match), and nothing is as strong as 20 dBm, the highest value
    /// there is (Core 5.4, Vol 4, Part E, §7.7.65.2). So the adapter scans, the monitor channel shows
    /// everything, and neither bluetoothd nor the bus has any work with it. Discoveries of other
    /// programs are not concerned: BlueZ keeps the filters apart and asks the kernel for their union.
    ///
    /// A hub that speaks with devices needs bluetoothd to know them. Then the kernel passes on what
    /// names one of their services, and nothing else (the same function); a filter of its own for
    /// each discovery would not do, since the kernel applies their union, and bluetoothd makes an
    /// object before it looks at its clients' filters (src/adapter.c, `btd_adapter_device_found`).
    /// With an RSSI in the filter, whatever it is, bluetoothd tells of each change of the strength.
    nonisolated static func filter(for services: Set<UInt16>) -> BusValue {
        guard !services.isEmpty else {
            return .options(["Transport": .string("le"), "RSSI": .int16(20)])
        }
        return .options([
            "Transport": .string("le"), "RSSI": .int16(-127),
            "UUIDs": .strings(services.sorted().map { GATTUUID($0).text }),
        ])
    }

    private struct Route {
        let adapter: UInt16
        let radio: BlueZRadio
    }

    private unowned let client: BlueZClient
    private var socket: MonitorSocket?
    private var routes: [Route] = []
    private var delay = RetryDelay(from: .seconds(1), to: .seconds(60))
    private var retryAt: EventLoop.Instant?
    private var lostBefore: UInt64 = 0
    private var openSince: EventLoop.Instant?

    init(_ client: BlueZClient) { self.client = client }

    /// Frames that the kernel dropped because we were too slow, of all sockets so far.
    var lost: UInt64 { lostBefore &+ (socket?.counts.dropped ?? 0) }

    func start() {
        var owner = MonitorSocket.Owner { [unowned self] adapter, event, time in
            self.take(adapter, event, EventLoop.Instant(nanoseconds: time.nanoseconds))
        }
        owner.onAdapters = { [unowned self] _ in self.route() }
        owner.onFailure = { [unowned self] error in self.failed(error) }
        do throws(MonitorError) {
            socket = try client.openMonitor(owner)
            openSince = Hub.loop.now
            route()
            for radio in radios { radio.channelChanged(nil) }
        } catch {
            failed(error)
        }
    }

    func stop() {
        socket?.close()
        socket = nil
        retryAt = nil
    }

    func tick() {
        // What stays open for so long has succeeded, and the next failure is a new one.
        if let openSince, openSince.duration(to: Hub.loop.now) >= .seconds(10) { delay.reset() }
        guard let retryAt, Hub.loop.now >= retryAt else { return }
        self.retryAt = nil
        start()
    }

    /// Finds each radio's adapter: the one that bluetoothd gave it, and without bluetoothd the one
    /// that it means, of those the kernel tells of. Another program may scan with it.
    func route() {
        guard let socket else { return }
        var found: [Route] = []
        for radio in client.radiosByClaim where radio.feed.isMonitor {
            let number =
                radio.adapter.flatMap { MonitorAdapters.number(named: $0.name) }
                ?? socket.adapters.number(of: radio.selector)
            guard let number, !found.contains(where: { $0.adapter == number }) else { continue }
            found.append(Route(adapter: number, radio: radio))
        }
        routes = found
    }

    private var radios: [BlueZRadio] { client.radios.filter(\.feed.isMonitor) }

    private func take(_ adapter: UInt16, _ event: Span<UInt8>, _ time: EventLoop.Instant) {
        for route in routes where route.adapter == adapter {
            return route.radio.heard(event: event, at: time)
        }
    }

    /// Tries again later, also what only an administrator can mend: he may do it while we run.
    private func failed(_ error: MonitorError) {
        lostBefore = lost
        socket = nil
        openSince = nil
        routes = []
        retryAt = Hub.loop.now.advanced(by: delay.next())
        for radio in radios { radio.channelChanged(error) }
    }
}
