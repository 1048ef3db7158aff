import Foundation
import Testing

@testable import hubd

@Suite("polkit's file knows every need, and tells it in English and Chinese")
struct PolicyFileTests {
    /// The text of an action, by its id.
    private func actions() throws -> [String: String] {
        let text = try String(
            contentsOf: TestHub.repository.appending(path: "systemd/org.hubd.policy"),
            encoding: .utf8)
        var actions: [String: String] = [:]
        for part in text.components(separatedBy: "<action id=\"").dropFirst() {
            actions[String(part.prefix { $0 != "\"" })] = part
        }
        return actions
    }

    @Test func everyNeedIsAnAction() throws {
        let ids = Set(Permissions.needs.map { "\(Permissions.prefix).\($0)" })
        #expect(Set(try actions().keys) == ids)
    }

    @Test func everyActionIsComplete() throws {
        for (id, text) in try actions() {
            for element in ["description", "message"] {
                #expect(text.contains("<\(element)>"), "\(id)")
                #expect(text.contains("<\(element) xml:lang=\"zh_CN\">"), "\(id)")
            }
            // polkit answers a daemon that is not root only about actions that it owns.
            #expect(text.contains("policykit.owner\">unix-user:hubd<"), "\(id)")
        }
    }

    /// Reading is open as long as nobody decides otherwise; nothing else is.
    @Test func onlyReadingIsOpen() throws {
        for (id, text) in try actions() {
            let wanted = id == "org.hubd.read" ? "yes" : "auth_admin_keep"
            for who in ["any", "inactive", "active"] {
                #expect(text.contains("<allow_\(who)>\(wanted)</allow_\(who)>"), "\(id)")
            }
        }
    }
}
