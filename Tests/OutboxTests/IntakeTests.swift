import Testing

@testable import Outbox

@Suite("What waits for the disk is bounded, in order, and counted to the last")
struct IntakeTests {
    private func request(_ count: Int) -> Intake.Request {
        Intake.Request(
            events: (0..<count).map { .test($0) }, state: [], ticket: Intake.Ticket())
    }

    private func numbers(_ items: [Intake.Item]) -> [Int?] {
        items.map {
            switch $0 {
            case .request: nil
            case .loose(let event):
                StoredEvent(sequence: 0, id: .zero, hub: "", event: event).number
            }
        }
    }

    @Test func looseEventsWaitForOthers() {
        let intake = Intake()
        #expect(intake.post(.test(0, class: .presence), now: 1_000))
        #expect(!intake.post(.test(1, class: .presence), now: 2_000))
        #expect(intake.deadline == 1_000 + Intake.linger)
        #expect(intake.take(now: 1_000 + Intake.linger - 1) == nil)
        let load = intake.take(now: 1_000 + Intake.linger)
        #expect(load.map { numbers($0.items) } == [0, 1])
        #expect(intake.deadline == nil)
        #expect(intake.take(now: .max) == nil)
    }

    @Test func sixtyFourDoNotWait() {
        let intake = Intake()
        for number in 0..<Intake.fullBatch {
            #expect(intake.take(now: 0) == nil)
            let wakes = intake.post(.test(number, class: .presence), now: 0)
            #expect(wakes == (number == 0 || number == Intake.fullBatch - 1))
        }
        #expect(intake.take(now: 0)?.items.count == Intake.fullBatch)
    }

    @Test func requestsTakeAlongWhatWaits() {
        let intake = Intake()
        _ = intake.post(.test(0, class: .presence), now: 0)
        #expect(intake.add(request(2)) == nil)
        _ = intake.post(.test(1, class: .presence), now: 0)
        #expect(intake.add(request(1)) == nil)
        _ = intake.post(.test(2, class: .presence), now: 0)
        #expect(intake.counts == Intake.Counts(waiting: 6))
        #expect(intake.take(now: 0).map { numbers($0.items) } == [0, nil, 1, nil, 2])
    }

    @Test func theOldestIsDroppedAtTheBound() {
        let intake = Intake()
        let capacity = Intake.capacity
        for number in 0..<capacity + 10 { _ = intake.post(.test(number, class: .presence), now: 0) }
        #expect(intake.counts == Intake.Counts(waiting: capacity, dropped: 10))
        let load = intake.take(now: 0)
        #expect(load?.dropped == 10)
        #expect(load.map { numbers($0.items) } == (10..<capacity + 10).map(Optional.some))
        // What was told of is not told of again.
        _ = intake.post(.test(0, class: .presence), now: 0)
        #expect(intake.take(now: .max)?.dropped == 0)
    }

    @Test func valueTakesThePlaceOfPresence() {
        let intake = Intake()
        for number in 0..<Intake.capacity {
            _ = intake.post(.test(number, class: .presence), now: 0)
        }
        #expect(intake.add(request(5)) == nil)
        #expect(intake.counts == Intake.Counts(waiting: Intake.capacity, dropped: 5))
    }

    @Test func valueIsRefusedWhenOnlyValueWaits() {
        let intake = Intake()
        #expect(intake.add(request(Intake.capacity)) == nil)
        #expect(intake.add(request(1))?.code == .full)
        _ = intake.post(.test(0, class: .presence), now: 0)
        #expect(
            intake.counts == Intake.Counts(waiting: Intake.capacity, dropped: 1, refused: 1))
        #expect(intake.take(now: 0)?.items.count == 1)
        #expect(intake.add(request(1)) == nil)
    }

    @Test func closed() {
        let intake = Intake()
        _ = intake.post(.test(0, class: .presence), now: 0)
        intake.close()
        #expect(intake.add(request(1))?.code == .closed)
        _ = intake.post(.test(1, class: .presence), now: 0)
        #expect(intake.counts == Intake.Counts(waiting: 1, dropped: 1, refused: 1))
        // What waits is due at once.
        #expect(intake.take(now: 0)?.items.count == 1)
    }

    /// Many times around, the order stays.
    @Test func orderOverTime() {
        let intake = Intake()
        var next = 0
        var expected = 0
        for round in 0..<500 {
            for _ in 0..<(round * 7919 % 97 + 64) {
                _ = intake.post(.test(next, class: .presence), now: 0)
                next += 1
            }
            for number in numbers(intake.take(now: 0)?.items ?? []) {
                #expect(number == expected)
                expected += 1
            }
        }
        #expect(expected == next)
    }
}
