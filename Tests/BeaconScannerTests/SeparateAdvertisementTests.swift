import BeaconScanner
import Testing

@Suite("An advertisement heard apart from its report counts like any other")
struct SeparateAdvertisementTests {
    private let id = BeaconID("FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/2")

    private func scanner(_ id: BeaconID) -> Scanner {
        Scanner(
            presence: PresenceTable(
                beacons: [KnownBeacon(id: id)], seed: 1, at: BootTime(nanoseconds: 0)))
    }

    private let payload: [UInt8] = structure(
        .manufacturerData,
        [0x4c, 0x00, 0x02, 0x15]
            + (BeaconID("FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/2")?.bytes ?? [])
            + [0xc5])

    @Test func aConfiguredBeaconEnters() throws {
        let id = try #require(id)
        var scanner = scanner(id)
        let header = Advertisement(
            address: DeviceAddress(bits: 0xc000_0000_0001, kind: .random), rssi: RSSI(-60),
            properties: .legacy)
        var sightings = 0
        for second in 0..<5 as Range<Int64> {
            scanner.hear(
                header, payload: payload.span, radio: 3,
                at: BootTime(nanoseconds: second * 1_000_000_000)
            ) { beacon, _ in
                #expect(beacon == 0)
                sightings += 1
            }
        }
        let next = scanner.nextTransition()
        let transition = try #require(next)
        #expect(transition.change == .entered && transition.radio == 3 && transition.id == id)
        #expect(sightings == 3)
        #expect(scanner.reports == 5)
        #expect(scanner.counts.advertisements == 5 && scanner.counts.configured == 5)
    }

    @Test func anythingElseIsHarmless() throws {
        var scanner = scanner(try #require(id))
        let header = Advertisement(
            address: DeviceAddress(bits: 1, kind: .public), rssi: .unavailable, properties: [])
        var count: UInt64 = 0
        for length in 0...payload.count {
            for byte in [0, 0xff] as [UInt8] {
                let bytes = payload.prefix(length) + [byte, byte, byte]
                let odd = Array(bytes)
                scanner.hear(header, payload: odd.span, radio: 0, at: BootTime(nanoseconds: 0))
                count += 1
            }
        }
        #expect(scanner.reports == count)
    }
}
