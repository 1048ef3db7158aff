import BeaconScanner
import Testing

@Suite("A device address says what kind it is")
struct DeviceAddressTests {
    @Test func text() throws {
        let address = try #require(DeviceAddress("c0:00:00:01:00:0A"))
        #expect(address.bits == 0xc000_0001_000a)
        #expect(address.description == "C0:00:00:01:00:0A")
    }

    @Test(arguments: [
        "", "11:22:33:44:55", "11:22:33:44:55:6", "11:22:33:44:55:gg", "112233445566",
    ])
    func refused(text: String) {
        #expect(DeviceAddress(text) == nil)
    }

    @Test func randomKinds() {
        func kind(_ top: UInt64) -> DeviceAddress.RandomKind? {
            DeviceAddress(bits: top << 46, kind: .random).randomKind
        }
        #expect(kind(0b11) == .static)
        #expect(kind(0b01) == .resolvablePrivate)
        #expect(kind(0b00) == .nonResolvablePrivate)
        #expect(kind(0b10) == .reserved)
        #expect(DeviceAddress(bits: 0, kind: .public).randomKind == nil)
    }
}
