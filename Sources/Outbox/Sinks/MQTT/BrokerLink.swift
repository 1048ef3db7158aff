internal import MQTT

/// An open connection to a broker that speaks MQTT: packets in, packets out.
struct BrokerLink {
    let connection: BrokerConnection
    let host: String
    private(set) var reader: PacketReader
    private var unsent: [UInt8] = []
    private var start = 0
    /// What the broker said when it took the connection.
    private(set) var answer: ConnectAnswer?
    /// When something was last sent, on the boot clock.
    private(set) var lastSent: Int64 = 0
    /// Packets that told nothing, since the last that did.
    private var idle = 0

    /// A broker that sends more packets than this without one that tells anything is none.
    private static let mostIdle = 1_000
    /// The longest that a wait goes on without a look at the deadline.
    private static let slice: Int64 = 250_000_000

    /// - Parameters:
    ///   - connection: an open connection.
    ///   - version: the version that is spoken.
    ///   - host: who is at the other end.
    ///   - longestMessage: the longest message that is taken; nil for none at all.
    init(
        _ connection: BrokerConnection, _ version: Version, host: String, longestMessage: Int? = nil
    ) {
        self.connection = connection
        self.host = host
        reader = PacketReader(version: version, longestMessage: longestMessage)
    }

    var version: Version { reader.version }
    /// Bytes that the connection has not taken over yet.
    var unsentCount: Int { unsent.count - start }
    var isSending: Bool { unsentCount > 0 || connection.isSending }

    /// Says who connects, and waits for the answer until an instant of the boot clock.
    mutating func connect(
        _ connect: Connect, until limit: Int64, deadline: Deadline
    ) throws(SinkFault) -> ConnectAnswer {
        var reader = self.reader
        try connection.hearOut(within: limit - BootClock.now()) { reader.append($0) }
        self.reader = reader
        send(connect.packet(version))
        while true {
            switch try next(until: limit, deadline: deadline) {
            case .connected(let answer)?:
                self.answer = answer
                return answer
            case .disconnected(let reason, let text)?:
                throw MQTTVerdict(host: host).ended(reason, text)
            case .acknowledged?, .alive?, .subscribed?, .message?:
                throw SinkFault(.notMQTT, "\(host) does not speak MQTT: no answer to CONNECT")
            case nil where BootClock.now() < limit && deadline.left > 0: break
            case nil:
                throw SinkFault(.timeout, "\(host) took too long: no answer to CONNECT")
            }
        }
    }

    /// Puts a packet at the end of those to be sent.
    mutating func send(_ packet: [UInt8]) {
        if start == unsent.count {
            unsent = packet
            start = 0
        } else {
            unsent.append(contentsOf: packet)
        }
        lastSent = BootClock.now()
    }

    /// Sends what there is room for.
    mutating func flush() throws(SinkFault) {
        try connection.flush()
        while start < unsent.count {
            let taken = try connection.send(unsent.span, from: start)
            start += taken
            if taken == 0 || connection.isSending { break }
        }
        if start == unsent.count {
            unsent = []
            start = 0
        }
    }

    /// The next packet; sends meanwhile. Nil when none has come by the instant or the deadline, and
    /// as soon as everything is sent that was not.
    mutating func next(
        until limit: Int64, deadline: Deadline
    ) throws(SinkFault) -> ServerPacket? {
        let wasSending = isSending
        while true {
            if let packet = try parsed() { return packet }
            // A broker that has closed the connection may have said why before.
            var broken: SinkFault?
            do throws(SinkFault) {
                try flush()
            } catch {
                broken = error
            }
            if try receive(broken) { continue }
            if let broken { throw broken }
            if wasSending, !isSending { return nil }
            let left = min(limit - BootClock.now(), deadline.left)
            guard left > 0 else { return nil }
            connection.wait(toSend: isSending, min(left, Self.slice))
        }
    }

    private mutating func receive(_ broken: SinkFault?) throws(SinkFault) -> Bool {
        do throws(SinkFault) {
            var reader = self.reader
            let isNew = try connection.receive { reader.append($0) }
            self.reader = reader
            return isNew
        } catch {
            throw broken ?? error
        }
    }

    /// Takes leave, so that the broker forgets the will; waits no longer than `patience`.
    mutating func leave(within patience: Int64) {
        let until = BootClock.now() + patience
        send(ClientPacket.disconnect)
        let deadline = Deadline()
        // Nothing else is to be told: the connection is about to end.
        while isSending, BootClock.now() < until {
            do throws(SinkFault) {
                _ = try next(until: until, deadline: deadline)
            } catch {
                break
            }
        }
    }

    /// A packet told nothing; too many of those end the connection.
    mutating func toldNothing() throws(SinkFault) {
        idle += 1
        guard idle <= Self.mostIdle else {
            throw SinkFault(
                .notMQTT, "\(host) does not speak MQTT: it answers what was never asked")
        }
    }

    /// A packet told something.
    mutating func toldSomething() { idle = 0 }

    private mutating func parsed() throws(SinkFault) -> ServerPacket? {
        do throws(ProtocolFault) {
            return try reader.next()
        } catch .messageTooLong(let length) {
            throw SinkFault(.tooLarge, "\(host) sent a message of \(length) bytes")
        } catch {
            throw SinkFault(.notMQTT, "\(host) does not speak MQTT: it sent \(error)")
        }
    }
}
