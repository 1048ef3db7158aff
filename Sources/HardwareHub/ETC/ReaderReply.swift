/// What a card reader answers: the code of the request plus 10 (hexadecimal), then a status.
public struct ReaderReply: Hashable, Sendable {
    /// What kind of answer it is, and what it carries.
    public enum Content: Hashable, Sendable {
        /// `B2`, status, length, payload: to the handshake.
        case handshake(Payload)
        /// `B3` or `B4`, status, data type, length (2, little-endian), items: from the card or the
        /// reader's security element.
        case card([Item])
        /// `B3` with an encrypted payload (data type 1), which only the issuer can read.
        case encryptedCard([UInt8])
        /// `B5`, status, length, payload: about the reader.
        case reader(Payload)
        /// Any other answer, everything behind its status.
        case other([UInt8])
    }

    /// What a reader says about itself.
    public enum Payload: Hashable, Sendable {
        /// What the first byte names, and the text behind it: `C0` and 16 digits is a number, `C1`
        /// a version.
        case text(UInt8, String)
        /// `C2` and one byte: the battery's charge, percent.
        case battery(UInt8)
        /// `C5` or `C6` and a card's id or an on-board unit's MAC address: never text, even where
        /// all of its bytes happen to be printable.
        case identifier(UInt8, [UInt8])
        /// Four random bytes, from one maker's readers.
        case random([UInt8])
        /// Anything else.
        case bytes([UInt8])

        /// Takes the payload of a reply; four bytes that answer a handshake are a random number,
        /// whatever the first of them is.
        init(_ bytes: [UInt8], code: UInt8) {
            if code == 0xb2, bytes.count == 4 {
                self = .random(bytes)
                return
            }
            let value = Array(bytes.dropFirst())
            guard let kind = bytes.first, !value.isEmpty else {
                self = .bytes(bytes)
                return
            }
            switch ReaderRequest.Query(rawValue: kind) {
            case .battery where value.count == 1: self = .battery(value[0])
            case .cardID, .onBoardUnit: self = .identifier(kind, value)
            case .number, .version:
                guard value.allSatisfy({ (0x20..<0x7f).contains($0) }) else { fallthrough }
                self = .text(kind, String(decoding: value, as: UTF8.self))
            default: self = .bytes(bytes)
            }
        }
    }

    /// The card's reply to one command.
    public struct Item: Hashable, Sendable {
        /// Which of the request's commands it answers, from 1.
        public let number: UInt8
        /// The reply without its status word.
        public let data: [UInt8]
        /// How the command ended.
        public let status: StatusWord
    }

    /// The answer's code.
    public let code: UInt8
    /// 0, or what is wrong; `cf` means that there is no card.
    public let status: UInt8
    /// What it carries.
    public let content: Content

    /// The status of a reader without a card.
    public static let noCard: UInt8 = 0xcf

    /// Reads a whole message.
    ///
    /// - Throws: `MalformedValue` naming what is missing or wrong.
    public init(_ message: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        code = try cursor.uint8(message, "code of the answer")
        guard (0xb0...0xbf).contains(code) else {
            throw .invalid("the code is not that of an answer, b0 to bf", at: 0)
        }
        status = try cursor.uint8(message, "status")
        switch code {
        case 0xb2: content = .handshake(try Self.payload(message, &cursor))
        case 0xb3: content = try Self.card(message, status, &cursor)
        case 0xb4:
            // The security element's channel is said to be laid out as the card's.
            var ahead = cursor
            if let card = try? Self.card(message, status, &ahead) {
                content = card
            } else {
                content = .other(message.copy(cursor.position..<message.count))
            }
        case 0xb5:
            // No source shows this answer: what is not laid out as B2 is kept as it is.
            var ahead = cursor
            if let payload = try? Self.payload(message, &ahead) {
                content = .reader(payload)
            } else {
                fallthrough
            }
        default: content = .other(message.copy(cursor.position..<message.count))
        }
    }

    private static func payload(
        _ message: Span<UInt8>, _ cursor: inout ByteCursor
    ) throws(MalformedValue) -> Payload {
        let length = Int(try cursor.uint8(message, "length"))
        return Payload(
            message.copy(try cursor.skip(length, message, "payload")), code: message[0])
    }

    private static func card(
        _ message: Span<UInt8>, _ status: UInt8, _ cursor: inout ByteCursor
    ) throws(MalformedValue) -> Content {
        // A reader that has no card may end here.
        if status != 0, cursor.position == message.count { return .card([]) }
        let type = try cursor.uint8(message, "data type")
        let length = Int(try cursor.uint16(message, "length"))
        let range = try cursor.skip(length, message, "items")
        if type & 0x0f == 1 { return .encryptedCard(message.copy(range)) }
        if range.isEmpty { return .card([]) }
        let inner = message.extracting(0..<range.upperBound)
        var items: [Item] = []
        for item in try ReaderItems.read(inner, from: range.lowerBound, outer: 0x81) {
            let word = item.range.upperBound &- 2
            guard word >= item.range.lowerBound else {
                throw .missing("status word", at: item.range.upperBound)
            }
            items.append(
                Item(
                    number: item.tag & 0x7f, data: inner.copy(item.range.lowerBound..<word),
                    status: StatusWord(
                        rawValue: UInt16(inner[word]) << 8 | UInt16(inner[word &+ 1]))))
        }
        return .card(items)
    }
}
