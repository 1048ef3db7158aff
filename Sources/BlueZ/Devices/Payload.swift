internal import BeaconScanner

/// An advertising payload in a buffer of fixed size, rebuilt from what BlueZ took apart.
///
/// wire: | length n (1) | type (1) | data (n − 1) | … (Core 5.4, Vol 3, Part C, §11). BlueZ keeps
/// neither the order nor the flags of what was on air; no beacon format depends on them.
struct Payload {
    /// Room for an advertisement and its scan response in legacy form, and for what an extended
    /// advertisement of one PDU carries. A structure that does not fit is left out and counted.
    static let capacity = 320

    private(set) var bytes = InlineArray<320, UInt8>(repeating: 0)
    private(set) var count = 0
    /// Structures that did not fit.
    private(set) var omitted = 0

    /// Appends a structure: two bytes, the lowest first, and data behind them.
    ///
    /// That is the form of manufacturer data (company identifier, 0xff) and of 16-bit service data
    /// (service UUID, 0x16); Core Specification Supplement 11, Part A, §1.4 and §1.11.
    mutating func append(_ type: ADType, _ number: UInt16, _ data: Span<UInt8>) {
        guard begin(type, length: 2 + data.count) else { return }
        put(UInt8(truncatingIfNeeded: number))
        put(UInt8(truncatingIfNeeded: number >> 8))
        for index in data.indices { put(data[index]) }
    }

    /// Appends the complete list of 16-bit service UUIDs (Supplement 11, Part A, §1.1).
    mutating func append(services: ServiceList) {
        guard services.count > 0, begin(.completeUUID16List, length: 2 * services.count) else {
            return
        }
        for index in 0..<services.count {
            put(UInt8(truncatingIfNeeded: services[index]))
            put(UInt8(truncatingIfNeeded: services[index] >> 8))
        }
    }

    /// Takes over bytes that were a payload before.
    mutating func restore(_ data: Span<UInt8>) {
        guard data.count <= Self.capacity else { return }
        count = 0
        for index in data.indices { put(data[index]) }
    }

    private mutating func begin(_ type: ADType, length: Int) -> Bool {
        // The length byte counts the type too.
        guard length < 255, count + length + 2 <= Self.capacity else {
            omitted += 1
            return false
        }
        put(UInt8(truncatingIfNeeded: length + 1))
        put(type.rawValue)
        return true
    }

    private mutating func put(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }
}

/// The 16-bit services that a device says it has; more than eight are not remembered.
struct ServiceList {
    static let capacity = 8

    private var numbers = InlineArray<8, UInt16>(repeating: 0)
    private(set) var count = 0

    subscript(index: Int) -> UInt16 { numbers[index] }

    mutating func append(_ number: UInt16) {
        guard count < Self.capacity else { return }
        numbers[count] = number
        count += 1
    }
}
