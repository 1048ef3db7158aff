internal import CLinux

extension EventLoop {
    /// What a descriptor is watched for.
    public struct Interest: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: UInt32

        /// Makes a set from its bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Bytes, a connection or the end can be read.
        public static let readable = Interest(rawValue: EPOLLIN.rawValue)
        /// Bytes can be written.
        public static let writable = Interest(rawValue: EPOLLOUT.rawValue)
    }

    /// Why a watched descriptor was reported.
    public struct Readiness: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: UInt32

        /// Makes a set from its bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Bytes, a connection or the end can be read.
        public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
        /// Bytes can be written.
        public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
        /// The other side is gone; always reported.
        public static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
        /// The descriptor has failed; always reported.
        public static let failed = Readiness(rawValue: EPOLLERR.rawValue)
    }

    /// A descriptor being watched.
    public struct Watch: Sendable {
        let loop: EventLoop
        let source: UInt64

        /// Ends the watch; nothing is reported afterwards, not even what was ready already.
        ///
        /// Call it before the descriptor is closed. A second call does nothing.
        public func cancel() { loop.cancelWatch(source) }

        /// Changes what is reported; with nothing, hang-ups and failures are not reported either.
        public func setInterest(_ interest: Interest) throws(SystemError) {
            try loop.change(source, to: interest)
        }
    }

    /// A timer that waits.
    public struct Timer: Sendable {
        let loop: EventLoop
        let token: TimerQueue<() -> Void>.Token

        /// Ends the timer; does nothing when it has fired or was canceled.
        public func cancel() {
            loop.cancelTimer(token)
        }
    }
}
