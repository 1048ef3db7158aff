public import BeaconScanner
internal import DBus
internal import EventLoop
public import HardwareHub

extension BlueZDevices {
    /// Pairs with an enrolled device and trusts it; waits up to 30 s.
    ///
    /// - Parameters:
    ///   - address: the device, which has to be in its pairing mode.
    ///   - passkey: the six digits that it shows; nil for a device that shows none.
    /// - Throws: why it is not paired, with the mend.
    public func pair(
        _ address: DeviceAddress, passkey: UInt32? = nil
    ) async throws(DeviceFault) {
        let device = try object(of: address)
        try await pair(device, address, passkey: passkey)
        // It connected for this alone, unless there is a session.
        if !hasSession(address) { await device.disconnect(within: limits.disconnect) }
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
        await agent.take()
        defer { agent.give() }
        agent.begin(
            PairingAgent.Pairing(device: device.path, address: address, passkey: passkey))
        do throws(BusError) {
            try await register(device, passkey == nil ? "NoInputNoOutput" : "KeyboardOnly")
            try await pairAndTrust(device)
            await unregister(device)
        } catch {
            if error.code == .noReply { await cancel(device) }
            await unregister(device)
            throw .pairing(error)
        }
    }

    private func pairAndTrust(_ device: DeviceObject) async throws(BusError) {
        do throws(BusError) {
            try await device.call("Pair", of: Names.device, device.path, timeout: limits.pair)
        } catch {
            guard error.code.name == "org.bluez.Error.AlreadyExists" else { throw error }
        }
        try await device.call(
            "Set", of: Names.properties, device.path,
            [.string(Names.device), .string("Trusted"), .variant(.bool(true))],
            timeout: .seconds(5))
    }

    private func register(
        _ device: DeviceObject, _ capability: String
    ) async throws(BusError) {
        do throws(BusError) {
            try await device.call(
                "RegisterAgent", of: Names.agentManager, "/org/bluez",
                [.objectPath(PairingAgent.path), .string(capability)], timeout: .seconds(5))
        } catch {
            // Left over from a pairing whose end bluetoothd did not confirm: it may have the other
            // capability.
            guard error.code.name == "org.bluez.Error.AlreadyExists" else { throw error }
            await unregister(device)
            try await device.call(
                "RegisterAgent", of: Names.agentManager, "/org/bluez",
                [.objectPath(PairingAgent.path), .string(capability)], timeout: .seconds(5))
        }
    }

    private func unregister(_ device: DeviceObject) async {
        _ = try? await device.call(
            "UnregisterAgent", of: Names.agentManager, "/org/bluez",
            [.objectPath(PairingAgent.path)], timeout: .seconds(5))
    }

    private func cancel(_ device: DeviceObject) async {
        _ = try? await device.call(
            "CancelPairing", of: Names.device, device.path, timeout: .seconds(5))
    }
}
