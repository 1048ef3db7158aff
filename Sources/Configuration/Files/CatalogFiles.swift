public import Campaigns

extension CheckedCatalog {
    /// Reads a catalog file and checks it with what came by import.
    ///
    /// - Parameters:
    ///   - path: the catalog file; nil when the configuration names none.
    ///   - overlay: what earlier imports left.
    ///   - rows: the CSV file of an import that is going on.
    /// - Throws: every problem of every source.
    public init(
        readingFile path: String?, overlay: SourceFile? = nil, rows: SourceFile? = nil
    ) throws(Problems) {
        var draft = CatalogDraft()
        if let path {
            do throws(Problem) {
                draft.addCatalog(
                    try SourceFile(reading: path, limit: SourceFile.maximumCatalogSize))
            } catch {
                throw Problems([error])
            }
        }
        if let overlay { draft.addOverlay(overlay) }
        if let rows { draft.addRows(rows) }
        self = try draft.finish()
    }
}

extension Settings {
    /// What the settings say about a catalog that the catalog does not have.
    ///
    /// - Parameters:
    ///   - catalog: the catalog these settings name.
    ///   - file: the main configuration file, for the problems.
    /// - Returns: a problem for every radio that stands in a zone that is not there.
    public func problems(with catalog: Catalog, file: String) -> [Problem] {
        let zones = Set(catalog.zones.map(\.id))
        return radios.enumerated().compactMap { index, radio in
            guard let zone = radio.zone, !zones.contains(zone) else { return nil }
            return Problem(
                file: file, keyPath: "radios[\(index)].zone",
                found: "the unknown id \(Decoding.quoted(zone))",
                expected: "the id of a zone of the catalog" + Suggestion.question(zone, zones))
        }
    }
}
