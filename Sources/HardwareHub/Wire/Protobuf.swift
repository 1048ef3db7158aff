/// Reads the fields of one protobuf message from front to back (proto2 wire format).
///
/// | wire type | value |
/// |---|---|
/// | 0 | varint: seven bits per byte, lowest first, bit 7 = more; at most ten bytes |
/// | 1, 5 | eight or four bytes, skipped |
/// | 2 | varint length, then bytes |
///
/// Groups (3, 4) are refused. A nested message comes out as a range of bytes: the caller reads it
/// with a reader of its own, so input never decides how deep anything goes.
struct ProtobufReader {
    /// One field.
    struct Field {
        let number: UInt32
        let value: Value
        /// Where its tag starts.
        let position: Int

        enum Value {
            case varint(UInt64)
            case bytes(Range<Int>)
            case other
        }

        /// The field as int32, uint32 or enum: the low 32 bits, as protobuf does.
        func uint32(_ name: String) throws(MalformedValue) -> UInt32 {
            guard case .varint(let value) = value else {
                throw .mistyped(name, at: position)
            }
            return UInt32(truncatingIfNeeded: value)
        }

        /// The field as a signed 32-bit number.
        func int32(_ name: String) throws(MalformedValue) -> Int32 {
            Int32(bitPattern: try uint32(name))
        }

        /// Where the field's bytes are.
        func range(_ name: String) throws(MalformedValue) -> Range<Int> {
            guard case .bytes(let range) = value else {
                throw .mistyped(name, at: position)
            }
            return range
        }

        /// The field's bytes.
        func bytes(_ body: Span<UInt8>, _ name: String) throws(MalformedValue) -> [UInt8] {
            body.copy(try range(name))
        }

        /// The field as text: UTF-8 up to the first NUL, which demo devices send along.
        func text(_ body: Span<UInt8>, _ name: String) throws(MalformedValue) -> String {
            DeviceInformation.text(body.extracting(try range(name)))
        }
    }

    private var cursor = ByteCursor()
    /// Where the last whole field ends, once something that is no field follows it.
    private var broken: Int?

    /// Where the fields read so far end.
    var end: Int { broken ?? cursor.position }

    /// What follows the last whole field and is not one: some senders leave bytes behind.
    func junk(of body: Span<UInt8>) -> [UInt8] {
        body.copy(end..<max(end, body.count))
    }

    /// Reads the next field.
    ///
    /// - Parameters:
    ///   - body: the message.
    ///   - known: a bit for each field number the message has. Something broken that claims to be
    ///     one of them is a fault; anything else that is broken is junk and ends the message.
    /// - Returns: nil at the end.
    /// - Throws: `MalformedValue` for a known field that is broken.
    mutating func next(
        in body: Span<UInt8>, known: UInt32
    ) throws(MalformedValue) -> Field? {
        let start = cursor.position
        guard start < body.count, broken == nil else { return nil }
        var number: UInt32 = 0
        do throws(MalformedValue) {
            let tag = try varint(body)
            guard tag >> 3 >= 1, tag >> 3 < 1 << 29 else {
                throw .invalid("the field number is out of range", at: start)
            }
            number = UInt32(truncatingIfNeeded: tag >> 3)
            let value: Field.Value
            switch tag & 7 {
            case 0: value = .varint(try varint(body))
            case 1:
                _ = try cursor.skip(8, body, "fixed64")
                value = .other
            case 2:
                let length = try varint(body)
                value = .bytes(
                    try cursor.skip(Int(truncatingIfNeeded: min(length, 1 << 31)), body, "bytes"))
            case 5:
                _ = try cursor.skip(4, body, "fixed32")
                value = .other
            default: throw .invalid("the wire type is none of 0, 1, 2 and 5", at: start)
            }
            return Field(number: number, value: value, position: start)
        } catch {
            guard number == 0 || number > 31 || known & 1 << number == 0 else {
                throw .invalid("the field is not whole", at: start)
            }
            broken = start
            return nil
        }
    }

    private mutating func varint(_ body: Span<UInt8>) throws(MalformedValue) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<10 {
            let byte = try cursor.uint8(body, "varint")
            value |= UInt64(byte & 0x7f) &<< UInt64(7 * index)
            if byte < 0x80 { return value }
        }
        throw .invalid("the varint is longer than ten bytes", at: cursor.position)
    }
}

/// Writes the fields of one protobuf message.
struct ProtobufWriter {
    /// What was written so far.
    private(set) var bytes: [UInt8] = []

    /// Writes an unsigned number.
    mutating func number(_ field: UInt32, _ value: UInt64) {
        varint(UInt64(field) << 3)
        varint(value)
    }

    /// Writes an unsigned number, if there is one.
    mutating func number(_ field: UInt32, _ value: UInt32?) {
        if let value { number(field, UInt64(value)) }
    }

    /// Writes an int32 or enum: a negative one takes ten bytes, as the format demands.
    mutating func signed(_ field: UInt32, _ value: Int32?) {
        if let value { number(field, UInt64(bitPattern: Int64(value))) }
    }

    /// Writes bytes or a nested message, if there are any to write.
    mutating func bytes(_ field: UInt32, _ value: [UInt8]?) {
        guard let value else { return }
        varint(UInt64(field) << 3 | 2)
        varint(UInt64(value.count))
        bytes += value
    }

    /// Writes a string, if there is one.
    mutating func text(_ field: UInt32, _ value: String?) {
        bytes(field, value.map { Array($0.utf8) })
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
