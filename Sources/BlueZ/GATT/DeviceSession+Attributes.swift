internal import DBus
internal import EventLoop
internal import HardwareHub

// The operations of the attribute protocol, each one call of bluetoothd with a deadline.
extension DeviceSession {
    func read(_ path: ObjectPath, _ handle: UInt16) async throws(GATTFault) -> [UInt8] {
        try need(.read, of: handle)
        let bytes = try await asked { () throws(BusError) in
            try await device.read(path, within: limits.operation)
        }
        guard bytes.count <= GATTObjects.longestValue else {
            throw .refused(code: nil, text: "a value of more than 512 bytes")
        }
        return bytes
    }

    /// Writes with an answer where the characteristic offers one.
    func write(
        _ path: ObjectPath, _ handle: UInt16, _ bytes: [UInt8]
    ) async throws(GATTFault) {
        let properties = objects?.table[handle]?.properties ?? []
        guard !properties.isDisjoint(with: [.write, .writeWithoutResponse]),
            bytes.count <= GATTObjects.longestValue
        else { throw .notPermitted }
        try await asked { () throws(BusError) in
            try await device.write(
                path, bytes, isAnswered: properties.contains(.write), within: limits.operation)
        }
    }

    /// Subscribes: through a socket where bluetoothd offers one, else by signals.
    func subscribe(_ path: ObjectPath, _ handle: UInt16) async throws(GATTFault) {
        let properties = objects?.table[handle]?.properties ?? []
        guard !properties.isDisjoint(with: [.notify, .indicate]) else { throw .notPermitted }
        if objects?.acquirable.contains(handle) == true, try await acquire(path, handle) { return }
        sources.notify(handle)
        do {
            try await asked { () throws(BusError) in
                try await follow(path)
                try await device.startNotify(path, within: limits.operation)
            }
        } catch {
            _ = sources.end(handle)
            throw error
        }
    }

    /// - Returns: whether there is a socket; without one there is still the other way.
    private func acquire(_ path: ObjectPath, _ handle: UInt16) async throws(GATTFault) -> Bool {
        do throws(BusError) {
            let descriptor = try await device.acquireNotify(path, within: limits.operation)
            guard phase == .speaking else { throw BusError(.disconnected, "it is over") }
            return listen(to: descriptor, of: handle)
        } catch {
            // Somebody else listens, or this bluetoothd cannot.
            let others = [
                "org.bluez.Error.NotSupported", "org.bluez.Error.InProgress",
                BusError.Code.unknownMethod.name, BusError.Code.invalidArgs.name,
            ]
            if others.contains(error.code.name) || error.message == "Notify acquired" {
                return false
            }
            throw GATTFault(error)
        }
    }

    private func listen(to descriptor: consuming Descriptor, of handle: UInt16) -> Bool {
        do throws(SystemError) {
            let socket = try NotifySocket(
                descriptor, onValue: { [weak self] in self?.received($0, from: handle) },
                onEnd: { [weak self] in self?.disconnected() })
            sources.listen(to: socket, of: handle)
            return true
        } catch {
            return false
        }
    }

    /// Unsubscribes; a socket that is closed says it by itself.
    func unsubscribe(_ handle: UInt16) async {
        guard sources.end(handle), let path = objects?.paths[handle] else { return }
        await device.stopNotify(path, within: limits.operation)
    }

    private func need(
        _ property: GATTCharacteristic.Properties, of handle: UInt16
    ) throws(GATTFault) {
        guard objects?.table[handle]?.properties.contains(property) == true else {
            throw .notPermitted
        }
    }

    private func asked<Answer>(
        _ call: () async throws(BusError) -> Answer
    ) async throws(GATTFault) -> Answer {
        do throws(BusError) {
            return try await call()
        } catch {
            throw GATTFault(error)
        }
    }
}
