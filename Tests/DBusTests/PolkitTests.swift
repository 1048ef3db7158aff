import BusSupport
import EventLoop
import Glibc
import TestSupport
import Testing

@testable import DBus

@Suite("polkit decides for strangers, and when it fails the answer is no")
struct PolkitTests {
    init() throws {
        try requireRoot()
        HubThread.start()
    }

    /// Users of every Debian system (base-passwd): a bus refuses one that is not in passwd(5).
    private static let stranger = "2"
    private static let other = "65534"

    private struct Outcome: CustomStringConvertible {
        let isDone: Bool
        let description: String
    }

    /// A lamp guarded by polkit on a bus of its own, and the fake polkit beside it.
    @Hub
    private func withLamp(
        _ manner: FakePolkit.Manner?, operators: UInt32? = nil,
        _ body: @Hub (Lamp, FakePolkit?, TestBus) async throws -> Void
    ) async throws {
        let bus = try TestBus()
        let polkit = manner.map { FakePolkit(bus.bus, $0) }
        await polkit?.start()
        let lamp = Lamp(
            bus.bus, gatekeeper: PolkitGatekeeper(actions: "org.example", operators: operators))
        try await lamp.start()
        defer {
            lamp.connection.close()
            polkit?.stop()
        }
        try await body(lamp, polkit, bus)
    }

    /// Calls Blink as somebody else.
    @Hub
    private func blink(
        _ bus: TestBus, as user: String = stranger, groups: String? = nil, mayAsk: Bool = false
    ) async throws -> Outcome {
        let become =
            ["setpriv", "--reuid=\(user)", "--regid=\(user)"]
            + [groups.map { "--groups=\($0)" } ?? "--clear-groups"]
        // dbus-send shows why, busctl can allow interaction.
        let call =
            mayAsk
            ? [
                "busctl", "--address=\(bus.address)", "call", "org.example", Lamp.path.text,
                Lamp.interface, "Blink", "u", "1",
            ]
            : [
                "dbus-send", "--bus=\(bus.address)", "--print-reply", "--dest=org.example",
                Lamp.path.text, "\(Lamp.interface).Blink", "uint32:1",
            ]
        let result = try await run(become + call)
        return Outcome(isDone: result.code == 0, description: result.output)
    }

    /// What a stranger gets: `refusal` in the text.
    private func expect(
        _ outcome: Outcome, refusal: String, _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(!outcome.isDone, sourceLocation: location)
        #expect(outcome.description.contains(refusal), "\(outcome)", sourceLocation: location)
    }

    @Test("each user gets polkit's answer to the action of the need, asked by bus name") @Hub
    func decides() async throws {
        let manner = FakePolkit.Manner.decides { user, _ in (user == 2, false) }
        try await withLamp(manner) { lamp, polkit, bus in
            let stranger = try await blink(bus)
            #expect(stranger.isDone, "\(stranger)")
            expect(
                try await blink(bus, as: Self.other),
                refusal: "polkit does not allow org.example.manage to user 65534")
            #expect(lamp.blinks == [1])
            #expect(lamp.connection.counters.deniedCalls == 1)
            let questions = polkit?.questions ?? []
            #expect(questions.count == 2)
            for question in questions {
                #expect(question.subjectKind == "system-bus-name")
                #expect(question.subject.hasPrefix(":1."))
                #expect(question.action == "org.example.manage")
                #expect(question.flags == 0)
            }
            #expect(Set(questions.map(\.cancellation)).count == questions.count)
        }
    }

    @Test("root and the service's own user are let in without polkit") @Hub
    func trusted() async throws {
        try await withLamp(nil) { lamp, _, bus in
            let own = try await run([
                "busctl", "--address=\(bus.address)", "call", "org.example", Lamp.path.text,
                Lamp.interface, "Blink", "u", "1",
            ])
            #expect(own.code == 0, "\(own.output)")
            #expect(lamp.blinks == [1])
        }
    }

    @Test("a member of the operators' group is let in without polkit, by the kernel's word") @Hub
    func operators() async throws {
        // 12 is "man" in every Debian system; here it stands for the operators.
        try await withLamp(nil, operators: 12) { _, _, bus in
            let member = try await blink(bus, groups: "5,12")
            #expect(member.isDone, "\(member)")
            expect(try await blink(bus, groups: "5"), refusal: "polkit does not run")
        }
    }

    @Test("no polkit: refused, reading as well") @Hub
    func absent() async throws {
        try await withLamp(nil) { lamp, _, bus in
            expect(try await blink(bus), refusal: "polkit does not run on this machine")
            #expect(lamp.blinks.isEmpty)
        }
    }

    @Test("a polkit that hangs: refused within a second, and the question is called off") @Hub
    func hangs() async throws {
        try await withLamp(.hangs) { lamp, polkit, bus in
            // Also for one who would wait for a person: polkit answers nobody.
            for mayAsk in [false, true] {
                expect(
                    try await blink(bus, mayAsk: mayAsk),
                    refusal: mayAsk ? "Access denied" : "did not answer")
            }
            #expect(lamp.blinks.isEmpty)
            // The calling off was sent before the refusal, so polkit has had it for long.
            #expect(polkit?.calledOff == polkit?.questions.map(\.cancellation))
        }
    }

    @Test("an answer of another form is a no") @Hub
    func nonsense() async throws {
        let nobody = BusValue.dictionary(key: "s", value: "s", [])
        let answers: [[BusValue]] = [
            [], [.bool(true)], [.string("yes")], [.structure([.bool(true), .bool(true)])],
            [.structure([.bool(true), .bool(false), .strings(["x"])])],
            [.structure([.bool(true), .bool(false), nobody]), .bool(true)],
            [.bool(true), .bool(false), nobody],
            [.array(of: "b", Array(repeating: .bool(true), count: 10_000))],
        ]
        for answer in answers {
            try await withLamp(.talksNonsense(answer)) { lamp, _, bus in
                expect(try await blink(bus), refusal: "org.example.manage")
                #expect(lamp.blinks.isEmpty)
            }
        }
    }

    @Test("polkit's error is a no with polkit's reason") @Hub
    func fails() async throws {
        let error = BusError(.init("org.freedesktop.PolicyKit1.Error.Failed"), "not registered")
        try await withLamp(.fails(error)) { lamp, _, bus in
            expect(try await blink(bus), refusal: "not registered")
            #expect(lamp.blinks.isEmpty)
        }
    }

    @Test("a person is asked only for a caller that allows it") @Hub
    func person() async throws {
        let manner = FakePolkit.Manner.decides { _, question in
            question.flags == 1 ? (true, false) : (false, true)
        }
        try await withLamp(manner) { lamp, polkit, bus in
            expect(
                try await blink(bus, mayAsk: false),
                refusal: "needs the password of an administrator")
            let asked = try await blink(bus, mayAsk: true)
            #expect(asked.isDone, "\(asked)")
            #expect(lamp.blinks == [1])
            #expect(polkit?.questions.map(\.flags) == [0, 0, 1])
        }
    }

    @Test("nobody there to be asked: refused, and not told to allow asking") @Hub
    func nobodyToAsk() async throws {
        try await withLamp(.decides { _, _ in (false, true) }) { _, _, bus in
            // Not InteractiveAuthorizationRequired, which would say: allow me to ask.
            expect(try await blink(bus, mayAsk: true), refusal: "Access denied")
        }
    }

    @Test("while a person thinks, others are served; a caller that leaves takes the question along")
    @Hub
    func thinking() async throws {
        let thought = Signpost()
        try await withLamp(.decides { _, _ in (false, true) }) { lamp, polkit, bus in
            let polkit = try #require(polkit)
            polkit.onChange = {
                // The first question is answered, the second is the one with a dialog.
                if polkit.questions.last?.flags == 0 { polkit.behaveFromNextOn(.hangs) }
                if polkit.questions.last?.flags == 1 { thought.reach() }
            }
            let caller = try Child(
                [
                    "setpriv", "--reuid=2", "--regid=2", "--clear-groups", "busctl",
                    "--address=\(bus.address)", "call", "org.example", Lamp.path.text,
                    Lamp.interface, "Blink", "u", "1",
                ])
            try await thought.wait()
            let own = try await run([
                "busctl", "--address=\(bus.address)", "call", "org.example", Lamp.path.text,
                Lamp.interface, "Blink", "u", "2",
            ])
            #expect(own.code == 0, "\(own.output)")
            let calledOff = Signpost()
            polkit.onChange = { if !polkit.calledOff.isEmpty { calledOff.reach() } }
            caller.kill()
            try await calledOff.wait()
            #expect(polkit.calledOff == [polkit.questions.last?.cancellation])
            #expect(lamp.blinks == [2])
        }
    }
}
