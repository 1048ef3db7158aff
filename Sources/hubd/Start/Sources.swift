import Configuration

/// The files that a configuration is made of, as they were read: what it needs to be checked again.
struct Sources {
    /// The path of the main file, as the command line names it.
    let config: String
    /// The main file and then its drop-ins.
    let configuration: [SourceFile]
    let settings: Settings
    let catalog: SourceFile?

    /// Reads the files that are there now.
    ///
    /// - Throws: every problem of the configuration, or that of reading the catalog.
    init(reading config: String) throws(Problems) {
        let files = try Settings.files(of: config)
        let settings = try Settings(files[0], dropIns: Array(files.dropFirst()))
        self.config = config
        self.settings = settings
        configuration = files
        catalog = try Self.catalog(of: settings)
    }

    /// Takes files that were kept.
    init(
        config: String, _ configuration: [SourceFile], catalog: SourceFile?
    ) throws(Problems) {
        guard let main = configuration.first else { throw Problems() }
        settings = try Settings(main, dropIns: Array(configuration.dropFirst()))
        self.config = config
        self.configuration = configuration
        self.catalog = catalog
    }

    /// The same files with the catalog that was pulled, if there is one.
    var withPulledCatalog: Sources? {
        guard let pulled = Self.pulledCatalog(of: settings) else { return nil }
        return try? Sources(config: config, configuration, catalog: pulled)
    }

    private static func pulledCatalog(of settings: Settings) -> SourceFile? {
        guard settings.catalogService != nil else { return nil }
        return CatalogShelf(settings).current(for: settings.hubName)
    }

    /// The catalog that was pulled, else the catalog's file; nil when there is neither.
    static func catalog(of settings: Settings) throws(Problems) -> SourceFile? {
        if let pulled = pulledCatalog(of: settings) { return pulled }
        guard let path = settings.catalog else { return nil }
        do throws(Problem) {
            return try SourceFile(reading: path, limit: SourceFile.maximumCatalogSize)
        } catch {
            throw Problems([error])
        }
    }
}
