internal import Glibc

extension CatalogDraft {
    /// A draft of the catalog's file and of what was imported, not yet checked together.
    ///
    /// - Throws: what keeps the imports from being read.
    public init(_ settings: Settings, catalog: SourceFile?) throws(Problems) {
        self.init()
        if let catalog { addCatalog(catalog) }
        let overlay = settings.overlayPath
        do throws(Problem) {
            if unsafe access(overlay, F_OK) == 0 {
                addOverlay(try SourceFile(reading: overlay, limit: SourceFile.maximumCatalogSize))
            }
        } catch {
            throw Problems([error])
        }
    }
}
