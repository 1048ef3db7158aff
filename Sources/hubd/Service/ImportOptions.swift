import DBus

/// The options of `Import`. One that is not known is refused: a misspelt dry run must not import.
struct ImportOptions {
    /// Only check.
    var isDryRun = false
    /// Take back what the rows name.
    var isRemoval = false

    init(_ options: BusValue) throws(BusError) {
        for entry in options.entries ?? [] {
            let name = entry.key.string ?? ""
            guard let value = entry.value.bool else {
                throw BusError(.invalid, "option \"\(name)\": expected a boolean")
            }
            switch name {
            case "dryRun": isDryRun = value
            case "remove": isRemoval = value
            default: throw BusError(.invalid, "option \"\(name)\": expected dryRun or remove")
            }
        }
    }
}
