internal import DBus
internal import HardwareHub

// What BlueZ's errors mean for whoever speaks with a device (src/gatt-client.c,
// `create_gatt_dbus_error`; src/error.c).

extension GATTFault {
    /// Reads the error of a read, a write or a subscription.
    init(_ error: BusError) {
        switch error.code.name {
        case BusError.Code.noReply.name: self = .noAnswer
        case "org.bluez.Error.NotConnected", BusError.Code.disconnected.name,
            BusError.Code.serviceUnknown.name, BusError.Code.nameHasNoOwner.name:
            self = .disconnected
        // Insufficient authentication and encryption, in the words of 5.66.
        case "org.bluez.Error.NotPermitted" where error.message == "Not paired",
            "org.bluez.Error.NotAuthorized", "org.bluez.Error.InsufficientAuthentication":
            self = .notPaired
        case "org.bluez.Error.NotPermitted", "org.bluez.Error.NotSupported":
            self = .notPermitted
        // A device that is just being disconnected answers so (5.66).
        case "org.bluez.Error.Failed" where error.message == "Not connected":
            self = .disconnected
        case BusError.Code.unknownObject.name, BusError.Code.unknownMethod.name:
            // The characteristic has gone: invalid handle (Core 5.4, Vol 3, Part F, §3.4.1.1).
            self = .refused(code: 0x01, text: "the device no longer offers it")
        case let name: self = Self.refusal(name, error.message)
        }
    }

    private static func refusal(_ name: String, _ message: String) -> GATTFault {
        let code = attCode(in: message)
        switch code {
        case 0x05, 0x08, 0x0c, 0x0f: return .notPaired
        default: return .refused(code: code, text: "\(name): \(message)")
        }
    }

    /// `Operation failed with ATT error: 0x80` → 0x80.
    static func attCode(in text: String) -> UInt8? {
        guard let digits = text.split(separator: " ").last, digits.hasPrefix("0x"),
            text.hasPrefix("Operation failed with ATT error: ")
        else { return nil }
        return UInt8(digits.dropFirst(2), radix: 16)
    }
}

extension DeviceFault {
    /// What a connection that did not come about means.
    static func connecting(_ error: BusError) -> DeviceFault {
        switch error.code.name {
        case BusError.Code.noReply.name:
            return DeviceFault(.transient, "it does not answer")
        case BusError.Code.unknownObject.name, BusError.Code.unknownMethod.name:
            return DeviceFault(.transient, "bluetoothd does not hear it")
        case "org.bluez.Error.InProgress":
            return DeviceFault(.transient, "somebody else is connecting to it")
        case "org.bluez.Error.NotReady":
            return DeviceFault(.transient, "the adapter is off")
        case "org.bluez.Error.AuthenticationFailed":
            return DeviceFault(
                .authentication, "it does not accept the bond: \(error.message)",
                mend: "bring it into its pairing mode and pair it anew: hubctl pair ID --anew")
        default:
            return DeviceFault(.transient, "it could not be connected: \(error.message)")
        }
    }

    /// There is a bond already.
    static let isPaired = DeviceFault(
        .authentication, "it is paired already",
        mend: "if it has forgotten that, bring it into its pairing mode and pair it anew: "
            + "hubctl pair ID --anew")

    /// What pairing that failed means.
    static func pairing(_ error: BusError) -> DeviceFault {
        switch error.code.name {
        case BusError.Code.noReply.name:
            return DeviceFault(.transient, "it does not answer to pairing")
        case BusError.Code.unknownObject.name, BusError.Code.unknownMethod.name,
            "org.bluez.Error.ConnectionAttemptFailed":
            return DeviceFault(
                .transient, "it is out of reach", mend: "bring it into its pairing mode")
        case "org.bluez.Error.InProgress":
            return DeviceFault(.transient, "somebody else is pairing with it")
        case "org.bluez.Error.AlreadyExists": return isPaired
        case BusError.Code.disconnected.name:
            return DeviceFault(.transient, "bluetoothd went away")
        default:
            return DeviceFault(
                .authentication, "it does not pair: \(error.message)",
                mend: "bring it into its pairing mode, and give the passkey that it shows")
        }
    }
}
