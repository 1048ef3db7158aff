import DBus
import EventLoop
import JSON

/// `hubctl replace`: a new device takes an old one's place.
enum ReplaceVerb: Verb {
    static let name = "replace"
    static let summary = "put a device in another one's place: its owners move, its history stays"
    static let operands = "OLD NEW"
    static let details = [
        "NEW is a device that is known: configured, or taken in by hubctl pair, and of OLD's kind.",
        "Whoever is bound to OLD is bound to NEW; what OLD measured stays theirs; OLD is not served",
        "any more. There is no way back.",
        "",
        "Exit: 0 replaced, 65 no such device, one of another kind, or one that was replaced already,",
        "77 not allowed.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 2...2)
        let (old, new) = (arguments.words[0], arguments.words[1])
        _ = try await HubClient(arguments).call(
            "Replace", of: "Devices1", [.string(old), .string(new)], mayAsk: true)
        try output.print(
            "\(new) has taken the place of \(old)",
            or: ["device": .string(old), "replacedBy": .string(new)])
        return .ok
    }
}

/// `hubctl forget`: removes a device that was taken in.
enum ForgetVerb: Verb {
    static let name = "forget"
    static let summary = "remove a device that was taken in with hubctl pair"
    static let operands = "ID"
    static let details = [
        "Its bindings end; what it measured stays its owners'. A device of the configuration is",
        "removed there.",
        "",
        "Exit: 0 removed, 65 no such device, or one of the configuration, 77 not allowed.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 1...1)
        let id = arguments.words[0]
        _ = try await HubClient(arguments).call(
            "Forget", of: "Devices1", [.string(id)], mayAsk: true)
        try output.print("\(id): forgotten", or: ["device": .string(id), "forgotten": true])
        return .ok
    }
}
