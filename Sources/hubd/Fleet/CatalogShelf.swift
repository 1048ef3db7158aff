import Configuration
import Crypto
import Glibc
import JSON

/// The catalogs that were pulled, beside the database: what a hub without network works with.
///
/// Each is a file `<version>.json5`: the bytes as they were signed, and one more line, a comment of
/// JSON5 with what is known of them and their SHA-256. `state.json` says which one is in force. A
/// version is written whole and synchronized before `state.json` names it, so after a power cut the
/// old or the new one is in force; without a usable `state.json` it is the highest version that is
/// whole.
struct CatalogShelf: Sendable {
    /// How many are kept beside the one in force.
    static let kept = 3
    private static let suffix = ".json5"

    /// What is known of a version.
    struct Entry: Hashable, Sendable {
        let version: Int64
        /// The hub that it is for; nil for any.
        let hub: String?
        let source: String
        let etag: String?
        let signature: String
        /// When it came, in seconds since 1970.
        let received: Int64
        /// The length of its bytes.
        var size = 0
    }

    /// What is in force.
    struct State: Hashable, Sendable {
        var current: Int64
        /// What was in force before.
        var previous: Int64?
        /// The highest version that was ever in force: what is lower is not taken any more.
        var highest: Int64
        /// Since when, in seconds since 1970.
        var since: Int64
        /// Whether an operator commanded it.
        var isRollback = false

        /// Whether an operator has gone back from this version: it is not taken again.
        func holds(_ version: Int64) -> Bool {
            isRollback && version != current && (version == highest || version == previous)
        }
    }

    let folder: String

    init(_ settings: Settings) { folder = settings.catalogsPath }

    // MARK: Reading

    /// What is in force; made anew from the versions when its file is gone or damaged.
    ///
    /// - Parameter hub: versions for other hubs are left out.
    /// - Returns: nil when there is no version.
    func state(for hub: String) -> State? {
        let versions = entries().filter { $0.hub == nil || $0.hub == hub }.map(\.version)
        guard let highest = versions.max() else { return nil }
        guard let file = try? SourceFile(reading: statePath, limit: 65_536),
            let value = try? JSONValue(json: file.bytes),
            var state = State(value)
        else { return State(current: highest, highest: highest, since: 0) }
        if !versions.contains(state.current) {
            let former = state.previous.flatMap { versions.contains($0) ? $0 : nil }
            state.current = former ?? highest
            state.previous = nil
        }
        return state
    }

    /// The catalog in force, whole as it came.
    func current(for hub: String) -> SourceFile? {
        state(for: hub).flatMap { read($0.current) }.map {
            SourceFile(name: path(of: $0.entry.version), bytes: $0.bytes)
        }
    }

    /// Every version that is whole, the highest first.
    func entries() -> [Entry] {
        names().compactMap { name in
            guard name.hasSuffix(Self.suffix),
                let version = Int64(name.dropLast(Self.suffix.count)), version > 0
            else { return nil }
            return read(version)?.entry
        }.sorted { $0.version > $1.version }
    }

    /// One version; nil when it is not there, or not whole.
    func read(_ version: Int64) -> (entry: Entry, bytes: [UInt8])? {
        let limit = SignedCatalog.limit + 65_536
        guard let file = try? SourceFile(reading: path(of: version), limit: limit) else {
            return nil
        }
        let newline = UInt8(ascii: "\n")
        guard file.bytes.last == newline,
            let end = file.bytes.dropLast().lastIndex(of: newline)
        else { return nil }
        let note = file.bytes[(end + 1)...].dropFirst(3)
        let bytes = Array(file.bytes[..<end])
        guard let value = try? JSONValue(json: Array(note)), let entry = Entry(value, bytes),
            entry.version == version
        else { return nil }
        return (entry, bytes)
    }

    // MARK: Writing

    /// Keeps a version; it is not in force by that.
    func stage(_ entry: Entry, _ bytes: [UInt8]) throws(DurableFile.Fault) {
        // Only its own folder: that of the database is there.
        unsafe mkdir(folder, 0o700)
        let note = Array("\n// ".utf8) + entry.value(bytes).bytes() + [UInt8(ascii: "\n")]
        try DurableFile.replace(path(of: entry.version), bytes + note)
    }

    /// Puts a version in force, for the next start too.
    func commit(_ state: State) throws(DurableFile.Fault) {
        try DurableFile.replace(statePath, state.value.bytes())
    }

    /// Removes what need not be kept: all but the version in force, the one before it, and some of
    /// the others, the highest first. What is above the highest that counts is the past of a line
    /// that an operator has given up, and what is for another hub cannot be gone back to: they are
    /// kept only while there is room.
    func prune(_ state: State, for hub: String) {
        let first = [state.current, state.previous].compactMap(\.self)
        let rest = entries().filter { !first.contains($0.version) }
        let useful = rest.filter {
            $0.version <= state.highest && ($0.hub == nil || $0.hub == hub)
        }
        let others = (useful + rest.filter { !useful.contains($0) }).map(\.version)
        let keep = Set((first + others).prefix(Self.kept + 1).map { "\($0)\(Self.suffix)" })
        for name in names() where name != "state.json" && !keep.contains(name) {
            unsafe unlink(folder + "/" + name)
        }
    }

    // MARK: Files

    private var statePath: String { folder + "/state.json" }

    private func path(of version: Int64) -> String { folder + "/\(version)\(Self.suffix)" }

    private func names() -> [String] {
        guard let stream = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}

extension CatalogShelf.Entry {
    /// Reads what is known of these bytes; nil when it is not these bytes that it is known of.
    fileprivate init?(_ value: JSONValue, _ bytes: [UInt8]) {
        guard let version = value["version"]?.number?.integer(as: Int64.self),
            let source = value["source"]?.string, let signature = value["signature"]?.string,
            let received = value["received"]?.number?.integer(as: Int64.self),
            value["sha256"]?.string == Self.digest(bytes)
        else { return nil }
        self.init(
            version: version, hub: value["hub"]?.string, source: source,
            etag: value["etag"]?.string, signature: signature, received: received,
            size: bytes.count)
    }

    fileprivate func value(_ bytes: [UInt8]) -> JSONValue {
        [
            "version": .integer(version), "hub": hub.map(JSONValue.string) ?? .null,
            "source": .string(source), "etag": etag.map(JSONValue.string) ?? .null,
            "signature": .string(signature), "received": .integer(received),
            "sha256": .string(Self.digest(bytes)),
        ]
    }

    private static func digest(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return Digest.sha256(bytes).reduce(into: "") { text, byte in
            text += "\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }
    }
}

extension CatalogShelf.State {
    fileprivate init?(_ value: JSONValue) {
        guard let current = value["current"]?.number?.integer(as: Int64.self),
            let highest = value["highest"]?.number?.integer(as: Int64.self),
            let since = value["since"]?.number?.integer(as: Int64.self)
        else { return nil }
        self.init(
            current: current, previous: value["previous"]?.number?.integer(as: Int64.self),
            highest: highest, since: since, isRollback: value["rollback"]?.bool ?? false)
    }

    fileprivate var value: JSONValue {
        [
            "current": .integer(current), "previous": previous.map { .integer($0) } ?? .null,
            "highest": .integer(highest), "since": .integer(since),
            "rollback": .bool(isRollback),
        ]
    }
}
