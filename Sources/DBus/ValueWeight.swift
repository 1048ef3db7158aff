extension BusValue {
    /// About how many bytes a value takes up while a call is worked on: its texts and bytes, and a
    /// share for each value.
    var weight: Int {
        let own = MemoryLayout<BusValue>.stride
        return switch self {
        case .string(let text): own + text.utf8.count
        case .objectPath(let path): own + path.text.utf8.count
        case .signature(let signature): own + signature.text.utf8.count
        case .bytes(let bytes): own + bytes.count
        case .array(_, let elements), .structure(let elements):
            elements.reduce(own) { $0 + $1.weight }
        case .dictionary(_, _, let entries):
            entries.reduce(own) { $0 + $1.key.weight + $1.value.weight }
        case .variant(let value): own + value.weight
        default: own
        }
    }
}
