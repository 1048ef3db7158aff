/// The eight bytes before every AirSync message, big-endian.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 1 | magic fe |
/// | 1 | 1 | version 01 |
/// | 2 | 2 | length of the whole packet, these eight bytes included |
/// | 4 | 2 | command |
/// | 6 | 2 | sequence number |
public struct AirSyncHeader: Hashable, Sendable {
    /// The header's own length in bytes.
    public static let size = 8
    /// The longest packet accepted, in bytes. The field could say 65,535; no known device sends
    /// more than some hundred, and one buffer per connection has to have a bound.
    public static let longestPacket = 4096

    /// Length of the whole packet, header included.
    public let length: UInt16
    /// What the message is.
    public let command: AirSyncCommand
    /// A response repeats its request's number; a device counts its requests from 1.
    public let sequence: UInt16

    /// Makes the header of a packet with a body of `bodyLength` bytes.
    ///
    /// - Returns: nil for a packet longer than `longestPacket`.
    public init?(command: AirSyncCommand, sequence: UInt16, bodyLength: Int) {
        guard bodyLength >= 0, bodyLength <= Self.longestPacket - Self.size else { return nil }
        length = UInt16(truncatingIfNeeded: bodyLength &+ Self.size)
        self.command = command
        self.sequence = sequence
    }

    /// Reads the header of a packet.
    ///
    /// - Throws: `MalformedValue` for other magic, another version, or a length outside 8 to
    ///   `longestPacket`.
    public init(_ packet: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        guard try cursor.uint8(packet, "magic byte") == 0xfe else {
            throw .invalid("the packet does not start with fe", at: 0)
        }
        guard try cursor.uint8(packet, "version") == 1 else {
            throw .invalid("the packet's version is not 1", at: 1)
        }
        length = UInt16(truncatingIfNeeded: try cursor.big(packet, 2, "length"))
        guard (Self.size...Self.longestPacket).contains(Int(length)) else {
            throw .invalid("the length is not within 8 to 4096", at: 2)
        }
        command = AirSyncCommand(
            rawValue: UInt16(truncatingIfNeeded: try cursor.big(packet, 2, "command")))
        sequence = UInt16(truncatingIfNeeded: try cursor.big(packet, 2, "sequence number"))
    }

    /// The eight bytes.
    public var bytes: [UInt8] {
        [0xfe, 1]
            + [length, command.rawValue, sequence].flatMap {
                [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)]
            }
    }
}

/// What an AirSync message is: requests come from the device, responses and pushes go to it.
public struct AirSyncCommand: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt16

    /// Makes a command from its number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The device says who it is.
    public static let authRequest = AirSyncCommand(rawValue: 10001)
    /// The device sends data.
    public static let sendDataRequest = AirSyncCommand(rawValue: 10002)
    /// The device wants to begin.
    public static let initRequest = AirSyncCommand(rawValue: 10003)
    /// Answer to `authRequest`.
    public static let authResponse = AirSyncCommand(rawValue: 20001)
    /// Answer to `sendDataRequest`.
    public static let sendDataResponse = AirSyncCommand(rawValue: 20002)
    /// Answer to `initRequest`.
    public static let initResponse = AirSyncCommand(rawValue: 20003)
    /// The other side could not decode or decrypt the last message.
    public static let decodeError = AirSyncCommand(rawValue: 29999)
    /// Data for the device.
    public static let receiveDataPush = AirSyncCommand(rawValue: 30001)
    /// A person entered or left a page about the device.
    public static let switchViewPush = AirSyncCommand(rawValue: 30002)
    /// The application went to the background or came back.
    public static let switchBackgroundPush = AirSyncCommand(rawValue: 30003)

    /// Whether bodies of this command are encrypted once a session key is agreed: all but the two
    /// that agree on it.
    public var isEncryptedInSession: Bool { self != .authRequest && self != .authResponse }
}

/// One whole AirSync packet: a header and its body.
public struct AirSyncPacket: Hashable, Sendable {
    /// What the message is.
    public let command: AirSyncCommand
    /// Its number.
    public let sequence: UInt16
    /// The protobuf message, or its ciphertext.
    public let body: [UInt8]

    /// Makes a packet to send.
    ///
    /// - Returns: nil for a body longer than `AirSyncHeader.longestPacket` allows.
    public init?(command: AirSyncCommand, sequence: UInt16, body: [UInt8]) {
        guard AirSyncHeader(command: command, sequence: sequence, bodyLength: body.count) != nil
        else { return nil }
        self.command = command
        self.sequence = sequence
        self.body = body
    }

    /// Reads a packet that is all there; surplus bytes behind it are ignored.
    ///
    /// - Throws: `MalformedValue` as `AirSyncHeader` does, and for a packet that is cut.
    public init(_ packet: Span<UInt8>) throws(MalformedValue) {
        let header = try AirSyncHeader(packet)
        guard packet.count >= Int(header.length) else {
            throw .missing("the rest of the packet", at: packet.count)
        }
        command = header.command
        sequence = header.sequence
        body = packet.copy(AirSyncHeader.size..<Int(header.length))
    }

    /// The packet's bytes.
    public var bytes: [UInt8] {
        let header = AirSyncHeader(command: command, sequence: sequence, bodyLength: body.count)
        return (header?.bytes ?? []) + body
    }

    /// The packet cut into values to write one after the other.
    ///
    /// - Parameter size: how many bytes one value may have: the connection's ATT MTU less 3.
    /// - Returns: values of that many bytes, the last one of what is left.
    public func fragments(of size: Int = 20) -> [[UInt8]] {
        let bytes = bytes
        let size = max(1, size)
        return stride(from: 0, to: bytes.count, by: size).map {
            Array(bytes[$0..<min($0 &+ size, bytes.count)])
        }
    }
}
