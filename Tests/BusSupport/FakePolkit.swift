public import DBus
public import EventLoop

/// A polkit that does what a test tells it, under polkit's name on a test's bus.
@Hub
public final class FakePolkit {
    /// One CheckAuthorization as it arrived.
    public struct Question: Hashable, Sendable {
        /// What kind of thing is asked about, such as `system-bus-name`.
        public let subjectKind: String
        /// The bus name that is asked about.
        public let subject: String
        /// The action.
        public let action: String
        /// 1 when a person may be asked.
        public let flags: Int64
        /// By what the question can be called off.
        public let cancellation: String
    }

    /// How it answers.
    public enum Manner: Sendable {
        /// By user and action: whether it is allowed, and whether a person could allow it.
        case decides(@Sendable (_ user: UInt32, _ question: Question) -> (Bool, Bool))
        /// Not at all, until it is told to with `release`, or the question is called off.
        case hangs
        /// With values of other types than polkit's.
        case talksNonsense([BusValue])
        /// With an error.
        case fails(BusError)
    }

    /// What was asked since it last changed its manner.
    public private(set) var questions: [Question] = []
    /// The questions that were called off since then.
    public private(set) var calledOff: [String] = []
    /// Is called after each question and each calling off.
    public var onChange: () -> Void = {}
    private var manner: Manner
    private var next: Manner?
    private var hanging: [(id: String, continuation: CheckedContinuation<Bool, Never>)] = []
    private let connection: Connection

    /// Makes one that is not on the bus yet.
    public init(_ bus: Bus, _ manner: Manner) {
        self.manner = manner
        connection = Connection(bus, root: "/org/freedesktop/PolicyKit1")
        behave(manner)
    }

    /// Takes polkit's name; returns when it is taken.
    public func start() async {
        await withCheckedContinuation { continuation in
            var first: CheckedContinuation<Void, Never>? = continuation
            connection.stay(as: "org.freedesktop.PolicyKit1") { state in
                guard case .connected = state else { return }
                first.take()?.resume()
            }
        }
    }

    /// Leaves the bus.
    public func stop() {
        release(false)
        connection.close()
    }

    /// Lets the question that has just come be answered as before, and the next ones otherwise.
    public func behaveFromNextOn(_ manner: Manner) { next = manner }

    /// Answers otherwise from now on, and forgets what was asked.
    public func behave(_ manner: Manner) {
        self.manner = manner
        questions = []
        calledOff = []
        let types: [(String, Signature)] =
            if case .talksNonsense(let values) = manner {
                values.enumerated().map { ("value\($0.offset)", $0.element.type) }
            } else {
                [("result", "(bba{ss})")]
            }
        connection.export([table(answering: Arguments(types))], at: Self.path)
    }

    /// Answers all questions that hang.
    public func release(_ answer: Bool) {
        let waiting = hanging
        hanging = []
        for question in waiting { question.continuation.resume(returning: answer) }
    }

    private static let path: ObjectPath = "/org/freedesktop/PolicyKit1/Authority"

    private func table(answering output: Arguments) -> Interface {
        Interface("org.freedesktop.PolicyKit1.Authority") {
            Method(
                "CheckAuthorization",
                in: [
                    "subject": "(sa{sv})", "action_id": "s", "details": "a{ss}", "flags": "u",
                    "cancellation_id": "s",
                ], out: output, needs: .read
            ) { [unowned self] call throws(BusError) in try await answer(call) }
            Method("CancelCheckAuthorization", in: ["cancellation_id": "s"], needs: .read) {
                [unowned self] call throws(BusError) in
                let id = try call.string(0)
                calledOff.append(id)
                let called = hanging.filter { $0.id == id }
                hanging.removeAll { $0.id == id }
                for question in called { question.continuation.resume(returning: false) }
                onChange()
                return []
            }
        }
    }

    private func answer(_ call: Call) async throws(BusError) -> [BusValue] {
        let subject = try call.value(0).elements ?? []
        let question = Question(
            subjectKind: subject.first?.string ?? "", subject: subject.last?["name"]?.string ?? "",
            action: try call.string(1), flags: try call.integer(3),
            cancellation: try call.string(4))
        questions.append(question)
        let manner = manner
        onChange()
        if let next = next.take() { self.manner = next }
        switch manner {
        case .decides(let decide):
            let user = try await connection.user(of: question.subject)
            let (isAllowed, isChallenge) = decide(user, question)
            return [Self.result(isAllowed, isChallenge)]
        case .hangs:
            let isAllowed = await withCheckedContinuation {
                hanging.append((question.cancellation, $0))
            }
            return [Self.result(isAllowed, false)]
        case .talksNonsense(let values): return values
        case .fails(let error): throw error
        }
    }

    private static func result(_ isAllowed: Bool, _ isChallenge: Bool) -> BusValue {
        .structure([.bool(isAllowed), .bool(isChallenge), .dictionary(key: "s", value: "s", [])])
    }
}
