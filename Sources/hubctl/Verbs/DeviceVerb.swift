import BeaconScanner
import DBus
import EventLoop
import JSON

/// `hubctl device ID`: one device with everything, its QR code, and what can be done with it.
enum DeviceVerb: Verb {
    static let name = "device"
    static let summary = "one device: whose it is, what it measured, its QR code"
    static let operands = "ID"
    static let options: [Arguments.Option] = [
        .init("--qr", "print the text of its QR code, and the code itself"),
        .init("--send", "HEX", "hand bytes to its driver, while it is connected"),
        .init("--retry", "try it again at once, whatever went wrong before"),
    ]
    static let details = [
        "The QR code holds http://we.qq.com/d/TICKET for a device with a qrTicket, and otherwise",
        "urn:hubd:HUB:device:ID, by which the sync service knows it.",
        "On a terminal the code is drawn in half blocks; in a pipe only its text is printed.",
        "",
        "Exit: 0 shown or done, 65 no such device, 69 not connected, 77 not allowed.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 1...1)
        let actions = ["--qr", "--send", "--retry"].filter(arguments.has)
        guard actions.count <= 1 else {
            throw Failure(.usage, "\(actions[0]) and \(actions[1]) are two things: one at a time")
        }
        let id = arguments.words[0]
        let client = try await HubClient(arguments)
        switch actions.first {
        case "--send":
            return try await send(arguments.value("--send") ?? "", to: id, client, output)
        case "--retry":
            _ = try await client.device(id, "Retry", mayAsk: true)
            try output.print(
                "\(id): is tried again when it is heard",
                or: ["device": .string(id), "retried": true])
            return .ok
        default: break
        }
        let device = try await client.device(id, "Describe", mayAsk: true)
        if arguments.has("--qr") {
            return try code(Show.text(device["code"]), output)
        }
        if output.wantsJSON {
            try output.print(device)
        } else {
            try output.print(lines(device, output.terminal))
        }
        return .ok
    }

    @Hub
    private static func send(
        _ hex: String, to id: String, _ client: HubClient, _ output: Output
    ) async throws(Failure) -> ExitCode {
        let digits = hex.utf8.filter { $0 != UInt8(ascii: " ") }
        guard let bytes = Hex.bytes(digits), !bytes.isEmpty else {
            throw Failure(.usage, "--send: \(quoted(hex)), expected hexadecimal digits in pairs")
        }
        _ = try await client.device(id, "Send", [.bytes(bytes)], mayAsk: true)
        try output.print(
            "\(id): \(bytes.count) bytes were handed to its driver",
            or: ["device": .string(id), "sent": .integer(bytes.count)])
        return .ok
    }

    private static func code(_ text: String, _ output: Output) throws(Failure) -> ExitCode {
        if output.wantsJSON {
            try output.print(["code": .string(text)] as JSONValue)
            return .ok
        }
        try output.print(text)
        guard output.terminal.width != nil else { return .ok }
        guard let picture = QRPicture(text) else {
            throw Failure(.software, "the text is too long for a QR code")
        }
        try output.print(picture.lines(hasColor: output.terminal.hasColor))
        return .ok
    }

    static func lines(_ device: JSONValue, _ terminal: Terminal) -> [String] {
        let state = Show.text(device["state"])
        let ink: Terminal.Ink =
            device["problem"] != nil ? .bad : state == "present" ? .good : .faint
        var lines = [
            "\(terminal.paint("●", ink)) \(Show.text(device["id"])): "
                + "\(Show.text(device["kind"])), \(terminal.paint(state, ink))", "",
        ]
        func row(_ title: String, _ text: String) {
            guard !text.isEmpty else { return }
            lines.append("  " + DisplayWidth.pad(title, to: 16, rightAligned: false) + "  " + text)
        }
        row("link", Show.text(device["link"]))
        row("problem", Show.text(device["problem"]))
        row("driver", Show.text(device["driver"]))
        row("address", Show.text(device["address"]))
        row("last heard", Show.ago(device["lastHeardSeconds"]))
        row("rssi", Show.number(device["rssi"], " dBm"))
        row("battery", Show.number(device["battery"], " %"))
        row("clock", clock(device))
        let owners = (device["owners"]?.elements ?? []).map(Show.text)
        let successor = Show.text(device["replacedBy"])
        let nobody =
            successor.isEmpty ? "nobody: hubctl bind binds somebody" : "moved to \(successor)"
        row("owners", owners.first ?? nobody)
        for owner in owners.dropFirst() { row("", owner) }
        row("replaced by", successor)
        row("laid down", laidDown(device))
        let time = Show.text(device["lastMeasurementAt"])
        row("last measurement", time.isEmpty ? "none yet" : time)
        row("", Show.text(device["lastMeasurement"]))
        for member in device.members ?? [] where member.key.hasPrefix("fact.") {
            row(String(member.key.dropFirst(5)), Show.text(member.value))
        }
        row("QR code", Show.text(device["code"]))
        for report in device["reports"]?.elements ?? [] { row("reported", Show.text(report)) }
        row("tried again in", device["retryInSeconds"].map { seconds($0) } ?? "")
        return lines
    }

    private static func seconds(_ value: JSONValue) -> String {
        Show.duration(value.number?.double ?? 0)
    }

    private static func laidDown(_ device: JSONValue) -> String {
        Show.text(device["origin"]) == "configured"
            ? "in the configuration" : "by hubctl pair"
    }

    private static func clock(_ device: JSONValue) -> String {
        guard let offset = device["clockOffset"]?.number?.integer(as: Int64.self) else { return "" }
        let set = device["clockSet"]?.bool == true ? ", set by the hub" : ""
        if offset == 0 { return "right" + set }
        return "\(abs(offset)) s \(offset > 0 ? "ahead" : "behind")" + set
    }
}
