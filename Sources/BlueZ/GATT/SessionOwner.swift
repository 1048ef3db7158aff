public import EventLoop
public import HardwareHub

/// Whom a session tells what its machine says.
///
/// All is told on the Hub. `onEnd` is told exactly once and last, whatever happens.
public struct SessionOwner {
    /// Makes findings durable together with the driver's memory; returns why it could not, nil when
    /// it did. The machine goes on meanwhile.
    public typealias Keeper = @Hub ([DeviceFinding], [String: [UInt8]?]) async -> String?

    /// The device is connected and its services are known.
    public var onConnected: @Hub () -> Void
    /// See `Keeper`.
    public var keep: Keeper
    /// The device says something about itself.
    public var onNote: @Hub (DeviceNote) -> Void
    /// Something was wrong, and the connection goes on.
    public var onReport: @Hub (DeviceFault) -> Void
    /// It is over, also with the connection: another one to this device may be begun.
    public var onEnd: @Hub (SessionReport) -> Void

    /// Makes an owner.
    public init(
        onConnected: @escaping @Hub () -> Void = {}, keep: @escaping Keeper,
        onNote: @escaping @Hub (DeviceNote) -> Void = { _ in },
        onReport: @escaping @Hub (DeviceFault) -> Void = { _ in },
        onEnd: @escaping @Hub (SessionReport) -> Void
    ) {
        self.onConnected = onConnected
        self.keep = keep
        self.onNote = onNote
        self.onReport = onReport
        self.onEnd = onEnd
    }
}

/// How a session ended, and when what happened.
public struct SessionReport: Hashable, Sendable {
    /// How it ended.
    public var outcome: DeviceOutcome
    /// When it was asked for.
    public var begin: EventLoop.Instant
    /// When the device was connected and its services were known.
    public var connected: EventLoop.Instant?
    /// When its first value came, read or sent.
    public var firstValue: EventLoop.Instant?
    /// When it was over.
    public var end: EventLoop.Instant
}
