import Configuration
import Testing

@Suite("A suggestion is made when a word is near enough to be meant, and only then")
struct SuggestionTests {
    @Test(
        "typing mistakes",
        arguments: [
            ("raidos", "radios"), ("Radios", "radios"), ("radio", "radios"), ("radioss", "radios"),
            ("catalogue", "catalog"), ("sniks", "sinks"), ("bsu", "bus"), ("hubb", "hub"),
            ("presense", "presence"), ("divices", "devices"),
        ])
    func mistakes(word: String, meant: String) {
        let found = settingsProblems("{ '\(word)': 1 }")
        #expect(found.first?.hasSuffix("(did you mean \"\(meant)\"?)") == true, "\(found)")
    }

    @Test(
        "other words",
        arguments: ["", "xyz", "campaigns", "ubh2x", "zzzzzzzz", "listen", "nohub!!"])
    func others(word: String) {
        let found = settingsProblems("{ '\(word)': 1 }")
        #expect(found.first?.contains("did you mean") == false, "\(found)")
    }
}
