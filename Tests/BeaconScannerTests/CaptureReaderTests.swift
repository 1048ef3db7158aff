import BeaconScanner
import TestSupport
import Testing

@Suite("A capture is read in any pieces, and a broken one says where it breaks")
struct CaptureReaderTests {
    private let event = CaptureFile.event
    private let time = CaptureFile.publishedTime

    @Test func published() throws {
        let (records, counts) = try read(CaptureFile.published)
        #expect(records.map(\.bytes) == [event])
        let record = try #require(records.first?.record)
        #expect(record.kind == .event && record.direction == .received)
        #expect(record.time == time && record.adapter == 0)
        #expect(counts.records == 1 && counts.snapped == 0 && counts.partial == 0)

        var parser = ReportParser()
        var heard: [Heard] = []
        var reader = CaptureReader()
        var position = 0
        let file = CaptureFile.published
        while let record = try reader.next(in: file.span, at: &position) {
            parser.parse(record, in: file.span) { header, payload in
                heard.append(Heard(header: header, payload: copy(payload)))
            }
        }
        #expect(heard.map(\.payload) == [Vector.all("ibeacon")[0].bytes])
        #expect(reader.offset == UInt64(file.count) && position == file.count)
        #expect(reader.format == .btsnoop(.uart))
    }

    @Test func monitorForm() throws {
        let file =
            CaptureFile.btsnoop(2001)
            + CaptureFile.record(event, flags: 0x0002_0003)
            + CaptureFile.record([0x61], flags: 0xffff_000c)
        let (records, counts) = try read(file)
        #expect(records.map(\.bytes) == [event])
        #expect(records.map(\.record.adapter) == [2])
        #expect(counts.records == 2 && counts.other == 1)
    }

    @Test(arguments: [1, 2, 3, 7, 16, 23, 24, 25, 64, 1000])
    func anyPieces(piece: Int) throws {
        let file = CaptureFile.published + CaptureFile.record([0x01, 0x03, 0x0c, 0x00], flags: 2)
        let whole = try read(file)
        let pieces = try read(file, piece: piece)
        #expect(pieces == whole && whole.records.count == 2)
    }

    @Test func hciKindsFromTheFlags() throws {
        let file =
            CaptureFile.btsnoop(1001)
            + (0..<4).flatMap { CaptureFile.record([UInt8($0)], flags: $0) }
        let records = try read(file).records
        #expect(records.map(\.record.kind) == [.acl, .acl, .command, .event])
        #expect(records.map(\.record.direction) == [.sent, .received, .sent, .received])
    }

    @Test func uartKindsFromTheTypeByte() throws {
        let file =
            CaptureFile.btsnoop(1002)
            + (0..<7).flatMap { CaptureFile.record([UInt8($0), 0xaa], flags: 0) }
            + CaptureFile.record([]) + CaptureFile.record([0x04])
        let (records, counts) = try read(file)
        #expect(records.map(\.record.kind) == [.command, .acl, .sco, .event, .iso, .event])
        // An event has been received whatever the flags say.
        #expect(
            records.map(\.record.direction) == [.sent, .sent, .sent, .received, .sent, .received])
        #expect(records.map(\.bytes) == Array(repeating: [0xaa], count: 5) + [[]])
        #expect(counts.malformed == 3)
    }

    @Test func monitorOpcodes() throws {
        let file =
            CaptureFile.btsnoop(2001)
            + (0..<21).flatMap { CaptureFile.record([1], flags: $0) }
        let (records, counts) = try read(file)
        #expect(
            records.map(\.record.kind) == [.command, .event, .acl, .acl, .sco, .sco, .iso, .iso])
        #expect(
            records.map(\.record.direction)
                == [.sent, .received, .sent, .received, .sent, .received, .sent, .received])
        #expect(counts.other == 13)
    }

    @Test(arguments: [true, false], [true, false])
    func pcap(littleEndian: Bool, nanoseconds: Bool) throws {
        func read(_ linkType: UInt32, _ packets: [[UInt8]]) throws -> [Read] {
            let file = CaptureFile.pcap(
                linkType, packets, littleEndian: littleEndian, nanoseconds: nanoseconds)
            return try BeaconScannerTests.read(file).records
        }
        let uart = try read(187, [[4] + event, [2, 1]])
        #expect(uart.map(\.bytes) == [event, [1]])
        #expect(uart.map(\.record.direction) == [.received, .unknown])
        #expect(uart.map(\.record.time) == [time, time])

        // The direction word is 1 for both; writers disagree on its meaning.
        let directed = try read(
            201, [[0, 0, 0, 1, 4] + event, [0, 0, 0, 1, 1, 9], [0, 0, 0, 0, 2]])
        #expect(directed.map(\.bytes) == [event, [9], []])
        #expect(directed.map(\.record.direction) == [.received, .sent, .sent])

        let monitor = try read(254, [[0, 3, 0, 3] + event, [0, 3, 0, 0, 1], [0, 3, 0]])
        #expect(monitor.map(\.bytes) == [event])
        #expect(monitor.map(\.record.adapter) == [3])
    }

    @Test(
        arguments: [
            (1003, "HCI BCSP"), (1004, "HCI three-wire UART"), (2002, "Linux simulator"),
            (7, "data link 7 is not read"),
        ] as [(UInt32, String)])
    func refusedDatalinks(datalink: UInt32, text: String) throws {
        let error = try #require(readError(CaptureFile.btsnoop(datalink)))
        #expect(error == CaptureError(offset: 12, problem: .btsnoopDatalink(datalink)))
        #expect(error.description.hasPrefix("byte 12: ") && error.description.contains(text))
        #expect(error.description.contains("expected 1001"))
    }

    @Test func refusedFormats() throws {
        let pcapng = try #require(readError(hex("0a0d0d0a1c0000004d3c2b1a")))
        #expect(pcapng.description.contains("editcap -F pcap"))
        #expect(
            readError(CaptureFile.pcap(1, []))
                == CaptureError(offset: 20, problem: .pcapLinkType(1)))
        #expect(
            readError(hex("7b0a2020"))?.description
                == "byte 0: begins with 7b0a2020; expected a btsnoop (6274736e) or pcap "
                + "(a1b2c3d4, a1b23c4d, in either byte order) file")
        #expect(
            readError(CaptureFile.btsnoop(1002, version: 2))
                == CaptureError(offset: 8, problem: .version(2, expected: 1)))
        var old = CaptureFile.pcap(201, [])
        old[4] = 1
        #expect(readError(old) == CaptureError(offset: 4, problem: .version(1, expected: 2)))
        #expect(
            readError(hex("6274736e6f6f7001") + [UInt8](repeating: 0, count: 8))?.offset == 4)
    }

    @Test func hostileLengths() throws {
        let first = CaptureFile.published
        let limit = UInt32(CaptureReader.longestRecord)
        for length in [limit + 1, .max] {
            let error = readError(
                first + CaptureFile.record([4], included: length, original: length))
            #expect(
                error
                    == CaptureError(offset: UInt64(first.count), problem: .recordTooLong(length)))
        }
        let longest = first + CaptureFile.record([4], included: limit, original: limit)
        #expect(try read(longest).counts.partial == 1)
        let full = [4] + [UInt8](repeating: 0, count: Int(limit) - 1)
        #expect(try read(first + CaptureFile.record(full)).records.count == 2)
        let error = try #require(
            readError(first + CaptureFile.record([4, 1], included: 2, original: 1)))
        #expect(
            error.description
                == "byte 85: the record says it holds 2 bytes of a packet of 1; expected at most 1")
    }

    @Test func snappedRecordIsUsedAsFarAsItGoes() throws {
        let two =
            [4]
            + BeaconScannerTests.event(
                0x02, [legacyReport(data: [1]), legacyReport(data: [2])])
        let file =
            CaptureFile.btsnoop(1002)
            + CaptureFile.record(Array(two.dropLast(3)), original: UInt32(two.count))
        let (records, counts) = try read(file)
        #expect(counts.snapped == 1)
        var parser = ReportParser()
        let bytes = try #require(records.first?.bytes)
        #expect(parser.heard(bytes).map(\.payload) == [[1]])
        #expect(parser.counts.rejected[.truncatedEvent] == 1)
    }

    @Test func truncatedAtEveryByte() throws {
        let files = [
            CaptureFile.published + CaptureFile.record([0x04, 0x0e, 0x00]),
            CaptureFile.pcap(254, [[0, 3, 0, 3] + event]),
        ]
        for (file, header) in zip(files, [16, 24]) {
            let whole = try read(file).records
            for count in 0..<file.count {
                let part = Array(file.prefix(count))
                if count < header {
                    #expect(
                        readError(part)
                            == CaptureError(offset: 0, problem: .noHeader(size: count)))
                } else {
                    let (records, counts) = try read(part)
                    #expect(records == Array(whole.prefix(records.count)))
                    let isBetween = count == header || count == 85 && header == 16
                    #expect(counts.partial == (isBetween ? 0 : 1))
                }
            }
        }
    }

    @Test func changedAtEveryByte() {
        let files = [
            CaptureFile.published,
            CaptureFile.btsnoop(2001) + CaptureFile.record([1, 2], flags: 3),
            CaptureFile.pcap(201, [[0, 0, 0, 1, 4, 0x3e, 0]]),
            CaptureFile.pcap(256, [LinkLayer.packet()], littleEndian: false),
        ]
        for file in files {
            ByteVerifier.oneByteChanges(of: file) { bytes in
                do throws(CaptureError) {
                    let (records, counts) = try read(bytes)
                    #expect(counts.records <= 2 && records.count <= Int(counts.records))
                } catch {
                    #expect(error.offset <= UInt64(bytes.count))
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }

    /// Whole events in a UART btsnoop file have a lane of their own; in a pcap they have not.
    @Test func laneAgreesWithTheLongWay() throws {
        try ByteVerifier.neighbours(of: [0x04, 0x3e, 0x02, 0x01, 0x00]) { packet in
            let lane = try read(CaptureFile.btsnoop(1002) + CaptureFile.record(packet))
            let long = try read(CaptureFile.pcap(187, [packet]))
            #expect(lane.counts == long.counts)
            #expect(lane.records.map(\.bytes) == long.records.map(\.bytes))
            #expect(lane.records.map(\.record.kind) == long.records.map(\.record.kind))
            #expect(lane.records.map(\.record.time) == long.records.map(\.record.time))
            for (one, other) in zip(lane.records, long.records) where one.record.kind == .event {
                #expect(one == other)
            }
        }
    }

    @Test func positionsOutsideTheChunk() throws {
        let file = CaptureFile.published
        var reader = CaptureReader()
        for start in [-1, 86, Int.min, Int.max] {
            var position = start
            let record = try reader.next(in: file.span, at: &position)
            #expect(record == nil && position == start)
        }
    }
}
