import JSON

/// Where an entry of the catalog comes from, so that problems found later still name the place.
struct Origin: Sendable {
    /// Which of the three sources: what may replace what depends on it.
    enum Layer: Sendable {
        /// The catalog file, which a person writes.
        case catalog
        /// What earlier imports left, kept by the daemon.
        case overlay
        /// The rows of an import that is going on.
        case rows
    }

    let layer: Layer
    /// Where the entry begins.
    let position: JSONPosition
    /// The entry in its document; nil for a row.
    let node: JSONNode?
    /// The list in its document; empty for a row.
    let section: String
    /// The place in the list.
    let index: Int

    /// The steps to the entry in its document; none for a row.
    var path: [PathElement] { section.isEmpty ? [] : [.key(section), .index(index)] }
}

/// A value and where it comes from.
struct Entry<Value: Sendable>: Sendable {
    var value: Value
    let origin: Origin
}

extension Decoding {
    /// Reports a problem of an entry that was read before, at the part it is about.
    mutating func report(
        _ origin: Origin, _ inner: [PathElement], _ found: @autoclosure () -> String,
        _ expected: @autoclosure () -> String
    ) {
        var node = origin.node
        var position = origin.position
        for element in inner {
            switch element {
            case .key(let key): node = node?[key]
            case .index(let index): node = node?[index]
            }
            position = node?.position ?? position
        }
        report(at: position, path: origin.path + inner, found(), expected())
    }

    /// `catalog.json5:12:5` or `beacons.csv:17`: where an entry is, for other problems.
    func place(of origin: Origin) -> String {
        let position = origin.position
        let file =
            files.indices.contains(Int(position.document)) ? files[Int(position.document)] : ""
        return file + ":\(position.line)" + (position.column > 0 ? ":\(position.column)" : "")
    }
}

extension Decoding {
    /// Notes an id and refuses it when it is taken; a row takes over the id of an overlay's entry.
    mutating func note<ID: Hashable>(
        _ id: ID, _ text: @autoclosure () -> String, _ origin: Origin,
        in origins: inout [ID: Origin]
    ) {
        guard let first = origins[id] else {
            origins[id] = origin
            return
        }
        let place = place(of: first)
        switch (first.layer, origin.layer) {
        case (.overlay, .rows):
            origins[id] = origin
        case (.catalog, .overlay), (.catalog, .rows):
            report(
                origin, [.key("id")], "\(Decoding.quoted(text())) is defined in the catalog",
                "an id that is not, or a change there (\(place))")
        default:
            report(
                origin, [.key("id")], "\(Decoding.quoted(text())) a second time",
                "another id (first at \(place))")
        }
    }
}
