import BeaconScanner
import Testing

@testable import BlueZ

@Suite("What is remembered of devices is bounded")
struct DeviceTableTests {
    private func sighting(_ byte: UInt8? = nil, kind: DeviceAddress.Kind? = nil) -> DeviceUpdate {
        var update = DeviceUpdate()
        update.rssi = -60
        update.kind = kind
        if let byte {
            let data = [byte]
            update.data.append(.manufacturerData, 1, data.span)
        }
        return update
    }

    private func bytes(_ payload: Payload) -> [UInt8] {
        (0..<payload.count).map { payload.bytes[$0] }
    }

    @Test func atMostAMebibyte() {
        #expect(DeviceTable.bytes <= 1 << 20)
    }

    @Test func aFloodTurnsOutOnlyItself() {
        var table = DeviceTable(seed: 7)
        for device in 0..<300 as Range<UInt64> {
            for _ in 0..<3 {
                var update = sighting(UInt8(truncatingIfNeeded: device), kind: .public)
                _ = table.complete(&update, of: DeviceKey(route: 0, address: device), at: 100)
            }
        }
        // 10,000 a second for 50 seconds.
        for number in 0..<500_000 as Range<UInt64> {
            var update = sighting(1, kind: .random)
            let key = DeviceKey(
                route: 0, address: 0x4000_0000_0000 | number &* 0x9e37_79b9 & 0xff_ffff_ffff)
            _ = table.complete(&update, of: key, at: 100 + Int32(number / 10_000))
        }
        #expect(table.count <= DeviceTable.capacity)
        for device in 0..<300 as Range<UInt64> {
            var update = sighting()
            let known = table.complete(&update, of: DeviceKey(route: 0, address: device), at: 150)
            #expect(known.kind == .public)
            #expect(bytes(update.data) == [4, 0xff, 1, 0, UInt8(truncatingIfNeeded: device)])
        }
    }

    @Test func aRegularThatIsLongGoneGivesWay() {
        var table = DeviceTable(seed: 7)
        let total = UInt64(DeviceTable.capacity) * 2
        for round in [100, 1_000] as [Int32] {
            for device in 0..<total {
                for _ in 0..<3 {
                    var update = sighting(1)
                    let key = DeviceKey(route: 0, address: device + UInt64(round) * total)
                    _ = table.complete(&update, of: key, at: round)
                }
            }
        }
        var old = 0
        for device in 0..<total {
            var update = sighting()
            let key = DeviceKey(route: 0, address: device + 100 * total)
            _ = table.complete(&update, of: key, at: 1_000)
            if update.data.count > 0 { old += 1 }
        }
        #expect(old < DeviceTable.capacity / 10)
    }

    @Test func anAdaptersDevicesGoWithIt() {
        var table = DeviceTable(seed: 7)
        for route in 0..<2 {
            var update = sighting(5)
            _ = table.complete(&update, of: DeviceKey(route: route, address: 1), at: 1)
        }
        table.forget(route: 0)
        #expect(table.count == 1)
        table.forget(DeviceKey(route: 1, address: 1))
        table.forget(DeviceKey(route: 1, address: 1))
        #expect(table.count == 0)
    }

    @Test func framesTooLongToRememberAreStillHandedOn() {
        var table = DeviceTable(seed: 7)
        let key = DeviceKey(route: 0, address: 1)
        var update = DeviceUpdate()
        let long = [UInt8](repeating: 9, count: 200)
        update.data.append(.manufacturerData, 1, long.span)
        _ = table.complete(&update, of: key, at: 1)
        #expect(update.data.count == 204)
        var again = sighting()
        _ = table.complete(&again, of: key, at: 1)
        #expect(again.data.count == 0)
    }

    @Test func serviceNumbersAreReadFromTheBaseUUIDOnly() {
        func read(_ text: String) -> UInt16? {
            let bytes = Array(text.utf8)
            return UUID16.read(bytes.span)
        }
        #expect(read("0000feaa-0000-1000-8000-00805f9b34fb") == 0xfeaa)
        #expect(read("0000FEAA-0000-1000-8000-00805F9B34FB") == 0xfeaa)
        #expect(read("0001feaa-0000-1000-8000-00805f9b34fb") == nil)
        #expect(read("0000feaa-0000-1000-8000-00805f9b34fc") == nil)
        #expect(read("0000feag-0000-1000-8000-00805f9b34fb") == nil)
        #expect(read("feaa") == nil)
        #expect(read("") == nil)
    }

    @Test func pathsOfDevicesAreReadStrictly() {
        var routes = Routes()
        routes.set("/org/bluez/hci0", of: 0)
        routes.set("/org/bluez/hci1", of: 2)
        func read(_ text: String) -> DeviceKey? {
            let bytes = Array(text.utf8)
            return routes.device(at: bytes.span)
        }
        let good = "/org/bluez/hci1/dev_C0_11_22_33_44_5f"
        #expect(read(good) == DeviceKey(route: 2, address: 0xc011_2233_445f))
        for text in [
            "/org/bluez/hci2/dev_C0_11_22_33_44_5F", "/org/bluez/hci1/dev_C0_11_22_33_44_5",
            "/org/bluez/hci1/dev_C0_11_22_33_44_5G", "/org/bluez/hci1/dev-C0_11_22_33_44_5F",
            "/org/bluez/hci1/dev_C0_11_22_33_44-5F", good + "/service0001", "/org/bluez/hci1", "",
        ] {
            #expect(read(text) == nil, "\(text)")
        }
        routes.set(nil, of: 2)
        #expect(read(good) == nil)
    }
}
