import Campaigns
import Checkup
import Configuration
import DBus
import EventLoop
import Outbox

/// Keeps the catalog as the sync service has it: asks, verifies, puts in force, and goes back when
/// it is told to.
///
/// Whatever may block is done on the sideline; what runs is exchanged in the daemon's turn, as at a
/// reload. Without the network, or with a service that offers nothing good, the catalog that is in
/// force stays in force.
@Hub
final class CatalogKeeper {
    /// What an asking, or an order, came to.
    struct Answer {
        /// `changed`, `unchanged`, `held`, `possible`, `missing`, or the name of a refusal or fault.
        var result: String
        var text: String
        /// The version that was offered or asked for.
        var version: Int64?
        var difference: CatalogDifference?
        var problems: [String] = []
        /// Whether there is something to mend.
        var isFault = false
    }

    /// How the service was asked last.
    struct Asked {
        /// Seconds since 1970.
        let at: Int64
        let instant: EventLoop.Instant
        let answer: Answer
    }

    /// A transfer takes 30 s at most, and a resolver may take some more.
    private static let patience = Duration.seconds(45)
    private static let busy = Answer(
        result: "busy", text: "there was no thread or no time for it; it is tried again",
        isFault: true)

    private static let noService = Answer(
        result: "missing",
        text: "the configuration names no service to pull the catalog from: see catalog.url and "
            + "catalog.mqtt",
        isFault: true)

    private unowned let daemon: Daemon
    private let asking = Turn()
    private var backoff = Backoff()
    private var timer: EventLoop.Timer?
    private var service: CatalogService?
    private let ending = Download.Stop()
    private var isAsking = false
    private var isStopped = false

    /// What is in force of what was pulled; nil when nothing is.
    private(set) var state: CatalogShelf.State?
    /// What is kept, the highest version first.
    private(set) var entries: [CatalogShelf.Entry] = []
    private(set) var asked: Asked?
    /// When the service is asked next.
    private(set) var next: EventLoop.Instant?
    private var fault: Answer?

    init(_ daemon: Daemon) { self.daemon = daemon }

    // MARK: Life

    /// Takes the settings that are in force from now on.
    func configure() {
        let settings = daemon.loaded.settings
        // As quick as reading the catalog itself, which comes from the same files.
        look(settings)
        guard service != settings.catalogService else { return }
        service = settings.catalogService
        fault = nil
        asked = nil
        backoff.reset()
        timer?.cancel()
        next = nil
        guard service != nil else { return }
        schedule(after: .zero)
    }

    /// Asks no more, and ends an asking that is under way.
    func stop() {
        isStopped = true
        timer?.cancel()
        ending.end()
    }

    /// Waits for the end of an asking that is under way, so that no thread is inside libcurl when the
    /// process ends; a name server that does not answer is not waited for.
    func stopped() async {
        // libcurl looks once a second whether it may go on.
        let deadline = Hub.loop.now.advanced(by: .seconds(1))
        while isAsking, Hub.loop.now < deadline {
            await withCheckedContinuation { continuation in
                Hub.loop.schedule(after: .milliseconds(50)) { continuation.resume() }
            }
        }
    }

    private func look(_ settings: Settings) {
        let shelf = CatalogShelf(settings)
        guard settings.catalogService != nil else {
            (state, entries) = (nil, [])
            return
        }
        state = shelf.state(for: daemon.hub)
        entries = shelf.entries()
    }

    private func schedule(after wait: Duration) {
        timer?.cancel()
        guard !isStopped else { return }
        next = Hub.loop.now.advanced(by: wait)
        timer = Hub.loop.schedule(after: wait) { [weak self] in
            Task { @Hub in _ = await self?.pull() }
        }
    }

    /// What keeps the catalog from being what the service has.
    var problems: [HubProblem] {
        guard let fault, service != nil else { return [] }
        let version = daemon.loaded.version.map { "version \($0)" } ?? "the catalog"
        let rest = daemon.loaded.catalog == Catalog() ? "there is none" : "\(version) goes on"
        return [HubProblem(part: "catalog", text: "\(fault.result): \(fault.text); \(rest)")]
    }

    // MARK: Asking

    /// Asks the service now, and puts in force what it offers.
    ///
    /// - Parameters:
    ///   - isTrial: whether only to tell what would change.
    ///   - mayBeOlder: whether a lower version than one that was in force is taken too.
    /// - Returns: what it came to.
    func pull(isTrial: Bool = false, mayBeOlder: Bool = false) async -> Answer {
        await asking.take()
        defer { asking.give() }
        guard let service, !isStopped else { return Self.noService }
        timer?.cancel()
        let request = CatalogRequest(service, hub: daemon.hub)
        let tag = isTrial || mayBeOlder ? nil : tag(of: request.source)
        let now = WallClock.now().unixSeconds
        isAsking = true
        let outcome = await Sideline.run(limit: Self.patience) { [ending] in
            Fetched(request, tag: tag, keyFile: service.publicKeyFile, now: now, stop: ending)
        }
        isAsking = false
        let (answer, wait) = await settle(outcome, isTrial, mayBeOlder)
        // A reload may have named another service meanwhile, and has begun anew then.
        guard service == self.service else { return answer }
        asked = Asked(at: now, instant: Hub.loop.now, answer: answer)
        note(answer, of: service, askedFor: wait)
        return answer
    }

    /// Goes back to a version that is kept; nil for the one before.
    func rollBack(to version: Int64?) async -> Answer {
        await adopt(.kept(version), isTrial: false)
    }

    /// What a text would change if it were the catalog.
    func compare(_ bytes: [UInt8]) async -> Answer {
        await adopt(.text(bytes), isTrial: true)
    }

    /// The tag of the newest catalog, if the same service gave it.
    private func tag(of url: String) -> String? {
        guard let state else { return nil }
        return entries.first { $0.version == state.highest && $0.source == url }?.etag
    }

    private func settle(
        _ fetched: Fetched?, _ isTrial: Bool, _ mayBeOlder: Bool
    ) async -> (answer: Answer, wait: Duration?) {
        switch fetched {
        case nil: return (Self.busy, nil)
        case .signed(let document):
            return (
                await adopt(.new(document, mayBeOlder: mayBeOlder), isTrial: isTrial), nil
            )
        case .unchanged: return (unchanged, nil)
        case .refused(let refusal): return (Answer(refusal), nil)
        case .failed(let fault, let wait):
            return (
                Answer(result: fault.code.words, text: fault.text, isFault: true), wait
            )
        }
    }

    /// The service has what it had, which is the highest version.
    private var unchanged: Answer {
        guard let state, state.holds(state.highest) else {
            return Answer(
                result: "unchanged", text: "what the service has is in force",
                version: state?.current)
        }
        return held(state.highest)
    }

    private func held(_ version: Int64) -> Answer {
        Answer(
            result: "held", text: "version \(version) was rolled back; a newer one is waited for",
            version: version)
    }

    private func adopt(_ offer: CatalogAdoption.Offer, isTrial: Bool) async -> Answer {
        await daemon.inTurn {
            guard !isStopped else { return Self.busy }
            let loaded = daemon.loaded
            let adoption = CatalogAdoption(
                settings: loaded.settings, config: daemon.config, hub: daemon.hub,
                present: loaded.catalog, now: WallClock.now().unixSeconds, isTrial: isTrial)
            let outcome = await Sideline.run(limit: Self.patience) { adoption.run(offer) }
            guard let outcome else { return Self.busy }
            return take(outcome)
        }
    }

    private func take(_ outcome: CatalogAdoption.Outcome) -> Answer {
        switch outcome {
        case .adopted(let loaded, let state, let entries, let difference):
            daemon.put(loaded)
            (self.state, self.entries) = (state, entries)
            tell(state, loaded)
            let what = state.isRollback ? "rolled back to it" : "it is in force"
            return Answer(
                result: "changed", text: what, version: state.current, difference: difference)
        case .possible(let version, let difference):
            return Answer(
                result: "possible", text: "it is in order", version: version,
                difference: difference)
        case .unchanged: return unchanged
        case .held(let version): return held(version)
        case .refused(let refusal): return Answer(refusal)
        case .missing(let text): return Answer(result: "missing", text: text, isFault: true)
        }
    }

    // MARK: Telling

    private func tell(_ state: CatalogShelf.State, _ loaded: Loaded) {
        let source = entries.first { $0.version == state.current }?.source ?? ""
        daemon.journal.notice(
            "catalog: version \(state.current) \(state.isRollback ? "again" : "is in force"), "
                + "\(loaded.catalog.beacons.count) beacons, "
                + "\(loaded.catalog.campaigns.count) campaigns", .catalogChanged,
            ["VERSION": "\(state.current)", "SOURCE": source])
    }

    /// Notes how the service was asked, and when it is asked again.
    private func note(_ answer: Answer, of service: CatalogService, askedFor wait: Duration?) {
        guard answer.isFault else {
            fault = nil
            backoff.reset()
            // A tenth more or less, so that hubs that started together do not stay together.
            let usual = service.interval / .milliseconds(1)
            return schedule(after: .milliseconds(Int64(usual * Double.random(in: 0.9...1.1))))
        }
        tellRefusal(answer)
        fault = answer
        // What is wrong with a catalog, or with who offers it, does not mend itself in a second.
        let wait = backoff.next(isUntrusted: answer.isStubborn, asked: wait) {
            Int64.random(in: $0)
        }
        schedule(after: wait)
    }

    /// One line for each refusal, and not one for each time it comes again.
    private func tellRefusal(_ answer: Answer) {
        guard answer.isRefusal, answer.text != fault?.text else { return }
        daemon.journal.error(
            "catalog: \(answer.result): \(answer.text)", .catalogRefused,
            ["REASON": answer.result])
        for line in answer.problems.dropFirst() { daemon.journal.error("catalog: \(line)") }
    }
}

extension CatalogKeeper.Answer {
    init(_ refusal: CatalogRefusal) {
        self.init(
            result: refusal.name.rawValue, text: refusal.text, problems: refusal.problems,
            isFault: true)
    }

    /// Whether a catalog came and was not taken.
    var isRefusal: Bool { CatalogRefusal.Name(rawValue: result) != nil }

    /// Whether asking again at once makes no sense.
    fileprivate var isStubborn: Bool {
        isRefusal || SinkFault.Code.allCases.contains { $0.isUntrusted && $0.words == result }
    }
}

extension SinkFault.Code {
    /// The name as status and commands show it: `name-not-found`, `no-tls`.
    var words: String {
        var isInside = false
        return rawValue.reduce(into: "") { text, letter in
            // Of capitals in a row only the first begins a word.
            text += letter.isUppercase && isInside ? "-" : ""
            text += letter.lowercased()
            isInside = letter.isLowercase
        }
    }
}

/// What the sideline brings of the service, with the signature verified.
private enum Fetched: Sendable {
    case signed(SignedCatalog)
    case unchanged
    case refused(CatalogRefusal)
    case failed(SinkFault, after: Duration?)

    /// Asks; blocks as long as `Download` does.
    init(
        _ request: CatalogRequest, tag: String?, keyFile: String, now: Int64, stop: Download.Stop
    ) {
        switch request.run(tag: tag, now: now, stop: stop) {
        case .document(let body, let etag, let signature):
            self.init(
                body, signature: signature, source: request.source, etag: etag, keyFile: keyFile)
        case .unchanged: self = .unchanged
        case .tooLong: self = .refused(.tooLong)
        case .failed(let fault, let after): self = .failed(fault, after: after)
        }
    }

    init(
        _ bytes: [UInt8], signature: String?, source: String, etag: String?, keyFile: String
    ) {
        do throws(CatalogRefusal) {
            self = .signed(
                try SignedCatalog(
                    bytes, signature: signature, source: source, etag: etag, keyFile: keyFile))
        } catch {
            self = .refused(error)
        }
    }
}
