internal import EventLoop

/// Lets polkit decide: each need is one action, `<prefix>.<need>` (polkit(8)).
///
/// Root, the service's own user and the members of one group are never asked about: they could do
/// everything to the service anyway, or were put into the group to be let in. All others are
/// polkit's to judge, and when it is away, late or talks nonsense, they are refused: a bus on which
/// polkit has failed must not be more open than one on which it works.
///
/// polkit is told the caller's unique name on the bus, never its process id, which may be somebody
/// else's by then (CVE-2013-4288).
public struct PolkitGatekeeper: Gatekeeper {
    /// The longest that a caller waits for an answer that no person has to give.
    private static let patience = Duration.seconds(1)
    /// The longest that a person may take. It only keeps a forgotten dialog from holding one of
    /// the caller's places for ever.
    private static let humanPatience = Duration.seconds(300)

    private let prefix: String
    private let operators: UInt32?
    private let cancellations = Cancellations()

    /// Makes the gatekeeper.
    ///
    /// - Parameters:
    ///   - prefix: what the names of the actions begin with, such as `org.example`.
    ///   - operators: the number of the group whose members may do everything; nil for none.
    public init(actions prefix: String, operators: UInt32? = nil) {
        self.prefix = prefix
        self.operators = operators
    }

    /// Asks the bus who the sender is, and then polkit, both within a second.
    public func verdict(on request: AccessRequest, from connection: Connection) async -> Verdict {
        let deadline = Hub.loop.now.advanced(by: Self.patience)
        let who: Credentials
        do throws(BusError) {
            who = try await connection.credentials(of: request.sender, timeout: Self.patience)
        } catch {
            return .refused("the bus does not say who \(request.sender) is: \(error.message)")
        }
        if OwnerGatekeeper.trusts(who.user) { return .allowed }
        if let operators, who.groups.contains(operators) { return .allowed }
        let question = Question(prefix: prefix, request: request, user: who.user)
        let left = Hub.loop.now.duration(to: deadline)
        let verdict = await ask(question, mayAskPerson: false, within: left, on: connection)
        // A person is asked only when polkit is known to answer, so that a caller who would wait
        // for a person does not wait for a polkit that hangs.
        guard case .personNeeded = verdict, request.mayAskPerson else { return verdict }
        return await askPerson(question, on: connection)
    }

    /// Asks with a dialog; a caller that leaves the bus takes it along.
    private func askPerson(_ question: Question, on connection: Connection) async -> Verdict {
        let id = cancellations.next()
        let watch = try? await connection.watch(question.request.sender) { watch in
            if watch.owner == nil { Self.cancel(id, on: connection) }
        }
        defer { watch?.cancel() }
        let verdict = await ask(
            question, mayAskPerson: true, within: Self.humanPatience, id: id, on: connection)
        guard case .personNeeded(let reason) = verdict else { return verdict }
        // The caller has allowed what there was to allow: it must not be told to try that.
        return .refused("\(reason), and polkit found nobody to ask; try it with sudo")
    }

    private func ask(
        _ question: Question, mayAskPerson: Bool, within limit: Duration, id: String? = nil,
        on connection: Connection
    ) async -> Verdict {
        let id = id ?? cancellations.next()
        do throws(BusError) {
            let message = try question.message(mayAskPerson: mayAskPerson, cancellation: id)
            let reply = try await connection.call(message, timeout: max(.zero, limit))
            return question.verdict(try reply.arguments(limits: .call))
        } catch {
            if error.code == .noReply { Self.cancel(id, on: connection) }
            return .refused(question.excuse(error))
        }
    }

    /// Tells polkit that nobody waits any longer; no answer is wanted.
    private static func cancel(_ id: String, on connection: Connection) {
        guard let message = try? Polkit.call("CancelCheckAuthorization") else { return }
        message.expectsReply = false
        message.startsService = false
        guard (try? message.append([.string(id)])) != nil else { return }
        try? connection.send(message)
    }
}

/// polkit's place on the bus (polkit(8), org.freedesktop.PolicyKit1.Authority).
private enum Polkit {
    static func call(_ member: String) throws(BusError) -> Message {
        try Message.methodCall(
            "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
            "org.freedesktop.PolicyKit1.Authority", member)
    }
}

/// One question to polkit, and how its answer is read.
private struct Question {
    let prefix: String
    let request: AccessRequest
    let user: UInt32

    private var action: String { "\(prefix).\(request.need)" }

    /// CheckAuthorization((sa{sv}) subject, s action, a{ss} details, u flags, s cancellation id);
    /// flag 1 is AllowUserInteraction.
    func message(mayAskPerson: Bool, cancellation: String) throws(BusError) -> Message {
        let subject = BusValue.structure([
            .string("system-bus-name"), .options(["name": .string(request.sender)]),
        ])
        let message = try Polkit.call("CheckAuthorization")
        try message.append([
            subject, .string(action), .dictionary(key: "s", value: "s", []),
            .uint32(mayAskPerson ? 1 : 0), .string(cancellation),
        ])
        return message
    }

    /// The answer is (b authorized, b challenge, a{ss} details) and nothing else.
    func verdict(_ answer: [BusValue]) -> Verdict {
        guard answer.count == 1, answer[0].type == "(bba{ss})", let fields = answer[0].elements,
            let isAuthorized = fields[0].bool, let isChallenge = fields[1].bool
        else { return .refused("polkit's answer about \(action) makes no sense") }
        if isAuthorized { return .allowed }
        if isChallenge {
            return .personNeeded("\(action) needs the password of an administrator")
        }
        return .refused("polkit does not allow \(action) to user \(user)")
    }

    /// What a caller is told when there is no answer.
    func excuse(_ error: BusError) -> String {
        if error.meansNotRunning {
            return "polkit does not run on this machine, so only root, the service's user and its "
                + "group may do what needs \(action)"
        }
        if error.code == .noReply { return "polkit did not answer about \(action) in time" }
        return "polkit did not decide about \(action): \(error.message)"
    }
}

/// Numbers for questions, so that each can be called off (CancelCheckAuthorization).
@Hub
private final class Cancellations {
    private var last: UInt64 = 0

    nonisolated init() {}

    func next() -> String {
        last += 1
        return "\(last)"
    }
}
