/// Where a decoder stands in a value that it reads from front to back.
///
/// It does not hold the bytes (a type that holds a span needs an experimental feature); each read
/// takes them, checks that the field is whole and steps over it. LE reads are the default because
/// GATT values are little-endian; AirSync and the ETC card are big-endian.
struct ByteCursor {
    /// Offset of the next unread byte.
    private(set) var position = 0

    /// A cursor that starts at `position`.
    init(at position: Int = 0) {
        self.position = position
    }

    mutating func uint8(_ bytes: Span<UInt8>, _ field: String) throws(MalformedValue) -> UInt8 {
        UInt8(truncatingIfNeeded: try little(bytes, 1, field))
    }

    mutating func uint16(_ bytes: Span<UInt8>, _ field: String) throws(MalformedValue) -> UInt16 {
        UInt16(truncatingIfNeeded: try little(bytes, 2, field))
    }

    mutating func uint24(_ bytes: Span<UInt8>, _ field: String) throws(MalformedValue) -> UInt32 {
        UInt32(truncatingIfNeeded: try little(bytes, 3, field))
    }

    mutating func uint32(_ bytes: Span<UInt8>, _ field: String) throws(MalformedValue) -> UInt32 {
        UInt32(truncatingIfNeeded: try little(bytes, 4, field))
    }

    /// An IEEE 11073 16-bit SFLOAT.
    mutating func sfloat(
        _ bytes: Span<UInt8>, _ field: String
    ) throws(MalformedValue) -> MedicalFloat {
        MedicalFloat(sfloat: try uint16(bytes, field))
    }

    /// An IEEE 11073 32-bit FLOAT.
    mutating func float(
        _ bytes: Span<UInt8>, _ field: String
    ) throws(MalformedValue) -> MedicalFloat {
        MedicalFloat(float: try uint32(bytes, field))
    }

    /// A Date Time, seven bytes.
    mutating func dateTime(
        _ bytes: Span<UInt8>, _ field: String
    ) throws(MalformedValue) -> DateTime {
        let start = try skip(7, bytes, field).lowerBound
        return DateTime(
            year: UInt16(bytes[start]) | UInt16(bytes[start &+ 1]) << 8, month: bytes[start &+ 2],
            day: bytes[start &+ 3], hour: bytes[start &+ 4], minute: bytes[start &+ 5],
            second: bytes[start &+ 6])
    }

    /// An unsigned number of at most eight bytes, lowest byte first.
    mutating func little(
        _ bytes: Span<UInt8>, _ count: Int, _ field: String
    ) throws(MalformedValue) -> UInt64 {
        var value: UInt64 = 0
        for index in try skip(count, bytes, field).reversed() {
            value = value &<< 8 | UInt64(bytes[index])
        }
        return value
    }

    /// An unsigned number of at most eight bytes, highest byte first.
    mutating func big(
        _ bytes: Span<UInt8>, _ count: Int, _ field: String
    ) throws(MalformedValue) -> UInt64 {
        var value: UInt64 = 0
        for index in try skip(count, bytes, field) {
            value = value &<< 8 | UInt64(bytes[index])
        }
        return value
    }

    /// Steps over `count` bytes and says where they are.
    mutating func skip(
        _ count: Int, _ bytes: Span<UInt8>, _ field: String
    ) throws(MalformedValue) -> Range<Int> {
        guard count >= 0, count <= bytes.count &- position else {
            throw .missing(field, at: position)
        }
        defer { position &+= count }
        return position..<(position &+ count)
    }
}

extension Span<UInt8> {
    /// A copy of some of the bytes; what lies outside is left out.
    func copy(_ range: Range<Int>) -> [UInt8] {
        range.clamped(to: 0..<count).map { self[$0] }
    }

    /// A copy of all the bytes.
    func copy() -> [UInt8] { copy(0..<count) }
}
