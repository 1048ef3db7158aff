import Configuration
import Foundation
import TestSupport
import Testing

@testable import hubd

@Suite("What is on the shelf is whole, and one of it counts")
struct CatalogShelfTests {
    private let hub: TestHub
    private let shelf: CatalogShelf

    init() throws {
        hub = try TestHub()
        var settings = Settings()
        settings.store.path = hub.folder.appending(path: "hubd.db").path
        shelf = CatalogShelf(settings)
    }

    private static func entry(_ version: Int64, hub: String? = nil) -> CatalogShelf.Entry {
        .init(
            version: version, hub: hub, source: "https://a.example/", etag: "\"x\"",
            signature: "ed25519=", received: 1)
    }

    private func put(_ version: Int64, hub: String? = nil, previous: Int64? = nil) throws {
        try shelf.stage(Self.entry(version, hub: hub), Array("{ version: \(version) }".utf8))
        let state = CatalogShelf.State(
            current: version, previous: previous, highest: version, since: 1)
        try shelf.commit(state)
        shelf.prune(state, for: "a")
    }

    private func file(_ name: String) -> URL { hub.folder.appending(path: "catalogs/" + name) }

    @Test func nothingIsThere() {
        #expect(shelf.state(for: "a") == nil && shelf.entries().isEmpty)
        #expect(shelf.current(for: "a") == nil && shelf.read(1) == nil)
    }

    @Test func bytesComeBackAsTheyWere() throws {
        for (number, text) in ["{}", "", "\n", "{}\n// {}\n", "// x"].enumerated() {
            let version = Int64(number + 1)
            try shelf.stage(Self.entry(version), Array(text.utf8))
            let read = try #require(shelf.read(version))
            #expect(read.bytes == Array(text.utf8))
            var entry = Self.entry(version)
            entry.size = text.utf8.count
            #expect(read.entry == entry)
        }
    }

    /// A staged version does not count, whole or torn.
    @Test func onlyWhatIsNamedCounts() throws {
        try put(1)
        try shelf.stage(Self.entry(2), Array("{ version: 2 }".utf8))
        #expect(shelf.current(for: "a")?.bytes == Array("{ version: 1 }".utf8))
        let whole = Array(try Data(contentsOf: file("2.json5")))
        try ByteVerifier.prefixes(of: whole) { torn in
            try Data(torn).write(to: file("2.json5"))
            #expect(shelf.current(for: "a")?.bytes == Array("{ version: 1 }".utf8))
            #expect((shelf.read(2) != nil) == (torn.count == whole.count))
        }
    }

    /// A disk that lies: of each file every prefix and every changed byte leaves a catalog that is
    /// whole, the one in force when its own file is whole.
    @Test func damage() throws {
        try put(1)
        try put(2, previous: 1)
        let whole = [1, 2].map { Array("{ version: \($0) }".utf8) }
        for (name, lost) in [("2.json5", 0), ("1.json5", 1), ("state.json", 1)] {
            let bytes = Array(try Data(contentsOf: file(name)))
            func look(_ damaged: [UInt8]) throws {
                try Data(damaged).write(to: file(name))
                let current = shelf.current(for: "a")?.bytes
                // A changed digit of the state may name the other version, and nothing else.
                let isEither = name == "state.json" && whole.contains { $0 == current }
                #expect(isEither || current == whole[1] || current == whole[lost], "\(name)")
            }
            try ByteVerifier.prefixes(of: bytes, look)
            for index in bytes.indices {
                var damaged = bytes
                damaged[index] ^= 1
                try look(damaged)
            }
            try Data(bytes).write(to: file(name))
        }
        try FileManager.default.removeItem(at: file("state.json"))
        #expect(shelf.current(for: "a")?.bytes == whole[1])
    }

    @Test func whatIsForAnotherHubDoesNotCount() throws {
        try put(1, hub: "a")
        try put(2, hub: "b")
        #expect(shelf.state(for: "a")?.current == 1)
        #expect(shelf.state(for: "b")?.current == 2)
        #expect(shelf.state(for: "c") == nil)
    }

    @Test func someAreKept() throws {
        for version in 1...9 { try put(Int64(version), previous: Int64(version - 1)) }
        #expect(shelf.entries().map(\.version) == [9, 8, 7, 6])
        // Back to the oldest, and on to a new one: the one that was in force stays.
        var state = try #require(shelf.state(for: "a"))
        state.current = 6
        state.previous = 9
        try shelf.commit(state)
        shelf.prune(state, for: "a")
        #expect(shelf.entries().map(\.version) == [9, 8, 7, 6])
        try put(10, previous: 6)
        #expect(shelf.entries().map(\.version) == [10, 9, 8, 6])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: file("").path).count == 5)
    }

    /// After an older version was taken nevertheless, those above it are the past of a line that
    /// was given up: they go before the ones that the new line can go back to.
    @Test func anAbandonedLineGoesFirst() throws {
        for version in 6...9 { try put(Int64(version), previous: Int64(version - 1)) }
        try put(2, previous: 9)
        #expect(shelf.entries().map(\.version) == [9, 8, 7, 2])
        for version in 3...5 { try put(Int64(version), previous: Int64(version - 1)) }
        #expect(shelf.entries().map(\.version) == [5, 4, 3, 2])
    }

    // MARK: Signatures

    private func sign(_ bytes: [UInt8]) throws -> String {
        let key = hub.folder.appending(path: "key.pem").path
        let text = hub.folder.appending(path: "signed")
        try Data(bytes).write(to: text)
        let out = hub.folder.appending(path: "signature")
        for words in [
            ["genpkey", "-algorithm", "ed25519", "-out", key],
            ["pkey", "-in", key, "-pubout", "-out", key + ".pub"],
            ["pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", text.path, "-out", out.path],
        ] {
            let outcome = try Tool.run("openssl", words)
            try #require(outcome.status == 0, "\(outcome.output)")
        }
        return "ed25519=" + (try Data(contentsOf: out)).base64EncodedString()
    }

    @Test func everyChangeOfASignedCatalogIsRefused() throws {
        let text = Array(FleetRig.catalog(version: 2).utf8)
        let signature = try sign(text)
        let keyFile = hub.folder.appending(path: "key.pem.pub").path
        func take(_ bytes: [UInt8], _ signature: String?) throws(CatalogRefusal) -> SignedCatalog {
            try SignedCatalog(bytes, signature: signature, source: "test", keyFile: keyFile)
        }
        #expect(try take(text, signature).bytes == text)
        func name(_ bytes: [UInt8], _ signature: String?) -> CatalogRefusal.Name? {
            do throws(CatalogRefusal) {
                _ = try take(bytes, signature)
                return nil
            } catch {
                return error.name
            }
        }
        for index in text.indices {
            var changed = text
            for bit in 0..<8 {
                changed[index] = text[index] ^ (1 << UInt8(bit))
                #expect(name(changed, signature) == .wrongSignature)
            }
        }
        for count in text.indices {
            #expect(name(Array(text.prefix(count)), signature) == .wrongSignature)
        }
        #expect(name(text + [0x20], signature) == .wrongSignature)
        #expect(name(text, nil) == .unsigned)
        for wrong in ["", "ed25519=", "ed25519", "rsa=" + signature.dropFirst(8), "ed25519=!"] {
            #expect(name(text, wrong) == .wrongSignature, "\(wrong)")
        }
        let long = [UInt8](repeating: 0x20, count: SignedCatalog.limit + 1)
        #expect(name(long, signature) == .oversize)
    }

    @Test func keysAreReadInEachForm() throws {
        let digits = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        let key = hex(digits)
        let base64 = Data(key).base64EncodedString()
        let info = Data(hex("302a300506032b6570032100" + digits)).base64EncodedString()
        let pem = "-----BEGIN PUBLIC KEY-----\n\(info)\n-----END PUBLIC KEY-----\n"
        for text in [digits, digits.uppercased() + "\n", base64, " \(base64) \r\n", pem] {
            #expect(CatalogKeys.keys(in: text) == [key], "\(text)")
        }
        #expect(
            CatalogKeys.keys(in: "# old\n\(digits)\n\n# new\n\(pem)\(base64)")
                == [key, key, key])
        let others = [
            "", "\n", "# nothing", String(digits.dropLast(2)), digits + "00", "x" + base64,
            String(pem.dropLast(20)), pem.replacing("PUBLIC", with: "PRIVATE"),
            "\(digits)\nsomething else", String(repeating: digits + "\n", count: 9),
        ]
        for text in others { #expect(CatalogKeys.keys(in: text) == nil, "\(text)") }
        // An X25519 key has the same length and another OID (1.3.101.110).
        #expect(CatalogKeys.keys(in: pem.replacing("MCowBQYDK2Vw", with: "MCowBQYDK2Vu")) == nil)
    }
}
