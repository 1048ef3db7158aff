internal import BeaconScanner

/// The type of an attribute: a 16-bit number of the Bluetooth SIG or a maker's 128 bits (Core 5.4,
/// Vol 3, Part B, §2.5.1).
public struct GATTUUID: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64

    /// What 16 bits stand in front of: `0000xxxx-0000-1000-8000-00805f9b34fb`.
    private static let baseHigh: UInt64 = 0x0000_0000_0000_1000
    private static let baseLow: UInt64 = 0x8000_0080_5f9b_34fb

    /// Makes the type of a 16-bit number.
    public init(_ short: UInt16) {
        self.init(high: UInt64(short) << 32 | Self.baseHigh, low: Self.baseLow)
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads `2a35` or `00002a35-0000-1000-8000-00805f9b34fb`, in either case.
    ///
    /// - Returns: nil for any other text.
    public init?(_ text: some StringProtocol) {
        let groups = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard let bytes = Hex.bytes(groups.joined()) else { return nil }
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
            bytes.reduce(0) { $0 << 8 | UInt64($1) }
        }
        switch (groups.map(\.count), bytes.count) {
        case ([4], 2): self.init(UInt16(truncatingIfNeeded: number(bytes[...])))
        case ([8, 4, 4, 4, 12], 16):
            self.init(high: number(bytes[..<8]), low: number(bytes[8...]))
        default: return nil
        }
    }

    /// The number of the Bluetooth SIG; nil for a maker's own type.
    public var short: UInt16? {
        guard low == Self.baseLow, high & 0xffff_ffff == Self.baseHigh, high >> 48 == 0 else {
            return nil
        }
        return UInt16(truncatingIfNeeded: high >> 32)
    }
}

extension GATTUUID: ExpressibleByIntegerLiteral {
    /// Makes the type of a 16-bit number.
    public init(integerLiteral short: UInt16) { self.init(short) }
}

extension GATTUUID: CustomStringConvertible {
    /// `2a35`, or all 36 characters of a maker's own type; lower case.
    public var description: String { short.map { Hex.lower(Self.bytes($0)) } ?? text }

    /// All 36 characters, lower case, as BlueZ writes them.
    public var text: String {
        let digits = Array(Hex.lower(Self.bytes(high) + Self.bytes(low)).utf8)
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(decoding: digits[$0], as: UTF8.self) }.joined(separator: "-")
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        stride(from: number.bitWidth - 8, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: number >> $0)
        }
    }
}

/// A value that a device offers, and what may be done with it (Core 5.4, Vol 3, Part G, §3.3).
public struct GATTCharacteristic: Hashable, Sendable {
    /// What a device lets its peer do.
    public struct Properties: OptionSet, Hashable, Sendable {
        /// The bits of the characteristic's declaration.
        public let rawValue: UInt8

        /// Makes properties from their bits.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Read it.
        public static let read = Properties(rawValue: 0x02)
        /// Write it without an answer.
        public static let writeWithoutResponse = Properties(rawValue: 0x04)
        /// Write it and be answered.
        public static let write = Properties(rawValue: 0x08)
        /// Be sent its values.
        public static let notify = Properties(rawValue: 0x10)
        /// Be sent its values, and confirm each.
        public static let indicate = Properties(rawValue: 0x20)
    }

    /// Its number in this connection; all that happens names it by this.
    public let handle: UInt16
    /// The service that it is part of.
    public let service: GATTUUID
    /// What it is.
    public let uuid: GATTUUID
    /// What may be done with it.
    public let properties: Properties

    /// Makes a characteristic.
    public init(handle: UInt16, service: GATTUUID, uuid: GATTUUID, properties: Properties) {
        self.handle = handle
        self.service = service
        self.uuid = uuid
        self.properties = properties
    }
}

/// All that a device offers, in the order of its handles.
public struct GATTTable: Hashable, Sendable {
    /// The most services that are looked at, and the most characteristics of each: several times
    /// what any device has (reliability, F17).
    public static let mostServices = 32
    /// See `mostServices`.
    public static let mostCharacteristics = 64

    /// The characteristics.
    public let characteristics: [GATTCharacteristic]

    /// Makes a table.
    public init(_ characteristics: [GATTCharacteristic]) {
        self.characteristics = characteristics.sorted { $0.handle < $1.handle }
    }

    /// The first characteristic of a type, in a service.
    public func first(_ uuid: GATTUUID, in service: GATTUUID) -> GATTCharacteristic? {
        characteristics.first { $0.uuid == uuid && $0.service == service }
    }

    /// The characteristic with a handle.
    public subscript(handle: UInt16) -> GATTCharacteristic? {
        characteristics.first { $0.handle == handle }
    }

    /// Whether there is a service with at least one characteristic.
    public func has(service: GATTUUID) -> Bool {
        characteristics.contains { $0.service == service }
    }
}

/// Why something that was asked of a device did not work.
public enum GATTFault: Error, Hashable, Sendable {
    /// The device refused: the code of its error response (Core 5.4, Vol 3, Part F, §3.4.1.1), where
    /// it is known, and what BlueZ says.
    case refused(code: UInt8?, text: String)
    /// It wants to be paired with first.
    case notPaired
    /// The characteristic does not allow it.
    case notPermitted
    /// No answer came in time.
    case noAnswer
    /// The connection ended.
    case disconnected
}

extension GATTFault: CustomStringConvertible {
    /// What happened, in a few words.
    public var description: String {
        switch self {
        case .refused(let code, let text):
            code.map { "refused with ATT error \(Hex.lower([$0])): \(text)" } ?? "refused: \(text)"
        case .notPaired: "the device wants to be paired with first"
        case .notPermitted: "the characteristic does not allow it"
        case .noAnswer: "no answer in time"
        case .disconnected: "the connection ended"
        }
    }
}
