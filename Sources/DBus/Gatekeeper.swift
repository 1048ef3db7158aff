public import EventLoop
internal import Glibc

/// Decides who may do what; asked before every method call and every access to a property.
///
/// Handlers hold no authorization code: this is the only place that says no.
@Hub
public protocol Gatekeeper: Sendable {
    /// Whether the sender may do what it asks for. Whatever goes wrong while finding out means no.
    ///
    /// - Parameters:
    ///   - request: who wants what.
    ///   - connection: where the call came from.
    /// - Returns: the verdict; within a second, unless a person is being asked.
    func verdict(on request: AccessRequest, from connection: Connection) async -> Verdict
}

/// Who wants to do what.
public struct AccessRequest: Hashable, Sendable {
    /// The unique name of the caller. It belongs to one connection for ever, so unlike a process
    /// id it cannot be somebody else by the time of the answer.
    public let sender: String
    /// What the table asks for.
    public let need: Need
    /// Whether the caller is ready to wait while a person is asked for a password (D-Bus
    /// specification, flag ALLOW_INTERACTIVE_AUTHORIZATION).
    public let mayAskPerson: Bool

    /// Makes a request.
    public init(sender: String, need: Need, mayAskPerson: Bool = false) {
        self.sender = sender
        self.need = need
        self.mayAskPerson = mayAskPerson
    }
}

/// What a gatekeeper says.
public enum Verdict: Hashable, Sendable {
    /// Yes.
    case allowed
    /// No: why, and what helps.
    case refused(String)
    /// Only after a person has been asked, which the caller has not allowed.
    case personNeeded(String)
}

/// Lets everybody read whom the bus lets through, and only root and the service's own user do more.
///
/// For a session bus or a private one, where everybody is the same user and nobody else decides.
public struct OwnerGatekeeper: Gatekeeper {
    /// Makes the gatekeeper; it has no state.
    public init() {}

    /// Asks the bus which user the sender is; no answer within a second is a no.
    public func verdict(on request: AccessRequest, from connection: Connection) async -> Verdict {
        if request.need == .read { return .allowed }
        guard let user = try? await connection.user(of: request.sender, timeout: .seconds(1)) else {
            return .refused("the bus does not say who \(request.sender) is")
        }
        if Self.trusts(user) { return .allowed }
        return .refused(
            "on this bus only root and user \(geteuid()) may do what needs "
                + "“\(request.need)”")
    }

    nonisolated static func trusts(_ user: UInt32) -> Bool { user == 0 || user == geteuid() }
}
