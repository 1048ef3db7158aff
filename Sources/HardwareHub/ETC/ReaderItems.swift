/// The commands for a card, or its replies, inside a reader's message.
///
/// `80` (commands) or `81` (replies) and a length, then for each item: tag, length, bytes. The low
/// seven bits of a tag count the items from 1; bit 7 of a command's tag asks for no reply unless
/// it fails, so replies carry only what was asked for. Lengths up to 80 (hexadecimal) are one
/// byte, `81` is followed by one byte, `82` by two: highest first by most, lowest first by one
/// maker. Of the two orders the one that fits the bytes there are is taken.
enum ReaderItems {
    /// One item: its tag and where its bytes are.
    struct Item {
        let tag: UInt8
        let range: Range<Int>
    }

    /// Most items in one message: no reader is known to count further than f.
    static let most = 15

    /// Reads the items of a message.
    ///
    /// - Parameters:
    ///   - bytes: what holds the items.
    ///   - start: where the outer tag is.
    ///   - outer: the outer tag that is expected.
    /// - Returns: the items in their order.
    /// - Throws: `MalformedValue` naming what is missing or wrong.
    static func read(
        _ bytes: Span<UInt8>, from start: Int, outer: UInt8
    ) throws(MalformedValue) -> [Item] {
        var cursor = ByteCursor(at: start)
        guard try cursor.uint8(bytes, "outer tag") == outer else {
            throw .invalid("the outer tag is not 80 in a request, 81 in a reply", at: start)
        }
        let whole = try length(bytes, &cursor)
        var peek = cursor
        let inner = bytes.extracting(0..<(try peek.skip(whole, bytes, "items").upperBound))
        var items: [Item] = []
        while cursor.position < inner.count {
            guard items.count < most else {
                throw .invalid("there are more than 15 items", at: cursor.position)
            }
            let tag = try cursor.uint8(inner, "tag")
            let count = try length(inner, &cursor)
            items.append(Item(tag: tag, range: try cursor.skip(count, inner, "item's bytes")))
        }
        return items
    }

    /// Writes items behind an outer tag.
    ///
    /// - Returns: nil for more than 15 items, or lengths that need the two-byte form, whose byte
    ///   order is not settled.
    static func write(_ items: [(tag: UInt8, bytes: [UInt8])], outer: UInt8) -> [UInt8]? {
        guard items.count <= most else { return nil }
        var inner: [UInt8] = []
        for item in items {
            guard let length = length(item.bytes.count) else { return nil }
            inner += [item.tag] + length + item.bytes
        }
        return length(inner.count).map { [outer] + $0 + inner }
    }

    private static func length(_ count: Int) -> [UInt8]? {
        switch count {
        case 0...0x80: [UInt8(count)]
        case 0x81...0xff: [0x81, UInt8(count)]
        default: nil
        }
    }

    private static func length(
        _ bytes: Span<UInt8>, _ cursor: inout ByteCursor
    ) throws(MalformedValue) -> Int {
        let position = cursor.position
        let first = try cursor.uint8(bytes, "length")
        switch first {
        case 0...0x80: return Int(first)
        case 0x81: return Int(try cursor.uint8(bytes, "length"))
        case 0x82:
            let high = Int(try cursor.uint8(bytes, "length"))
            let low = Int(try cursor.uint8(bytes, "length"))
            let (big, little) = (high &<< 8 | low, low &<< 8 | high)
            return big <= bytes.count &- cursor.position ? big : little
        default: throw .invalid("the length has more than two bytes", at: position)
        }
    }
}
