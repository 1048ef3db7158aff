import Configuration
import Testing

@Suite("What the store would refuse at a start is found in the file, with its line")
struct SinkTests {
    private func sinks(_ lines: String...) -> [String] {
        settingsProblems("{ sinks: [\n" + lines.joined(separator: ",\n") + "\n] }")
    }

    @Test("no more sinks than there are threads for")
    func count() throws {
        let lines = (1...9).map { "{ kind: 'file', path: '/e\($0)' }" }
        _ = try settings("{ sinks: [\(lines.dropLast().joined(separator: ","))] }")
        #expect(
            settingsProblems("{ sinks: [\(lines.joined(separator: ","))] }") == [
                "hubd.json5:1:10: sinks: 9 sinks, expected at most 8"
            ])
    }

    @Test("each address once, however it is written")
    func addresses() {
        #expect(
            sinks(
                "{ kind: 'http', url: 'https://a.example/' }",
                "{ kind: 'http', url: 'https://a.example/' }"
            ) == [
                "hubd.json5:3:22: sinks[1].url: \"https://a.example/\" a second time,"
                    + " expected another address (first at 2:1)"
            ])
        #expect(
            sinks(
                "{ kind: 'file', path: '/srv/events' }", "{ kind: 'file', path: '/srv//./events' }"
            ) == [
                "hubd.json5:3:23: sinks[1].path: \"/srv//./events\" a second time,"
                    + " expected another file (first at 2:1)"
            ])
        let broker = "kind: 'mqtt', url: 'mqtts://a.example'"
        #expect(
            sinks(
                "{ \(broker), topic: 'x', clientId: 'a' }",
                "{ \(broker), topic: 'x', clientId: 'b' }"
            ) == [
                "hubd.json5:3:50: sinks[1].topic: \"x\" a second time,"
                    + " expected another topic at this broker (first at 2:1)"
            ])
    }

    @Test("two connections with one client id would end each other for ever (MQTT 5.0 §3.1.4)")
    func clientIDs() throws {
        let one = "{ kind: 'mqtt', url: 'mqtts://a.example', topic: 'x' }"
        let other = "{ kind: 'mqtt', url: 'mqtts://A.example:8883/', topic: 'y' }"
        let expected =
            "expected a \"clientId\" of its own for each connection to a broker (first at 2:1)"
        #expect(
            sinks(one, other) == [
                "hubd.json5:3:1: sinks[1].clientId: missing, so that both have the same,"
                    + " \(expected)"
            ])
        let named = "{ kind: 'mqtt', url: 'mqtts://a.example', topic: 'y', clientId: 'z' }"
        #expect(
            sinks(named, named.replacing("'y'", with: "'w'")) == [
                "hubd.json5:3:65: sinks[1].clientId: \"z\" a second time, \(expected)"
            ])
        // The one that hubd takes by itself is `hubd-` and the hub's id.
        #expect(
            settingsProblems(
                """
                { hub: { id: "z1" }, sinks: [
                \(one),
                \(named.replacing("'z'", with: "'hubd-z1'"))
                ] }
                """) == [
                    "hubd.json5:3:65: sinks[1].clientId: \"hubd-z1\" a second time, \(expected)"
                ])
        _ = try settings("{ sinks: [\(one), \(named)] }")
        _ = try settings("{ sinks: [\(one), \(other.replacing("8883", with: "8884"))] }")
    }

    @Test(
        "a broker has no path",
        arguments: [
            "mqtts://a.example/path", "mqtts://a.example?x", "mqtts://a.example/#x",
        ])
    func brokers(url: String) {
        #expect(
            sinks("{ kind: 'mqtt', url: '\(url)', topic: 'x' }") == [
                "hubd.json5:2:22: sinks[0].url: \"\(url)\", expected a URL such as"
                    + " \"mqtts://broker.example:8883\""
            ])
    }

    @Test(
        "addresses in brackets are those of IPv6 (RFC 3986 §3.2.2)",
        arguments: [
            ("[::1::2]", false), ("[1]", false), ("[::1]", true), ("[fe80::1]:443", true),
            ("[:]", false), ("[::ffff:1.2.3.4]", true), ("[::1.2.3]", false),
        ])
    func bracketed(host: String, isGood: Bool) {
        let text = "{ sinks: [ { kind: 'http', url: 'https://\(host)/' } ] }"
        #expect(((try? settings(text)) != nil) == isGood)
    }

    @Test("what is too old is passed over at services and brokers")
    func age() throws {
        let broker = try settings(
            "{ sinks: [ { kind: 'mqtt', url: 'mqtts://a.example', topic: 'x', maxAge: '2d' } ] }")
        guard case .mqtt(let mqtt) = broker.sinks[0].kind else {
            Issue.record("not MQTT")
            return
        }
        #expect(mqtt.maxAge == .seconds(2 * 86_400))
        #expect(
            sinks("{ kind: 'file', path: '/srv/events', maxAge: '2d' }") == [
                "hubd.json5:2:46: sinks[0].maxAge: \"2d\", expected no \"maxAge\" with kind"
                    + " \"file\": a file on this machine is its record, and has every event"
            ])
    }
}
