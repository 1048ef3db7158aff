internal import EventLoop

/// Where a session's values come from: sockets, signals, and what waits for its subscription to be
/// answered.
@Hub
struct ValueSources {
    private enum Source {
        case socket(NotifySocket)
        case signals
    }

    private var sources: [UInt16: Source] = [:]
    private var ready: Set<UInt16> = []
    private var held: [(handle: UInt16, bytes: [UInt8])] = []
    /// Bytes that are held.
    private(set) var waitingBytes = 0

    nonisolated init() {}

    /// Listens to signals of a characteristic.
    mutating func notify(_ handle: UInt16) { sources[handle] = .signals }

    /// Listens to a socket.
    mutating func listen(to socket: NotifySocket, of handle: UInt16) {
        sources[handle] = .socket(socket)
    }

    /// Ends what there is of a characteristic.
    ///
    /// - Returns: whether bluetoothd has to be told.
    mutating func end(_ handle: UInt16) -> Bool {
        ready.remove(handle)
        switch sources.removeValue(forKey: handle) {
        case .socket(let socket):
            socket.close()
            return false
        case .signals: return true
        case nil: return false
        }
    }

    func isNotifying(_ handle: UInt16) -> Bool {
        if case .signals = sources[handle] { true } else { false }
    }

    func isReady(_ handle: UInt16) -> Bool { ready.contains(handle) }

    /// Keeps a value until its subscription is answered.
    mutating func hold(_ bytes: [UInt8], from handle: UInt16) {
        held.append((handle, bytes))
        waitingBytes += bytes.count + MemoryLayout<(UInt16, [UInt8])>.size
    }

    /// A subscription is answered.
    ///
    /// - Returns: what came before that.
    mutating func release(_ handle: UInt16) -> [[UInt8]] {
        ready.insert(handle)
        let due = held.filter { $0.handle == handle }.map(\.bytes)
        held.removeAll { $0.handle == handle }
        waitingBytes = held.reduce(0) {
            $0 + $1.bytes.count + MemoryLayout<(UInt16, [UInt8])>.size
        }
        return due
    }

    /// Takes what waits in the sockets.
    func drain() {
        for case .socket(let socket) in sources.values { socket.drain() }
    }

    /// Ends all.
    ///
    /// - Returns: the characteristics of which bluetoothd has to be told.
    mutating func close() -> [UInt16] {
        sources.keys.sorted().filter { end($0) }
    }
}
