internal import Glibc

/// The way to a host on the network: its name and its port.
public enum Way {
    /// How far one gets.
    public enum Reach: Hashable, Sendable {
        /// Somebody answers at this address.
        case connected(String)
        /// The name is not found: what the resolver says.
        case unknownName(String)
        /// The name is found, and nobody answers: at this address, for this reason.
        case silent(String, String)
    }

    /// Resolves a name and connects, and closes at once. Blocks; see `Sideline`.
    ///
    /// - Parameters:
    ///   - host: a name or an address.
    ///   - port: the port.
    ///   - patience: milliseconds for each address of the host, of which two are tried.
    /// - Returns: how far it went.
    public static func reach(host: String, port: UInt16, patience: Int32 = 3_000) -> Reach {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, "\(port)", &hints, &found)
        guard code == 0, let first = unsafe found else {
            return .unknownName(unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(first) }
        var last = Reach.silent(host, "no address")
        var next: UnsafeMutablePointer<addrinfo>? = unsafe first
        var tries = 0
        while let candidate = unsafe next, tries < 2 {
            let address = unsafe text(candidate.pointee)
            let error = unsafe connect(candidate.pointee, patience)
            if error == 0 { return .connected(address) }
            last = .silent(address, unsafe String(cString: strerror(error)))
            unsafe next = candidate.pointee.ai_next
            tries += 1
        }
        return last
    }

    /// How the way to a sink stands.
    public static func check(_ reach: Reach, sink: String, host: String, port: UInt16) -> [Check] {
        switch reach {
        case .unknownName(let reason):
            return [
                .failed(
                    "sink", sink, "the name \(host) is not found: \(reason)",
                    mend:
                        "check the name in the sink's url, and the name server: getent hosts \(host)"
                )
            ]
        case .silent(let address, let reason):
            return [
                .well("sink", sink, "the name \(host) is found: \(address)"),
                .failed(
                    "sink", sink, "port \(port) of \(host): \(reason)",
                    mend: "does the service run, and does a firewall stand in between?"),
            ]
        case .connected(let address):
            return [
                .well("sink", sink, "the name \(host) is found: \(address)"),
                .well("sink", sink, "port \(port) of \(host) answers"),
            ]
        }
    }

    /// Connects within a time; the error, or 0.
    private static func connect(_ info: addrinfo, _ patience: Int32) -> Int32 {
        let kind =
            unsafe info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let number = unsafe socket(info.ai_family, kind, info.ai_protocol)
        guard number >= 0 else { return errno }
        defer { close(number) }
        if unsafe Glibc.connect(number, info.ai_addr, info.ai_addrlen) == 0 { return 0 }
        guard errno == EINPROGRESS else { return errno }
        var waiting = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        let ready = unsafe poll(&waiting, 1, patience)
        guard ready != 0 else { return ETIMEDOUT }
        var error: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &size)
        return error
    }

    private static func text(_ info: addrinfo) -> String {
        var name = [CChar](repeating: 0, count: 256)
        let code = unsafe getnameinfo(
            info.ai_addr, info.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
        guard code == 0 else { return "?" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
