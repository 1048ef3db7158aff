internal import EventLoop

// What a client does with its connection.
extension Connection {
    /// Calls a method and waits for its results.
    ///
    /// - Parameters:
    ///   - member: the method.
    ///   - interface: its interface.
    ///   - destination: a well-known or unique name.
    ///   - path: the object.
    ///   - arguments: of the types that the method wants.
    ///   - starting: whether the bus may start the service; a question about its state should not.
    ///   - mayAskPerson: whether the callee may let a person allow the call, which takes as long as
    ///     people do.
    ///   - timeout: how long to wait.
    /// - Returns: the results.
    /// - Throws: see `call(_:timeout:)`; `meansNotRunning` when nobody has the name.
    public func call(
        _ member: String, of interface: String, at destination: String, _ path: ObjectPath,
        _ arguments: [BusValue] = [], starting: Bool = true, mayAskPerson: Bool = false,
        timeout: Duration = .seconds(25)
    ) async throws(BusError) -> [BusValue] {
        let message = try Message.methodCall(destination, path, interface, member)
        message.startsService = starting
        message.allowsInteraction = mayAskPerson
        try message.append(arguments)
        return try await call(message, timeout: timeout).arguments(limits: .reply)
    }

    /// The user id of a client, as the bus learned it from the kernel when the client connected.
    public func user(
        of name: String, timeout: Duration = .seconds(25)
    ) async throws(BusError) -> UInt32 {
        let reply = try await callBus("GetConnectionUnixUser", [.string(name)], timeout: timeout)
        guard case .uint32(let user)? = reply.first else {
            throw BusError(.failed, "the bus gave no user for \(name)")
        }
        return user
    }

    /// Who a client is, as the bus learned it from the kernel when the client connected.
    ///
    /// - Throws: that the bus does not know the name, or gives no user for it. A bus that tells no
    ///   groups (D-Bus specification, UnixGroupIDs, since 1.13) leaves the set empty.
    public func credentials(
        of name: String, timeout: Duration = .seconds(25)
    ) async throws(BusError) -> Credentials {
        let reply = try await callBus(
            "GetConnectionCredentials", [.string(name)], timeout: timeout)
        guard case .uint32(let user)? = reply.first?["UnixUserID"] else {
            throw BusError(.failed, "the bus gave no user for \(name)")
        }
        let groups = reply.first?["UnixGroupIDs"]?.elements ?? []
        return Credentials(
            user: user,
            groups: Set(groups.compactMap { $0.integer.flatMap(UInt32.init(exactly:)) }))
    }
}

/// The user and the groups of a process at the other end of the bus.
public struct Credentials: Hashable, Sendable {
    /// The user id.
    public let user: UInt32
    /// All its groups.
    public let groups: Set<UInt32>
}
