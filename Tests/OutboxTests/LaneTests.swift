import Foundation
import Synchronization
import Testing

@testable import Outbox

@Suite("Live events of value overtake a backlog, and none comes twice or not at all")
struct LaneTests {
    let scratch = Scratch()

    /// 100 of presence, then 3 of value among 7 of presence.
    private func ledger() throws -> Ledger {
        let ledger = try Ledger(.test(scratch))
        try ledger.setSinks(["a"])
        _ = try ledger.append((1...100).map { .test($0, class: .presence) }, at: someTime)
        _ = try ledger.append(
            (101...110).map { .test($0, class: $0 % 3 == 0 ? .value : .presence) }, at: someTime)
        return ledger
    }

    private func next(_ ledger: Ledger, _ lane: Lane, limit: Int = 10) throws -> [Int64] {
        let cursor = try #require(ledger.cursors["a"])
        return try ledger.next(for: cursor, lane: lane, limit: limit, bytes: .max).map(\.sequence)
    }

    private func isEven(_ ledger: Ledger) throws -> Bool {
        let cursor = try #require(ledger.cursors["a"])
        guard try ledger.waiting(behind: cursor) == Int64(ledger.depths["a"] ?? -1) else {
            return false
        }
        return try ledger.measuredAccounts().allSatisfy { $0.difference == 0 }
    }

    @Test func whatOvertookIsNotSentAgain() throws {
        let ledger = try ledger()
        #expect(try next(ledger, .express) == [102, 105, 108])
        try ledger.confirm("a", through: 105, place: 0, lane: .express)
        #expect(ledger.depths["a"] == 108)
        #expect(try next(ledger, .express) == [108])
        #expect(try isEven(ledger))
        // The regular lane leaves them out; retention waits for the regular cursor.
        try ledger.confirm("a", through: 100, place: 0)
        #expect(try next(ledger, .regular) == [101, 103, 104, 106, 107, 108, 109, 110])
        #expect(ledger.deliveredThrough == 100)
        #expect(try isEven(ledger))
        try ledger.confirm("a", through: 110, place: 0)
        #expect(ledger.depths["a"] == 0)
        #expect(try isEven(ledger))
    }

    /// When nothing is left in front of those that have overtaken, the sink has everything.
    @Test func theCursorCatchesUp() throws {
        let ledger = try ledger()
        try ledger.confirm("a", through: 108, place: 0, lane: .express)
        try ledger.confirm("a", through: 107, place: 0)
        #expect(ledger.cursors["a"]?.sequence == 108)
        #expect(try next(ledger, .regular) == [109, 110])
        #expect(try isEven(ledger))
    }

    /// A sink beside the others gets what overtook there; one that takes another's place has it.
    @Test(arguments: [["http:a", "http:b"], ["http:b"], ["http:b", "file:c"]])
    func whatOvertookComesToANewSink(sinks: [String]) throws {
        let ledger = try ledger()
        try ledger.confirm("a", through: 10, place: 0)
        try ledger.confirm("a", through: 105, place: 0, lane: .express)
        try ledger.setSinks(["http:a"])
        try ledger.confirm("http:a", through: 105, place: 0, lane: .express)
        try ledger.setSinks(sinks)
        let whoHasThem = sinks.contains("http:a") ? "http:a" : "http:b"
        for sink in sinks {
            let cursor = try #require(ledger.cursors[sink])
            let value = try ledger.next(for: cursor, lane: .express, limit: 10, bytes: .max)
            #expect(value.map(\.sequence) == (sink == whoHasThem ? [108] : [102, 105, 108]))
        }
        #expect(try ledger.measuredAccounts().allSatisfy { $0.difference == 0 })
    }

    /// What was refused since something was taken is found again, by lane.
    @Test func theStreakAfterReopening() throws {
        do {
            let ledger = try ledger()
            let events = try ledger.events(after: 0, limit: 200)
            try ledger.confirm("a", through: 1, place: 0)
            for place in [1, 2] {
                try ledger.reject("a", events[place], reason: "no", at: someTime)
            }
            try ledger.reject("a", events[101], reason: "no", lane: .express, at: someTime)
        }
        let ledger = try Ledger(.test(scratch))
        #expect(try ledger.streak(of: "a") == [.regular: [2, 3], .express: [102]])
        // Whatever was taken in either lane ends it.
        try ledger.confirm("a", through: 105, place: 0, lane: .express)
        #expect(try ledger.streak(of: "a") == [:])
        try ledger.confirm("a", through: 104, place: 0)
        #expect(try ledger.streak(of: "a") == [:])
        // Nor do those count behind which nothing is kept any more.
        let last = try #require(try ledger.events(after: 105, limit: 1).first)
        try ledger.reject("a", last, reason: "no", at: someTime)
        #expect(try ledger.streak(of: "a") == [.regular: [106]])
        try ledger.confirm("a", through: 107, place: 0)
        #expect(try ledger.trimDelivered(limit: 200) == 103)
        #expect(try ledger.streak(of: "a") == [:])
    }

    /// Both cursors are found again.
    @Test func afterReopening() throws {
        do {
            let ledger = try ledger()
            try ledger.confirm("a", through: 105, place: 0, lane: .express)
        }
        let ledger = try Ledger(.test(scratch))
        #expect(ledger.depths["a"] == 108)
        #expect(try next(ledger, .express) == [108])
        #expect(try isEven(ledger))
    }

    /// What was set aside in either lane is taken back into it, exactly.
    @Test func takingBack() throws {
        let ledger = try ledger()
        let events = try ledger.events(after: 0, limit: 200)
        try ledger.confirm("a", through: 102, place: 0, lane: .express)
        try ledger.reject("a", events[0], reason: "no", at: someTime)
        try ledger.reject("a", events[1], reason: "no", at: someTime)
        try ledger.reject("a", events[104], reason: "no", lane: .express, at: someTime)
        #expect(try next(ledger, .express) == [108])
        #expect(try isEven(ledger))
        try ledger.takeBack("a", [.regular: [1, 2], .express: [105]])
        #expect(try ledger.rejections(limit: 9).isEmpty)
        #expect(try next(ledger, .express) == [105, 108])
        #expect(try next(ledger, .regular, limit: 2) == [1, 2])
        #expect(ledger.depths["a"] == 109)
        #expect(try isEven(ledger))
    }

    /// An event of value that was set aside before others overtook it is not forgotten.
    @Test func takingBackValueFromBothLanes() throws {
        let ledger = try Ledger(.test(scratch))
        try ledger.setSinks(["a"])
        let events = try ledger.append((1...5).map { .test($0) }, at: someTime)
        try ledger.reject("a", events[0], reason: "no", at: someTime)
        try ledger.reject("a", events[1], reason: "no", lane: .express, at: someTime)
        try ledger.takeBack("a", [.regular: [1], .express: [2]])
        #expect(try next(ledger, .regular) == [1, 2, 3, 4, 5])
        #expect(try isEven(ledger))
    }

    /// What was passed over between two events that are taken back is due again, and counted once.
    @Test func takingBackOverExpiredEvents() throws {
        let ledger = try ledger()
        let events = try ledger.events(after: 0, limit: 200)
        try ledger.confirm("a", through: 105, place: 0, lane: .express)
        try ledger.reject("a", events[0], reason: "no", at: someTime)
        try ledger.confirm(
            "a", through: 100, place: 0, expired: Array(2...100), at: someTime)
        try ledger.reject("a", events[100], reason: "no", at: someTime)
        #expect(ledger.accounts["a"]?.expired == 99)
        #expect(try isEven(ledger))
        try ledger.takeBack("a", [.regular: [1, 101]])
        #expect(ledger.accounts["a"]?.expired == 0)
        // 105 have not overtaken; one notice has come.
        #expect(ledger.depths["a"] == 111 - 2)
        #expect(try isEven(ledger))
        try ledger.confirm("a", through: 111, place: 0)
        #expect(try isEven(ledger))
    }

    /// The express lane's events bring the regular cursor back with them.
    @Test func takingBackValueOverExpiredEvents() throws {
        let ledger = try Ledger(.test(scratch))
        try ledger.setSinks(["a"])
        let events = try ledger.append(
            (1...9).map { .test($0, class: $0 == 4 ? .value : .presence) }, at: someTime)
        try ledger.reject("a", events[3], reason: "no", lane: .express, at: someTime)
        try ledger.confirm(
            "a", through: 9, place: 0, expired: [1, 2, 3, 5, 6, 7, 8, 9], at: someTime)
        #expect(try isEven(ledger))
        try ledger.takeBack("a", [.express: [4]])
        #expect(try next(ledger, .regular) == [4, 5, 6, 7, 8, 9, 10])
        #expect(try isEven(ledger))
    }

    /// An event that was given up while it was under way again stays given up, whatever the sink says.
    @Test func givenUpWhileUnderWay() throws {
        let ledger = try Ledger(.test(scratch))
        try ledger.setSinks(["a"])
        let events = try ledger.append((1...2).map { .test($0) }, at: someTime)
        try ledger.reject("a", events[0], reason: "no", at: someTime)
        #expect(try ledger.retry(events[0].id) == 1)
        #expect(try ledger.drop(events[0].id) == 1)
        try ledger.reject("a", events[0], reason: "no", lane: nil, at: someTime)
        #expect(try ledger.rejections(limit: 9).isEmpty)
        #expect(try isEven(ledger))
        try ledger.accept("a", events[0])
        #expect(try isEven(ledger))
    }

    /// An event that somebody gave up meanwhile is not sent for its own sake; when it lies between
    /// others it is due again.
    @Test func takingBackWhatWasGivenUp() throws {
        let ledger = try Ledger(.test(scratch))
        try ledger.setSinks(["a"])
        let events = try ledger.append(
            (1...5).map { .test($0, class: .presence) }, at: someTime)
        for event in events[..<3] { try ledger.reject("a", event, reason: "no", at: someTime) }
        _ = try ledger.drop(events[0].id)
        _ = try ledger.drop(events[2].id)
        #expect(try isEven(ledger))
        try ledger.takeBack("a", [.regular: [1, 2, 3]])
        #expect(try next(ledger, .regular) == [2, 3, 4, 5])
        #expect(ledger.accounts["a"]?.givenUp == 1)
        #expect(try isEven(ledger))
        for event in events[1...1] { try ledger.reject("a", event, reason: "no", at: someTime) }
        _ = try ledger.drop(events[1].id)
        try ledger.takeBack("a", [.regular: [2]])
        #expect(try next(ledger, .regular) == [3, 4, 5])
        #expect(try isEven(ledger))
    }

    /// Through a service: a measurement that comes after 2,000 of presence is there after two
    /// deliveries, and in the end every number was there, each once.
    @Test func aFreshMeasurementComesFirst() async throws {
        let server = try SyncServer(["503:0", "200"], signed: false)
        var settings = StoreSettings.test(scratch)
        settings.backoff = .hurry
        let store = try await Store.open(settings)
        for start in 0..<20 {
            _ = try await store.append(
                (0..<100).map { .test(start * 100 + $0, class: .presence) })
        }
        _ = try await store.append([.test(-1)])
        try await store.deliver(to: [
            .http(HTTPSinkSettings(url: "http://localhost:\(server.port)/", batch: 100))
        ])
        let requests = try server.accepted(Set(1...2_001))
        let place = requests.firstIndex { $0.sequences == [2_001] && $0.status == 200 }
        #expect(try #require(place) <= 2)
        let sent = requests.filter { $0.status == 200 }.flatMap { $0.sequences ?? [] }
        #expect(sent.sorted() == Array(1...2_001))
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.ledgerAccounts().allSatisfy { $0.difference == 0 })
        await store.close()
    }

    /// A guilty event in the express lane is found there, and holds nobody up.
    @Test func poisonThatOvertakes() async throws {
        let server = try SyncServer(["poison:-7"], signed: false)
        var settings = StoreSettings.test(scratch)
        settings.backoff = .hurry
        let store = try await Store.open(settings)
        _ = try await store.append((0..<400).map { .test($0, class: .presence) })
        _ = try await store.append([.test(-6), .test(-7), .test(-8)])
        try await store.deliver(to: [
            .http(HTTPSinkSettings(url: "http://localhost:\(server.port)/", batch: 100))
        ])
        let requests = try server.accepted(Set(1...403).subtracting([402]))
        #expect(requests.filter { $0.sequences == [402] }.count == DeliveryMachine.tries)
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.rejected().map(\.event.sequence) == [402])
        #expect(try await store.ledgerAccounts().allSatisfy { $0.difference == 0 })
        await store.close()
    }

    /// The same when the service does not say whether it is the event or the hub, in either lane,
    /// with more waiting in both: the search goes on in the lane it began in.
    @Test(arguments: [0, 2_000]) func poisonThatIsDenied(place: Int) async throws {
        let server = try SyncServer(["poison:\(place):403"], signed: false)
        var settings = StoreSettings.test(scratch)
        settings.backoff = .hurry
        let store = try await Store.open(settings)
        for start in 0..<40 {
            let eventClass: Event.Class = start < 20 ? .presence : .value
            _ = try await store.append(
                (0..<100).map { .test(start * 100 + $0, class: eventClass) })
        }
        try await store.deliver(to: [
            .http(HTTPSinkSettings(url: "http://localhost:\(server.port)/", batch: 100))
        ])
        let guilty = place + 1
        let requests = try server.accepted(Set(1...4_000).subtracting([guilty]))
        let alone = requests.indices.filter { requests[$0].sequences == [guilty] }
        #expect(alone.count == DeliveryMachine.tries)
        // A batch of the other lane, a probe, seven halvings, three tries.
        #expect(try #require(alone.last) < 15)
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.rejected().map(\.event.sequence) == [Int64(guilty)])
        #expect(try await store.ledgerAccounts().allSatisfy { $0.difference == 0 })
        await store.close()
    }

    /// Hours without network, scaled down: every event is kept in less than its share of 128 MiB,
    /// and every number comes, once.
    @Test func anOutage() throws {
        let script = Rig.scripts + "/../../Bench/drain.py"
        let outcome = try Rig.run("python3", [script, Rig.program, scratch.path, "8000"])
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("the service has 8001, 0 came twice, 0 are missing"))
        #expect(outcome.output.contains("kept 8000 shed 0 "))
        #expect(outcome.output.contains("ledger even"))
        let size = try #require(FileSystem.length(of: scratch.file("hubd.db")))
        #expect(size / 8_000 < (128 << 20) / 259_200)
    }

    /// A file has its events in order, whatever waits.
    @Test func filesKeepTheirOrder() async throws {
        let store = try await Store.open(.test(scratch))
        for start in 0..<10 {
            _ = try await store.append(
                (0..<100).map { .test(start * 100 + $0, class: .presence) } + [.test(-start)])
        }
        try await store.deliver(to: [.file(FileSinkSettings(path: scratch.file("events")))])
        try await until { await store.status().sinks[0].depth == 0 }
        let numbers = scratch.lines("events").map { line -> Int? in
            let rest = line.components(separatedBy: "\"sequence\":")[1]
            return Int(rest.prefix { $0.isNumber })
        }
        #expect(numbers == (1...1_010).map(Optional.some))
        await store.close()
    }

    // MARK: Age

    private func old(_ number: Int, _ eventClass: Event.Class, hours: Int64) -> Event {
        var time = someTime
        time.unixNanoseconds -= hours * 3_600_000_000_000
        time.bootNanoseconds -= hours * 3_600_000_000_000
        return .test(number, class: eventClass, time: time)
    }

    /// Presence that is too old for a sink is passed over and told of; value never is.
    @Test func whatIsTooOld() async throws {
        let server = try SyncServer(["200"], signed: false)
        let store = try await Store.open(.test(scratch))
        _ = try await store.append((1...5).map { old($0, .presence, hours: 30) })
        _ = try await store.append([old(6, .value, hours: 30), old(7, .telemetry, hours: 30)])
        _ = try await store.append([old(8, .presence, hours: 2)])
        var http = HTTPSinkSettings(url: "http://localhost:\(server.port)/")
        http.maxAge = .seconds(86_400)
        try await store.deliver(to: [.http(http)])
        let requests = try server.accepted([6, 8])
        try await until { await store.status().sinks[0].depth == 0 }
        let sent = Set(requests.flatMap { $0.sequences ?? [] })
        #expect(sent.isDisjoint(with: [1, 2, 3, 4, 5, 7]))
        let notices = try await store.events().events.filter {
            $0.event.type == "org.hubd.event.dropped.v1"
        }
        let texts = notices.map { String(decoding: $0.event.data, as: UTF8.self) }
        #expect(
            texts == [
                #"{"reason":"too old","count":5,"first":1,"last":5,"ranges":[[1,5]]}"#,
                #"{"reason":"too old","count":1,"first":7,"last":7,"ranges":[[7,7]]}"#,
            ])
        let account = try #require(try await store.ledgerAccounts().last)
        #expect(account.difference == 0)
        #expect(account.went.contains(.init(.expired, 6)))
        await store.close()
    }

    /// The same at a broker, also while it is away with some of them under way.
    @Test func whatIsTooOldForABroker() async throws {
        let broker = try FaultBroker(["silent", "good"])
        var settings = StoreSettings.test(scratch)
        settings.backoff = .hurry
        let time = Mutex(someTime)
        settings.clock = { time.withLock { $0 } }
        let store = try await Store.open(settings)
        _ = try await store.append((1...5).map { .test($0, class: .presence) } + [.test(6)])
        var mqtt = MQTTSinkSettings(url: "mqtt://127.0.0.1:\(broker.port)", topic: "events")
        mqtt.maxAge = .seconds(86_400)
        mqtt.limits.whole = .milliseconds(300)
        try await store.deliver(to: [.mqtt(mqtt)])
        for number in 1...6 { #expect(try broker.event().event?.sequence == number) }
        time.withLock {
            $0.unixNanoseconds += 90_000_000_000_000
            $0.bootNanoseconds += 90_000_000_000_000
        }
        try await until { await store.status().sinks[0].depth == 0 }
        let account = try #require(try await store.ledgerAccounts().last)
        #expect(account.difference == 0)
        #expect(account.went.contains(.init(.expired, 5)))
        await store.close()
        let sent = try broker.rest().filter { $0.behaviour == "good" }
            .compactMap { $0.publish?.event?.sequence }
        #expect(sent == [6])
    }

    /// Within one boot a wall clock that jumps by ten years changes neither age nor order.
    @Test(arguments: [-10, 10])
    func theWallClockJumps(years: Int64) async throws {
        let server = try SyncServer(["200"], signed: false)
        let store = try await Store.open(.test(scratch))
        var jumped = someTime
        jumped.unixNanoseconds += years * 365 * 86_400 * 1_000_000_000
        var http = HTTPSinkSettings(url: "http://localhost:\(server.port)/")
        http.maxAge = .seconds(60)
        // Before the events: what no sink waits for may be retired, and that goes by the wall clock.
        try await store.deliver(to: [.http(http)])
        _ = try await store.append([.test(1, class: .presence, time: jumped)])
        _ = try await store.append([.test(2, class: .presence)])
        // In one batch or in two.
        let sent = try server.accepted([1, 2]).flatMap { $0.sequences ?? [] }
        #expect(sent == [1, 2])
        try await until { await store.status().sinks[0].depth == 0 }
        #expect(try await store.ledgerAccounts().allSatisfy { $0.difference == 0 })
        await store.close()
    }

    /// A clock that nobody set says nothing about age.
    @Test func ageNeedsAClock() async throws {
        let server = try SyncServer(["200"], signed: false)
        let store = try await Store.open(.test(scratch))
        var event = old(1, .presence, hours: 30)
        event.time.boot = UniqueID(high: 9, low: 9)
        event.time.isSynchronized = false
        _ = try await store.append([event])
        var http = HTTPSinkSettings(url: "http://localhost:\(server.port)/")
        http.maxAge = .seconds(60)
        try await store.deliver(to: [.http(http)])
        #expect(try server.next().sequences == [1])
        await store.close()
    }
}
