import DBus
import HardwareHub
import Testing

@testable import hubd

@Suite("What a device is enrolled with over the bus is taken whole, or refused")
struct EnrollOptionsTests {
    private func owners(_ value: BusValue) -> [String]? {
        try? EnrollOptions.device(
            "bp-7", kind: "blood-pressure", address: "C0:00:00:00:00:01",
            .options([("owners", value)])
        ).owners.map(\.key)
    }

    /// Of another type they would be nobody, and nobody would notice.
    @Test func ownersOfAnotherType() {
        #expect(owners(.strings(["k-1", "k-2"])) == ["k-1", "k-2"])
        #expect(owners(.strings([])) == [])
        #expect(owners(.string("k-1")) == nil)
        #expect(owners(.array(of: "i", [.int32(1)])) == nil)
        #expect(owners(.strings(["k-1", "k-1"])) == nil)
        #expect(owners(.strings(["k 1"])) == nil)
    }
}
