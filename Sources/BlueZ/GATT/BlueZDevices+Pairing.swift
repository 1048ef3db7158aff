public import BeaconScanner
internal import DBus
internal import EventLoop
public import HardwareHub

extension BlueZDevices {
    /// Pairs with an enrolled device and trusts it; waits up to 30 s.
    ///
    /// - Parameters:
    ///   - address: the device, which has to be in its pairing mode.
    ///   - passkey: the six digits that it shows; nil for a device that shows none. Who gives one has
    ///     the device before them: a bond that came about without it, and a session, end for it.
    ///   - isAnew: whether a bond that there is already is forgotten first; without, it is in the way.
    /// - Throws: why it is not paired, with the mend.
    public func pair(
        _ address: DeviceAddress, passkey: UInt32? = nil, isAnew: Bool = false
    ) async throws(DeviceFault) {
        let device = try object(of: address)
        let isInTheWay = await device.isPaired() || hasSession(address)
        if isAnew || passkey != nil && isInTheWay {
            try await forget(address)
            try await untilHeard(address)
        }
        try await pair(device, address, passkey: passkey)
        // It connected for this alone, unless there is a session.
        if !hasSession(address) { await device.disconnect(within: limits.disconnect) }
    }

    /// Waits until bluetoothd knows a device that it has forgotten.
    private func untilHeard(_ address: DeviceAddress) async throws(DeviceFault) {
        let device = try object(of: address)
        let end = Hub.loop.now.advanced(by: limits.pair)
        while Hub.loop.now < end {
            if (try? await device.areServicesResolved()) != nil { return }
            await withCheckedContinuation { continuation in
                Hub.loop.schedule(after: .milliseconds(500)) { continuation.resume() }
            }
        }
        throw DeviceFault(
            .transient, "its bond is forgotten, and it is not heard any more",
            mend: "bring it into its pairing mode, near the hub, and pair once more")
    }

    /// Forgets a device: its bond, its services and all that bluetoothd keeps of it. A session ends.
    ///
    /// - Throws: why bluetoothd does not do that. What it does not know is forgotten already.
    public func forget(_ address: DeviceAddress) async throws(DeviceFault) {
        let device = try object(of: address)
        guard let adapter = ObjectPath(place(of: address).adapter) else { return }
        do throws(BusError) {
            try await device.call(
                "RemoveDevice", of: Names.adapter, adapter, [.objectPath(device.path)],
                timeout: .seconds(10))
        } catch {
            guard error.code.name != "org.bluez.Error.DoesNotExist" else { return }
            throw DeviceFault(.transient, "bluetoothd does not forget it: \(error.message)")
        }
    }

    private func object(of address: DeviceAddress) throws(DeviceFault) -> DeviceObject {
        guard let owner else { throw DeviceFault(.transient, "bluetoothd is not there") }
        return DeviceObject(
            connection: connection, owner: owner, path: place(of: address).device)
    }

    func pair(
        _ device: DeviceObject, _ address: DeviceAddress, passkey: UInt32?
    ) async throws(DeviceFault) {
        guard isEnrolled(address) else {
            throw DeviceFault(.authentication, "it is not enrolled", mend: "enroll it first")
        }
        // bluetoothd 5.66 would go on to pair over BR/EDR (`pair_device` in src/device.c).
        guard await !device.isPaired() else { throw .isPaired }
        await agent.take()
        defer { agent.give() }
        agent.begin(
            PairingAgent.Pairing(device: device.path, address: address, passkey: passkey))
        do throws(BusError) {
            try await register(device, passkey == nil ? .none : .keyboard)
            try await pairAndTrust(device)
            try? await register(device, .none)
        } catch {
            if error.code == .noReply { await cancel(device) }
            try? await register(device, .none)
            throw .pairing(error)
        }
    }

    /// Has the agent stand ready with the bluetoothd that is there.
    func standReady() {
        guard let owner else { return }
        Hub.start { [weak self] in
            guard let self else { return }
            await agent.take()
            defer { agent.give() }
            // One that went away again has no agent, and the next one is told.
            try? await register(
                DeviceObject(connection: connection, owner: owner, path: "/"), .none)
        }
    }

    private func pairAndTrust(_ device: DeviceObject) async throws(BusError) {
        try await device.call("Pair", of: Names.device, device.path, timeout: limits.pair)
        try await device.call(
            "Set", of: Names.properties, device.path,
            [.string(Names.device), .string("Trusted"), .variant(.bool(true))],
            timeout: .seconds(5))
    }

    private func register(
        _ device: DeviceObject, _ capability: PairingAgent.Capability
    ) async throws(BusError) {
        if let standing = agent.registration, standing.owner == device.owner {
            guard standing.capability != capability else { return }
            await unregister(device)
        }
        do throws(BusError) {
            try await callRegister(device, capability)
        } catch {
            // Left over from one whose end bluetoothd did not confirm: it may have the other
            // capability.
            guard error.code.name == "org.bluez.Error.AlreadyExists" else { throw error }
            await unregister(device)
            try await callRegister(device, capability)
        }
        agent.registration = (device.owner, capability)
    }

    private func callRegister(
        _ device: DeviceObject, _ capability: PairingAgent.Capability
    ) async throws(BusError) {
        try await device.call(
            "RegisterAgent", of: Names.agentManager, "/org/bluez",
            [.objectPath(PairingAgent.path), .string(capability.rawValue)],
            timeout: .seconds(5))
    }

    private func unregister(_ device: DeviceObject) async {
        agent.registration = nil
        _ = try? await device.call(
            "UnregisterAgent", of: Names.agentManager, "/org/bluez",
            [.objectPath(PairingAgent.path)], timeout: .seconds(5))
    }

    private func cancel(_ device: DeviceObject) async {
        _ = try? await device.call(
            "CancelPairing", of: Names.device, device.path, timeout: .seconds(5))
    }
}
