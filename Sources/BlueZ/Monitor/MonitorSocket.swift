public import BeaconScanner
internal import CLinux
public import EventLoop
internal import Glibc

/// Hears all adapters of the machine through the kernel's HCI monitor channel.
///
/// The channel shows what passes between bluetoothd and the adapters, to any number of listeners,
/// and disturbs neither. So every advertising report of a scan that bluetoothd does arrives here as
/// the adapter gave it, with its own strength and time: no merging, no bus, a fraction of a
/// microsecond each. It asks for no scan by itself. It needs CAP_NET_RAW.
///
/// It is driven by an event loop and belongs to the loop's thread. A frame costs no allocation.
public final class MonitorSocket {
    /// What the owner is told, on the loop's thread.
    public struct Owner {
        /// An HCI event of an adapter: an advertising report. The bytes are valid during the call.
        public var onEvent: (_ adapter: UInt16, _ event: Span<UInt8>, _ time: BootTime) -> Void
        /// Adapters came, went, or are known better now.
        public var onAdapters: (MonitorAdapters) -> Void = { _ in }
        /// All for this turn of the loop.
        public var onTurn: () -> Void = {}
        /// The channel ended; the socket is closed.
        public var onFailure: (MonitorError) -> Void = { _ in }

        /// Makes an owner that wants events.
        public init(
            onEvent: @escaping (_ adapter: UInt16, _ event: Span<UInt8>, _ time: BootTime) -> Void
        ) {
            self.onEvent = onEvent
        }
    }

    /// What became of the frames.
    public struct Counts: Hashable, Sendable {
        /// Frames that were received.
        public var frames: UInt64 = 0
        /// HCI events among them.
        public var events: UInt64 = 0
        /// Frames that were none, or longer than any event.
        public var malformed: UInt64 = 0
        /// Frames that the kernel dropped since the socket's buffer was full.
        public var dropped: UInt64 = 0

        /// Makes counts of zero.
        public init() {}
    }

    /// What became of the frames.
    public private(set) var counts = Counts()
    /// The adapters of the machine.
    public private(set) var adapters = MonitorAdapters()

    private let loop: EventLoop
    private let owner: Owner
    /// Batches in a turn of the loop, so that the bus and the timers get their turns too: eight with
    /// 64 frames each are about a third of a millisecond of work.
    private let batchesInTurn: Int
    private var descriptor: Descriptor?
    private var watch: EventLoop.Watch?
    private var ring = MonitorRing()
    private var clock = MonitorClock()
    private var kernelDrops: UInt32 = 0

    /// Opens the channel; what the adapters are comes with the loop's next turn.
    ///
    /// - Throws: why it cannot be heard, with the mend.
    public convenience init(on loop: EventLoop, owner: Owner) throws(MonitorError) {
        try self.init(adopting: Self.openChannel(), on: loop, owner: owner)
    }

    /// Listens to a socket of datagrams that is prepared already; for tests and rigs.
    package init(
        adopting socket: consuming Descriptor, on loop: EventLoop,
        batchesInTurn: Int = 8, owner: Owner
    ) throws(MonitorError) {
        self.loop = loop
        self.batchesInTurn = batchesInTurn
        self.owner = owner
        let number = socket.number
        descriptor = consume socket
        do throws(SystemError) {
            watch = try loop.watch(number, for: .readable) { [weak self] readiness in
                self?.receive(number, readiness)
            }
        } catch {
            throw MonitorError(.preparation, code: error.code)
        }
    }

    deinit { watch?.cancel() }

    /// Stops listening, for good.
    public func close() {
        watch?.cancel()
        watch = nil
        descriptor = nil
    }

    /// Bytes that the kernel keeps for us while the loop is busy, its own bookkeeping included
    /// (roughly 800 for a report); `net.core.rmem_max` limits it.
    public var bufferSize: Int {
        guard let number = descriptor?.number else { return 0 }
        var size: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(number, SOL_SOCKET, SO_RCVBUF, &size, &length) == 0 else {
            return 0
        }
        return Int(size)
    }

    // MARK: Receiving

    private func receive(_ socket: Int32, _ readiness: EventLoop.Readiness) {
        var batches = 0
        receiving: while batches < batchesInTurn {
            batches += 1
            switch ring.receive(from: socket) {
            case .frames(let count):
                guard take(count) else { return }
                if count < MonitorRing.slots { break receiving }
            case .empty:
                // Ended without an error: it would be reported as ready for ever.
                if !readiness.isDisjoint(with: [.hangUp, .failed]) {
                    return fail(MonitorError(.reading, code: 0))
                }
                break receiving
            case .failed(let code): return fail(MonitorError(.reading, code: code))
            }
        }
        countDrops(socket)
        owner.onTurn()
    }

    /// Takes a batch.
    ///
    /// - Returns: false when the channel is closed now.
    private func take(_ count: Int) -> Bool {
        let wall = Self.wallClock()
        let boot = BootTime(nanoseconds: loop.now.nanoseconds)
        for index in 0..<count {
            let isEnd = ring.withFrame(index) { slot, bytes in
                guard slot.count > 0 else { return true }
                let time = clock.time(stampedAt: slot.stamp, wall: wall, boot: boot)
                take(bytes, isTruncated: slot.isTruncated, at: time)
                return false
            }
            // No frame is empty: so a socket says that nothing more will come.
            if isEnd { fail(MonitorError(.reading, code: 0)) }
            // The owner may have closed it in the middle.
            guard descriptor != nil else { return false }
        }
        return true
    }

    private func take(_ bytes: Span<UInt8>, isTruncated: Bool, at time: BootTime) {
        counts.frames &+= 1
        guard !isTruncated, let frame = try? MonitorFrame(bytes) else {
            counts.malformed &+= 1
            return
        }
        if frame.content == .event {
            counts.events &+= 1
            owner.onEvent(
                frame.adapter, bytes.extracting(MonitorFrame.headerLength..<bytes.count), time)
        } else if adapters.take(frame) {
            owner.onAdapters(adapters)
        }
    }

    /// Asks how many frames the kernel has dropped.
    ///
    /// SO_MEMINFO and not SO_RXQ_OVFL: HCI sockets pass on the time stamp but not the count of drops
    /// (hci_sock_recvmsg calls sock_recv_timestamp, not sock_recv_cmsgs).
    private func countDrops(_ socket: Int32) {
        var values = InlineArray<9, UInt32>(repeating: 0)
        var length = socklen_t(MemoryLayout<InlineArray<9, UInt32>>.size)
        let size = length
        let result = unsafe withUnsafeMutablePointer(to: &values) {
            unsafe getsockopt(socket, SOL_SOCKET, Self.memoryInformation, $0, &length)
        }
        // A socket without such a count, as one between processes, answers with zero.
        guard result == 0, length == size else { return }
        counts.dropped &+= UInt64(values[Self.drops] &- kernelDrops)
        kernelDrops = values[Self.drops]
    }

    /// SO_MEMINFO (asm-generic/socket.h), and the place of the count in it (SK_MEMINFO_DROPS,
    /// linux/sock_diag.h).
    private static let memoryInformation: Int32 = 55
    private static let drops = 8

    private func fail(_ error: MonitorError) {
        close()
        owner.onFailure(error)
    }

    private static func wallClock() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
