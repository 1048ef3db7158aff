import EventLoop
import Glibc
import Testing

@testable import DBus

private func at(_ seconds: Double) -> EventLoop.Instant {
    .init(nanoseconds: Int64(seconds * 1e9))
}

extension ClientQuota {
    fileprivate mutating func admits(_ client: String, at seconds: Double) -> Bool {
        (try? admit(client, at: DBusTests.at(seconds))) != nil
    }

    /// Lets a call of a user in.
    fileprivate mutating func place(
        _ client: String, of user: UInt32? = nil, at seconds: Double = 0
    ) -> Place? {
        guard var place = try? admit(client, at: DBusTests.at(seconds)) else { return nil }
        guard let user else { return place }
        do {
            try settle(&place, as: user)
            note(user, of: client)
            return place
        } catch {
            finished(place)
            return nil
        }
    }

    fileprivate mutating func takes(_ client: String, of user: UInt32? = nil) -> Bool {
        place(client, of: user) != nil
    }

    /// Lets a call in and answers it at once.
    fileprivate mutating func answers(_ client: String, at seconds: Double) -> Bool {
        guard let place = place(client, at: seconds) else { return false }
        finished(place)
        return true
    }
}

@Suite("No client takes another's share")
struct ClientQuotaTests {
    @Test("a burst is let in, then 100 calls per second")
    func rate() {
        var quota = ClientQuota()
        var taken = 0
        for _ in 0..<1_000 where quota.answers("a", at: 0) { taken += 1 }
        #expect(taken == 200)
        for _ in 0..<1_000 where quota.answers("a", at: 1) { taken += 1 }
        #expect(taken == 300)
        #expect(quota.admits("b", at: 1) == true)
    }

    @Test("32 calls at once, not one more, until one is answered")
    func inFlight() {
        var quota = ClientQuota()
        let places = (0..<32).map { _ in quota.place("a") }
        #expect(places.allSatisfy { $0 != nil })
        #expect(quota.admits("a", at: 0) == false)
        #expect(quota.admits("b", at: 0) == true)
        if let place = places[0] { quota.finished(place) }
        #expect(quota.admits("a", at: 0) == true)
        #expect(quota.admits("a", at: 0) == false)
    }

    @Test("one user has 64 places however many clients, and gets them back")
    func ofOneUser() {
        var quota = ClientQuota()
        var places = (0..<64).map { quota.place("\($0 % 8)", of: 4_711) }
        #expect(places.allSatisfy { $0 != nil })
        #expect(quota.takes("0", of: 4_711) == false)
        #expect(quota.takes("new", of: 4_711) == false)
        #expect(quota.takes("other", of: 4_712) == true)
        if let place = places.removeLast() { quota.finished(place) }
        #expect(quota.takes("new", of: 4_711) == true)
    }

    @Test("whatever all others do, there are places for root and the service's own user")
    func reserve() {
        var quota = ClientQuota()
        var taken = 0
        for user: UInt32 in 5_000..<5_010 {
            for call in 0..<100 where quota.place("\(user)-\(call % 8)", of: user) != nil {
                taken += 1
            }
        }
        #expect(taken == ClientQuota.inFlightTogether)
        for (client, user) in [0, geteuid()].enumerated() {
            for _ in 0..<32 { #expect(quota.takes("trusted \(client)", of: user) == true) }
        }
    }

    @Test("an operator is let in when programs of root have taken all their places")
    func operatorBesidePrograms() throws {
        var quota = ClientQuota()
        for client in 0..<9 {
            for _ in 0..<32 { _ = quota.place("program \(client)", of: 0) }
        }
        let isIn = quota.place("hubctl", of: 0)
        var place = try #require(isIn)
        try quota.hold(100, &place)
        #expect(quota.takes("hubctl", of: 0) == false)
        #expect(quota.takes("program 0", of: 0) == false)
        quota.finished(place)
        #expect(quota.takes("hubctl", of: 0) == true)
    }

    @Test("clients whose user is not known yet do not keep the first call of another out")
    func unknown() {
        var quota = ClientQuota()
        for client in 0..<256 {
            for _ in 0..<32 { _ = quota.place("\(client)") }
        }
        #expect(quota.takes("0") == false)
        #expect(quota.takes("root") == true)
        // One that is known is not bound by them at all.
        #expect(quota.takes("root") == false)
        quota.note(0, of: "root")
        #expect(quota.takes("root") == true)
    }

    @Test("on another bus nobody is who he was")
    func otherBus() {
        var quota = ClientQuota()
        _ = quota.place("a", of: 0)
        #expect(quota.user(of: "a") == 0)
        quota.forgetUsers()
        #expect(quota.user(of: "a") == nil)
    }

    @Test("clients that come and go leave nothing behind")
    func memory() {
        var quota = ClientQuota()
        var refused = 0
        for client in 0..<100_000 {
            // One call each, 10,000 clients per second.
            if !quota.answers(":1.\(client)", at: Double(client) / 10_000) { refused += 1 }
            #expect(quota.count <= 512)
        }
        #expect(refused == 0)
    }

    @Test("clients with empty buckets do not keep a new one out; those with calls are kept")
    func full() {
        var quota = ClientQuota()
        for client in 0..<512 {
            // Too many calls: each of them has an empty bucket and stays remembered.
            for _ in 0..<201 where quota.answers("\(client)", at: Double(client) / 1_000) {}
        }
        #expect(quota.admits("new", at: 0.512) == true)
        #expect(quota.count == 512)
        // The one that was quiet for longest has made room.
        #expect(quota.admits("511", at: 0.512) == false)
        quota = ClientQuota()
        for client in 0..<512 { #expect(quota.admits("\(client)", at: 0) == true) }
        #expect(quota.admits("new", at: 10) == false)
    }

    @Test("the answer says what was too much")
    func text() {
        var quota = ClientQuota()
        for _ in 0..<32 { _ = quota.admits("a", at: 0) }
        #expect(
            throws: BusError(.limitsExceeded, "more than 32 calls at once; try again later")
        ) { try quota.admit("a", at: at(0)) }
    }

    @Test("waits grow from 0.1 s to 5 s and start over")
    func backOff() {
        var backOff = BackOff()
        let waits = (0..<8).map { _ in backOff.next() }
        #expect(
            waits == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].map { .milliseconds($0) })
        backOff.reset()
        #expect(backOff.next() == .milliseconds(100))
    }

    @Test("one large call is let in, a second beside it is not, and what was held is given back")
    func bytes() throws {
        var quota = ClientQuota()
        /// A call of a client that is the user of this number.
        func call(_ bytes: Int, _ user: UInt32, _ client: String = "") -> ClientQuota.Place? {
            guard var place = quota.place("\(user)\(client)", of: user) else { return nil }
            do {
                try quota.hold(bytes, &place)
                return place
            } catch {
                quota.finished(place)
                return nil
            }
        }
        let large = try #require(call(4 << 20, 5_001))
        #expect(call(1, 5_001) == nil)
        // Nor by another client of the same user.
        #expect(call(2 << 20, 5_001, "b") == nil)
        #expect(call(ClientQuota.bytes, 5_001, "b") != nil)
        #expect(call(4 << 20, 5_002) != nil)
        #expect(call(4 << 20, 5_003) == nil)
        // Root has room of its own.
        #expect(call(4 << 20, 0) != nil)
        quota.finished(large)
        #expect(call(4 << 20, 5_003) != nil)
        // Before the user is known there is a bound too, but not for what has little.
        var new = try quota.admit("a", at: at(0))
        try quota.hold(8 << 20, &new)
        var other = try quota.admit("b", at: at(0))
        #expect(throws: BusError.self) { try quota.hold(3 << 20, &other) }
        try quota.hold(ClientQuota.bytesOfFew, &other)
    }
}
