import BeaconScanner
import JSON

/// What the advertising-data structures of a payload say, each on its own, and the beacon among
/// them (Core Specification Supplement, Part A; types: Assigned Numbers, §2.3).
enum StructureList {
    /// Decodes a payload. Nothing is refused: structures before a truncated one count.
    static func decode(_ bytes: [UInt8]) -> JSONValue {
        var list: [JSONValue] = []
        var known = Known()
        let end = forEachADStructure(in: bytes.span) { type, data in
            let bytes = data.indices.map { data[$0] }
            list.append([
                "type": .integer(type.rawValue), "data": .string(Hex.lower(bytes)),
            ])
            known.take(type, bytes)
            return .next
        }
        var members: [JSONValue.Member] = []
        for area in [BeaconArea.iBeacon, .altBeacon, .eddystone] {
            if let found = try? area.beacon(bytes), found["result"] == nil {
                members = found.members ?? []
                break
            }
        }
        if members.isEmpty { members.append(.init("result", "no beacon")) }
        for member in known.members where !members.contains(where: { $0.key == member.key }) {
            members.append(member)
        }
        members.append(.init("structures", .array(list)))
        if case .truncated(let offset) = end {
            members.append(.init("truncated_at", .integer(offset)))
        }
        return .object(members)
    }

    /// What is known of the structures seen so far.
    ///
    /// Lists, service data and manufacturer data are all kept; of the others the last one counts,
    /// and a complete name counts more than a shortened one. What is too short is left out here:
    /// its bytes are among the structures.
    private struct Known {
        private var flags: UInt8?
        private var name: (text: String, isComplete: Bool)?
        private var power: Int8?
        private var appearance: UInt16?
        private var lists: [(key: String, uuids: [JSONValue])] = []
        private var services: [JSONValue] = []
        private var makers: [JSONValue] = []

        mutating func take(_ type: ADType, _ data: [UInt8]) {
            switch type {
            case .flags: flags = data.first ?? flags
            case .shortenedName where name?.isComplete != true: name = (Self.text(data), false)
            case .completeName: name = (Self.text(data), true)
            case .txPower: power = data.first.map { Int8(bitPattern: $0) } ?? power
            case .appearance where data.count >= 2:
                appearance = UInt16(data[0]) | UInt16(data[1]) << 8
            case .incompleteUUID16List, .completeUUID16List: add("uuids16", data, 2)
            case .incompleteUUID32List, .completeUUID32List: add("uuids32", data, 4)
            case .incompleteUUID128List, .completeUUID128List: add("uuids128", data, 16)
            case .solicitedUUID16List: add("solicited_uuids16", data, 2)
            case .solicitedUUID32List: add("solicited_uuids32", data, 4)
            case .solicitedUUID128List: add("solicited_uuids128", data, 16)
            case .serviceData16: add(serviceData: data, 2)
            case .serviceData32: add(serviceData: data, 4)
            case .serviceData128: add(serviceData: data, 16)
            case .manufacturerData where data.count >= 2:
                makers.append([
                    "company": .integer(UInt16(data[0]) | UInt16(data[1]) << 8),
                    "data": .string(Hex.lower(data.dropFirst(2))),
                ])
            default: break
            }
        }

        var members: [JSONValue.Member] {
            var members: [JSONValue.Member] = []
            if let flags { members.append(.init("flags", .integer(flags))) }
            if let name {
                members.append(.init("name", .string(name.text)))
                if !name.isComplete { members.append(.init("name_shortened", true)) }
            }
            if let power { members.append(.init("tx_power", .integer(power))) }
            if let appearance { members.append(.init("appearance", .integer(appearance))) }
            members += lists.map { .init($0.key, .array($0.uuids)) }
            if !services.isEmpty { members.append(.init("service_data", .array(services))) }
            if !makers.isEmpty { members.append(.init("manufacturer_data", .array(makers))) }
            return members
        }

        /// Whole UUIDs only: a part of one at the end is left out.
        private mutating func add(_ key: String, _ data: [UInt8], _ size: Int) {
            let uuids = stride(from: 0, to: data.count - data.count % size, by: size).map {
                JSONValue.string(Self.uuid(data[$0..<($0 + size)]))
            }
            if let index = lists.firstIndex(where: { $0.key == key }) {
                lists[index].uuids += uuids
            } else {
                lists.append((key, uuids))
            }
        }

        private mutating func add(serviceData data: [UInt8], _ size: Int) {
            guard data.count >= size else { return }
            services.append([
                "uuid": .string(Self.uuid(data.prefix(size))),
                "data": .string(Hex.lower(data.dropFirst(size))),
            ])
        }

        /// A UUID as people write it; on air its lowest byte is first.
        private static func uuid(_ bytes: ArraySlice<UInt8>) -> String {
            let digits = Hex.lower(Array(bytes.reversed()))
            guard bytes.count == 16 else { return digits }
            var rest = Substring(digits)
            return [8, 4, 4, 4, 12].map { length in
                defer { rest = rest.dropFirst(length) }
                return String(rest.prefix(length))
            }.joined(separator: "-")
        }

        /// A name without the NULs that some makers pad it with.
        private static func text(_ data: [UInt8]) -> String {
            let end = data.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
            return String(decoding: data[..<end], as: UTF8.self)
        }
    }
}
