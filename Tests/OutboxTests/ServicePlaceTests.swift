import Testing

@testable import Outbox

@Suite("What a service says it has is held against what it was sent")
struct ServicePlaceTests {
    let scratch = Scratch()

    private static let answer = Array(
        #"{"stored": 1, "duplicates": 0, "hubs": {"a": {"contiguous": 4, "highest": 12, "missing": 3, "gaps": [[5, 6], [9, 9]]}}}"#
            .utf8)

    @Test func whatTheReferenceServiceAnswers() throws {
        let place = try #require(ServicePlace(answer: Self.answer, hub: "a"))
        #expect((place.contiguous, place.highest, place.missing) == (4, 12, 3))
        #expect(place.gaps == [5...6, 9...9])
        #expect(ServicePlace(answer: Self.answer, hub: "b") == nil)
    }

    /// No answer is an error: a service need not say what it has.
    @Test(arguments: [
        "", "stored", "{}", #"{"hubs": []}"#, #"{"hubs": {"a": 1}}"#,
        #"{"hubs": {"a": {"contiguous": -1, "highest": 2, "missing": 0}}}"#,
        #"{"hubs": {"a": {"contiguous": 3, "highest": 2, "missing": 0}}}"#,
        #"{"hubs": {"a": {"contiguous": 1e3, "highest": 2000, "missing": 0}}}"#,
        #"{"hubs": {"a": {"contiguous": 1, "highest": 9007199254740992, "missing": 0}}}"#,
    ])
    func whatSaysNothing(answer: String) {
        #expect(ServicePlace(answer: Array(answer.utf8), hub: "a") == nil)
    }

    @Test func everyPrefixAndEveryByte() {
        for length in 0..<Self.answer.count {
            #expect(ServicePlace(answer: Array(Self.answer.prefix(length)), hub: "a") == nil)
        }
        for index in Self.answer.indices {
            for byte in UInt8.min...UInt8.max {
                var answer = Self.answer
                answer[index] = byte
                let gaps = ServicePlace(answer: answer, hub: "a")?.gaps ?? []
                #expect(zip(gaps, gaps.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
            }
        }
    }

    /// From where gaps overlap or turn back, nothing of them counts: they would be counted twice.
    @Test(arguments: ["[5, 9], [7, 12]", "[5, 9], [1, 2]", "[5, 9], [12, 11]", "[5, 9], [1]"])
    func gapsThatMakeNoSense(gaps: String) throws {
        let answer = String(decoding: Self.answer, as: UTF8.self)
            .replacing("[5, 6], [9, 9]", with: gaps)
        let place = try #require(ServicePlace(answer: Array(answer.utf8), hub: "a"))
        #expect(place.gaps == [5...9])
    }

    /// 20 events, all of them delivered to `a` but one that it would not have.
    private func ledger() throws -> Ledger {
        let ledger = try Ledger(.test(scratch))
        try ledger.setSinks(["a"])
        _ = try ledger.append((1...20).map { .test($0) }, at: someTime)
        try ledger.confirm("a", through: 9, place: 0)
        try ledger.reject("a", try ledger.events(after: 9, limit: 1)[0], reason: "no", at: someTime)
        try ledger.confirm("a", through: 20, place: 0)
        return ledger
    }

    @Test func whatCountsAsMissed() throws {
        let ledger = try ledger()
        func missed(_ gaps: [ClosedRange<Int64>], through last: Int64 = 20) throws -> MissedEvents?
        {
            try ledger.missed(by: "a", in: gaps, through: last)
        }
        #expect(try missed([4...6, 18...30]) == MissedEvents(count: 6, first: 4))
        #expect(try missed([1...(Ledger.numberLimit - 1)]) == MissedEvents(count: 19, first: 1))
        #expect(try missed([]) == nil)
        #expect(try missed([10...10]) == nil)
        #expect(try missed([15...20], through: 14) == nil)
        #expect(try missed([21...40]) == nil)
        // What is no longer kept cannot be delivered again: it is no problem of the hub's.
        _ = try ledger.trimDelivered(limit: 5)
        #expect(try missed([4...6]) == MissedEvents(count: 1, first: 6))
        // What somebody gave up is not missed.
        #expect(try ledger.drop(try ledger.events(after: 9, limit: 1)[0].id) == 1)
        #expect(try missed([10...10]) == nil)
        // What waits again is not missed either.
        _ = try ledger.deliverAgain("a", from: 8)
        #expect(try missed([8...20]) == nil)
    }

    /// A sink that came later was never to have what was there before.
    @Test func aSinkThatCameLater() throws {
        let ledger = try ledger()
        _ = try ledger.trimDelivered(limit: 3)
        try ledger.setSinks(["a", "b"])
        _ = try ledger.append((21...24).map { .test($0) }, at: someTime)
        try ledger.confirm("b", through: 24, place: 0)
        #expect(
            try ledger.missed(by: "b", in: [1...21], through: 24)
                == MissedEvents(count: 1, first: 21))
        #expect(try ledger.missed(by: "b", in: [1...20], through: 24) == nil)
    }
}
