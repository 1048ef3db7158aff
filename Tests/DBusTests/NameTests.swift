import DBus
import Testing

@Suite("Names from outside are checked before libdbus sees them")
struct NameTests {
    @Test(
        "valid object paths are taken",
        arguments: ["/", "/a", "/org/hubd", "/_/9/Z_z", "/" + String(repeating: "a", count: 4_096)])
    func validPath(_ text: String) { #expect(ObjectPath(text)?.text == text) }

    @Test(
        "others are refused",
        arguments: ["", "a", "//", "/a/", "/a//b", "/a-b", "/ä", "/a b", "/a\0", "\0", "/a.b"])
    func invalidPath(_ text: String) { #expect(ObjectPath(text) == nil) }

    @Test("a child's path element can be made of any name, and different names stay different")
    func child() {
        let root: ObjectPath = "/org/hubd"
        #expect(root.child("hci0").text == "/org/hubd/hci0")
        #expect(root.child("C0:00:AB").text == "/org/hubd/C0_3a00_3aAB")
        #expect(root.child("7").text == "/org/hubd/_37")
        #expect(root.child("").text == "/org/hubd/_")
        #expect(root.child("_").text == "/org/hubd/_5f")
        #expect(root.child("\0/\n").text == "/org/hubd/_00_2f_0a")
        #expect(ObjectPath("/").child("x").text == "/x")
        let names = ["", "_", "__", "_5f", "a_", "a", "ä", "a/b", "a_2fb", "1", "_31", "😀"]
        #expect(Set(names.map { root.child($0) }).count == names.count)
        for name in names { #expect(ObjectPath(root.child(name).text) != nil) }
    }

    @Test(
        "signatures are split into single types",
        arguments: [
            ("", []), ("s", ["s"]), ("sa{sv}", ["s", "a{sv}"]), ("a(iai)x", ["a(iai)", "x"]),
            ("aaa{s(xy)}(s)", ["aaa{s(xy)}", "(s)"]),
        ] as [(String, [String])])
    func split(_ text: String, _ types: [String]) {
        #expect(Signature(text)?.types.map(\.text) == types)
    }

    @Test(
        "what is no signature is refused",
        arguments: [
            "a", "(", "()", "{sv}", "a{vs}", "a{s}", "z", "s\0", String(repeating: "y", count: 256),
        ])
    func invalidSignature(_ text: String) { #expect(Signature(text) == nil) }

    @Test("a message cannot be made with names that would end the process")
    func message() {
        #expect(throws: BusError.self) {
            _ = try Message.methodCall("no name", "/", "org.example.A", "B")
        }
        #expect(throws: BusError.self) { _ = try Message.methodCall("a.b", "/", "A", "B") }
        #expect(throws: BusError.self) { _ = try Message.signal("/", "a.b", "C.D") }
        #expect(throws: BusError.self) { _ = try Message.signal("/", "a.b\0", "C") }
    }

    @Test("a bus is named by word or by address")
    func bus() {
        #expect(Bus("system") == .system)
        #expect(Bus("session") == .session)
        #expect(Bus("unix:path=/x") == .address("unix:path=/x"))
        #expect(Bus("unix:path=/x").address == "unix:path=/x")
    }
}
