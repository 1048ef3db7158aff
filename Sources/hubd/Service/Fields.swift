import DBus

/// Named values of an `a{sv}` in the order in which people read them; what is nil stays out.
struct Fields {
    private var list: [(String, BusValue)] = []

    subscript(key: String) -> BusValue? {
        get { list.first { $0.0 == key }?.1 }
        set { if let newValue { list.append((key, newValue)) } }
    }

    mutating func set(_ key: String, _ text: String?) { self[key] = text.map(BusValue.string) }
    mutating func set(_ key: String, _ number: Double?) { self[key] = number.map(BusValue.double) }
    mutating func set(_ key: String, _ flag: Bool?) { self[key] = flag.map(BusValue.bool) }
    mutating func set(_ key: String, _ number: (some BinaryInteger)?) {
        self[key] = number.map { .int64(Int64(clamping: $0)) }
    }
    mutating func set(_ key: String, _ texts: [String]) { self[key] = .strings(texts) }
    mutating func set(_ key: String, _ fields: Fields?) { self[key] = fields?.value }
    mutating func set(_ key: String, _ rows: [Fields]) { self[key] = .rows(rows) }

    /// What was set, in that order.
    var entries: [(String, BusValue)] { list }

    /// The `a{sv}`.
    var value: BusValue { .options(list) }
}

extension BusValue {
    /// The `aa{sv}` of a table.
    static func rows(_ rows: [Fields]) -> BusValue {
        .array(of: "a{sv}", rows.map(\.value))
    }
}
