/// Asking a device for the records it stores (Record Access Control Point, 2A52).
///
/// | request | bytes |
/// |---|---|
/// | report all, or from a sequence number on, or the last | `01 01`, `01 03 01 nnnn`, `01 06` |
/// | delete all | not offered: records are their owner's |
/// | stop reporting | `03 00` |
/// | count all, or from a sequence number on | `04 01`, `04 03 01 nnnn` |
///
/// Every request is answered by one indication, after the records have been notified.
public enum RecordAccess {
    /// What can be asked.
    public enum Request: Hashable, Sendable {
        /// Send every record.
        case reportAll
        /// Send the records whose sequence number is at least this one.
        case report(from: UInt16)
        /// Send the newest record.
        case reportLast
        /// Stop sending.
        case abort
        /// Say how many records there are.
        case countAll
        /// Say how many records have at least this sequence number.
        case count(from: UInt16)

        /// The bytes to write.
        public var bytes: [UInt8] {
            switch self {
            case .reportAll: [1, 1]
            case .report(let sequence): [1, 3, 1] + Self.littleEndian(sequence)
            case .reportLast: [1, 6]
            case .abort: [3, 0]
            case .countAll: [4, 1]
            case .count(let sequence): [4, 3, 1] + Self.littleEndian(sequence)
            }
        }

        private static func littleEndian(_ number: UInt16) -> [UInt8] {
            [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
        }
    }

    /// What the device answers.
    public enum Response: Hashable, Sendable {
        /// `05 00 nnnn`: how many records match.
        case count(UInt16)
        /// `06 00 request result`: how the request ended.
        case result(request: UInt8, Result)

        /// Reads an indicated value.
        ///
        /// - Throws: `MalformedValue` for another opcode or a value that ends too soon.
        public init(_ value: Span<UInt8>) throws(MalformedValue) {
            var cursor = ByteCursor()
            let opcode = try cursor.uint8(value, "opcode")
            _ = try cursor.uint8(value, "operator")
            switch opcode {
            case 5: self = .count(try cursor.uint16(value, "number of records"))
            case 6:
                let request = try cursor.uint8(value, "request opcode")
                self = .result(
                    request: request, Result(rawValue: try cursor.uint8(value, "result")))
            default: throw .invalid("the opcode is neither a count (5) nor a result (6)", at: 0)
            }
        }
    }

    /// A request as it was written, also one that this hub would never write.
    ///
    /// | size | field |
    /// |---|---|
    /// | 1 | opcode: 1 report, 2 delete, 3 abort, 4 count |
    /// | 1 | operator: 0 none, 1 all, 2 up to, 3 from, 4 within, 5 first, 6 last |
    /// | 1 | what the operands are: 1 sequence number, 2 time; not with operators 0, 1, 5 and 6 |
    /// | | operands, their lowest byte first |
    public struct WrittenRequest: Hashable, Sendable {
        /// What is asked for.
        public let opcode: UInt8
        /// Of which records.
        public let selection: UInt8
        /// What the operands are; nil without any.
        public let filter: UInt8?
        /// The operands.
        public let operands: [UInt8]

        /// Reads a written value.
        ///
        /// - Throws: `MalformedValue` for an opcode that is none of 1 to 4, an operator that
        ///   nobody has defined, or operands that are not there.
        public init(_ value: Span<UInt8>) throws(MalformedValue) {
            var cursor = ByteCursor()
            opcode = try cursor.uint8(value, "opcode")
            guard (1...4).contains(opcode) else {
                throw .invalid("the opcode is none of 1 to 6", at: 0)
            }
            selection = try cursor.uint8(value, "operator")
            guard selection <= 6 else { throw .invalid("the operator is none of 0 to 6", at: 1) }
            guard (2...4).contains(selection) else {
                filter = nil
                operands = []
                return
            }
            let filter = try cursor.uint8(value, "kind of the operand")
            self.filter = filter
            // A sequence number has two bytes, a time seven, and a range two of either.
            let one = filter == 1 ? 2 : 7
            let size = selection == 4 ? one * 2 : one
            switch filter {
            case 1, 2: operands = value.copy(try cursor.skip(size, value, "operand"))
            default: operands = value.copy(cursor.position..<value.count)
            }
        }

        /// The smallest and the largest sequence number asked for, where that is what is asked.
        public var sequences: (from: UInt16?, to: UInt16?) {
            guard filter == 1 else { return (nil, nil) }
            let words = stride(from: 0, to: operands.count - 1, by: 2).map {
                (index: Int) -> UInt16 in
                UInt16(operands[index]) | UInt16(operands[index &+ 1]) << 8
            }
            return switch selection {
            case 2: (nil, words.first)
            case 3: (words.first, nil)
            default: (words.first, words.last)
            }
        }

        /// What is asked for, in a word.
        public var name: String { ["report", "delete", "abort", "count"][Int(opcode &- 1) & 3] }

        /// Of which records, in words.
        public var selectionName: String {
            let names = ["none", "all", "up to", "from", "within", "first", "last"]
            return names[min(Int(selection), 6)]
        }
    }

    /// How a request ended.
    public struct Result: RawRepresentable, Hashable, Sendable {
        /// The number on the wire; those not named are reserved.
        public let rawValue: UInt8

        /// Makes a result from its number.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// All was done.
        public static let success = Result(rawValue: 1)
        /// There are no such records: not a fault.
        public static let noRecords = Result(rawValue: 6)

        /// The result in words; nil for a reserved number.
        public var name: String? {
            switch rawValue {
            case 1: "success"
            case 2: "opcode not supported"
            case 3: "invalid operator"
            case 4: "operator not supported"
            case 5: "invalid operand"
            case 6: "no records found"
            case 7: "abort unsuccessful"
            case 8: "procedure not completed"
            case 9: "operand not supported"
            default: nil
            }
        }
    }
}
