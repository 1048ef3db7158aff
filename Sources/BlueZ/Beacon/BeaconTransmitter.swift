internal import DBus
public import EventLoop

/// The hub's own beacon: an object on our connection that bluetoothd reads and sends.
@Hub
public final class BeaconTransmitter {
    private static let path: ObjectPath = "/beacon"

    /// What is sent.
    public let beacon: TransmittedBeacon
    /// How things stand.
    public var state: TransmitterState { machine.state }
    /// Is told of each new state.
    public var onChange: (TransmitterState) -> Void = { _ in }

    private var machine: TransmitterMachine
    private weak var client: BlueZClient?
    private var told: TransmitterState?

    init(_ beacon: TransmittedBeacon, on selector: AdapterSelector, client: BlueZClient) {
        self.beacon = beacon
        self.client = client
        machine = TransmitterMachine(selector)
        client.connection.export([table], at: Self.path)
    }

    /// org.bluez.LEAdvertisement1: of type `broadcast`, which is not connectable.
    private var table: Interface {
        Interface("org.bluez.LEAdvertisement1", "The beacon that this hub sends.") {
            Method("Release", needs: .manage, "bluetoothd no longer sends it.") {
                [weak self] call throws(BusError) in
                guard let self, call.sender == client?.owner else {
                    throw BusError(.accessDenied, "only bluetoothd releases an advertisement")
                }
                machine.released(at: Hub.loop.now)
                tell()
                return []
            }
            Property("Type", "s", needs: .read, notice: .const) { .string("broadcast") }
            Property("ManufacturerData", "a{qv}", needs: .read, notice: .const) {
                [beacon] in
                .dictionary(
                    key: "q", value: "v",
                    [
                        BusValue.Entry(
                            .uint16(TransmittedBeacon.company), .variant(.bytes(beacon.data)))
                    ])
            }
        }
    }

    func forget() { machine.forget() }

    func adaptersChanged(_ adapters: [Adapter]?) {
        machine.adaptersChanged(adapters, at: Hub.loop.now)
        proceed()
    }

    func tick() { proceed() }

    func stop() { client?.connection.withdraw(Self.path) }

    private func proceed() {
        if let due = machine.registration(at: Hub.loop.now) { register(due) }
        tell()
    }

    private func tell() {
        guard state != told else { return }
        told = state
        onChange(state)
    }

    private func register(_ due: TransmitterMachine.Registration) {
        // The bluetoothd of this moment: another one has to be told other things.
        guard let client, let owner = client.owner, let adapter = ObjectPath(due.path)
        else { return }
        let connection = client.connection
        Hub.start { [weak self] in
            let refusal = await Self.register(due, on: adapter, at: owner, connection)
            guard let self else { return }
            machine.answered(due.token, refusal, at: Hub.loop.now)
            proceed()
        }
    }

    /// - Returns: why bluetoothd does not send it; nil when it does.
    private static func register(
        _ due: TransmitterMachine.Registration, on adapter: ObjectPath, at owner: String,
        _ connection: Connection
    ) async -> String? {
        do throws(BusError) {
            if due.isAgain { try await unregister(on: adapter, at: owner, connection) }
            // bluetoothd reads the object before it answers, so this may take a while.
            _ = try await connection.call(
                "RegisterAdvertisement", of: Names.advertisingManager, at: owner, adapter,
                [.objectPath(path), .options([])])
            return nil
        } catch {
            // By this very connection: it is what we want.
            return error.code.name == "org.bluez.Error.AlreadyExists" ? nil : "\(error)"
        }
    }

    /// Mostly it is not registered, and bluetoothd says so; but it has to say something.
    private static func unregister(
        on adapter: ObjectPath, at owner: String, _ connection: Connection
    ) async throws(BusError) {
        do throws(BusError) {
            _ = try await connection.call(
                "UnregisterAdvertisement", of: Names.advertisingManager, at: owner, adapter,
                [.objectPath(path)])
        } catch {
            if error.code == .noReply { throw error }
        }
    }
}
