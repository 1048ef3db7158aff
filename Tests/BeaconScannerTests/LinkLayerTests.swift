import BeaconScanner
import TestSupport
import Testing

/// Bytes of link-layer packets for tests.
enum LinkLayer {
    /// A PDU: type, flags for a random sender, length and payload.
    static func pdu(_ type: UInt8, _ payload: [UInt8], length: UInt8? = nil) -> [UInt8] {
        [type | 0x40, length ?? UInt8(payload.count)] + payload
    }

    /// 11:22:33:44:55:66 on air.
    static let address = hex("665544332211")

    /// A packet of link type 256 around an advertisement, with the right checksum.
    static func packet(
        flags: UInt16 = 0x0c13, signal: UInt8 = 0xc4, access: [UInt8] = hex("d6be898e"),
        pdu: [UInt8] = pdu(2, address + [2, 1, 6]), coded: [UInt8] = [], crc: [UInt8]? = nil
    ) -> [UInt8] {
        [0, signal, 0, 0] + hex("d6be898e") + [UInt8(flags & 0xff), UInt8(flags >> 8)] + access
            + coded + pdu + (crc ?? self.crc(pdu))
    }

    /// The checksum by the figure of the specification (Core 5.4, Vol 6, Part B, figure 3.4): a
    /// shift register, its highest bit first on air.
    static func crc(_ pdu: [UInt8]) -> [UInt8] {
        var register: UInt32 = 0x55_5555
        for byte in pdu {
            for bit in 0..<8 {
                let sent: UInt32 = UInt32(byte >> UInt8(bit)) & 1
                let feedback: UInt32 = register >> 23 ^ sent
                register = register << 1 & 0xff_ffff
                if feedback == 1 { register ^= 0x00_065b }
            }
        }
        var bytes: [UInt8] = [0, 0, 0]
        for bit in 0..<24 where register >> UInt32(23 - bit) & 1 == 1 {
            bytes[bit / 8] |= 1 << UInt8(bit % 8)
        }
        return bytes
    }
}

@Suite("A sniffer's packets become the same advertisements")
struct LinkLayerTests {
    private func heard(
        _ packets: [[UInt8]], linkType: UInt32 = 256
    ) throws -> ([Heard], CaptureCounts, ReportCounts) {
        let file = CaptureFile.pcap(linkType, packets)
        var reader = CaptureReader()
        var parser = ReportParser()
        var heard: [Heard] = []
        var position = 0
        while let record = try reader.next(in: file.span, at: &position) {
            parser.parse(record, in: file.span) {
                heard.append(Heard(header: $0, payload: copy($1)))
            }
        }
        try reader.finish(remaining: file.count - position)
        #expect(parser.isBalanced)
        return (heard, reader.counts, parser.counts)
    }

    @Test func legacyAdvertisement() throws {
        let (heard, _, _) = try heard([LinkLayer.packet()])
        let header = Advertisement(
            address: DeviceAddress(bits: 0x1122_3344_5566, kind: .random), rssi: RSSI(-60),
            properties: [.legacy])
        #expect(heard == [Heard(header: header, payload: [2, 1, 6])])
        let bare = Array(LinkLayer.packet()[10...])
        let (same, _, _) = try self.heard([bare], linkType: 251)
        #expect(same.map(\.payload) == [[2, 1, 6]])
        #expect(same.map(\.header.rssi) == [.unavailable])
    }

    @Test func signalOnlyWhenItIsValid() throws {
        let (heard, _, _) = try heard([LinkLayer.packet(flags: 0x0c01)])
        #expect(heard.map(\.header.rssi) == [.unavailable])
    }

    @Test func types() throws {
        let payload = LinkLayer.address + [2, 1, 6]
        let (heard, _, counts) = try heard(
            (0..<16).map { LinkLayer.packet(pdu: LinkLayer.pdu($0, payload)) })
        #expect(
            heard.map(\.header.properties) == [
                [.legacy, .connectable, .scannable], [.legacy],
                [.legacy, .scannable, .scanResponse], [.legacy, .scannable],
            ])
        #expect(counts.received == 16 && counts.rejectedReports == 12)
    }

    @Test func whatIsNoAdvertisementIsLeftOut() throws {
        let (heard, counts, _) = try heard([
            LinkLayer.packet(flags: 0x0413),  // checksum checked and wrong
            LinkLayer.packet(flags: 0x0c12),  // still whitened
            LinkLayer.packet(flags: 0x0d13),  // data of a connection
            LinkLayer.packet(access: [1, 2, 3, 4]),
            LinkLayer.packet(flags: 0xcc13),  // a PHY that does not exist
            Array(LinkLayer.packet().prefix(15)), Array(LinkLayer.packet().prefix(9)), [],
        ])
        #expect(heard == [])
        #expect(counts.badCRC == 1 && counts.other == 3 && counts.malformed == 4)
    }

    /// The packet of the specification's sample data (Core 5.4, Vol 6, Part C): checksum B52DD7,
    /// here in its order on air, as files have it.
    private let sample = hex("d6be898e" + "4209a6a5a4a3a2c1010203" + "adb4eb")

    @Test func checksumOfTheSpecification() throws {
        #expect(LinkLayer.crc(Array(sample[4..<15])) == Array(sample[15...]))
        let (heard, counts, _) = try heard([sample], linkType: 251)
        #expect(heard.map(\.payload) == [[1, 2, 3]] && counts.badCRC == 0)
    }

    /// One wrong bit anywhere in a packet makes no beacon.
    @Test func wrongBits() throws {
        var broken: [[UInt8]] = []
        // From behind the PDU's length on: a wrong length is a fault of another kind.
        for bit in (6 * 8)..<(sample.count * 8) {
            var packet = sample
            packet[bit / 8] ^= 1 << UInt8(bit % 8)
            broken.append(packet)
        }
        broken.append(Array(sample.dropLast(3)) + [0, 0, 0])
        let (heard, counts, _) = try heard(broken, linkType: 251)
        #expect(heard == [] && counts.badCRC == UInt64(broken.count))
        let (none, cut, _) = try self.heard([Array(sample.dropLast())], linkType: 251)
        #expect(none == [] && cut.malformed == 1)
    }

    /// With a pseudo-header the checksum is computed unless the sniffer says that it was right.
    @Test(arguments: [
        (0x0013, false, true), (0x0013, true, false), (0x0813, true, false),
        (0x0c13, true, true), (0x0413, false, false),
    ])
    func checksumBehindAHeader(flags: UInt16, isWrong: Bool, isHeard: Bool) throws {
        let packet = LinkLayer.packet(flags: flags, crc: isWrong ? [0, 0, 0] : nil)
        let (heard, counts, _) = try heard([packet])
        #expect(heard.count == (isHeard ? 1 : 0) && counts.badCRC == (isHeard ? 0 : 1))
    }

    /// A record that was cut has no checksum left, and is used as far as it goes.
    @Test func cutRecords() throws {
        var file = CaptureFile.pcap(251, [sample])
        file[24 + 8] -= 3
        file.removeLast(3)
        let (records, counts) = try read(file)
        #expect(records.count == 1 && counts.snapped == 1 && counts.badCRC == 0)
    }

    @Test(arguments: [5, 6, 37, 38, 254, 255])
    func legacyLengths(length: Int) {
        var parser = ReportParser()
        let payload = (LinkLayer.address + [UInt8](repeating: 0, count: 255)).prefix(length)
        let heard = parser.heard(pdu: LinkLayer.pdu(0, Array(payload)))
        #expect(heard.map(\.payload.count) == ((6...37).contains(length) ? [length - 6] : []))
        #expect(parser.counts.rejected[.linkLayerLength] == (heard.isEmpty ? 1 : 0))
    }

    @Test func lengthThatLies() {
        var parser = ReportParser()
        let lying = LinkLayer.pdu(0, LinkLayer.address + [2, 1, 6], length: 10)
        #expect(parser.heard(pdu: lying) == [] && parser.heard(pdu: [0]) == [])
        #expect(parser.counts.rejected[.linkLayerLength] == 2)
    }

    /// Extended header with sender, set and power, mode 1 (connectable).
    private func extended(
        flags: UInt8 = 0x49, fields: [UInt8]? = nil, mode: UInt8 = 1, data: [UInt8] = [2, 1, 6]
    ) -> [UInt8] {
        let fields = fields ?? LinkLayer.address + [0x34, 0x52] + [0xec]
        return LinkLayer.pdu(7, [UInt8(fields.count + 1) | mode << 6, flags] + fields + data)
    }

    @Test func extendedAdvertisement() throws {
        var parser = ReportParser()
        let header = Advertisement(
            address: DeviceAddress(bits: 0x1122_3344_5566, kind: .random), rssi: RSSI(-50),
            properties: [.connectable], setID: 5, txPower: -20, primaryPHY: .le1M,
            secondaryPHY: .le2M)
        #expect(
            parser.heard(pdu: extended(), phy: .le2M) == [
                Heard(header: header, payload: [2, 1, 6])
            ]
        )
        let coded = LinkLayer.packet(flags: 0x8c93, pdu: extended(), coded: [0])
        let (heard, _, _) = try heard([coded])
        #expect(heard.map(\.header.primaryPHY) == [.leCoded])
        #expect(heard.map(\.payload) == [[2, 1, 6]])
    }

    @Test func partsOfExtendedAdvertisementsAreSkipped() {
        let parts = [
            extended(flags: 0x08, fields: [0x34, 0x52]),  // sender is not named
            extended(flags: 0x19, fields: LinkLayer.address + [0x34, 0x52, 1, 2, 3]),  // chained
            extended(data: []), LinkLayer.pdu(7, [0, 1, 2]),
        ]
        var parser = ReportParser()
        for part in parts { #expect(parser.heard(pdu: part) == []) }
        #expect(parser.counts.rejected[.linkLayerSkipped] == 4)
        // Header fields that do not fit into the header's length.
        #expect(parser.heard(pdu: extended(flags: 0x7f)) == [])
        #expect(parser.heard(pdu: LinkLayer.pdu(7, [0x3f, 1])) == [])
        #expect(parser.heard(pdu: LinkLayer.pdu(7, [])) == [])
        #expect(parser.counts.rejected[.linkLayerLength] == 3 && parser.isBalanced)
    }

    @Test func hostileNeighbours() {
        var parser = ReportParser()
        for pdu in [extended(), LinkLayer.pdu(0, LinkLayer.address + [2, 1, 6])] {
            ByteVerifier.neighbours(of: pdu) { bytes in
                for heard in parser.heard(pdu: bytes) { #expect(heard.payload.count <= 249) }
            }
        }
        #expect(parser.isBalanced)
    }
}
