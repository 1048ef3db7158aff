import BeaconScanner
import DBus
import EventLoop
import FakeBlueZ
import Glibc
import HardwareHub
import TestSupport
import Testing

@testable import BlueZ

/// A client with radios on the monitor channel, a fake bluetoothd, and a test that plays the kernel.
@Hub
private final class MonitorRig {
    struct Report: Equatable {
        var radio: Int
        var event: [UInt8]
    }

    let bus: PrivateBus
    let blueZ: FakeBlueZ
    let client: BlueZClient
    private(set) var radios: [BlueZRadio] = []
    private(set) var heard: [Report] = []
    /// Why the channel cannot be opened.
    var refusal: MonitorError?
    private var kernel: Descriptor?
    let news = Signpost()

    init(
        _ selectors: [AdapterSelector] = [.first], scan: Scan = .active,
        refusal: MonitorError? = nil
    ) throws {
        bus = try PrivateBus()
        blueZ = FakeBlueZ(bus.bus)
        client = BlueZClient(bus.bus, seed: 1)
        self.refusal = refusal
        client.openMonitor = { [weak self] owner throws(MonitorError) in
            guard let self else { throw MonitorError(.socket, code: EBADF) }
            return try open(owner)
        }
        for (number, selector) in selectors.enumerated() {
            let radio = client.addMonitorRadio(selector, scan: scan) { [weak self] event, _ in
                let bytes = event.indices.map { event[$0] }
                self?.heard.append(Report(radio: number, event: bytes))
                self?.news.reach()
            }
            radio.onChange = { [weak self] _ in self?.news.reach() }
            radios.append(radio)
        }
        blueZ.onCall = { [weak self] _ in self?.news.reach() }
    }

    private func open(_ owner: MonitorSocket.Owner) throws(MonitorError) -> MonitorSocket {
        if let refusal { throw refusal }
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw MonitorError(.socket, code: errno)
        }
        let ours = Descriptor(owning: ends[0])
        kernel = Descriptor(owning: ends[1])
        try MonitorSocket.prepare(ours.number)
        return try MonitorSocket(adopting: ours, on: Hub.loop, owner: owner)
    }

    var radio: BlueZRadio { radios[0] }
    var isOpen: Bool { kernel != nil }

    func send(_ frames: [UInt8]...) {
        let number = kernel?.number ?? -1
        for frame in frames {
            #expect(unsafe Glibc.send(number, frame, frame.count, 0) == frame.count)
        }
    }

    func hangUp() { kernel = nil }

    func plug(
        _ name: String = "hci0", _ address: String = "00:00:5E:00:53:FE", passive: Bool = false
    ) {
        var adapter = FakeBlueZ.Adapter(address: address)
        adapter.canScanPassively = passive
        blueZ.plug(name, adapter)
    }

    func start() async throws {
        await blueZ.start()
        try await client.start()
    }

    func until(
        _ location: SourceLocation = #_sourceLocation, _ condition: (MonitorRig) -> Bool
    ) async throws {
        while !condition(self) { try await news.wait(for: news.count + 1, location) }
    }

    func stop() {
        client.stop()
        blueZ.stop()
    }
}

@Suite(
    "A radio on the monitor channel hears what the kernel shows and costs the bus nothing",
    .serialized)
struct MonitorClientTests {
    init() { HubThread.start() }

    @Test("its discovery keeps every device off the bus, and its events are those of its adapter")
    @Hub func hears() async throws {
        let rig = try MonitorRig()
        defer { rig.stop() }
        rig.plug()
        try await rig.start()
        try await rig.until { $0.radio.state == .listening }
        #expect(
            rig.blueZ.filters == [.options(["Transport": .string("le"), "RSSI": .int16(20)])])
        // Even if bluetoothd tells of devices, nobody listens.
        rig.blueZ.found("C0:00:00:00:00:01", [("RSSI", .int16(-60))])
        rig.blueZ.heard("C0:00:00:00:00:01", [("RSSI", .int16(-61))])
        try await rig.blueZ.flush()
        rig.send(Frames.event(1), Frames.event(0))
        try await rig.until { !$0.heard.isEmpty }
        #expect(rig.heard == [.init(radio: 0, event: Frames.report)])
        #expect(rig.radio.state == .hearing)
        #expect(rig.client.counters.advertisements == 0 && rig.client.counters.malformed == 0)
    }

    @Test("while devices are looked out for, those with their services are known, and told")
    @Hub func devices() async throws {
        let rig = try MonitorRig()
        defer { rig.stop() }
        rig.plug()
        var sightings: [DeviceSighting] = []
        rig.client.devices.onSighting = {
            sightings.append($0)
            rig.news.reach()
        }
        try await rig.start()
        try await rig.until { $0.radio.state == .listening }
        while !rig.client.devices.isReady { try await rig.blueZ.flush() }
        rig.client.devices.look(for: [], services: [0x1810])
        try await rig.until { $0.blueZ.filters.count == 2 }
        let uuid = "00001810-0000-1000-8000-00805f9b34fb"
        #expect(
            rig.blueZ.filters[1]
                == .options([
                    "Transport": .string("le"), "RSSI": .int16(-127), "UUIDs": .strings([uuid]),
                ]))
        rig.blueZ.found(
            "C0:00:00:00:00:01", [("RSSI", .int16(-60)), ("UUIDs", .strings([uuid]))])
        try await rig.until { _ in !sightings.isEmpty }
        #expect(sightings[0].address.description == "C0:00:00:00:00:01")
        #expect(sightings[0].address.kind == .random)
        #expect(sightings[0].rssi == -60 && sightings[0].adapter == "hci0")
        #expect(sightings[0].services == [0x1810])
        rig.client.devices.look(for: [])
        try await rig.until { $0.blueZ.filters.count == 3 }
        #expect(rig.blueZ.filters[2]["RSSI"]?.integer == 20)
    }

    @Test("adapters meant by address get their own events, whatever their numbers are")
    @Hub func addresses() async throws {
        let second = try #require(AdapterSelector("00:00:5E:00:53:02"))
        let first = try #require(AdapterSelector("00:00:5E:00:53:01"))
        let rig = try MonitorRig([second, first])
        defer { rig.stop() }
        rig.plug("hci3", "00:00:5E:00:53:01")
        rig.plug("hci4", "00:00:5E:00:53:02")
        try await rig.start()
        try await rig.until { $0.radios.allSatisfy { $0.state == .listening } }
        rig.send(Frames.event(3), Frames.event(4), Frames.event(0))
        try await rig.until { $0.heard.count == 2 }
        #expect(rig.heard.map(\.radio) == [1, 0])
        // Replugged, it has another number.
        rig.blueZ.unplug("hci4")
        try await rig.until { $0.radio.adapter == nil }
        rig.plug("hci5", "00:00:5E:00:53:02")
        try await rig.until { $0.radio.state == .listening }
        rig.send(Frames.event(4), Frames.event(5))
        try await rig.until { $0.heard.count == 3 }
        #expect(rig.heard.map(\.radio) == [1, 0, 0])
    }

    @Test("without bluetoothd it hears what others scan for, by what the kernel tells of adapters")
    @Hub func withoutBluetoothd() async throws {
        let selector = try #require(AdapterSelector("00:00:5E:00:53:FE"))
        let rig = try MonitorRig([selector])
        defer { rig.stop() }
        try await rig.client.start()
        rig.send(Frames.event(7), Frames.added(7), Frames.event(7))
        try await rig.until { !$0.heard.isEmpty }
        #expect(rig.heard.count == 1)
        try await rig.until { $0.radio.state == .noService(nil) }
    }

    @Test("a channel without the right is a state with its mend, and is tried again")
    @Hub func noRight() async throws {
        let rig = try MonitorRig(refusal: MonitorError(.bind, code: EPERM))
        defer { rig.stop() }
        rig.plug()
        try await rig.start()
        try await rig.until { $0.blueZ.calls["StartDiscovery"] == 1 }
        #expect(rig.radio.state.name == "no-monitor" && !rig.radio.isTrusted)
        #expect(rig.radio.state.text?.contains("AmbientCapabilities=CAP_NET_RAW") == true)
        rig.refusal = nil
        try await rig.until { $0.radio.state == .listening }
        rig.send(Frames.event())
        try await rig.until { $0.radio.state == .hearing }
    }

    @Test("a channel that ends is opened again")
    @Hub func ended() async throws {
        let rig = try MonitorRig()
        defer { rig.stop() }
        rig.plug()
        try await rig.start()
        try await rig.until { $0.radio.state == .listening }
        rig.send(Frames.event())
        try await rig.until { $0.radio.state == .hearing }
        rig.hangUp()
        try await rig.until { $0.radio.state.name == "no-monitor" }
        try await rig.until { $0.isOpen && $0.radio.state == .listening }
        rig.send(Frames.event())
        try await rig.until { $0.radio.state == .hearing && $0.heard.count == 2 }
        #expect(rig.blueZ.calls["StartDiscovery"] == 1, "the scan went on meanwhile")
    }

    @Test("a passive radio shows bluetoothd its patterns; dropped ones it shows again")
    @Hub func passive() async throws {
        let rig = try MonitorRig(scan: .passive)
        defer { rig.stop() }
        rig.plug(passive: true)
        try await rig.start()
        try await rig.until { $0.radio.state == .listening }
        #expect(rig.blueZ.calls["StartDiscovery"] == nil)
        let name = try #require(rig.client.uniqueName)
        #expect(rig.blueZ.patterns == [name + "/"])
        let objects = try #require(rig.blueZ.patternObjects)
        let patterns: [BusValue] = [
            .structure([.byte(0), .byte(0xff), .bytes([0x4c, 0x00, 0x02, 0x15])]),
            .structure([.byte(2), .byte(0xff), .bytes([0xbe, 0xac])]),
            .structure([.byte(0), .byte(0x16), .bytes([0xaa, 0xfe])]),
            .structure([.byte(0), .byte(0x02), .bytes([0xe7, 0xfe])]),
            .structure([.byte(0), .byte(0x03), .bytes([0xe7, 0xfe])]),
        ]
        let expected: BusValue = .dictionary(
            key: "o", value: "a{sa{sv}}",
            [
                .init(
                    .objectPath("/patterns"),
                    .dictionary(
                        key: "s", value: "a{sv}",
                        [
                            .init(
                                .string("org.bluez.AdvertisementMonitor1"),
                                .options([
                                    "Type": .string("or_patterns"),
                                    "Patterns": .array(of: "(yyay)", patterns),
                                ]))
                        ]))
            ])
        #expect(objects == expected)
        rig.send(Frames.event())
        try await rig.until { $0.radio.state == .hearing }

        try await rig.blueZ.releasePatterns(of: name, "/patterns")
        try await rig.until { $0.blueZ.patterns == [name + "/"] && $0.radio.state == .listening }
    }

    @Test("a bluetoothd that does not scan passively is told with the mend")
    @Hub func noPassiveScan() async throws {
        let rig = try MonitorRig(scan: .passive)
        defer { rig.stop() }
        rig.plug()
        try await rig.start()
        try await rig.until { $0.radio.state == .noPassiveScan }
    }

    @Test("nobody but bluetoothd drops the patterns")
    @Hub func forgedRelease() async throws {
        let rig = try MonitorRig(scan: .passive)
        defer { rig.stop() }
        rig.plug(passive: true)
        try await rig.start()
        try await rig.until { $0.radio.state == .listening }
        let stranger = Connection(rig.bus.bus)
        try await stranger.connect()
        defer { stranger.close() }
        let name = try #require(rig.client.uniqueName)
        await #expect(throws: BusError.self) {
            _ = try await stranger.call(
                "Release", of: "org.bluez.AdvertisementMonitor1", at: name, "/patterns")
        }
        #expect(rig.radio.state == .listening)
    }
}
