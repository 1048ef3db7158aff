internal import EventLoop
internal import Glibc
internal import HardwareHub

/// The values of one characteristic, as bluetoothd passes them on through a socket.
///
/// GattCharacteristic1.AcquireNotify gives one end of an AF_LOCAL pair of type SOCK_SEQPACKET: one
/// read is one value, none is merged with another, whatever it says, and the other end is closed
/// when the connection ends (src/gatt-client.c, `create_sock`).
@Hub
final class NotifySocket {
    private var descriptor: Descriptor?
    private var watch: EventLoop.Watch?
    private let onValue: ([UInt8]) -> Void
    private let onEnd: () -> Void

    /// Listens from now on.
    ///
    /// - Throws: that it cannot be watched.
    init(
        _ descriptor: consuming Descriptor, onValue: @escaping ([UInt8]) -> Void,
        onEnd: @escaping () -> Void
    ) throws(SystemError) {
        let number = descriptor.number
        self.descriptor = consume descriptor
        self.onValue = onValue
        self.onEnd = onEnd
        watch = try Hub.loop.watch(number, for: .readable) { [weak self] _ in
            Hub.assumeIsolated { self?.drain() }
        }
    }

    isolated deinit { watch?.cancel() }

    /// Takes all that is there.
    func drain() {
        while let number = descriptor?.number {
            // One byte more than a value may have, so that a longer one shows.
            var bytes = [UInt8](repeating: 0, count: GATTObjects.longestValue + 1)
            let count = unsafe recv(number, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            // Either says nothing about what waits to be read, and comes once.
            if count < 0, errno == EINTR || errno == ECONNRESET { continue }
            if count < 0, errno == EAGAIN { return }
            // Nothing is also what an empty value looks like.
            guard count > 0 || (count == 0 && !isHungUp(number)) else { return end() }
            onValue(Array(bytes.prefix(count)))
        }
    }

    private func isHungUp(_ number: Int32) -> Bool {
        var entry = pollfd(fd: number, events: 0, revents: 0)
        return unsafe poll(&entry, 1, 0) != 0
    }

    private func end() {
        close()
        onEnd()
    }

    /// Stops: bluetoothd takes the closed end for the end of the subscription.
    func close() {
        watch?.cancel()
        watch = nil
        descriptor = nil
    }
}
