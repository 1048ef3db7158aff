import EventLoop
import TestSupport
import Testing

@testable import DBus

@Suite("One table gives dispatch, introspection, documentation and the authorization matrix")
struct TableTests {
    init() { HubThread.start() }

    @Test("the authorization matrix lists every method and every access to a property") @Hub
    func permissions() {
        let lines = Lamp(.address("unused")).table.permissions.map {
            "\($0.access) \($0.interface).\($0.member) \($0.needs)"
        }
        #expect(
            lines == [
                "call org.example.Lamp1.Blink manage", "call org.example.Lamp1.Echo read",
                "call org.example.Lamp1.Hold read", "call org.example.Lamp1.Import read",
                "call org.example.Lamp1.Lie read", "get org.example.Lamp1.Lit read",
                "get org.example.Lamp1.Brightness read", "get org.example.Lamp1.Code manage",
                "get org.example.Lamp1.Maker read", "set org.example.Lamp1.Brightness manage",
            ])
    }

    @Test("the documentation for people")
    func markdown() {
        let table = Interface("org.example.Shop1", "A shop.") {
            Method(
                "Open", in: ["from": "s", "days": "au"], out: ["id": "o"], needs: .manage, "a|b"
            ) { _ in [] }
            Method("Close", needs: .read) { _ in [] }
            Property("Name", "s", needs: .read, "What it says.") { .string("") }
            Signal("Burnt", ["when": "x"])
        }
        #expect(
            table.markdown() == """
                ## org.example.Shop1

                A shop.

                | method | arguments | results | needs | |
                |---|---|---|---|---|
                | `Open` | from `s`, days `au` | id `o` | manage | a\\|b |
                | `Close` | – | – | read |  |

                | property | type | to read | to change | |
                |---|---|---|---|---|
                | `Name` | `s` | read | – | What it says. |

                | signal | arguments | |
                |---|---|---|
                | `Burnt` | when `x` |  |

                """)
    }

    @Test("the introspection names types, access, notices and texts, and escapes them")
    func introspection() {
        let table = Interface("org.example.Shop1", "<&\">") {
            Method("Open", in: ["from": "s"], out: ["id": "o"], needs: .manage) { _ in [] }
            Property(
                "Name", "s", needs: .read, notice: .invalidates, get: { .string("") },
                changeNeeds: .manage, set: { _, _ in })
            Signal("Burnt", ["when": "x"])
        }
        #expect(
            table.introspection == """
                 <interface name="org.example.Shop1">
                  <annotation name="org.gtk.GDBus.DocString" value="&lt;&amp;&quot;&gt;"/>
                  <method name="Open">
                   <arg name="from" type="s" direction="in"/>
                   <arg name="id" type="o" direction="out"/>
                  </method>
                  <property name="Name" type="s" access="readwrite">
                   <annotation name="org.freedesktop.DBus.Property.EmitsChangedSignal" \
                value="invalidates"/>
                  </property>
                  <signal name="Burnt">
                   <arg name="when" type="x"/>
                  </signal>
                 </interface>

                """)
    }

    @Test("a tree knows its children, and what lies only beside them")
    func tree() throws {
        let table = Interface("org.example.Empty1") {}
        var tree = ObjectTree(root: "/org/hubd")
        for path in ["/org/hubd/a", "/org/hubd/a/b", "/org/hubd/ab/c", "/other"] as [ObjectPath] {
            tree.export([table], at: path)
        }
        #expect(tree.children(of: "/") == ["org", "other"])
        #expect(tree.children(of: "/org/hubd") == ["a", "ab"])
        #expect(tree.children(of: "/org/hubd/a") == ["b"])
        #expect(tree.children(of: "/org/hub") == [])
        #expect(
            tree.managed.map(\.path.text) == ["/org/hubd/a", "/org/hubd/a/b", "/org/hubd/ab/c"])
        #expect(tree.allInterfaces(at: "/org/hub") == nil)
        #expect(tree.allInterfaces(at: "/org/hubd/ab")?.count == Standard.everywhere.count)
        #expect(tree.withdraw("/org/hubd/a") == ["org.example.Empty1"])
        #expect(tree.children(of: "/org/hubd") == ["a", "ab"])
        #expect(tree.withdraw("/org/hubd/a/b") == ["org.example.Empty1"])
        #expect(tree.children(of: "/org/hubd") == ["ab"])
        #expect(tree.withdraw("/org/hubd/a/b") == [])
    }

    @Test("an interface that is exported again replaces the old one")
    func replace() {
        var tree = ObjectTree(root: "/")
        tree.export([Interface("org.example.A1", "old") {}], at: "/x")
        tree.export(
            [Interface("org.example.A1", "new") {}, Interface("org.example.B1") {}], at: "/x")
        #expect(tree.interfaces(at: "/x").map(\.summary) == ["new", ""])
    }

    @Test("a table that names a member twice does not survive its first run")
    func twice() async {
        await #expect(processExitsWith: .failure) {
            _ = Interface("org.example.A1") {
                Method("Twice", needs: .read) { _ in [] }
                Method("Twice", needs: .read) { _ in [] }
            }
        }
    }
}
