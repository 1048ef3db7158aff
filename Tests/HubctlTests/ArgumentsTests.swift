import Testing

@testable import hubctl

@Suite("A command line means what it says, or says what it misses")
struct ArgumentsTests {
    private let options = [
        Arguments.Option("--zone", "ZONE", "the zone"),
        Arguments.Option("--beacon", "ID", repeats: true, "a beacon"),
        Arguments.Option("--unknown", "a switch"),
    ]

    @Test func takesApart() throws {
        let arguments = try Arguments(
            ["a", "--zone=f1", "--unknown", "--beacon", "x", "--beacon=y=z", "--json", "-", "-63"],
            options: options)
        #expect(arguments.words == ["a", "-", "-63"])
        #expect(arguments.value("--zone") == "f1")
        #expect(arguments.has("--unknown") && arguments.has("--json"))
        #expect(arguments.all("--beacon") == ["x", "y=z"])
        #expect(!arguments.has("--help"))
    }

    @Test func endOfOptions() throws {
        let arguments = try Arguments(["--", "--zone"], options: options)
        #expect(arguments.words == ["--zone"])
        #expect(arguments.value("--zone") == nil)
    }

    @Test func help() throws {
        #expect(try Arguments(["-h"], options: []).has("--help"))
    }

    @Test(arguments: [
        (["--zon", "f1"], "unknown option “--zon”; did you mean --zone?"),
        (["--nonsense"], "unknown option “--nonsense”"),
        (["--zone"], "--zone needs a value: --zone=ZONE"),
        (["--unknown=1"], "--unknown takes no value, but has “1”"),
        (["--zone=a", "--zone=b"], "--zone may stand only once"),
    ])
    func refused(words: [String], message: String) {
        let failure = #expect(throws: Failure.self) { try Arguments(words, options: options) }
        #expect(failure?.lines == [message])
        #expect(failure?.code == .usage)
    }

    @Test func numbers() throws {
        let option = Arguments.Option("--rounds", "N", "")
        #expect(
            try Arguments(["--rounds=5"], options: [option]).number("--rounds", minimum: 1) == 5)
        for text in ["0", "-1", "x", "", "99999999999999999999"] {
            let arguments = try Arguments(["--rounds=\(text)"], options: [option])
            #expect(throws: Failure.self) { try arguments.number("--rounds", minimum: 1) }
        }
    }

    @Test func misspellings() {
        #expect(nearest("stauts", among: ["status", "events"]) == "status")
        #expect(nearest("zzzzzz", among: ["status", "events"]) == nil)
    }
}
