import BeaconScanner
import TestSupport
import Testing

@Suite("A capture reads back as it was written")
struct BtsnoopWriterTests {
    private let kinds: [CaptureRecord.Kind] = [.command, .acl, .sco, .event, .iso]

    @Test func publishedFile() {
        let writer = BtsnoopWriter(.uart)
        var file: [UInt8] = []
        writer.appendHeader(to: &file)
        let event = CaptureFile.event
        writer.append(
            event.span, kind: .event, direction: .received, adapter: 0,
            time: CaptureFile.publishedTime, to: &file)
        var expected = CaptureFile.published
        expected[27] = 3  // flags: received and an event; the published file has the first only
        #expect(file == expected)
    }

    @Test(arguments: [CaptureFormat.Datalink.hci, .uart, .monitor])
    func roundTrip(datalink: CaptureFormat.Datalink) throws {
        let writer = BtsnoopWriter(datalink)
        var file: [UInt8] = []
        writer.appendHeader(to: &file)
        var expected: [[UInt8]] = []
        for kind in kinds {
            for direction in [CaptureRecord.Direction.sent, .received] {
                let packet = [kind.rawValue, direction.rawValue, 7]
                let isWritten = writer.append(
                    packet.span, kind: kind, direction: direction, adapter: 3,
                    time: Int64(expected.count) - 2, to: &file)
                let hasPlace = datalink != .hci || kind != .sco && kind != .iso
                #expect(isWritten == hasPlace)
                if isWritten { expected.append(packet) }
            }
        }
        let (records, counts) = try read(file)
        #expect(records.map(\.bytes) == expected && counts.malformed == 0)
        #expect(records.map(\.record.kind.rawValue) == expected.map { $0[0] })
        #expect(records.map(\.record.time) == (0..<expected.count).map { Int64($0) - 2 })
        #expect(records.allSatisfy { $0.record.adapter == (datalink == .monitor ? 3 : 0) })
        for read in records where read.record.kind == .acl {
            #expect(read.record.direction.rawValue == read.bytes[1])
        }
    }

    @Test func whatCannotBeReadBackIsNotWritten() {
        let longest = CaptureReader.longestRecord
        for (datalink, limit) in [(CaptureFormat.Datalink.uart, longest - 1), (.hci, longest)] {
            let writer = BtsnoopWriter(datalink)
            for (count, isWritten) in [(limit, true), (limit + 1, false)] {
                var file: [UInt8] = []
                let packet = [UInt8](repeating: 0, count: count)
                let result = writer.append(
                    packet.span, kind: .acl, direction: .sent, adapter: 0, time: 0, to: &file)
                #expect(result == isWritten && file.isEmpty == !isWritten)
            }
            var file: [UInt8] = []
            let short: [UInt8] = [1]
            #expect(
                !writer.append(
                    short.span, kind: .linkLayer, direction: .received, adapter: 0, time: 0,
                    to: &file))
            #expect(file.isEmpty)
        }
    }
}
