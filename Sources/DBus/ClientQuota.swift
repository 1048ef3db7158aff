internal import EventLoop

/// Keeps one client, and one user with many clients, from using up what belongs to all: a pure
/// value, the time is an argument.
///
/// Each client has a bucket of tokens that refills steadily, and a bound on calls in flight. Beyond
/// that calls count for the user behind the client, because anybody may open many connections: one
/// user has a part of the places only, and root and the service's own user have places that nobody
/// else gets. The bus has to be asked who the user is, once for each client; until it has answered,
/// which takes milliseconds, calls have places of their own.
///
/// When the table is full, a client that waits for nothing is forgotten: what it gains by that, a
/// new connection would give it too.
struct ClientQuota {
    /// Calls per second that go on for ever.
    static let rate = 100.0
    /// Calls at once after a quiet time: a client that reads a whole tree, object by object.
    static let burst = 200.0
    /// Calls of one client that are being worked on.
    static let inFlight = 32
    /// Busy clients; more than any system bus lets one user open (256, dbus-daemon(1)).
    static let clients = 512
    /// Calls of one user that are being worked on: two busy clients.
    static let inFlightOfUser = 64
    /// Calls of all users together, without root and the service's own user.
    static let inFlightTogether = 192
    /// Calls of root and the service's own user: places that nobody else takes. The first call of each
    /// of their clients comes in beyond them: an operator asks what is wrong when all are taken.
    static let inFlightOfTrusted = 256
    /// Calls that wait until the bus tells whose they are, the first of each client not counted in.
    static let unknown = 256
    /// Bytes of arguments of one client that are being worked on; a single call may have more.
    static let bytes = 256 << 10
    /// Arguments that need no bound before the user is known: those of almost every call.
    static let bytesOfFew = 4 << 10
    /// The same of one user: the largest call that there is (4 MiB), and small ones.
    static let bytesOfUser = 5 << 20
    /// The same of all users together; of root and the service's own user; of those not known yet.
    static let bytesTogether = 10 << 20

    /// A place of a call that was let in; it has to be given back with `finished`.
    struct Place {
        let client: String
        fileprivate(set) var user: UInt32?
        fileprivate(set) var bytes = 0
    }

    /// What is being worked on.
    private struct Load {
        var calls = 0
        var bytes = 0

        /// Adds a call, or with -1 takes it away.
        mutating func add(_ count: Int, _ bytes: Int) {
            calls += count
            self.bytes += count * bytes
        }
    }

    private struct Client {
        var tokens: Double
        var refilled: EventLoop.Instant
        var inFlight: Int
        var bytes = 0
        var user: UInt32?

        mutating func refill(at now: EventLoop.Instant) {
            let seconds = refilled.duration(to: now) / .seconds(1)
            tokens = min(ClientQuota.burst, tokens + max(0, seconds) * ClientQuota.rate)
            refilled = now
        }
    }

    private var clients: [String: Client] = [:]
    private var unknown = Load()
    private var users: [UInt32: Load] = [:]
    private var together = Load()
    private var trusted = Load()

    /// How many clients are remembered.
    var count: Int { clients.count }

    /// Whose a client is, if the bus has told.
    func user(of name: String) -> UInt32? { clients[name]?.user }

    /// Notes whose a client is.
    mutating func note(_ user: UInt32, of name: String) { clients[name]?.user = user }

    /// Forgets whose the clients are: on another bus their names belong to others.
    mutating func forgetUsers() {
        for name in clients.keys { clients[name]?.user = nil }
    }

    /// Lets a call in, or says why not; each call let in has to be `finished`.
    mutating func admit(_ name: String, at now: EventLoop.Instant) throws(BusError) -> Place {
        if clients[name] == nil, clients.count >= Self.clients {
            forgetIdle(at: now)
            guard clients.count < Self.clients else { throw Self.refusal("too many clients") }
        }
        var client =
            clients[name] ?? Client(tokens: Self.burst, refilled: now, inFlight: 0)
        client.refill(at: now)
        defer { clients[name] = client }
        guard client.tokens >= 1 else {
            throw Self.refusal("more than \(Int(Self.rate)) calls per second")
        }
        client.tokens -= 1
        guard client.inFlight < Self.inFlight else {
            throw Self.refusal("more than \(Self.inFlight) calls at once")
        }
        if let user = client.user {
            try check(user, bytes: 0, isFirst: client.inFlight == 0)
        } else {
            // The first call of a client always comes in: one user has not enough connections to
            // fill the table with them.
            guard client.inFlight == 0 || unknown.calls < Self.unknown else {
                throw Self.refusal("more than \(Self.unknown) calls of new clients at once")
            }
        }
        client.inFlight += 1
        let place = Place(client: name, user: client.user)
        tally(place, 1)
        return place
    }

    /// Notes the arguments of a call that was let in: they are kept while it waits, perhaps for a
    /// person.
    mutating func hold(_ bytes: Int, _ place: inout Place) throws(BusError) {
        let own = clients[place.client]?.bytes ?? 0
        guard own == 0 || own + bytes <= Self.bytes else {
            throw Self.refusal("more than \(Self.bytes) bytes in calls at once")
        }
        tally(place, -1)
        defer { tally(place, 1) }
        if let user = place.user {
            try check(user, bytes: bytes, isFirst: isOnly(place))
        } else {
            guard
                bytes <= Self.bytesOfFew
                    || unknown.bytes + bytes <= Self.bytesTogether
            else { throw Self.refusal("too many bytes in calls of new clients") }
        }
        clients[place.client]?.bytes += bytes
        place.bytes = bytes
    }

    /// Whose a call is has become known: from now on it counts for the user.
    mutating func settle(_ place: inout Place, as user: UInt32) throws(BusError) {
        guard place.user == nil else { return }
        try check(user, bytes: place.bytes, isFirst: isOnly(place))
        tally(place, -1)
        place.user = user
        tally(place, 1)
    }

    /// A call that was let in has been answered.
    mutating func finished(_ place: Place) {
        clients[place.client]?.inFlight -= 1
        clients[place.client]?.bytes -= place.bytes
        tally(place, -1)
    }

    /// Whether a user may have another call with so many bytes.
    private func check(_ user: UInt32, bytes: Int, isFirst: Bool) throws(BusError) {
        if OwnerGatekeeper.trusts(user) {
            guard isFirst || trusted.calls < Self.inFlightOfTrusted else {
                throw Self.refusal("more than \(Self.inFlightOfTrusted) calls at once")
            }
            guard trusted.bytes + bytes <= Self.bytesTogether else {
                throw Self.refusal("more than \(Self.bytesTogether) bytes in calls at once")
            }
            return
        }
        let load = users[user] ?? Load()
        guard load.calls < Self.inFlightOfUser else {
            throw Self.refusal("more than \(Self.inFlightOfUser) calls of one user at once")
        }
        guard load.bytes + bytes <= Self.bytesOfUser else {
            throw Self.refusal("more than \(Self.bytesOfUser) bytes in calls of one user")
        }
        guard together.calls < Self.inFlightTogether else {
            throw Self.refusal("more than \(Self.inFlightTogether) calls of all users at once")
        }
        guard together.bytes + bytes <= Self.bytesTogether else {
            throw Self.refusal("more than \(Self.bytesTogether) bytes in calls of all users")
        }
    }

    /// Whether its client has no other call in flight; it is counted itself.
    private func isOnly(_ place: Place) -> Bool { clients[place.client]?.inFlight == 1 }

    private mutating func tally(_ place: Place, _ count: Int) {
        guard let user = place.user else { return unknown.add(count, place.bytes) }
        guard !OwnerGatekeeper.trusts(user) else { return trusted.add(count, place.bytes) }
        together.add(count, place.bytes)
        users[user, default: Load()].add(count, place.bytes)
        if users[user]?.calls == 0 { users[user] = nil }
    }

    /// Forgets who is no different from a new client, and, when nobody is, the one who is the least.
    private mutating func forgetIdle(at now: EventLoop.Instant) {
        clients = clients.filter { entry in
            var client = entry.value
            client.refill(at: now)
            return client.inFlight > 0 || client.tokens < Self.burst
        }
        guard clients.count >= Self.clients else { return }
        let idle = clients.filter { $0.value.inFlight == 0 }
        if let least = idle.max(by: { $0.value.refilled > $1.value.refilled }) {
            clients[least.key] = nil
        }
    }

    private static func refusal(_ reason: String) -> BusError {
        BusError(.limitsExceeded, "\(reason); try again later")
    }
}
