public import EventLoop
internal import Glibc

/// Decides who may do what; asked before every method call and every access to a property.
///
/// Handlers hold no authorization code: this is the only place that says no.
@Hub
public protocol Gatekeeper: Sendable {
    /// Whether the sender may do what needs `need`. Whatever goes wrong while finding out means no.
    ///
    /// - Parameters:
    ///   - sender: the unique name of the caller. It belongs to one connection for ever, so unlike
    ///     a process id it cannot be somebody else by the time of the answer.
    ///   - need: what the table asks for.
    ///   - connection: where the call came from.
    /// - Returns: true for yes.
    func allows(_ sender: String, _ need: Need, on connection: Connection) async -> Bool
}

/// Lets everybody read whom the bus lets through, and only root and the service's own user do more.
public struct OwnerGatekeeper: Gatekeeper {
    /// Makes the gatekeeper; it has no state.
    public init() {}

    /// Asks the bus which user the sender is; no answer within a second is a no.
    public func allows(_ sender: String, _ need: Need, on connection: Connection) async -> Bool {
        if need == .read { return true }
        guard let user = try? await connection.user(of: sender, timeout: .seconds(1)) else {
            return false
        }
        return Self.trusts(user)
    }

    nonisolated static func trusts(_ user: UInt32) -> Bool { user == 0 || user == geteuid() }
}
