import CLinux
import DBus
import EventLoop
import Glibc

extension Need {
    /// To see events: they tell of people, of their shakes and of what a meter measured.
    static let inspect = Need("inspect")
    /// To act for a customer: a shake. A till's program can be given this and nothing else.
    static let serve = Need("serve")
}

/// Who may do what over the bus.
///
/// Each `Need` in the tables of the interfaces is an action of polkit, `org.hubd.<need>`, with its
/// text and its default in systemd/org.hubd.policy.
enum Permissions {
    /// Every need that a table may name.
    static let needs: [Need] = [.read, .inspect, .serve, .manage]
    /// What the actions' names begin with.
    static let prefix = "org.hubd"
    /// The group whose members operate the hub.
    static let group = "hubd"

    /// Who decides: polkit where there is one, on the system bus; elsewhere everybody on the bus is
    /// a developer, and the owner's rule is enough.
    @Hub static func gatekeeper(on bus: Bus) -> any Gatekeeper {
        switch bus {
        case .system, .starter:
            PolkitGatekeeper(actions: prefix, operators: UserGroup.number(of: group))
        case .session, .address: OwnerGatekeeper()
        }
    }
}

/// Groups of the machine's users.
enum UserGroup {
    /// The number of a group; nil when there is none with this name.
    ///
    /// It may read files or ask a directory service, so it belongs before the loop's work begins.
    static func number(of name: String) -> UInt32? {
        var group = unsafe CLinux.group()
        var found: UnsafeMutablePointer<CLinux.group>?
        // A group's members are part of the answer; 64 KiB hold thousands of them.
        var buffer = [CChar](repeating: 0, count: 65_536)
        let code = unsafe getgrnam_r(name, &group, &buffer, buffer.count, &found)
        guard code == 0, unsafe found != nil else { return nil }
        return unsafe group.gr_gid
    }
}
