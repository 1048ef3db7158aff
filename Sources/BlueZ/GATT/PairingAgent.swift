internal import BeaconScanner
internal import DBus
internal import EventLoop
internal import HardwareHub

/// Answers bluetoothd about pairing (org.bluez.Agent1).
///
/// It stands ready as long as devices are served: bluetoothd pairs by itself with a device that answers
/// "insufficient authentication", asks the first agent there is whether it may, and without one lets the
/// device's request hang until the connection breaks (seen with 5.66). Nor does it bond without one
/// (`AlwaysPairable` in main.conf). It says yes to enrolled devices only, and only while the hub speaks or
/// pairs with them: what a stranger begins is refused.
///
/// What it can do is what the hub can do (Core 5.4, Vol 3, Part H, §2.3.5.1, table 2.8):
/// - it is `NoInputNoOutput`, and pairing is Just Works: no proof of who the device is. As anything
///   else the kernel would demand that proof (SMP_AUTH_MITM in net/bluetooth/smp.c) of devices that
///   need none, and nobody could give it.
/// - for a pairing with a passkey that a person has given it is a `KeyboardOnly`: of a device that shows
///   one, whether it could also ask yes or no or not, the table then makes Passkey Entry. As
///   `KeyboardDisplay` the hub would have to compare numbers (LE Secure Connections), which nobody is
///   there to do, or to show one, which nobody is there to read.
@Hub
final class PairingAgent {
    nonisolated static let path: ObjectPath = "/pairing"

    /// What is being paired with now.
    struct Pairing {
        let device: ObjectPath
        let address: DeviceAddress
        let passkey: UInt32?
    }

    /// What the hub can do, in the words of RegisterAgent.
    enum Capability: String {
        case none = "NoInputNoOutput"
        case keyboard = "KeyboardOnly"
    }

    /// With which bluetoothd it is registered, and as what.
    var registration: (owner: String, capability: Capability)?
    private var current: Pairing?
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var isTaken = false

    /// Puts the object on a connection.
    func export(_ devices: BlueZDevices) {
        devices.connection.export([table(devices)], at: Self.path)
    }

    /// Waits for its turn: one pairing at a time, so that each question is about it.
    func take() async {
        if isTaken { await withCheckedContinuation { waiting.append($0) } }
        isTaken = true
    }

    /// Lets the next one begin.
    func give() {
        current = nil
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }

    func begin(_ pairing: Pairing) { current = pairing }

    // MARK: The object

    private nonisolated static let rejected = BusError.Code("org.bluez.Error.Rejected")

    private func table(_ devices: BlueZDevices) -> Interface {
        let check: @Hub @Sendable (Call) throws(BusError) -> Pairing = {
            [weak self, weak devices] call throws(BusError) in
            guard let devices, call.sender == devices.owner else {
                throw BusError(.accessDenied, "only bluetoothd asks about pairing")
            }
            let path = try call.string(0)
            if let pairing = self?.current, path == pairing.device.text,
                devices.isEnrolled(pairing.address)
            {
                return pairing
            }
            guard let session = devices.session(at: path), devices.isEnrolled(session.address)
            else { throw Self.refusal }
            return Pairing(
                device: session.device.path, address: session.address, passkey: nil)
        }
        let refuse: Method.Body = { call throws(BusError) in
            _ = try check(call)
            throw Self.refusal
        }
        return Interface("org.bluez.Agent1", "Answers while this hub pairs with a device.") {
            Method("RequestPasskey", in: ["device": "o"], out: ["passkey": "u"], needs: .manage) {
                [weak devices] call throws(BusError) in
                [.uint32(try await Self.passkey(check(call), devices))]
            }
            Method("RequestPinCode", in: ["device": "o"], out: ["code": "s"], needs: .manage) {
                [weak devices] call throws(BusError) in
                [.string("\(try await Self.passkey(check(call), devices))")]
            }
            // Just Works: it is for that that the device was enrolled.
            Method("RequestAuthorization", in: ["device": "o"], needs: .manage) {
                call throws(BusError) in
                _ = try check(call)
                return []
            }
            Method(
                "RequestConfirmation", in: ["device": "o", "passkey": "u"], needs: .manage
            ) { call throws(BusError) in
                guard try check(call).passkey.map(Int64.init) == (try call.integer(1)) else {
                    throw Self.refusal
                }
                return []
            }
            Method(
                "AuthorizeService", in: ["device": "o", "uuid": "s"], needs: .manage, "", refuse)
            Method("DisplayPinCode", in: ["device": "o", "code": "s"], needs: .manage, "", refuse)
            Method(
                "DisplayPasskey", in: ["device": "o", "passkey": "u", "entered": "q"],
                needs: .manage, "", refuse)
            Method("Cancel", needs: .manage) { _ in [] }
            Method("Release", needs: .manage) { _ in [] }
        }
    }

    private nonisolated static let refusal = BusError(
        rejected, "this hub pairs with enrolled devices only, while it speaks with them")

    private static func passkey(
        _ pairing: Pairing, _ devices: BlueZDevices?
    ) async throws(BusError) -> UInt32 {
        if let given = pairing.passkey { return given }
        guard let asked = await devices?.passkey(pairing.address) else { throw refusal }
        return asked
    }
}
