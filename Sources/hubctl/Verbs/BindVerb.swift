import DBus
import EventLoop
import JSON

/// `hubctl bind`: from now on a device's values belong to somebody.
enum BindVerb: Verb {
    static let name = "bind"
    static let summary = "bind an owner to a device"
    static let operands = "DEVICE OWNER"
    static let details = [
        "OWNER is an opaque key: nothing that says who it is. One device can have several owners",
        "(a family's scale) and one owner several devices.",
        "What was measured before stays with those who were bound then.",
        "",
        "Exit: 0 bound, also when it was before, 65 no such device, 77 not allowed.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 2...2)
        let (device, owner) = (arguments.words[0], arguments.words[1])
        let client = try await HubClient(arguments)
        _ = try await client.device(device, "Bind", [.string(owner)], mayAsk: true)
        try output.print(
            "\(device): what it measures from now on belongs to \(owner) too",
            or: binding(device, owner, isBound: true))
        return .ok
    }

    static func binding(_ device: String, _ owner: String, isBound: Bool) -> JSONValue {
        ["device": .string(device), "owner": .string(owner), "bound": .bool(isBound)]
    }
}

/// `hubctl unbind`: from now on a device's values no longer belong to somebody.
enum UnbindVerb: Verb {
    static let name = "unbind"
    static let summary = "end the binding of an owner to a device"
    static let operands = "DEVICE OWNER"
    static let details = [
        "What was measured until now stays the owner's. A binding of the configuration is ended",
        "there: remove the key from the device's owners and reload.",
        "",
        "Exit: 0 ended, 65 no such device or binding, 77 not allowed.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 2...2)
        let (device, owner) = (arguments.words[0], arguments.words[1])
        let client = try await HubClient(arguments)
        _ = try await client.device(device, "Unbind", [.string(owner)], mayAsk: true)
        try output.print(
            "\(device): what it measures from now on is not \(owner)'s any more",
            or: BindVerb.binding(device, owner, isBound: false))
        return .ok
    }
}
