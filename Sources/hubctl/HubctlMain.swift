import EventLoop
import Glibc

/// hubctl: asks the daemon over D-Bus, and decodes and replays without it.
@main
enum HubctlMain {
    static let version = "0.1.0"

    static var verbs: [any Verb.Type] {
        [
            StatusVerb.self, BeaconsVerb.self, CampaignsVerb.self, ShakeVerb.self,
            EventsVerb.self, OutboxVerb.self, LedgerVerb.self, ImportVerb.self, ExportVerb.self,
            ReloadVerb.self,
            DecodeVerb.self, ReplayVerb.self, DoctorVerb.self, WatchVerb.self, WhyVerb.self,
            DevicesVerb.self, DeviceVerb.self, PairVerb.self, BindVerb.self, UnbindVerb.self,
            ReplaceVerb.self, ForgetVerb.self, CatalogVerb.self,
        ]
    }

    static func main() {
        // A closed 0, 1 or 2 would be taken by the next file or socket, and written into.
        for descriptor in 0...2 where fcntl(Int32(descriptor), F_GETFD) < 0 {
            _ = unsafe open("/dev/null", O_RDWR)
        }
        // A reader that goes away is noticed when writing.
        signal(SIGPIPE, SIG_IGN)
        let words = Array(CommandLine.arguments.dropFirst())
        // Before any thread: it answers signals, to give the terminal back.
        if words.first == WatchVerb.name { UnixSignal.block() }
        let code = Hub.run { await run(words) }
        exit(code.rawValue)
    }

    @Hub static func run(_ words: [String]) async -> ExitCode {
        do throws(Failure) {
            return try await dispatch(words)
        } catch {
            Output.complain(error.lines)
            return error.code
        }
    }

    @Hub private static func dispatch(_ words: [String]) async throws(Failure) -> ExitCode {
        let plain = Output(terminal: .standardOutput, wantsJSON: false)
        guard let name = words.first else {
            Output.complain(["no verb; see hubctl --help"])
            return .usage
        }
        switch name {
        case "--help", "-h", "help":
            if let topic = words.dropFirst().first {
                try plain.print(try verb(topic).help)
            } else {
                try plain.print(help)
            }
            return .ok
        case "--version":
            try plain.print("hubctl \(version)")
            return .ok
        default: break
        }
        let verb = try verb(name)
        let arguments = try Arguments(Array(words.dropFirst()), options: verb.options)
        if arguments.has("--help") {
            try plain.print(verb.help)
            return .ok
        }
        let output = Output(terminal: .standardOutput, wantsJSON: arguments.has("--json"))
        return try await verb.run(arguments, output)
    }

    private static func verb(_ name: String) throws(Failure) -> any Verb.Type {
        if let verb = verbs.first(where: { $0.name == name }) { return verb }
        if name.hasPrefix("-") {
            throw Failure(
                .usage, "options stand behind the verb: hubctl VERB \(name); see hubctl --help")
        }
        let near = nearest(name, among: verbs.map { $0.name }).map { "; did you mean \($0)?" } ?? ""
        throw Failure(.usage, "unknown verb \(quoted(name))\(near) — see hubctl --help")
    }

    static var help: [String] {
        let width = verbs.map { $0.name.count }.max() ?? 0
        return ["Usage: hubctl VERB [OPTION …]", "", "Verbs:"]
            + verbs.map { verb in
                "  \(DisplayWidth.pad(verb.name, to: width, rightAligned: false))  \(verb.summary)"
            } + ["", "Every verb takes:"] + optionLines(Arguments.common)
            + ["", "hubctl help VERB tells more. The manual is hubctl(1)."]
    }
}
