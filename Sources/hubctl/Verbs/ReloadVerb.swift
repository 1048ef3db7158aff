import DBus
import EventLoop
import JSON

/// `hubctl reload`: put configuration and catalog in force, and wait until they are.
///
/// It is what `systemctl reload hubd` runs: a signal could not say how it ended.
enum ReloadVerb: Verb {
    static let name = "reload"
    static let summary = "put configuration and catalog in force again, all or nothing"
    static let details = [
        "Prints every problem when nothing was put in force. Needs the right to manage the hub.",
        "",
        "Exit: 0 in force, 78 refused: what was in force goes on.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        // Reading 32 MiB of catalog and waiting for a slow store fit in less; systemd gives
        // ExecReload= the 30 s of TimeoutStartSec=.
        let reply = try await HubClient(arguments)
            .call("Reload", of: "Hub1", mayAsk: true, timeout: .seconds(28))
        let problems = (reply.first?.elements ?? []).compactMap(\.string)
        if output.wantsJSON {
            try output.print(["problems": .array(problems.map(JSONValue.string))] as JSONValue)
        }
        guard problems.isEmpty else {
            throw Failure(
                .configuration, problems + ["nothing was changed: what was in force goes on"])
        }
        if !output.wantsJSON { try output.print("in force") }
        return .ok
    }
}
