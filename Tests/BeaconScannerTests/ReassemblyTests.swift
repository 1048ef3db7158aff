import BeaconScanner
import TestSupport
import Testing

@Suite("An advertisement in pieces is delivered whole, in fixed memory")
struct ReassemblyTests {
    private let second: Int64 = 1_000_000_000

    private func piece(
        _ status: UInt16, _ data: [UInt8], last: UInt8 = 0x11, set: UInt8 = 5,
        response: Bool = false,
        addressType: UInt8 = 1
    ) -> [UInt8] {
        let type = status << 5 | (response ? 0x08 : 0)
        return event(
            0x0d,
            [extendedReport(type: type, addressType: addressType, last: last, set: set, data: data)]
        )
    }

    @Test func captured() {
        var parser = ReportParser()
        let first = hex("3e1e0d012000016655443322110101057fba0000000000000000000402010603")
        let last = hex("3e1d0d010000016655443322110101057fba0000000000000000000303aafe")
        #expect(parser.heard(first) == [])
        let heard = parser.heard(last)
        #expect(heard.map(\.payload) == [hex("0201060303aafe")])
        #expect(heard.first?.header.properties == [])
        #expect(parser.counts.fragments == 1 && parser.isBalanced)
    }

    @Test func truncatedByTheController() {
        var parser = ReportParser()
        let heard = parser.heard(
            hex("3e1f0d014000016655443322110101057fba000000000000000000050201060303"))
        #expect(heard.map(\.payload) == [hex("0201060303")])
        #expect(heard.first?.header.properties == [.truncated])
        #expect(parser.heard(piece(1, [1])) == [])
        #expect(parser.heard(piece(2, [2])).map(\.payload) == [[1, 2]])
    }

    @Test func interleaved() {
        var parser = ReportParser()
        for (set, byte) in zip(UInt8(0)..., UInt8(10)..<UInt8(26)) {
            #expect(parser.heard(piece(1, [byte], set: set)) == [])
        }
        // A whole advertisement and a scan response between them belong to nobody else.
        #expect(parser.heard(piece(0, [99], last: 0x12)).map(\.payload) == [[99]])
        #expect(parser.heard(piece(0, [98], response: true)).map(\.payload) == [[98]])
        for (set, byte) in zip(UInt8(0)..., UInt8(10)..<UInt8(26)) {
            #expect(parser.heard(piece(0, [1], set: set)).map(\.payload) == [[byte, 1]])
        }
        #expect(parser.isBalanced)
    }

    @Test func everyPartOfTheKeySeparates() {
        var parser = ReportParser()
        _ = parser.heard(piece(1, [1]))
        #expect(parser.heard(piece(0, [2], set: 6)).map(\.payload) == [[2]])
        #expect(parser.heard(piece(0, [2], last: 0x10)).map(\.payload) == [[2]])
        #expect(parser.heard(piece(0, [2], addressType: 0)).map(\.payload) == [[2]])
        #expect(parser.heard(piece(0, [2], response: true)).map(\.payload) == [[2]])
        #expect(parser.heard(piece(0, [2]), adapter: 1).map(\.payload) == [[2]])
        #expect(parser.heard(piece(0, [2])).map(\.payload) == [[1, 2]])
    }

    @Test func anonymousAdvertisersAreKnownByTheirSet() {
        var parser = ReportParser()
        _ = parser.heard(piece(1, [1], last: 0x01, set: 3, addressType: 0xff))
        _ = parser.heard(piece(1, [7], last: 0x01, set: 4, addressType: 0xff))
        let heard = parser.heard(piece(0, [2], last: 0x02, set: 3, addressType: 0xff))
        #expect(heard.map(\.payload) == [[1, 2]])
        #expect(heard.first?.header.address == DeviceAddress(bits: 0, kind: .anonymous))
        #expect(
            parser.heard(piece(0, [8], set: 4, addressType: 0xff)).map(\.payload) == [[7, 8]])
    }

    @Test func lateFragmentBeginsAnew() {
        var parser = ReportParser()
        _ = parser.heard(piece(1, [1]), at: 0)
        #expect(parser.heard(piece(0, [2]), at: 2 * second).map(\.payload) == [[1, 2]])
        _ = parser.heard(piece(1, [1]), at: 0)
        #expect(parser.heard(piece(0, [2]), at: 2 * second + 1).map(\.payload) == [[2]])
        #expect(parser.counts.rejected[.chainTimedOut] == 1)
        // A capture may jump back, and hold any time at all.
        _ = parser.heard(piece(1, [1]), at: .max)
        #expect(parser.heard(piece(0, [2]), at: .min + second).map(\.payload) == [[1, 2]])
        _ = parser.heard(piece(1, [1]), at: 9 * second)
        #expect(parser.heard(piece(0, [2]), at: 0).map(\.payload) == [[2]])
        #expect(parser.counts.rejected[.chainTimedOut] == 2 && parser.isBalanced)
    }

    @Test func longestIsDeliveredAndOneByteMoreIsNot() {
        for excess in 0...1 {
            var parser = ReportParser()
            let filler = [UInt8](repeating: 7, count: 229)
            for _ in 0..<7 { #expect(parser.heard(piece(1, filler)) == []) }
            let rest = [UInt8](repeating: 7, count: 1650 - 7 * 229 + excess)
            let heard = parser.heard(piece(0, rest))
            #expect(heard.map(\.payload.count) == (excess == 0 ? [1650] : []))
            #expect(parser.counts.rejected[.chainTooLong] == UInt64(excess))
            #expect(parser.isBalanced)
            // The key is free again.
            #expect(parser.heard(piece(0, [1])).map(\.payload) == [[1]])
        }
    }

    @Test func overfullAdvertisementSwallowsItsRest() {
        var parser = ReportParser()
        let filler = [UInt8](repeating: 7, count: 229)
        for _ in 0..<20 { #expect(parser.heard(piece(1, filler)) == []) }
        #expect(parser.heard(piece(0, [1])) == [])
        #expect(parser.counts.rejected[.chainTooLong] == 1 && parser.isBalanced)
    }

    /// A sender that never finishes takes places from itself.
    @Test func oldestGivesWayWhenAllPlacesAreTaken() {
        var parser = ReportParser()
        for last in UInt8(0)..<32 {
            _ = parser.heard(piece(1, [last], last: last), at: Int64(last))
        }
        #expect(parser.counts.rejected[.chainEvicted] == 0)
        _ = parser.heard(piece(1, [200], last: 200), at: 32)
        #expect(parser.counts.rejected[.chainEvicted] == 1)
        #expect(parser.heard(piece(0, [9], last: 0), at: 33).map(\.payload) == [[9]])
        #expect(parser.heard(piece(0, [9], last: 1), at: 33).map(\.payload) == [[1, 9]])
        #expect(parser.heard(piece(0, [9], last: 200), at: 33).map(\.payload) == [[200, 9]])
        #expect(parser.isBalanced)
    }

    @Test func floodOfUnfinishedAdvertisements() {
        var parser = ReportParser()
        for number in 0..<10_000 {
            let set = UInt8(number % 16)
            let last = UInt8(truncatingIfNeeded: number / 16)
            _ = parser.heard(piece(1, [1, 2, 3], last: last, set: set), at: Int64(number))
        }
        #expect(parser.counts.delivered == 0 && parser.isBalanced)
        #expect(parser.counts.rejected[.chainEvicted] > 0)
        #expect(parser.heard(piece(0, [5], last: 0xfe), at: 20_000).map(\.payload) == [[5]])
    }
}
