import BeaconScanner
import BlueZ
import DBus
import EventLoop
import FakeBlueZ
import Testing

/// A client with one radio on a private bus with a fake bluetoothd.
@Hub
final class ClientRig {
    let bus: PrivateBus
    let blueZ: FakeBlueZ
    let client: BlueZClient
    private(set) var radios: [BlueZRadio] = []
    /// What was heard, as address, kind, signal strength and payload.
    private(set) var heard: [Report] = []
    /// Anything that happened and that a test may wait for.
    let news = Signpost()

    struct Report: Equatable {
        var address: String
        var kind: DeviceAddress.Kind
        var rssi: Int8
        var payload: [UInt8]
    }

    init(_ selectors: [AdapterSelector] = [.first], plugged: Bool = true) throws {
        bus = try PrivateBus()
        blueZ = FakeBlueZ(bus.bus)
        client = BlueZClient(bus.bus, seed: 1)
        if plugged { blueZ.plug("hci0", FakeBlueZ.Adapter(address: "00:1A:7D:DA:71:13")) }
        for selector in selectors {
            let radio = client.addRadio(selector) { [weak self] header, payload, _ in
                let bytes = payload.indices.map { payload[$0] }
                self?.heard.append(
                    Report(
                        address: "\(header.address)", kind: header.address.kind,
                        rssi: header.rssi.dBm, payload: bytes))
                self?.news.reach()
            }
            radio.onChange = { [weak self] _ in self?.news.reach() }
            radios.append(radio)
        }
        blueZ.onCall = { [weak self] _ in self?.news.reach() }
    }

    var radio: BlueZRadio { radios[0] }

    /// Starts both and waits until discovery is on.
    func start() async throws {
        await blueZ.start()
        try await client.start()
        try await untilListening()
    }

    func untilListening() async throws {
        try await until { $0.radio.state == .listening || $0.radio.state == .hearing }
    }

    func until(
        _ location: SourceLocation = #_sourceLocation, _ condition: (ClientRig) -> Bool
    ) async throws {
        while !condition(self) { try await news.wait(for: news.count + 1, location) }
    }

    /// Waits until all that the fake has sent so far has been taken.
    ///
    /// Signals come in their order, so the one with this address comes last.
    func settle(on adapter: String = "hci0", _ location: SourceLocation = #_sourceLocation)
        async throws
    {
        let mark = "FF:FF:FF:FF:FF:FF"
        blueZ.heard(mark, on: adapter, [("RSSI", .int16(1))])
        try await until(location) { $0.heard.last?.address == mark }
        heard.removeAll { $0.address == mark }
    }

    func forget() { heard = [] }

    func stop() {
        client.stop()
        blueZ.stop()
    }
}

/// Something that a test waits for, with a deadline for hangs.
@Hub
final class Signpost {
    private var waiting: CheckedContinuation<Bool, Never>?
    private(set) var count = 0

    func reach() {
        count += 1
        waiting.take()?.resume(returning: true)
    }

    func wait(for wanted: Int, _ location: SourceLocation = #_sourceLocation) async throws {
        let deadline = Hub.loop.now.advanced(by: .seconds(60))
        while count < wanted {
            var timer: EventLoop.Timer?
            let reached = await withCheckedContinuation { continuation in
                guard count < wanted else { return continuation.resume(returning: true) }
                waiting = continuation
                timer = Hub.loop.schedule(at: deadline) {
                    self.waiting.take()?.resume(returning: false)
                }
            }
            timer?.cancel()
            try #require(reached, "nothing happened for a minute", sourceLocation: location)
        }
    }
}
