import BeaconScanner
import Testing

@testable import BlueZ

private let zeros = [UInt8](repeating: 0, count: 6)

extension MonitorAdapters {
    fileprivate mutating func take(_ bytes: [UInt8]) throws -> Bool {
        take(try MonitorFrame(bytes.span))
    }
}

@Suite("Adapters are known by number and address, as the kernel tells of them")
struct MonitorAdaptersTests {
    private let address = DeviceAddress(bits: 0x0000_5e00_53fe, kind: .public)

    @Test("an adapter's address is known when the kernel has asked for it")
    func identified() throws {
        var adapters = MonitorAdapters()
        #expect(adapters.number(of: .first) == nil)
        #expect(try adapters.take(Frames.added(0, address: zeros)))
        #expect(adapters.number(of: .address(address.bits)) == nil)
        #expect(adapters.number(of: .first) == 0)
        #expect(try adapters.take(Frames.opened(0)))
        #expect(try adapters.take(Frames.identified(0)))
        #expect(adapters.number(of: .address(address.bits)) == 0)
        #expect(try !adapters.take(Frames.identified(0)), "known already")
        #expect(
            adapters.all == [MonitorAdapters.Adapter(number: 0, address: address, isOpen: true)])
    }

    @Test("a replugged dongle has another number and the same address")
    func replugged() throws {
        var adapters = MonitorAdapters()
        for frame in [Frames.added(0), Frames.added(1, address: [1, 2, 3, 4, 5, 6])] {
            #expect(try adapters.take(frame))
        }
        #expect(try adapters.take(Frames.removed(0)))
        #expect(try !adapters.take(Frames.removed(0)))
        #expect(adapters.number(of: .address(address.bits)) == nil)
        #expect(adapters.number(of: .name("hci0")) == nil)
        #expect(adapters.number(of: .first) == 1)
        #expect(try adapters.take(Frames.added(2)))
        #expect(adapters.number(of: .address(address.bits)) == 2)
        #expect(adapters.all.map(\.number) == [1, 2])
    }

    @Test("another device under an old number, whose removal was lost, is a new one")
    func replaced() throws {
        var adapters = MonitorAdapters()
        _ = try adapters.take(Frames.added(0))
        _ = try adapters.take(Frames.opened(0))
        #expect(try adapters.take(Frames.added(0, address: zeros)))
        #expect(adapters.number(of: .address(address.bits)) == nil)
        #expect(adapters.all.map(\.isOpen) == [false])
    }

    @Test("the list has a bound, and the number that means none is no adapter")
    func bounded() throws {
        var adapters = MonitorAdapters()
        #expect(try !adapters.take(Frames.added(0xffff)))
        for number in (0..<200).reversed() { _ = try adapters.take(Frames.added(UInt16(number))) }
        #expect(adapters.all.count == MonitorAdapters.capacity)
        #expect(adapters.all.map(\.number) == adapters.all.map(\.number).sorted())
        #expect(try adapters.take(Frames.closed(150)) == false)
        #expect(try adapters.take(Frames.opened(150)))
    }

    @Test("frames of the traffic change nothing")
    func traffic() throws {
        var adapters = MonitorAdapters()
        #expect(try !adapters.take(Frames.event()))
        #expect(try !adapters.take(Frames.frame(12, 0xffff, [65, 0])))
        #expect(adapters.all.isEmpty)
    }

    @Test("an adapter is meant by its number, its address, or as the first")
    func selectors() throws {
        var adapters = MonitorAdapters()
        for number in [12, 3] as [UInt16] {
            _ = try adapters.take(Frames.added(number, address: [UInt8(number), 0, 0, 0, 0, 1]))
        }
        func number(_ text: String?) -> UInt16? {
            AdapterSelector(text).flatMap { adapters.number(of: $0) }
        }
        #expect(number(nil) == 3)
        #expect(number("hci12") == 12)
        #expect(number("01:00:00:00:00:0c") == 12)
        #expect(number("hci1") == nil && number("01:00:00:00:00:0D") == nil)
        #expect(number("hci99999") == nil)
    }
}
