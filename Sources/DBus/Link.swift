internal import CDBus
internal import EventLoop
internal import Glibc

/// One libdbus connection, driven by the Hub's loop. It lives once: when it is lost, the next
/// link is another object.
///
/// How libdbus and the loop fit together:
/// - libdbus names the descriptors and timeouts it wants watched through callbacks. It holds its
///   lock meanwhile, so these only keep books and never call back into the connection.
/// - libdbus has two watches, reading and writing, for one descriptor; epoll wants one. Their
///   flags are merged, and a descriptor for which nothing is enabled is not polled at all.
/// - Received messages are not taken inside libdbus's callbacks, which is forbidden, but by `pump`
///   after them, and only so many per turn: a flood does not starve timers and jobs.
/// - There is no wake-up function: all calls are made on the loop's thread, so there is no other
///   thread that would have to wake it.
///
/// `@safe`: the pointers are used between `open` and `close` only, on one thread.
@Hub
@safe
final class Link {
    /// Messages taken in one turn of the loop: about a millisecond's worth.
    private static let messagesPerTurn = 64
    /// Bytes of received messages held at once before libdbus stops reading the socket; the bus
    /// then queues for us and refuses the senders. Far more than one turn takes.
    ///
    /// A single larger message still comes in, and is refused when it is read, before anything of it
    /// is copied. libdbus could be told a largest message too, but it ends the connection over one
    /// that is larger, and then any client could take us off the bus.
    private static let receivedBytes = 4 << 20
    /// Bytes waiting to be sent, because the bus does not read, before signals and calls are refused.
    private static let outgoingBytes = 8 << 20
    /// The same for answers. More, so that signals do not crowd them out: a client whose call has
    /// come through should hear from us.
    private static let outgoingBytesWithAnswers = 16 << 20

    /// A bus that goes on having something to tell is let collect it meanwhile: to wake up for each
    /// message costs as much as to take it. In a flood of signals nobody notices a millisecond.
    private static let rest = Duration.milliseconds(1)
    /// Readings in close succession before that is done: more than any exchange of calls and
    /// answers takes, which a millisecond each would slow down.
    private static let readingsBeforeRest = 32

    private struct Polled {
        var poll: EventLoop.Watch
        var watches: [Handle]
    }

    private let connection: OpaquePointer
    private let onMessage: (consuming Message) -> Void
    private let onLoss: () -> Void
    private var polled: [Int32: Polled] = [:]
    private var timers: [Handle: EventLoop.Timer] = [:]
    private var isPumpScheduled = false
    private var isOpen = true
    private var lastReady = EventLoop.Instant(nanoseconds: 0)
    private var closeReadings = 0
    private var isResting = false

    /// Opens a connection; authentication and everything after it happen on the loop.
    ///
    /// - Parameters:
    ///   - bus: where to.
    ///   - onMessage: gets every received message.
    ///   - onLoss: is called once when the other side is gone, but not after `close`.
    /// - Returns: the link, not yet known to the bus.
    /// - Throws: that nobody answers at the address, with what helps.
    static func open(
        _ bus: Bus, onMessage: @escaping (consuming Message) -> Void, onLoss: @escaping () -> Void
    ) throws(BusError) -> Link {
        _ = threads
        let address = bus.address
        guard isPlain(address) else { throw BusError(.badAddress, "\(bus): a NUL in the address") }
        var error = unsafe DBusError()
        unsafe dbus_error_init(&error)
        defer { unsafe dbus_error_free(&error) }
        guard let connection = unsafe dbus_connection_open_private(address, &error) else {
            let name = unsafe error.name.map { unsafe String(cString: $0) }
            let text = unsafe error.message.map { unsafe String(cString: $0) }
            throw BusError(
                name.map(BusError.Code.init) ?? .noServer,
                "cannot reach \(bus): \(text ?? "no reason given"); \(bus.mend)")
        }
        let link = unsafe Link(connection, onMessage, onLoss)
        try link.start()
        return link
    }

    /// libdbus locks nothing before this has been called; it never needs to be undone.
    private static let threads: Void = { _ = dbus_threads_init_default() }()

    private init(
        _ connection: OpaquePointer, _ onMessage: @escaping (consuming Message) -> Void,
        _ onLoss: @escaping () -> Void
    ) {
        unsafe self.connection = unsafe connection
        self.onMessage = onMessage
        self.onLoss = onLoss
    }

    private func start() throws(BusError) {
        unsafe dbus_connection_set_exit_on_disconnect(connection, 0)
        unsafe dbus_connection_set_max_received_size(connection, Self.receivedBytes)
        let watching = unsafe dbus_connection_set_watch_functions(
            connection, addWatch, removeWatch, toggleWatch, retained(), release)
        let timing = unsafe dbus_connection_set_timeout_functions(
            connection, addTimeout, removeTimeout, toggleTimeout, retained(), release)
        unsafe dbus_connection_set_dispatch_status_function(
            connection, dispatchStatusChanged, retained(), release)
        guard watching != 0, timing != 0 else {
            close()
            throw BusError(.noMemory, "no memory for a connection to the bus")
        }
        // Bytes may have arrived while nobody was told about them.
        schedulePump()
    }

    /// What libdbus holds while it may call us: a link that is not closed leaks, but is never used
    /// after its end.
    private func retained() -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(self).toOpaque()
    }

    /// Ends the connection; what was not sent yet is dropped.
    func close() {
        guard isOpen else { return }
        isOpen = false
        unsafe dbus_connection_close(connection)
        _ = unsafe dbus_connection_set_watch_functions(connection, nil, nil, nil, nil, nil)
        _ = unsafe dbus_connection_set_timeout_functions(connection, nil, nil, nil, nil, nil)
        unsafe dbus_connection_set_dispatch_status_function(connection, nil, nil, nil)
        unsafe dbus_connection_unref(connection)
    }

    /// Whether messages can be sent.
    var isConnected: Bool { unsafe isOpen && dbus_connection_get_is_connected(connection) != 0 }

    /// Tells libdbus which unique name the bus gave.
    func setUniqueName(_ name: String) {
        guard isOpen, Name.isBus(name) else { return }
        _ = unsafe dbus_bus_set_unique_name(connection, name)
    }

    /// Queues a message.
    ///
    /// - Parameters:
    ///   - message: any but one that was sent before.
    ///   - isAnswer: whether it answers a call.
    /// - Returns: its serial, which the reply will name.
    /// - Throws: Disconnected, or LimitsExceeded when the bus does not take what is queued.
    func send(_ message: borrowing Message, isAnswer: Bool = false) throws(BusError) -> UInt32 {
        guard isConnected else {
            throw BusError(.disconnected, "the connection to the bus is lost")
        }
        let bound = isAnswer ? Self.outgoingBytesWithAnswers : Self.outgoingBytes
        guard unsafe dbus_connection_get_outgoing_size(connection) < bound else {
            throw BusError(.limitsExceeded, "the bus does not take messages at the moment")
        }
        var serial: dbus_uint32_t = 0
        guard unsafe dbus_connection_send(connection, message.pointer, &serial) != 0 else {
            throw BusError(.noMemory, "no memory for a message")
        }
        return serial
    }

    // MARK: Receiving

    func schedulePump(after delay: Duration = .zero) {
        guard isOpen, !isPumpScheduled else { return }
        isPumpScheduled = true
        Hub.loop.schedule(after: delay) { self.pump() }
    }

    private func pump() {
        isPumpScheduled = false
        var taken = 0
        while isOpen, taken < Self.messagesPerTurn,
            let pointer = unsafe dbus_connection_pop_message(connection)
        {
            taken += 1
            unsafe onMessage(Message(owning: pointer))
        }
        guard isOpen else { return }
        switch unsafe dbus_connection_get_dispatch_status(connection) {
        case DBUS_DISPATCH_DATA_REMAINS: schedulePump()
        case DBUS_DISPATCH_NEED_MEMORY: schedulePump(after: .milliseconds(50))
        default:
            guard !isConnected else { return }
            close()
            onLoss()
        }
    }

    // MARK: Descriptors

    func add(watch: Handle) -> Bool {
        let number = unsafe dbus_watch_get_unix_fd(watch.pointer)
        if polled[number] == nil {
            let poll = try? Hub.loop.watch(number, for: []) { [weak self] readiness in
                self?.ready(number, readiness)
            }
            guard let poll else { return false }
            polled[number] = Polled(poll: poll, watches: [])
        }
        polled[number]?.watches.append(watch)
        update(number)
        return true
    }

    func remove(watch: Handle) {
        // libdbus may have closed the descriptor by now: look the watch up instead.
        for (number, entry) in polled where entry.watches.contains(watch) {
            let rest = entry.watches.filter { $0 != watch }
            polled[number]?.watches = rest
            if rest.isEmpty {
                entry.poll.cancel()
                polled[number] = nil
            } else {
                update(number)
            }
        }
    }

    func toggle(watch: Handle) {
        for (number, entry) in polled where entry.watches.contains(watch) { update(number) }
    }

    /// Polls for what the enabled watches of a descriptor want together.
    private func update(_ number: Int32) {
        guard let entry = polled[number] else { return }
        var interest: EventLoop.Interest = []
        for watch in entry.watches where watch.isEnabled {
            if watch.flags & DBUS_WATCH_READABLE.rawValue != 0, !isResting {
                interest.insert(.readable)
            }
            if watch.flags & DBUS_WATCH_WRITABLE.rawValue != 0 { interest.insert(.writable) }
        }
        // Fails only for a descriptor that is closed, and then its loss is reported anyway.
        try? entry.poll.setInterest(interest)
    }

    private func ready(_ number: Int32, _ readiness: EventLoop.Readiness) {
        // What arrives is taken in this very step, before timers: after the process was stopped for
        // a while, an answer that is there must win against a timeout that is over.
        isPumpScheduled = true
        defer {
            pump()
            rest(number)
        }
        var ready: UInt32 = 0
        if readiness.contains(.readable) { ready |= DBUS_WATCH_READABLE.rawValue }
        if readiness.contains(.writable) { ready |= DBUS_WATCH_WRITABLE.rawValue }
        if readiness.contains(.failed) { ready |= DBUS_WATCH_ERROR.rawValue }
        if readiness.contains(.hangUp) { ready |= DBUS_WATCH_HANGUP.rawValue }
        for watch in polled[number]?.watches ?? [] {
            // Handling one watch may remove or disable the other.
            guard polled[number]?.watches.contains(watch) == true, watch.isEnabled else { continue }
            let always = DBUS_WATCH_ERROR.rawValue | DBUS_WATCH_HANGUP.rawValue
            let flags = ready & (watch.flags | always)
            if flags != 0 { _ = unsafe dbus_watch_handle(watch.pointer, flags) }
        }
    }

    /// Stops to read for a moment when the bus is busy and there is nothing left to read.
    private func rest(_ number: Int32) {
        let now = Hub.loop.now
        closeReadings = lastReady.duration(to: now) < Self.rest * 2 ? closeReadings + 1 : 0
        lastReady = now
        var left: Int32 = 0
        guard closeReadings >= Self.readingsBeforeRest, isOpen,
            unsafe ioctl(number, UInt(FIONREAD), &left) == 0, left == 0
        else { return }
        isResting = true
        update(number)
        Hub.loop.schedule(after: Self.rest) { [weak self] in
            Hub.assumeIsolated {
                self?.isResting = false
                self?.update(number)
            }
        }
    }

    // MARK: Timeouts

    func update(timeout: Handle) {
        remove(timeout: timeout)
        guard unsafe dbus_timeout_get_enabled(timeout.pointer) != 0 else { return }
        let milliseconds = unsafe dbus_timeout_get_interval(timeout.pointer)
        timers[timeout] = Hub.loop.schedule(every: .milliseconds(max(1, milliseconds))) {
            _ = unsafe dbus_timeout_handle(timeout.pointer)
        }
    }

    func remove(timeout: Handle) {
        timers.removeValue(forKey: timeout)?.cancel()
    }
}
