import Configuration
import Glibc
import JSON

/// The copy of the files that are in force, for a start at which they are broken: a mistake in a
/// file must not leave a shop without its hub.
///
/// One JSON file with the texts of configuration, drop-ins and catalog. Secrets are not in it: the
/// configuration names their files. Imports are not either: they have a file of their own.
enum LastGood {
    private static let name = "last-good.json"

    /// Keeps a copy of what is in force; writes only when it differs from the one that is there.
    static func keep(_ sources: Sources) throws(DurableFile.Fault) {
        let bytes = document(sources).bytes()
        let path = folder(besideDatabase: sources.settings.store.path) + "/" + name
        if let kept = try? SourceFile(reading: path, limit: limit), kept.bytes == bytes { return }
        try DurableFile.replace(path, bytes)
    }

    /// The copy that was kept of a configuration whose files are broken now; nil when there is none
    /// that can be read.
    static func find(_ config: String) -> Sources? {
        let path = folder(besideDatabase: storePath(config)) + "/" + name
        guard let file = try? SourceFile(reading: path, limit: limit),
            let copy = try? JSONValue(json: file.bytes), copy["config"]?.string == config,
            let configuration = copy["configuration"]?.elements?.compactMap(source)
        else { return nil }
        return try? Sources(
            config: config, configuration, catalog: copy["catalog"].flatMap(source))
    }

    // MARK: Where it is

    /// Under systemd the state directory, whose place does not depend on the broken files;
    /// otherwise the database's folder.
    private static func folder(besideDatabase database: @autoclosure () -> String) -> String {
        guard let folders = unsafe getenv("STATE_DIRECTORY") else { return Folder.of(database()) }
        let first = unsafe String(cString: folders).split(separator: ":").first
        return first.map(String.init) ?? Folder.of(database())
    }

    /// The database's path as far as broken files tell it. What is found there is checked as a
    /// whole, and says itself which configuration it is of.
    private static func storePath(_ config: String) -> String {
        guard let files = try? Settings.files(of: config) else { return Settings.Store().path }
        if let settings = try? Settings(files[0], dropIns: Array(files.dropFirst())) {
            return settings.store.path
        }
        guard let path = files.compactMap({ storePath(in: $0.bytes) }).last else {
            return Settings.Store().path
        }
        return path.hasPrefix("/") ? path : Folder.of(config) + "/" + path
    }

    /// `store: { … path: "…" … }` in a text that is broken elsewhere.
    private static func storePath(in bytes: [UInt8]) -> String? {
        let word = Array("store".utf8)
        for start in bytes.indices where bytes[start...].starts(with: word) {
            guard let open = bytes[start...].firstIndex(of: UInt8(ascii: "{")),
                let close = bytes[open...].firstIndex(of: UInt8(ascii: "}")),
                let store = try? JSONReader(.json5).read(Array(bytes[open...close])),
                let path = store.value["path"]?.string
            else { continue }
            return path
        }
        return nil
    }

    // MARK: What it holds

    /// Both kinds of files at their largest, escaped.
    private static let limit =
        4 * (SourceFile.maximumCatalogSize + 16 * SourceFile.maximumConfigurationSize)

    private static func document(_ sources: Sources) -> JSONValue {
        .object([
            .init("config", .string(sources.config)),
            .init("configuration", .array(sources.configuration.map(value))),
            .init("catalog", sources.catalog.map(value) ?? .null),
        ])
    }

    private static func value(_ file: SourceFile) -> JSONValue {
        [
            "file": .string(file.name),
            "text": .string(String(decoding: file.bytes, as: UTF8.self)),
        ]
    }

    private static func source(_ value: JSONValue) -> SourceFile? {
        guard let name = value["file"]?.string, let text = value["text"]?.string else { return nil }
        return SourceFile(name: name, text: text)
    }
}
