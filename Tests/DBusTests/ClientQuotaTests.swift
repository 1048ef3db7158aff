import EventLoop
import Testing

@testable import DBus

private func at(_ seconds: Double) -> EventLoop.Instant {
    .init(nanoseconds: Int64(seconds * 1e9))
}

extension ClientQuota {
    fileprivate mutating func admits(_ client: String, at seconds: Double) -> Bool {
        (try? admit(client, at: DBusTests.at(seconds))) != nil
    }
}

@Suite("No client takes another's share")
struct ClientQuotaTests {
    @Test("a burst is let in, then 100 calls per second")
    func rate() {
        var quota = ClientQuota()
        var taken = 0
        for _ in 0..<1_000 where quota.admits("a", at: 0) {
            quota.finished("a")
            taken += 1
        }
        #expect(taken == 200)
        for _ in 0..<1_000 where quota.admits("a", at: 1) {
            quota.finished("a")
            taken += 1
        }
        #expect(taken == 300)
        #expect(quota.admits("b", at: 1) == true)
    }

    @Test("32 calls at once, not one more, until one is answered")
    func inFlight() {
        var quota = ClientQuota()
        for _ in 0..<32 { #expect(quota.admits("a", at: 0) == true) }
        #expect(quota.admits("a", at: 0) == false)
        #expect(quota.admits("b", at: 0) == true)
        quota.finished("a")
        #expect(quota.admits("a", at: 0) == true)
        #expect(quota.admits("a", at: 0) == false)
    }

    @Test("256 calls of all clients at once")
    func together() {
        var quota = ClientQuota()
        for client in 0..<8 {
            for _ in 0..<32 { #expect(quota.admits("\(client)", at: 0) == true) }
        }
        #expect(quota.admits("other", at: 0) == false)
        quota.finished("0")
        #expect(quota.admits("other", at: 0) == true)
    }

    @Test("clients that come and go leave nothing behind")
    func memory() {
        var quota = ClientQuota()
        var refused = 0
        for client in 0..<100_000 {
            // One call each, 10,000 clients per second.
            if quota.admits(":1.\(client)", at: Double(client) / 10_000) {
                quota.finished(":1.\(client)")
            } else {
                refused += 1
            }
            #expect(quota.count <= 512)
        }
        #expect(refused == 0)
    }

    @Test("when all places are taken by busy clients, a new one is refused and an old one served")
    func full() {
        var quota = ClientQuota()
        for client in 0..<512 {
            // Too many calls: each of them has an empty bucket and stays remembered.
            for _ in 0..<201 where quota.admits("\(client)", at: 0) { quota.finished("\(client)") }
        }
        #expect(quota.admits("new", at: 0) == false)
        #expect(quota.admits("0", at: 1) == true)
        #expect(quota.admits("new", at: 3) == true)
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
        func admit(_ client: String) {
            let isAdmitted = quota.admits(client, at: 0)
            #expect(isAdmitted)
        }
        func holds(_ bytes: Int, _ client: String) -> Bool {
            (try? quota.hold(bytes, of: client)) != nil
        }
        admit("a")
        #expect(holds(30 << 20, "a"))
        admit("a")
        #expect(!holds(1, "a"))
        admit("b")
        #expect(holds(ClientQuota.bytes, "b"))
        admit("b")
        #expect(!holds(1, "b"))
        admit("c")
        #expect(!holds(20 << 20, "c"))
        quota.finished("a", 30 << 20)
        #expect(holds(20 << 20, "c"))
        quota.finished("c", 20 << 20)
        quota.finished("b", ClientQuota.bytes)
        #expect(holds(ClientQuota.bytesTogether, "b"))
    }
}
