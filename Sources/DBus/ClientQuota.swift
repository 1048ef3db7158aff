internal import EventLoop

/// Keeps one client from using up what belongs to all: a pure value, the time is an argument.
///
/// Each client has a bucket of tokens that refills steadily, and a bound on calls in flight. A
/// client whose bucket is full and who waits for nothing is no different from a new one and is
/// forgotten, so the table holds only clients that were busy in the last seconds.
struct ClientQuota {
    /// Calls per second that go on for ever.
    static let rate = 100.0
    /// Calls at once after a quiet time: a client that reads a whole tree, object by object.
    static let burst = 200.0
    /// Calls of one client that are being worked on.
    static let inFlight = 32
    /// Busy clients; more than any system bus lets one user open (256, dbus-daemon(1)).
    static let clients = 512
    /// Calls of all clients that are being worked on.
    static let inFlightTogether = 256
    /// Bytes of arguments of one client that are being worked on; a single call may have more.
    static let bytes = 256 << 10
    /// The same of all clients: the largest call there is, and room for all others beside it.
    static let bytesTogether = 48 << 20

    private struct Client {
        var tokens: Double
        var refilled: EventLoop.Instant
        var inFlight: Int
        var bytes = 0

        mutating func refill(at now: EventLoop.Instant) {
            let seconds = refilled.duration(to: now) / .seconds(1)
            tokens = min(ClientQuota.burst, tokens + max(0, seconds) * ClientQuota.rate)
            refilled = now
        }
    }

    private var clients: [String: Client] = [:]
    private var inFlightTogether = 0
    private var bytesTogether = 0

    /// How many clients are remembered.
    var count: Int { clients.count }

    /// Lets a call in, or says why not; each call let in has to be `finished`.
    mutating func admit(_ name: String, at now: EventLoop.Instant) throws(BusError) {
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
        guard inFlightTogether < Self.inFlightTogether else {
            throw Self.refusal("more than \(Self.inFlightTogether) calls of all clients at once")
        }
        client.inFlight += 1
        inFlightTogether += 1
    }

    /// Notes the arguments of a call that was let in: they are kept while it waits, perhaps for a
    /// person.
    ///
    /// - Returns: the bytes, for `finished`.
    mutating func hold(_ bytes: Int, of name: String) throws(BusError) -> Int {
        let own = clients[name]?.bytes ?? 0
        guard own == 0 || own + bytes <= Self.bytes else {
            throw Self.refusal("more than \(Self.bytes) bytes in calls at once")
        }
        guard bytesTogether + bytes <= Self.bytesTogether else {
            throw Self.refusal("more than \(Self.bytesTogether) bytes in calls of all clients")
        }
        clients[name]?.bytes += bytes
        bytesTogether += bytes
        return bytes
    }

    /// A call that was let in has been answered.
    mutating func finished(_ name: String, _ bytes: Int = 0) {
        clients[name]?.inFlight -= 1
        clients[name]?.bytes -= bytes
        inFlightTogether -= 1
        bytesTogether -= bytes
    }

    private mutating func forgetIdle(at now: EventLoop.Instant) {
        clients = clients.filter { entry in
            var client = entry.value
            client.refill(at: now)
            return client.inFlight > 0 || client.tokens < Self.burst
        }
    }

    private static func refusal(_ reason: String) -> BusError {
        BusError(.limitsExceeded, "\(reason); try again later")
    }
}
