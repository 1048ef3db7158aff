extension MessageReader {
    /// Reads whatever comes next.
    public mutating func value() throws(BusError) -> BusValue {
        switch code {
        case Code.bool: return try .bool(bool())
        case Code.byte: return try .byte(byte())
        case Code.int16: return try .int16(int16())
        case Code.uint16: return try .uint16(uint16())
        case Code.int32: return try .int32(int32())
        case Code.uint32: return try .uint32(uint32())
        case Code.int64: return try .int64(int64())
        case Code.uint64: return try .uint64(uint64())
        case Code.double: return try .double(double())
        case Code.string: return try .string(string())
        case Code.objectPath: return try .objectPath(objectPath())
        case Code.signature: return try .signature(signature())
        case Code.array: return try arrayValue()
        case Code.structure:
            return try structure { (reader) throws(BusError) in
                var fields: [BusValue] = []
                while !reader.isAtEnd { try fields.append(reader.value()) }
                return .structure(fields)
            }
        case Code.variant:
            return try .variant(variant { (reader) throws(BusError) in try reader.value() })
        case let other:
            throw mismatch("a value", Code.text(other))
        }
    }

    private mutating func arrayValue() throws(BusError) -> BusValue {
        switch elementCode {
        case Code.byte:
            return try .bytes(
                bytes { span in
                    unsafe span.withUnsafeBufferPointer { unsafe [UInt8]($0) }
                })
        case Code.entry:
            let types = currentType.content.content.types
            guard types.count == 2 else { throw BusError(.noMemory, "no memory for a type") }
            var entries: [BusValue.Entry] = []
            try dictionary { (reader) throws(BusError) in
                let key = try reader.value()
                try entries.append(BusValue.Entry(key, reader.value()))
            }
            return .dictionary(key: types[0], value: types[1], entries)
        default:
            let element = currentType.content
            var elements: [BusValue] = []
            try array { (reader) throws(BusError) in try elements.append(reader.value()) }
            return .array(of: element, elements)
        }
    }
}
