import Testing

@testable import Outbox

@Suite("A path that cannot hold the store is refused in one line with the mend")
struct StorePathTests {
    let scratch = Scratch()

    @Test(arguments: [
        ("/dev/full", "/dev/full is not a file: name one that is, or that is not yet"),
        ("/nope/a/b.db", "/nope/a is missing: make it, writable for hubd"),
        ("/dev/null/b.db", "/dev/null is not a folder: name a file in one that is"),
        ("/tmp", "/tmp is not a file: name one that is, or that is not yet"),
    ])
    func refused(path: String, text: String) async throws {
        let settings = StoreSettings(path: path, hub: "h", clock: { someTime })
        let error = await #expect(throws: OutboxError.self) { try await Store.open(settings) }
        #expect(error?.code == .storage)
        #expect(error?.text == text)
    }

    /// What SQLite says of a long statement stays one line.
    @Test func noStatementFillsTheJournal() throws {
        let database = try Database(path: scratch.file("a.db"))
        let error = #expect(throws: DatabaseError.self) {
            try database.execute(
                "SELECT 1;\n  SELECT nothing\n  FROM nowhere\n" + #"WHERE 'x' = 'y'"#)
        }
        #expect(error?.text.contains("\n") == false)
    }
}
