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

    /// `14:00:05  #38  beacon.entered  <subject>  label, zone …`
    func line(_ terminal: Terminal) -> String {
        let event = document
        let clock = Show.text(event["time"]).split(separator: "T").last.map { String($0.prefix(8)) }
        var type = Show.text(event["type"])
        if type.hasPrefix("org.hubd.") { type = String(type.dropFirst(9)) }
        if type.hasSuffix(".v1") { type = String(type.dropLast(3)) }
        let details = (event["data"]?.members ?? [])
            .filter { $0.value != event["subject"] && $0.value.elements == nil }
            .map { "\($0.key)=\(Show.text($0.value))" }
        let words = [
            clock ?? "", "#\(sequence)",
            DisplayWidth.pad(type, to: 16, rightAligned: false),
            Show.text(event["subject"]), details.joined(separator: " "),
        ]
        let text = words.filter { !$0.isEmpty }.joined(separator: "  ")
        return terminal.width.map { DisplayWidth.cut(text, to: $0) } ?? text
    }
}
