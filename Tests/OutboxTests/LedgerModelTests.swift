import Testing

@testable import Outbox

@Suite("Whatever happens in whatever order, the ledger is even and no event of value is missed")
struct LedgerModelTests {
    let scratch = Scratch()

    /// What couriers do to a ledger, at random, with what must have come of it.
    private struct Model {
        var ledger: Ledger
        var random: any RandomNumberGenerator
        var value: Set<Int64> = []
        /// What a sink has, or was given up for it.
        var settled: [String: Set<Int64>] = [:]
        /// Events set aside since the sink took one, as `DeliveryMachine` knows them.
        var streak: [String: [Lane: [Int64]]] = [:]

        mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

        mutating func next(_ sink: String, _ lane: Lane) throws -> [StoredEvent] {
            let cursor = try #require(ledger.cursors[sink])
            return try ledger.next(for: cursor, lane: lane, limit: 1 + pick(5), bytes: .max)
        }

        mutating func append() throws {
            let classes: [Event.Class] = [.value, .presence, .telemetry]
            let events = (0...pick(4)).map { Event.test($0, class: classes[pick(3)]) }
            for stored in try ledger.append(events, at: someTime) {
                if stored.event.eventClass == .value { value.insert(stored.sequence) }
            }
        }

        mutating func confirm(_ sink: String, _ lane: Lane) throws {
            let events = try next(sink, lane)
            guard let last = events.last?.sequence else { return }
            try ledger.confirm(sink, through: last, place: 0, lane: lane)
            settled[sink, default: []].formUnion(events.map(\.sequence))
            streak[sink] = [:]
        }

        mutating func reject(_ sink: String, _ lane: Lane) throws {
            guard let event = try next(sink, lane).first else { return }
            try ledger.reject(sink, event, reason: "no", lane: lane, at: someTime)
            streak[sink, default: [:]][lane, default: []].append(event.sequence)
        }

        mutating func expire(_ sink: String) throws {
            let old = try next(sink, .regular).prefix { $0.event.eventClass != .value }
            guard let last = old.last?.sequence else { return }
            try ledger.confirm(
                sink, through: last, place: 0, expired: old.map(\.sequence), at: someTime)
        }

        mutating func takeBack(_ sink: String) throws {
            try ledger.takeBack(sink, streak[sink] ?? [:])
            streak[sink] = [:]
        }

        mutating func sendAgain(_ sink: String) throws {
            let all = try ledger.rejections(limit: 99).filter { $0.sink == sink }
            guard !all.isEmpty else { return }
            let event = all[pick(all.count)].event
            _ = try ledger.retry(event.id)
            // Somebody may give it up meanwhile.
            let isDropped = pick(4) == 0
            if isDropped {
                _ = try ledger.drop(event.id)
                for name in ledger.cursors.keys {
                    settled[name, default: []].insert(event.sequence)
                }
            }
            if pick(2) == 0 {
                try ledger.accept(sink, event)
                settled[sink, default: []].insert(event.sequence)
                streak[sink] = [:]
            } else {
                try ledger.reject(sink, event, reason: "no", lane: nil, at: someTime)
            }
        }

        mutating func sendAllAgain(_ sink: String) throws {
            let first = Int64(1 + pick(Int(ledger.lastSequence) + 1))
            _ = try ledger.deliverAgain(sink, from: first)
        }

        /// Some sinks go and some come; who takes whose place has what that one had.
        mutating func changeSinks() throws {
            let before = Set(ledger.cursors.keys)
            let names = ["http:a", "http:b", "http:c", "file:d", "mqtt:e"].filter { _ in
                pick(2) == 0
            }
            guard !names.isEmpty else { return }
            let gone = before.subtracting(names)
            let added = names.filter { !before.contains($0) }
            let furthest = ledger.cursors.values.map(\.sequence).min() ?? 0
            var owed: [String: Set<Int64>] = [:]
            for name in added {
                if gone.isEmpty { owed[name] = value.filter { $0 > furthest } }
                for other in gone {
                    let aside = try aside(other)
                    let waiting = value.subtracting(settled[other] ?? []).subtracting(aside)
                    owed[name, default: []].formUnion(waiting)
                    let alike = added.filter { $0.prefix(4) == other.prefix(4) }
                    let heir = alike.count == 1 ? alike[0] : added.count == 1 ? added[0] : nil
                    if heir == name { owed[name, default: []].formUnion(aside) }
                }
            }
            let kept = Set(try ledger.events(after: 0, limit: .max).map(\.sequence))
            try ledger.setSinks(names)
            for name in gone { (settled[name], streak[name]) = (nil, nil) }
            for name in added {
                settled[name] = value.subtracting(owed[name] ?? []).union(value.subtracting(kept))
            }
        }

        /// As after a restart.
        mutating func forgetStreaks() throws {
            for name in ledger.cursors.keys {
                let known = try ledger.streak(of: name)
                streak[name] =
                    known.values.joined().count < DeliveryMachine.streakLimit ? known : [:]
            }
        }

        func aside(_ sink: String) throws -> Set<Int64> {
            Set(try ledger.rejections(limit: .max).filter { $0.sink == sink }.map(\.event.sequence))
        }

        mutating func step(_ sink: String) throws {
            switch pick(12) {
            case 0, 1: try append()
            case 2: try confirm(sink, .regular)
            case 3: try confirm(sink, .express)
            case 4, 5: try reject(sink, .regular)
            case 6: try reject(sink, .express)
            case 7: try expire(sink)
            case 8: try takeBack(sink)
            case 9: try sendAgain(sink)
            case 10: _ = try ledger.trimDelivered(limit: 1 + pick(9))
            default: try confirm(sink, pick(2) == 0 ? .regular : .express)
            }
        }

        func isEven() throws -> Bool {
            for (name, cursor) in ledger.cursors {
                guard try ledger.waiting(behind: cursor) == Int64(ledger.depths[name] ?? -1) else {
                    return false
                }
            }
            return try ledger.measuredAccounts().allSatisfy { $0.difference == 0 }
        }

        /// What a sink will never get though nobody gave it up.
        func missed(_ sink: String) throws -> Set<Int64> {
            let cursor = try #require(ledger.cursors[sink])
            let waiting = try ledger.events(after: 0, limit: .max).map(\.sequence).filter {
                $0 > max(cursor.sequence, cursor.express)
            }
            return value.subtracting(settled[sink] ?? []).subtracting(waiting)
                .subtracting(try aside(sink))
        }
    }

    /// A full store takes value as long as there is presence to give way, however both lie in it.
    @Test(arguments: 1...8) func anyMixtureMakesRoom(seed: UInt64) throws {
        let ledger = try Ledger(.test(scratch, quota: 1 << 20))
        try ledger.setSinks(["a"])
        var random = SplitMix(state: seed)
        let classes: [Event.Class] = [.presence, .presence, .presence, .telemetry]
        for number in 0..<4_000 {
            let isValue = number % 60 == 59
            let event = Event.test(
                number, class: isValue ? .value : classes.randomElement(using: &random)!,
                padding: .random(in: 0..<400, using: &random))
            try ledger.makingRoom(at: someTime) { () throws(DatabaseError) in
                _ = try ledger.append([event], at: someTime)
            }
        }
        #expect(ledger.shedCount > 0)
        #expect(try ledger.measuredAccounts().allSatisfy { $0.difference == 0 })
    }

    /// Value is refused only when next to nothing but value is left, and presence gives way only
    /// when next to no telemetry is left.
    @Test(arguments: [2, 3, 5, 10, 20], [false, true])
    func whatLiesBetweenValueMakesRoom(oneOf share: Int, isMixed: Bool) throws {
        let ledger = try Ledger(.test(scratch, quota: 1 << 20))
        try ledger.setSinks(["a"])
        var random = SplitMix(state: UInt64(share))
        var telemetryAtFirstPresence: Double?
        func portion(_ classes: [Event.Class]) throws -> Double {
            let kept = try Event.Class.allCases.map { try Double(ledger.rows($0)) }.reduce(0, +)
            return try classes.map { try Double(ledger.rows($0)) }.reduce(0, +) / kept
        }
        var number = 0
        var refusal: DatabaseError?
        while refusal == nil, number < 100_000 {
            number += 1
            let isValue = number % share == 0
            let isTelemetry = isMixed ? Bool.random(using: &random) : number / share % 2 == 0
            let event = Event.test(
                number, class: isValue ? .value : isTelemetry ? .telemetry : .presence,
                padding: .random(in: 100..<400, using: &random))
            do throws(DatabaseError) {
                try ledger.makingRoom(at: someTime) { () throws(DatabaseError) in
                    _ = try ledger.append([event], at: someTime)
                }
            } catch  where isValue {
                refusal = error
            } catch {
                // Presence has no room any more; value has.
            }
            if telemetryAtFirstPresence == nil, ledger.count(.shedPresence) > 0 {
                telemetryAtFirstPresence = try portion([.telemetry])
            }
        }
        #expect(refusal?.kind == .full)
        #expect(try portion([.telemetry, .presence]) < 0.08)
        #expect(try #require(telemetryAtFirstPresence) < 0.08)
        #expect(try ledger.measuredAccounts().allSatisfy { $0.difference == 0 })
        #expect(try ledger.database.number("SELECT count(*) FROM pragma_integrity_check") == 1)
        let numbers = try ledger.events(after: 0, limit: .max).map(\.sequence)
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
    }

    /// What waits for an operator gives way last of all, and only what is not of value.
    @Test func rejectedPresenceMakesRoom() throws {
        let ledger = try Ledger(.test(scratch, quota: 1 << 20))
        try ledger.setSinks(["a", "b"])
        var number = 0
        var refusal: DatabaseError?
        var refused: Set<Int64> = []
        while refusal == nil, number < 100_000 {
            number += 1
            let isValue = number % 3 == 0
            let event = Event.test(number, class: isValue ? .value : .presence, padding: 300)
            do throws(DatabaseError) {
                let stored = try ledger.makingRoom(at: someTime) { () throws(DatabaseError) in
                    try ledger.append([event], at: someTime)
                }
                for event in stored {
                    // Notices came before it.
                    for sink in ["a", "b"] {
                        try ledger.confirm(sink, through: event.sequence - 1, place: 0)
                    }
                    // Both let all presence lie, and "a" every second event of value.
                    for sink in ["a", "b"] where !isValue || sink == "a" && number % 2 == 0 {
                        try ledger.makingRoom(at: someTime) { () throws(DatabaseError) in
                            try ledger.reject(sink, event, reason: "no", at: someTime)
                        }
                        if isValue { refused.insert(event.sequence) }
                    }
                    for sink in ["a", "b"] {
                        try ledger.confirm(sink, through: event.sequence, place: 0)
                    }
                }
            } catch {
                refusal = error
            }
        }
        #expect(refusal?.kind == .full)
        #expect(try ledger.rows(.presence) < 64)
        #expect(
            Set(try ledger.rejections(limit: .max).map(\.event.sequence)).isSuperset(of: refused))
        for account in try ledger.measuredAccounts() {
            #expect(account.difference == 0, "\(account)")
        }
        #expect(ledger.depths.allSatisfy { $0.value == 0 })
    }

    /// With sinks that come, go and take each other's place, deliveries from the beginning, restarts.
    @Test(arguments: 1...12) func sinksComeAndGo(seed: UInt64) throws {
        var model = Model(
            ledger: try Ledger(.test(scratch)), random: SplitMix(state: 100 + seed))
        try model.ledger.setSinks(["http:a", "file:d"])
        for step in 0..<200 {
            for sink in model.ledger.cursors.keys.sorted() where model.ledger.cursors[sink] != nil {
                switch model.pick(40) {
                case 0: try model.changeSinks()
                case 1: try model.sendAllAgain(sink)
                case 2: try model.forgetStreaks()
                default: try model.step(sink)
                }
                try #require(try model.isEven(), "seed \(seed), step \(step)")
            }
            for sink in model.ledger.cursors.keys {
                #expect(try model.missed(sink).isEmpty, "seed \(seed), step \(step), \(sink)")
            }
        }
    }

    @Test(arguments: 1...8) func anyOrder(seed: UInt64) throws {
        let settings = StoreSettings.test(scratch)
        var model = Model(ledger: try Ledger(settings), random: SplitMix(state: seed))
        try model.ledger.setSinks(["a", "b"])
        for step in 0..<200 {
            for sink in ["a", "b"] {
                try model.step(sink)
                try #require(try model.isEven(), "seed \(seed), step \(step)")
                #expect(try model.missed(sink).isEmpty, "seed \(seed), step \(step)")
            }
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood, 2014): the same numbers in each run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
