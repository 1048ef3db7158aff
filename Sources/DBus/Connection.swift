internal import CDBus
public import EventLoop

/// Our place on a bus: calls others, hears their signals, and serves our own objects.
///
/// There are two ways to use it. A client connects once and lives with the loss:
/// ```swift
/// let connection = Connection(.system)
/// try await connection.connect()
/// ```
/// A service stays: it comes back after every loss, and with it its name, its objects and its
/// subscriptions.
/// ```swift
/// let connection = Connection(.system, root: "/org/example")
/// connection.export([lamp], at: "/org/example/lamp")
/// connection.stay(as: "org.example") { state in … }
/// ```
/// Everything happens on the Hub; nothing here ever waits for the bus.
@Hub
public final class Connection {
    /// The name of the bus itself, and of its interface.
    nonisolated static let busName = "org.freedesktop.DBus"
    nonisolated static let busPath: ObjectPath = "/org/freedesktop/DBus"

    /// How things stand with the bus.
    public enum State: Hashable, Sendable {
        /// Not connected and not trying.
        case closed
        /// Being set up.
        case connecting
        /// On the bus under this unique name, and under our own name if we asked for one.
        case connected(uniqueName: String)
        /// Lost or not reached, and why; the next try comes after the time given.
        case lost(BusError, retryAfter: Duration)
    }

    /// Counts of what was dropped.
    public struct Counters: Hashable, Sendable {
        /// Signals that claimed to come from somebody they did not come from.
        public var forgedSignals: UInt64 = 0
        /// Signals of ours that could not be sent.
        public var unsentSignals: UInt64 = 0
        /// Calls refused because a client exceeded its share.
        public var refusedCalls: UInt64 = 0
        /// Calls that the gatekeeper did not allow.
        public var deniedCalls: UInt64 = 0
        /// Times that the bus was lost.
        public var losses: UInt64 = 0
    }

    /// Which bus this is.
    public let bus: Bus
    /// How things stand.
    public private(set) var state: State = .closed
    /// What was dropped so far.
    public internal(set) var counters = Counters()

    private let root: ObjectPath
    private let gatekeeper: any Gatekeeper
    private(set) lazy var service = Service(
        root: root, gatekeeper: gatekeeper, connection: self)
    private let calls = PendingCalls()
    private var link: Link?
    private(set) var isGreeted = false
    var subscriptions: [Subscription] = []
    var nameWatches: [NameWatch] = []
    private var staying = false
    private var isUsedUp = false
    private let interruption = Interruption()

    /// Makes a connection that is not connected yet.
    ///
    /// - Parameters:
    ///   - bus: which bus.
    ///   - root: the object that manages those below it (org.freedesktop.DBus.ObjectManager).
    ///   - gatekeeper: decides what callers may do.
    public init(
        _ bus: Bus, root: ObjectPath = "/", gatekeeper: any Gatekeeper = OwnerGatekeeper()
    ) {
        self.bus = bus
        self.root = root
        self.gatekeeper = gatekeeper
    }

    isolated deinit {
        link?.close()
    }

    // MARK: Life

    /// Connects once. After a loss all calls fail with Disconnected, until it is called again.
    ///
    /// - Throws: that the bus is not there, or that it does not let us in.
    public func connect() async throws(BusError) {
        precondition(state == .closed && !isUsedUp, "connect() needs a connection at rest")
        state = .connecting
        do {
            _ = try await bringUp(name: nil)
        } catch {
            drop(error)
            state = .closed
            throw error
        }
    }

    /// Connects and stays: tries again after 0.1 s, 0.2 s … 5 s whenever the bus is lost or does not
    /// give us the name.
    ///
    /// - Parameters:
    ///   - name: the well-known name to own, alone: nobody may replace us, and we do not wait in a
    ///     queue behind another owner, but keep trying.
    ///   - onChange: hears of every state.
    public func stay(as name: String?, _ onChange: @escaping (State) -> Void) {
        precondition(state == .closed && !isUsedUp, "stay() needs a connection at rest")
        isUsedUp = true
        staying = true
        Hub.start { await self.keepUp(name, onChange) }
    }

    /// Leaves the bus for good. Calls that wait fail.
    public func close() {
        staying = false
        isUsedUp = true
        drop(BusError(.disconnected, "the connection was closed"))
        state = .closed
        interruption.interrupt()
    }

    private func keepUp(_ name: String?, _ onChange: @escaping (State) -> Void) async {
        var backOff = BackOff()
        func change(to new: State) {
            state = new
            onChange(new)
        }
        while staying {
            change(to: .connecting)
            var reason = BusError(.disconnected, "\(bus) closed the connection")
            do throws(BusError) {
                let unique = try await bringUp(name: name)
                backOff.reset()
                change(to: .connected(uniqueName: unique))
                await interruption.wait { staying && link?.isConnected == true }
                counters.losses += 1
            } catch {
                reason = error
            }
            guard staying else { break }
            drop(reason)
            let delay = backOff.next()
            change(to: .lost(reason, retryAfter: delay))
            await interruption.wait(atMost: delay) { staying }
        }
        // Closed, perhaps by `onChange` itself while the next link was about to be opened.
        drop(BusError(.disconnected, "the connection was closed"))
        change(to: .closed)
    }

    /// Opens a link and puts everything that was asked for in place.
    private func bringUp(name: String?) async throws(BusError) -> String {
        let link = try Link.open(
            bus, onMessage: { [weak self] in self?.take($0) },
            onLoss: { [weak self] in self?.lost() })
        self.link = link
        let hello = try await callBus("Hello", [], timeout: .seconds(5))
        guard let unique = hello.first?.string else {
            throw BusError(.failed, "the bus gave us no name")
        }
        link.setUniqueName(unique)
        isGreeted = true
        // One by one: while one is put in place, others may be added or removed.
        while let watch = nameWatches.first(where: { !$0.isInstalled }) {
            try await install(watch)
        }
        while let subscription = subscriptions.first(where: { !$0.isInstalled }) {
            try await install(subscription)
        }
        if let name { try await own(name) }
        state = .connected(uniqueName: unique)
        return unique
    }

    /// Requests a name with the flag DO_NOT_QUEUE (4); the replies 1 and 4 say that it is ours.
    private func own(_ name: String) async throws(BusError) {
        let reply = try await callBus("RequestName", [.string(name), .uint32(4)])
        let code = reply.first?.integer
        guard code != 1 && code != 4 else { return }
        let owner = try? await callBus("GetNameOwner", [.string(name)]).first?.string
        throw BusError(
            .nameTaken, "\(owner ?? "somebody else") owns the name \(name) on \(bus)")
    }

    private func lost() {
        drop(BusError(.disconnected, "the connection to \(bus) was lost"))
        if !staying { state = .closed }
        interruption.interrupt()
    }

    private func drop(_ reason: BusError) {
        link?.close()
        link = nil
        isGreeted = false
        for subscription in subscriptions { subscription.isInstalled = false }
        for watch in nameWatches { watch.isInstalled = false }
        calls.failAll(reason)
        service.linkLost()
        for watch in nameWatches { watch.set(nil) }
    }

    // MARK: Messages

    private func take(_ message: consuming Message) {
        switch message.kind {
        case .methodReturn, .error: calls.take(message)
        case .signal: takeSignal(message)
        case .methodCall:
            if let link { service.take(message, from: link) }
        // The specification wants unknown kinds ignored.
        case nil: break
        }
    }

    private func takeSignal(_ message: borrowing Message) {
        if message.isFromBus(member: "NameOwnerChanged") { takeOwnerChange(message) }
        // A copy: a subscriber may cancel or add while it is called.
        for subscription in subscriptions {
            if subscription.take(message) == .forged { counters.forgedSignals += 1 }
        }
    }

    private func takeOwnerChange(_ message: borrowing Message) {
        let change = try? message.read { (reader) throws(BusError) in
            let name = try reader.string()
            _ = try reader.string()
            return (name: name, owner: try reader.string())
        }
        guard let change else { return }
        for watch in nameWatches where watch.name == change.name { watch.set(change.owner) }
    }

    /// Sends a message that wants no answer.
    public func send(_ message: borrowing Message) throws(BusError) {
        _ = try post(message)
    }

    private func post(_ message: borrowing Message) throws(BusError) -> UInt32 {
        guard let link else { throw BusError(.disconnected, "not connected to \(bus)") }
        return try link.send(message)
    }

    /// Calls a method and waits for its answer.
    ///
    /// - Parameters:
    ///   - message: a method call.
    ///   - timeout: how long to wait; 25 s is what the reference implementation waits.
    /// - Returns: the answer, with its descriptors if it has any.
    /// - Throws: the error that the callee answered with; NoReply when nothing came in time;
    ///   Disconnected when the bus was lost meanwhile, and then nobody knows what the callee did.
    public func call(
        _ message: consuming Message, timeout: Duration = .seconds(25)
    ) async throws(BusError) -> Message {
        let what = "\(message.interface ?? "").\(message.member ?? "")"
        return try await calls.reply(timeout: timeout, what: what) { () throws(BusError) in
            try post(message)
        }
    }

    func callBus(
        _ member: String, _ arguments: [BusValue], timeout: Duration = .seconds(25)
    ) async throws(BusError) -> [BusValue] {
        let message = try Message.methodCall(Self.busName, Self.busPath, Self.busName, member)
        try message.append(arguments)
        return try await call(message, timeout: timeout).arguments(limits: .reply)
    }
}
