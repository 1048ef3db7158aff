import BeaconScanner
import TestSupport

/// Bytes of capture files for tests.
enum CaptureFile {
    /// One advertising report at 1700000000.123456, as a UART btsnoop file.
    static let published = hex(
        "6274736e6f6f700000000001000003ea0000002d0000002d000000010000000000e2e7d7274fa240"
            + "043e2a020103016655443322111e02011a1aff4c000215fda50693a4e24fb1afcfc6eb0764782527"
            + "114a3fc5c1")
    /// The time of `published`.
    static let publishedTime: Int64 = 1_700_000_000_123_456
    /// The HCI event of `published`.
    static let event = Array(published[41...])

    static func word(_ value: UInt32, littleEndian: Bool = false) -> [UInt8] {
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
        return littleEndian ? bytes.reversed() : bytes
    }

    static func btsnoop(_ datalink: UInt32, version: UInt32 = 1) -> [UInt8] {
        hex("6274736e6f6f7000") + word(version) + word(datalink)
    }

    /// A btsnoop record at `publishedTime`.
    static func record(
        _ data: [UInt8], flags: UInt32 = 1, included: UInt32? = nil, original: UInt32? = nil
    ) -> [UInt8] {
        let length = UInt32(data.count)
        return word(original ?? length) + word(included ?? length) + word(flags) + word(0)
            + hex("00e2e7d7274fa240") + data
    }

    /// A pcap file at `publishedTime` with one record for each packet.
    static func pcap(
        _ linkType: UInt32, _ packets: [[UInt8]], littleEndian: Bool = true,
        nanoseconds: Bool = false
    ) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] { Self.word(value, littleEndian: littleEndian) }
        let version: [UInt8] = littleEndian ? [2, 0, 4, 0] : [0, 2, 0, 4]
        let header =
            word(nanoseconds ? 0xa1b2_3c4d : 0xa1b2_c3d4) + version + word(0) + word(0)
            + word(65_535) + word(linkType)
        return packets.reduce(into: header) { file, packet in
            let length = word(UInt32(packet.count))
            file += word(1_700_000_000) + word(nanoseconds ? 123_456_789 : 123_456)
            file += length + length + packet
        }
    }
}

/// A record as a test keeps it.
struct Read: Equatable {
    var record: CaptureRecord
    var bytes: [UInt8]

    /// Without the place in the chunk, which depends on how the file was cut.
    static func == (left: Read, right: Read) -> Bool {
        var moved = left.record
        moved.start = right.record.start
        return moved == right.record && left.bytes == right.bytes
    }
}

/// Reads a file in pieces of a size, as a program with a fixed buffer does.
func read(
    _ file: [UInt8], piece: Int = .max
) throws(CaptureError) -> (records: [Read], counts: CaptureCounts) {
    var reader = CaptureReader()
    var records: [Read] = []
    var buffer: [UInt8] = []
    var rest = file[...]
    while true {
        var position = 0
        while let record = try reader.next(in: buffer.span, at: &position) {
            records.append(Read(record: record, bytes: Array(buffer[record.bytes])))
        }
        buffer.removeFirst(position)
        if rest.isEmpty { break }
        buffer += rest.prefix(piece)
        rest = rest.dropFirst(piece)
    }
    try reader.finish(remaining: buffer.count)
    return (records, reader.counts)
}

/// The error that reading a file ends with.
func readError(_ file: [UInt8]) -> CaptureError? {
    do throws(CaptureError) {
        _ = try read(file)
        return nil
    } catch {
        return error
    }
}
