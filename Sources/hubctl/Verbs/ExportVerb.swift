import DBus
import EventLoop
import Glibc
import JSON

/// `hubctl export`: the fleet as a file that can be imported.
enum ExportVerb: Verb {
    static let name = "export"
    static let summary = "beacons or zones as CSV that can be imported"
    static let operands = "[beacons | zones]"

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...1)
        let what = arguments.words.first ?? "beacons"
        guard ["beacons", "zones"].contains(what) else {
            throw Failure(.usage, "export: \(quoted(what)), expected beacons or zones")
        }
        let reply = try await HubClient(arguments).call("Export", of: "Beacons1", [.string(what)])
        let text = String(decoding: reply.first?.bytes ?? [], as: UTF8.self)
        if output.wantsJSON {
            try output.print(["csv": .string(text)] as JSONValue)
        } else {
            try output.write(reply.first?.bytes ?? [])
        }
        return .ok
    }
}
