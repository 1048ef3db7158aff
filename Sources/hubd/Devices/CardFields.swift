import BeaconScanner
import HardwareHub
import JSON

/// A card's reading as an event tells it: what the owner needs to see their money, and no more.
///
/// The number is masked but for its last four digits; plates, and the bytes they come from, never
/// leave the box.
enum CardFields {
    static func fields(_ card: CardReading, receivedAt: String) -> [(String, JSONValue?)] {
        let issue = card.issue
        return [
            ("kind", .string("etc-card")),
            ("receivedAt", .string(receivedAt)),
            ("balance", money(fen: card.balance.fen)),
            ("balanceSuspicious", card.balance.isSuspicious ? .bool(true) : nil),
            ("card", .string("\(issue.number)")),
            ("issuer", .string(issue.issuer)),
            ("cardType", .integer(issue.type)),
            ("cardVersion", .string(digits(UInt64(issue.version), 2))),
            ("validFrom", issue.validFrom.date.map { .string($0) }),
            ("validTo", issue.validTo.date.map { .string($0) }),
            ("records", .array(card.records.map(record))),
            ("passages", .array(card.passages.map(passage))),
            (
                "reader",
                DeviceWriter.object([
                    ("number", card.readerNumber.map { .string($0) }),
                    ("battery", card.readerBattery.map { .integer($0) }),
                ])
            ),
        ]
    }

    private static func record(_ record: CardRecord) -> JSONValue {
        DeviceWriter.object([
            ("counter", .integer(record.counter)), ("amount", money(fen: Int64(record.amount))),
            ("type", .integer(record.type)),
            ("typeName", record.typeName.map { .string($0) }),
            ("terminal", .string(digits(record.terminal, 12))),
            ("time", record.time.iso8601.map { .string($0) }),
        ])
    }

    private static func passage(_ passage: TollPassage) -> JSONValue {
        DeviceWriter.object([
            ("network", .string(digits(UInt64(passage.network), 4))),
            ("station", .integer(passage.station)),
            ("lane", .integer(passage.lane)), ("time", time(passage.time).map { .string($0) }),
            ("vehicleClass", .integer(passage.vehicleClass)), ("state", .integer(passage.state)),
        ])
    }

    /// Nil for memory that was never written, in either of its colors.
    private static func time(_ unixSeconds: UInt32) -> String? {
        guard unixSeconds != 0, unixSeconds != .max else { return nil }
        return WallClock.Reading(
            unixNanoseconds: Int64(unixSeconds) * 1_000_000_000,
            utcOffset: WallClock.utcOffset(at: Int64(unixSeconds)), isSynchronised: true
        ).rfc3339
    }

    /// Fen as yuan, with both places: money is not rounded.
    private static func money(fen: Int64) -> JSONValue {
        DeviceWriter.object([
            ("value", DeviceWriter.number(Decimal10(mantissa: fen, exponent: -2))),
            ("unit", .string("CNY")),
        ])
    }

    private static func digits(_ number: UInt64, _ count: Int) -> String {
        let bytes = stride(from: 56, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: number >> UInt64($0))
        }
        return String(Hex.lower(bytes).suffix(count))
    }
}
