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
    ///   - timeout: how long to wait.
    /// - Returns: the results.
    /// - Throws: see `call(_:timeout:)`; `meansNotRunning` when nobody has the name.
    public func call(
        _ member: String, of interface: String, at destination: String, _ path: ObjectPath,
        _ arguments: [BusValue] = [], starting: Bool = true, timeout: Duration = .seconds(25)
    ) async throws(BusError) -> [BusValue] {
        let message = try Message.methodCall(destination, path, interface, member)
        message.startsService = starting
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
}
