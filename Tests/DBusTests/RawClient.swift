import DBus
import EventLoop
import Glibc
import Testing

/// A D-Bus client made of a socket and bytes: it can do what a library would not let it do, like
/// never reading, or leaving in the middle.
@Hub
final class RawClient {
    /// What is looked at of a received message.
    struct Reply {
        let kind: UInt8
        let replySerial: UInt32
        let bytes: [UInt8]

        /// Whether a text occurs in it, like an error's name.
        func contains(_ text: String) -> Bool {
            let wanted = Array(text.utf8)
            return bytes.indices.contains { bytes[$0...].starts(with: wanted) }
        }
    }

    private var socket: Descriptor?
    private var serial: UInt32 = 0
    private var received: [UInt8] = []
    private var watch: EventLoop.Watch?
    private let arrived = Signpost()
    private var replies: [Reply] = []
    private var reading = true
    let uniqueName: String

    /// Connects, authenticates and says hello, all at once: the answers can be awaited together.
    init(_ bus: TestBus) throws {
        let number = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array((bus.directory + "/bus").utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw SystemError(code: errno, call: "connect") }
        let user = String(geteuid()).utf8.map { String($0, radix: 16) }.joined()
        var bytes = Array("\0AUTH EXTERNAL \(user)\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n".utf8)
        bytes += Self.message(
            1, 0, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "Hello", nil)
        _ = unsafe write(number, bytes, bytes.count)
        // First the lines "OK …" and "AGREE_UNIX_FD", then the answer to Hello, whose body is our
        // name.
        var buffer = [UInt8](repeating: 0, count: 4_096)
        var lines = 0
        while true {
            let count = unsafe read(number, &buffer, buffer.count)
            guard count > 0 else { throw SystemError(code: errno, call: "read") }
            received += buffer.prefix(count)
            while lines < 2, let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                received.removeFirst(end + 1)
                lines += 1
            }
            if lines == 2, let length = Self.length(received), received.count >= length { break }
        }
        let hello = received.prefix(Self.length(received) ?? 0)
        received.removeFirst(hello.count)
        let name = hello.suffix(Int(Self.uint32(Array(hello), at: 4))).dropFirst(4).dropLast()
        uniqueName = String(decoding: name, as: UTF8.self)
        serial = 1
        socket = Descriptor(owning: number)
        watch = try Hub.loop.watch(number, for: .readable) { [weak self] _ in self?.readable() }
    }

    isolated deinit { watch?.cancel() }

    /// Sends a method call.
    @discardableResult
    func send(
        to destination: String, _ path: String, interface: String?, _ member: String,
        _ argument: BusValue?, wantsReply: Bool = true
    ) -> UInt32 {
        serial += 1
        send(
            Self.message(serial, wantsReply ? 0 : 1, destination, path, interface, member, argument)
        )
        return serial
    }

    /// The bytes of a call without arguments, to be sent later.
    func bytes(
        to destination: String, _ path: String, interface: String?, _ member: String
    ) -> [UInt8] {
        serial += 1
        return Self.message(serial, 0, destination, path, interface, member, nil)
    }

    /// Sends bytes, all of them.
    func send(_ bytes: [UInt8]) {
        guard let number = socket?.number else { return }
        _ = unsafe Glibc.send(number, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// The next serial, for a message made by hand.
    func nextSerial() -> UInt32 {
        serial += 1
        return serial
    }

    /// Sends bytes together with a copy of a descriptor (unix(7), SCM_RIGHTS).
    func send(_ bytes: [UInt8], passing descriptor: Int32) {
        guard let number = socket?.number else { return }
        // cmsghdr: length with the header (8), level (4), type (4); then the descriptor, padded.
        var control: [UInt8] = [20, 0, 0, 0, 0, 0, 0, 0]
        Self.append(UInt32(SOL_SOCKET), to: &control)
        Self.append(UInt32(SCM_RIGHTS), to: &control)
        Self.append(UInt32(bitPattern: descriptor), to: &control)
        Self.append(UInt32(0), to: &control)
        var bytes = bytes
        unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe control.withUnsafeMutableBytes { control in
                var vector = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                unsafe withUnsafeMutablePointer(to: &vector) { vector in
                    var header = unsafe msghdr()
                    unsafe header.msg_iov = unsafe vector
                    unsafe header.msg_iovlen = 1
                    unsafe header.msg_control = control.baseAddress
                    unsafe header.msg_controllen = control.count
                    _ = unsafe sendmsg(number, &header, Int32(MSG_NOSIGNAL))
                }
            }
        }
    }

    /// Stops reading for good.
    func stopReading() {
        watch?.cancel()
        watch = nil
    }

    /// Leaves without a word.
    func leave() {
        stopReading()
        socket = nil
    }

    /// Waits for the answer to a call.
    func reply(to serial: UInt32) async throws -> Reply {
        while true {
            if let index = replies.firstIndex(where: { $0.replySerial == serial }) {
                return replies.remove(at: index)
            }
            try await arrived.wait(for: arrived.count + 1)
        }
    }

    /// Waits for the next answer to any call.
    func nextReply() async throws -> Reply {
        while replies.isEmpty { try await arrived.wait(for: arrived.count + 1) }
        return replies.removeFirst()
    }

    private func readable() {
        guard let number = socket?.number else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe read(number, &buffer, buffer.count)
        guard count > 0 else { return stopReading() }
        received += buffer.prefix(count)
        while let length = Self.length(received), received.count >= length {
            let bytes = Array(received.prefix(length))
            received.removeFirst(length)
            if let serial = Self.replySerial(bytes) {
                replies.append(Reply(kind: bytes[1], replySerial: serial, bytes: bytes))
                arrived.reach()
            }
        }
    }

    // MARK: Wire format (D-Bus specification, "Message Format"), little-endian

    private static func uint32(_ bytes: [UInt8], at index: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
    }

    private static func length(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 16 else { return nil }
        let fields = Int(uint32(bytes, at: 12))
        return 16 + (fields + 7) / 8 * 8 + Int(uint32(bytes, at: 4))
    }

    /// The field 5 of the header, a `u`.
    private static func replySerial(_ bytes: [UInt8]) -> UInt32? {
        let end = 16 + Int(uint32(bytes, at: 12))
        for index in stride(from: 16, to: end - 7, by: 8)
        where bytes[index...].starts(with: [5, 1, UInt8(ascii: "u"), 0]) {
            return uint32(bytes, at: index + 4)
        }
        return nil
    }

    static func message(
        _ serial: UInt32, _ flags: UInt8, _ destination: String?, _ path: String,
        _ interface: String?, _ member: String, _ argument: BusValue?, descriptors: UInt32 = 0,
        kind: UInt8 = 1
    ) -> [UInt8] {
        var body: [UInt8] = []
        var signature = ""
        switch argument {
        case .uint32(let value):
            signature = "u"
            append(value, to: &body)
        case .string(let text):
            signature = "s"
            append(text, to: &body)
        default: break
        }
        if descriptors > 0 {
            // The body is the index of the first one.
            signature += "h"
            append(UInt32(0), to: &body)
        }
        var fields: [UInt8] = []
        func field(_ code: UInt8, _ type: Character, _ text: String) {
            while fields.count % 8 != 0 { fields.append(0) }
            fields += [code, 1, type.asciiValue ?? 0, 0]
            if type == "g" {
                fields += [UInt8(text.utf8.count)] + text.utf8 + [0]
            } else {
                append(text, to: &fields)
            }
        }
        field(1, "o", path)
        if let interface { field(2, "s", interface) }
        field(3, "s", member)
        if let destination { field(6, "s", destination) }
        if !signature.isEmpty { field(8, "g", signature) }
        if descriptors > 0 {
            while fields.count % 8 != 0 { fields.append(0) }
            fields += [9, 1, UInt8(ascii: "u"), 0]
            append(descriptors, to: &fields)
        }
        var bytes: [UInt8] = [UInt8(ascii: "l"), kind, flags, 1]
        append(UInt32(body.count), to: &bytes)
        append(serial, to: &bytes)
        append(UInt32(fields.count), to: &bytes)
        bytes += fields
        while bytes.count % 8 != 0 { bytes.append(0) }
        return bytes + body
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        append(UInt32(text.utf8.count), to: &bytes)
        bytes += text.utf8
        bytes.append(0)
    }
}

/// Two connected sockets; the right one can be closed early.
final class Ends {
    let left: Int32
    private(set) var right: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try #require(unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0)
        (left, right) = (ends[0], ends[1])
    }

    func closeRight() {
        close(right)
        right = -1
    }

    deinit {
        close(left)
        if right >= 0 { close(right) }
    }
}
