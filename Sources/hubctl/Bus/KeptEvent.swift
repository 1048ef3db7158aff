import JSON

/// One CloudEvent: its text, and what is needed of it for a line on a terminal.
struct KeptEvent {
    let text: String
    let document: JSONValue
    let sequence: Int64

    init?(_ text: String) {
        guard let document = try? JSONValue(json: Array(text.utf8)),
            let sequence = document["sequence"]?.number?.integer(as: Int64.self)
        else { return nil }
        self.text = text
        self.document = document
        self.sequence = sequence
    }

    /// `14:00:05  #38  beacon.entered  <subject>  label, zone …`; what was found comes first, since the
    /// end may be cut.
    func line(_ terminal: Terminal) -> String {
        let event = document
        let clock = Show.text(event["time"]).split(separator: "T").last.map { String($0.prefix(8)) }
        var type = Show.text(event["type"])
        if type.hasPrefix("org.hubd.") { type = String(type.dropFirst(9)) }
        if type.hasSuffix(".v1") { type = String(type.dropLast(3)) }
        let details = (event["data"]?.members ?? [])
            .filter { $0.value != event["subject"] }
            .filter { $0.value.elements == nil && $0.value.members == nil }
            .map { "\($0.key)=\(Show.text($0.value))" }
        let words = [
            clock ?? "", "#\(sequence)",
            DisplayWidth.pad(type, to: 16, rightAligned: false),
            Show.text(event["subject"]),
            (Self.found(event["data"]) + details).joined(separator: " "),
        ]
        let text = words.filter { !$0.isEmpty }.joined(separator: "  ")
        return terminal.width.map { DisplayWidth.cut(text, to: $0) } ?? text
    }

    /// What a device yielded: `systolic 138 mm[Hg], diastolic 88 mm[Hg]`, or `balance 80.00 CNY`, and what
    /// it noticed about that.
    private static func found(_ data: JSONValue?) -> [String] {
        func quantity(_ name: String, _ value: JSONValue) -> String {
            "\(name) \(Show.text(value["value"])) \(Show.text(value["unit"]))"
        }
        let values = (data?["values"]?.elements ?? []).map { quantity(Show.text($0["name"]), $0) }
        let absent = (data?["absent"]?.elements ?? []).map {
            "\(Show.text($0["name"])) \(Show.text($0["reason"]))"
        }
        let balance = data?["balance"].map { [quantity("balance", $0)] } ?? []
        let status = (data?["status"]?.elements ?? []).map(Show.text).joined(separator: ",")
        return [
            (balance + values + absent).joined(separator: ", "),
            status.isEmpty ? "" : "status=\(status)",
        ].filter { !$0.isEmpty }
    }
}
