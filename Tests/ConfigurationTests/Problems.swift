import Campaigns
import Configuration
import Testing

/// The problems of a piece of work, one text each; records an issue when there is none.
func problems(_ body: () throws(Problems) -> some Any) -> [String] {
    do {
        let value = try body()
        Issue.record("accepted: \(value)")
        return []
    } catch {
        return error.list.map(\.description)
    }
}

/// The problems of a main configuration file.
func settingsProblems(_ text: String) -> [String] {
    problems { () throws(Problems) in try Settings(SourceFile(name: "hubd.json5", text: text)) }
}

/// The problems of a catalog file.
func catalogProblems(_ text: String) -> [String] {
    problems { () throws(Problems) in try Catalog(SourceFile(name: "catalog.json5", text: text)) }
}

func settings(_ text: String) throws(Problems) -> Settings {
    try Settings(SourceFile(name: "hubd.json5", text: text))
}

func catalog(_ text: String) throws(Problems) -> Catalog {
    try Catalog(SourceFile(name: "catalog.json5", text: text))
}
