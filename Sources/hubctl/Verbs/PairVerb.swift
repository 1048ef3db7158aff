import DBus
import EventLoop
import JSON

/// `hubctl pair`: takes a device in, and pairs with it where it wants that.
enum PairVerb: Verb {
    static let name = "pair"
    static let summary = "take a device in, and pair with it over Bluetooth where it wants that"
    static let operands = "ADDRESS|ID"
    static let options: [Arguments.Option] = [
        .init("--kind", "KIND", "what it is, for a new device: see hubctl devices --unknown"),
        .init("--id", "ID", "its name from now on; without it the kind and half the address"),
        .init("--owner", "KEY", repeats: true, "bind this owner; may be repeated"),
        .init("--bond", "pair over Bluetooth now, as devices that encrypt want it"),
        .init("--passkey", "DIGITS", "the six digits that the device shows; means --bond"),
        .init("--anew", "forget the bond first, when the device has; means --bond"),
        .init("--device-type", "TYPE", "an AirSync device's type"),
        .init("--device-id", "ID", "an AirSync device's own id"),
        .init("--key-file", "FILE", "the file with an AirSync device's key, as hubd sees it"),
        .init("--qr-ticket", "TICKET", "the ticket of its QR code"),
    ]
    static let details = [
        "An address takes a new device in; the id of a known one pairs with it (again).",
        "Most devices need no Bluetooth pairing: they are served as soon as they are heard.",
        "",
        "  hubctl pair C0:00:00:01:00:01 --kind=blood-pressure --id=bp-7 --owner=k-8812",
        "  hubctl pair bp-7 --passkey=123456",
        "",
        "A device that is paired already says so. If it has forgotten that, as after new batteries,",
        "bring it into its pairing mode and use --anew.",
        "",
        "Exit: 0 taken in or paired, 65 known already, 69 it did not pair, 77 not allowed.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 1...1)
        let word = arguments.words[0]
        let passkey = try passkey(arguments)
        let client = try await HubClient(arguments)
        var id = word
        if isAddress(word) {
            id = try await enroll(word, arguments, client)
            if !output.wantsJSON { try output.print("\(id): taken in; hubctl device \(id)") }
            guard arguments.has("--bond") || arguments.has("--anew") || passkey != nil else {
                if output.wantsJSON { try output.print(["id": .string(id)] as JSONValue) }
                return .ok
            }
        }
        let forNew = [
            "--kind", "--id", "--owner", "--device-type", "--device-id", "--key-file",
            "--qr-ticket",
        ]
        if id == word, let extra = forNew.first(where: arguments.has) {
            throw Failure(
                .usage,
                "\(extra) is for a new device, named by its address such as C0:00:00:01:00:01, and "
                    + "not \(quoted(word)); hubctl bind binds an owner")
        }
        var options: [(String, BusValue)] = passkey.map { [("passkey", .uint32($0))] } ?? []
        if arguments.has("--anew") { options.append(("anew", .bool(true))) }
        _ = try await client.device(
            id, "Pair", [.options(options)],
            mayAsk: true, timeout: .seconds(90))
        if output.wantsJSON {
            try output.print(["id": .string(id), "paired": true] as JSONValue)
        } else {
            try output.print("\(id): paired")
        }
        return .ok
    }

    @Hub
    private static func enroll(
        _ address: String, _ arguments: Arguments, _ client: HubClient
    ) async throws(Failure) -> String {
        guard let kind = arguments.value("--kind") else {
            throw Failure(
                .usage, "a new device needs --kind; hubctl devices --unknown shows what it may be")
        }
        let digits = address.filter { $0 != ":" }.lowercased()
        let id = arguments.value("--id") ?? "\(kind)-\(digits.suffix(6))"
        var options: [(String, BusValue)] = []
        let owners = arguments.all("--owner")
        if !owners.isEmpty { options.append(("owners", .strings(owners))) }
        for (option, key) in [
            ("--device-type", "deviceType"), ("--device-id", "deviceId"),
            ("--key-file", "keyFile"), ("--qr-ticket", "qrTicket"),
        ] {
            if let text = arguments.value(option) { options.append((key, .string(text))) }
        }
        _ = try await client.call(
            "Enroll", of: "Devices1",
            [.string(id), .string(kind), .string(address), .options(options)], mayAsk: true)
        return id
    }

    private static func passkey(_ arguments: Arguments) throws(Failure) -> UInt32? {
        guard let text = arguments.value("--passkey") else { return nil }
        guard text.utf8.count == 6, text.utf8.allSatisfy({ (48...57).contains($0) }),
            let number = UInt32(text)
        else {
            throw Failure(.usage, "--passkey: \(quoted(text)), expected the six digits it shows")
        }
        return number
    }

    /// Six pairs of hexadecimal digits between colons.
    static func isAddress(_ word: String) -> Bool {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 6
            && parts.allSatisfy { $0.count == 2 && $0.allSatisfy(\.isHexDigit) }
    }
}
