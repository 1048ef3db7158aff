/// An ETC card's issue data (file 0015), 43 bytes.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | issuer: two Chinese characters |
/// | 4 | 4 | issuer: region, binary-coded decimal |
/// | 8 | 1 | type: 16 stored value, 17 credit (hexadecimal) |
/// | 9 | 1 | version: 10, 40, 5x (hexadecimal) |
/// | 10 | 2 | network, binary-coded decimal |
/// | 12 | 8 | number, binary-coded decimal |
/// | 20 | 4 | first day, `yyyymmdd` binary-coded decimal |
/// | 24 | 4 | last day |
/// | 28 | 12 | number plate, padded with NUL |
/// | 40 | 1 | kind of user |
/// | 41 | 2 | the issuer's own; color and class of the vehicle are not reliably here |
public struct CardIssue: Hashable, Sendable {
    /// The file's length in bytes.
    public static let size = 43

    /// The issuer's province.
    public let issuer: String
    /// The issuer's region, eight binary-coded digits.
    public let region: UInt32
    /// 22 stored value, 23 credit; 52 and 53 test cards.
    public let type: UInt8
    /// The data's version.
    public let version: UInt8
    /// The number on the card's face.
    public let number: CardNumber
    /// First day of use; time 00:00:00.
    public let validFrom: DateTime
    /// Last day of use; time 00:00:00.
    public let validTo: DateTime
    /// The vehicle's number plate.
    public let plate: NumberPlate
    /// Kind of user.
    public let user: UInt8
    /// The issuer's own two bytes.
    public let issuerData: UInt16

    /// Reads the file.
    ///
    /// - Throws: `MalformedValue` for fewer than 43 bytes.
    public init(_ file: Span<UInt8>) throws(MalformedValue) {
        guard file.count >= Self.size else {
            throw .missing("rest of the card's issue data", at: file.count)
        }
        var cursor = ByteCursor()
        issuer = CardText.decode(file.copy(try cursor.skip(4, file, "issuer")))
        region = UInt32(truncatingIfNeeded: try cursor.big(file, 4, "issuer's region"))
        type = try cursor.uint8(file, "type")
        version = try cursor.uint8(file, "version")
        number = CardNumber(
            network: UInt16(truncatingIfNeeded: try cursor.big(file, 2, "network")),
            number: try cursor.big(file, 8, "number"))
        validFrom = DateTime(packedDate: try cursor.big(file, 4, "first day"))
        validTo = DateTime(packedDate: try cursor.big(file, 4, "last day"))
        plate = NumberPlate(
            text: CardText.decode(file.copy(try cursor.skip(12, file, "number plate"))))
        user = try cursor.uint8(file, "kind of user")
        issuerData = UInt16(truncatingIfNeeded: try cursor.big(file, 2, "issuer's data"))
    }
}

/// A transaction of an ETC card (a record of file 0018), 23 bytes.
///
/// | offset | size | field, big-endian |
/// |---|---|---|
/// | 0 | 2 | counter |
/// | 2 | 3 | overdraft limit, 0.01 CNY |
/// | 5 | 4 | amount, 0.01 CNY |
/// | 9 | 1 | type: 02 load, 06 purchase, 09 composite purchase |
/// | 10 | 6 | terminal |
/// | 16 | 4 | date, `yyyymmdd` binary-coded decimal |
/// | 20 | 3 | time, `hhmmss` binary-coded decimal |
public struct CardRecord: Hashable, Sendable {
    /// The record's length in bytes.
    public static let size = 23

    /// The card's transaction counter.
    public let counter: UInt16
    /// Overdraft limit in 0.01 CNY.
    public let overdraft: UInt32
    /// Amount in 0.01 CNY.
    public let amount: UInt32
    /// 2 load, 6 purchase, 9 composite purchase.
    public let type: UInt8
    /// The terminal's number, 48 bits.
    public let terminal: UInt64
    /// Date and time by the terminal's clock.
    public let time: DateTime

    /// Reads a record.
    ///
    /// - Throws: `MalformedValue` for fewer than 23 bytes.
    public init(_ record: Span<UInt8>) throws(MalformedValue) {
        guard record.count >= Self.size else {
            throw .missing("rest of the transaction record", at: record.count)
        }
        var cursor = ByteCursor()
        counter = UInt16(truncatingIfNeeded: try cursor.big(record, 2, "counter"))
        overdraft = UInt32(truncatingIfNeeded: try cursor.big(record, 3, "overdraft limit"))
        amount = UInt32(truncatingIfNeeded: try cursor.big(record, 4, "amount"))
        type = try cursor.uint8(record, "type")
        terminal = try cursor.big(record, 6, "terminal")
        let date = try cursor.big(record, 4, "date")
        time = DateTime(packedDate: date, packedTime: try cursor.big(record, 3, "time"))
    }

    /// Whether the card keeps no transaction at this place: unused records are all 00 or all ff. One in
    /// which money moved is a transaction, whatever its date.
    public var isEmpty: Bool {
        (counter == 0 && amount == 0 || counter == .max && amount == .max) && time.date == nil
    }

    /// The type in a word; nil for a number without a known meaning.
    public var typeName: String? {
        switch type {
        case 2: "load"
        case 6: "purchase"
        case 9: "composite purchase"
        default: nil
        }
    }
}

/// A passage of a toll station (a record of file 0019), 43 bytes. Provinces differ in details.
///
/// | offset | size | field, big-endian |
/// |---|---|---|
/// | 0 | 1 | kind of record: aa |
/// | 1 | 1 | length: 29 or 2b (hexadecimal) |
/// | 2 | 1 | lock flag |
/// | 3 | 2 | network of the station |
/// | 5 | 2 | station |
/// | 7 | 1 | lane |
/// | 8 | 4 | time, seconds since 1970 |
/// | 12 | 1 | class of the vehicle |
/// | 13 | 1 | state; odd values are entries |
/// | 14 | 9 | marker stations |
/// | 23 | 3 | operator |
/// | 26 | 1 | shift |
/// | 27 | 12 | number plate, padded with NUL |
/// | 39 | 4 | reserved |
public struct TollPassage: Hashable, Sendable {
    /// The record's length in bytes.
    public static let size = 43

    /// Lock flag.
    public let lock: UInt8
    /// Network of the station, four binary-coded digits.
    public let network: UInt16
    /// Station.
    public let station: UInt16
    /// Lane.
    public let lane: UInt8
    /// Seconds since 1970.
    public let time: UInt32
    /// Class of the vehicle.
    public let vehicleClass: UInt8
    /// State; odd values are entries.
    public let state: UInt8
    /// The vehicle's number plate.
    public let plate: NumberPlate

    /// Reads a record.
    ///
    /// - Throws: `MalformedValue` for fewer than 43 bytes or another kind of record.
    public init(_ record: Span<UInt8>) throws(MalformedValue) {
        guard record.count >= Self.size else {
            throw .missing("rest of the passage record", at: record.count)
        }
        guard record[0] == 0xaa, record[1] == 0x29 || record[1] == 0x2b else {
            throw .invalid(
                "the record is not a passage: it starts with neither aa29 nor aa2b", at: 0)
        }
        var cursor = ByteCursor(at: 2)
        lock = try cursor.uint8(record, "lock flag")
        network = UInt16(truncatingIfNeeded: try cursor.big(record, 2, "network"))
        station = UInt16(truncatingIfNeeded: try cursor.big(record, 2, "station"))
        lane = try cursor.uint8(record, "lane")
        time = UInt32(truncatingIfNeeded: try cursor.big(record, 4, "time"))
        vehicleClass = try cursor.uint8(record, "class of the vehicle")
        state = try cursor.uint8(record, "state")
        _ = try cursor.skip(13, record, "stations, operator and shift")
        plate = NumberPlate(
            text: CardText.decode(record.copy(try cursor.skip(12, record, "number plate"))))
    }
}
