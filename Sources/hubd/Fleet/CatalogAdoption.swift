import Campaigns
import Configuration

/// Putting a catalog in force, as far as the disk: everything is checked, the version is kept, and
/// only then the shelf says that it counts. What runs is exchanged by the loop afterwards.
///
/// It may block: it belongs beside the loop, in the daemon's turn.
struct CatalogAdoption: Sendable {
    /// What is to be put in force.
    enum Offer: Sendable {
        /// One that has just come.
        case new(SignedCatalog, mayBeOlder: Bool)
        /// One that is kept; nil for the one before.
        case kept(Int64?)
        /// A text that is only compared, whoever wrote it.
        case text([UInt8])
    }

    /// What came of it.
    enum Outcome: Sendable {
        /// It counts from now on, and this is kept.
        case adopted(Loaded, CatalogShelf.State, [CatalogShelf.Entry], CatalogDifference)
        /// It would count; nothing was written.
        case possible(version: Int64?, CatalogDifference)
        /// It is in force already.
        case unchanged
        /// An operator has gone back behind it: something newer is waited for.
        case held(Int64)
        case refused(CatalogRefusal)
        /// There is no such version.
        case missing(String)
    }

    let settings: Settings
    let config: String
    let hub: String
    /// What is in force.
    let present: Catalog
    /// Seconds since 1970.
    let now: Int64
    /// Whether nothing is to be written.
    let isTrial: Bool

    private var shelf: CatalogShelf { CatalogShelf(settings) }

    func run(_ offer: Offer) -> Outcome {
        do throws(CatalogRefusal) {
            switch offer {
            case .new(let document, let mayBeOlder): return try take(document, mayBeOlder)
            case .kept(let version): return try goBack(to: version)
            case .text(let bytes):
                let draft = try draft(bytes)
                try checkOwner(draft.hub)
                return .possible(version: draft.version, difference(try load(draft)))
            }
        } catch {
            return .refused(error)
        }
    }

    private func take(
        _ document: SignedCatalog, _ mayBeOlder: Bool
    ) throws(CatalogRefusal) -> Outcome {
        let state = shelf.state(for: hub)
        let (draft, version, owner) = try read(document.bytes)
        if let state {
            let isKept = shelf.read(version).map { $0.bytes == document.bytes }
            if version == state.current, isKept == true { return .unchanged }
            if !mayBeOlder {
                if state.holds(version), isKept ?? true { return .held(version) }
                try checkAge(version, state, isSame: isKept ?? true)
            }
        }
        let loaded = try load(draft)
        if isTrial { return .possible(version: version, difference(loaded)) }
        let entry = CatalogShelf.Entry(
            version: version, hub: owner, source: document.source, etag: document.etag,
            signature: document.signature, received: now)
        let next = CatalogShelf.State(
            current: version,
            previous: state?.current == version ? state?.previous : state?.current,
            highest: version, since: now)
        do throws(DurableFile.Fault) {
            try shelf.stage(entry, document.bytes)
            try shelf.commit(next)
        } catch {
            throw CatalogRefusal(.disk, "version \(version) could not be kept: \(error.text)")
        }
        shelf.prune(next, for: hub)
        return .adopted(loaded, next, shelf.entries(), difference(loaded))
    }

    /// A version does not go down, and is one catalog for ever.
    private func checkAge(
        _ version: Int64, _ state: CatalogShelf.State, isSame: Bool
    ) throws(CatalogRefusal) {
        if version < state.highest {
            throw CatalogRefusal(
                .olderVersion,
                "version \(version) is older than \(state.highest), which was in force already; "
                    + "hubctl catalog pull --older takes it nevertheless")
        }
        if !isSame {
            throw CatalogRefusal(
                .reusedVersion,
                "version \(version) is another catalog than the one that came before as "
                    + "\(version): give it a higher version")
        }
    }

    private func goBack(to version: Int64?) throws(CatalogRefusal) -> Outcome {
        guard let state = shelf.state(for: hub) else {
            return .missing("no catalog has been pulled yet")
        }
        let versions = shelf.entries().filter { $0.hub == nil || $0.hub == hub }.map(\.version)
        // Behind an older version that was taken nevertheless, the one before is above; behind one
        // that somebody went back to there is the one that is not wanted.
        let above = state.isRollback ? nil : versions.first { $0 == state.previous }
        let before = versions.first { $0 < state.current } ?? above
        guard let version = version ?? before else {
            return .missing("there is no version before \(state.current)")
        }
        guard version != state.current else { return .unchanged }
        guard versions.contains(version), let kept = shelf.read(version) else {
            return .missing(
                "version \(version) is not kept; there is "
                    + versions.map(String.init).joined(separator: ", "))
        }
        let loaded = try load(read(kept.bytes).draft)
        if isTrial { return .possible(version: version, difference(loaded)) }
        var next = state
        next.current = version
        next.previous = state.current
        next.since = now
        next.isRollback = version != state.highest
        next.highest = max(version, state.highest)
        do throws(DurableFile.Fault) {
            try shelf.commit(next)
        } catch {
            throw CatalogRefusal(.disk, "the rollback could not be kept: \(error.text)")
        }
        return .adopted(loaded, next, shelf.entries(), difference(loaded))
    }

    // MARK: Checking

    /// Reads a catalog with the imports; what it says of itself is checked first.
    private func read(
        _ bytes: [UInt8]
    ) throws(CatalogRefusal) -> (draft: CatalogDraft, version: Int64, hub: String?) {
        let draft = try draft(bytes)
        guard let version = draft.version else {
            // A text that is no catalog has no version either: what is wrong with it is told.
            _ = try load(draft)
            throw CatalogRefusal(
                .malformed, "version: missing, expected a whole number that grows with each change")
        }
        try checkOwner(draft.hub)
        return (draft, version, draft.hub)
    }

    private func checkOwner(_ owner: String?) throws(CatalogRefusal) {
        guard let owner, owner != hub else { return }
        throw CatalogRefusal(
            .wrongHub, "the catalog is for the hub \"\(owner)\", and this is \"\(hub)\"")
    }

    private func draft(_ bytes: [UInt8]) throws(CatalogRefusal) -> CatalogDraft {
        do throws(Problems) {
            return try CatalogDraft(
                settings, catalog: SourceFile(name: shelf.folder + "/new.json5", bytes: bytes))
        } catch {
            throw Self.malformed(error)
        }
    }

    private func load(_ draft: CatalogDraft) throws(CatalogRefusal) -> Loaded {
        do throws(Problems) {
            return try Loaded(settings, config: config, draft: draft)
        } catch {
            throw Self.malformed(error)
        }
    }

    private static func malformed(_ problems: Problems) -> CatalogRefusal {
        let lines = "\(problems)".split(separator: "\n").map(String.init)
        let more = lines.count > 1 ? "; \(lines.count - 1) more" : ""
        return CatalogRefusal(.malformed, (lines.first ?? "broken") + more, problems: lines)
    }

    private func difference(_ loaded: Loaded) -> CatalogDifference {
        CatalogDifference(from: present, to: loaded.catalog)
    }
}
