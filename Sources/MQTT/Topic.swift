/// Names of topics (MQTT 5.0, §4.7).
public enum Topic {
    /// Whether a message can be published to it: UTF-8 of 1 to 65,535 bytes, without the wildcards
    /// and the character U+0000.
    public static func isValid(_ topic: String) -> Bool {
        (1...Int(UInt16.max)).contains(topic.utf8.count)
            && !topic.utf8.contains {
                $0 == 0 || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#")
            }
    }

    /// Fills a template in which `{hub}` and `{type}` stand for something.
    ///
    /// What would make more levels of one, or a wildcard, becomes `_`.
    public static func filled(_ template: String, hub: String, type: String = "") -> String {
        var rest = Array(template.utf8)[...]
        var topic: [UInt8] = []
        while let byte = rest.first {
            if rest.starts(with: "{hub}".utf8) {
                topic += level(hub)
                rest = rest.dropFirst(5)
            } else if rest.starts(with: "{type}".utf8) {
                topic += level(type)
                rest = rest.dropFirst(6)
            } else {
                topic.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: topic, as: UTF8.self)
    }

    private static func level(_ text: String) -> [UInt8] {
        text.utf8.map { byte in
            byte < 0x20 || byte == 0x7f || "/+#".utf8.contains(byte) ? UInt8(ascii: "_") : byte
        }
    }
}
