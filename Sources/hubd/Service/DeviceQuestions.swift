import BeaconScanner
import Configuration
import DBus
import EventLoop
import HardwareHub
import Outbox

/// What the bus asks about devices: each function answers one method of their interfaces.
extension Daemon {
    var deviceRows: DeviceRows { DeviceRows(station: devices, hub: hub) }

    func known(_ id: String) throws(BusError) -> RegisteredDevice {
        if let device = devices.registry.device(id) { return device }
        throw BusError(.notFound, "there is no device \(id)")
    }

    func describe(_ id: String) throws(BusError) -> Fields { deviceRows.one(try known(id)) }

    /// A text of a device's row; empty where it has none.
    func field(_ name: String, of id: String) throws(BusError) -> BusValue {
        .string(try describe(id)[name]?.string ?? "")
    }

    func enroll(
        _ id: String, kind: String, address: String, _ options: BusValue
    ) async throws(BusError) -> ObjectPath {
        let device = try EnrollOptions.device(id, kind: kind, address: address, options)
        try await change("command") { registry throws(DeviceRegistry.Refusal) in
            try registry.enroll(device)
        }
        journal.notice("\(id): enrolled as \(kind)", .deviceEnrolled, ["DEVICE": id])
        return DeviceInterface.path(of: id)
    }

    func forget(_ id: String) async throws(BusError) {
        try await change("forgotten") { registry throws(DeviceRegistry.Refusal) in
            try registry.forget(id)
        }
        journal.notice("\(id): forgotten", .deviceForgotten, ["DEVICE": id])
    }

    func replace(_ old: String, with new: String) async throws(BusError) {
        try await change("replaced") { registry throws(DeviceRegistry.Refusal) in
            try registry.replace(old, with: new)
        }
        journal.notice(
            "\(old): replaced with \(new)", .deviceReplaced, ["DEVICE": old, "BY": new])
    }

    func bind(_ owner: String, to id: String) async throws(BusError) {
        try EnrollOptions.check(owner: owner)
        try await change("command") { registry throws(DeviceRegistry.Refusal) in
            try registry.bind(owner, to: id).map { [$0] } ?? []
        }
    }

    func unbind(_ owner: String, from id: String) async throws(BusError) {
        try await change("command") { registry throws(DeviceRegistry.Refusal) in
            [try registry.unbind(owner, from: id)]
        }
    }

    func pair(_ id: String, _ options: BusValue) async throws(BusError) {
        _ = try known(id)
        var passkey: UInt32?
        var isAnew = false
        for entry in options.entries ?? [] {
            switch (entry.key.string, entry.value.integer, entry.value.bool) {
            case ("passkey", let number?, _) where (0...999_999).contains(number):
                passkey = UInt32(number)
            case ("anew", _, let wanted?): isAnew = wanted
            default:
                throw BusError(
                    .invalid,
                    "options: expected passkey, a number of six digits (u), and anew (b)")
            }
        }
        do throws(DeviceFault) {
            try await devices.pair(id, passkey: passkey, isAnew: isAnew)
        } catch {
            throw BusError(.pairing, "\(id): \(error)")
        }
        devices.retry(id)
    }

    func send(_ bytes: [UInt8], to id: String) throws(BusError) {
        _ = try known(id)
        guard !bytes.isEmpty, bytes.count <= 512 else {
            throw BusError(.invalid, "data: expected 1 to 512 bytes, not \(bytes.count)")
        }
        guard devices.push(bytes, to: id) else {
            throw BusError(.notConnected, "\(id) is not connected: nothing was sent")
        }
    }

    func retryDevice(_ id: String) throws(BusError) {
        _ = try known(id)
        devices.retry(id)
    }

    private func change(
        _ reason: String,
        _ body: (inout DeviceRegistry) throws(DeviceRegistry.Refusal) -> [DeviceRegistry.Change]
    ) async throws(BusError) {
        do throws(DeviceStation.ChangeFault) {
            try await devices.change(because: reason, body)
        } catch {
            switch error {
            case .notKept(let error): throw BusError(error)
            case .refused(let refusal):
                let code: BusError.Code =
                    switch refusal.reason {
                    case .unknown: .notFound
                    case .taken, .full: .exists
                    case .configured: .configured
                    }
                throw BusError(code, refusal.description)
            }
        }
    }
}

/// What a device is enrolled with, checked.
enum EnrollOptions {
    static func device(
        _ id: String, kind: String, address: String, _ options: BusValue
    ) throws(BusError) -> RegisteredDevice {
        guard Identifier.isGood(id) else {
            throw BusError(.invalid, "id: \"\(id)\", expected \(Identifier.expected)")
        }
        guard let driver = DeviceDrivers.driver(of: kind) else {
            throw BusError(
                .invalid, "kind: \"\(kind)\", expected one of \(DeviceDrivers.kinds)")
        }
        var device = RegisteredDevice(id: id, kind: kind, address: nil, origin: .enrolled)
        if !address.isEmpty {
            guard let radio = DeviceAddress(address) else {
                throw BusError(
                    .invalid,
                    "address: \"\(address)\", expected a radio address such as C0:00:00:01:00:01")
            }
            device.address = radio
        }
        for entry in options.entries ?? [] { try take(entry, &device) }
        guard device.address != nil || device.deviceID != nil && driver.provesIdentity else {
            throw BusError(.invalid, "address: expected one, or an AirSync device's deviceId")
        }
        return device
    }

    private static func take(
        _ entry: BusValue.Entry, _ device: inout RegisteredDevice
    ) throws(BusError) {
        let key = entry.key.string ?? ""
        switch key {
        case "deviceType", "deviceId", "keyFile":
            guard !Device.speaksProfile(device.kind) else {
                throw BusError(.invalid, "\(key): expected none with kind \"\(device.kind)\"")
            }
            try take(airSync: entry, key, &device)
        case "owners":
            let owners = entry.value.elements?.compactMap(\.string)
            for owner in owners ?? [] { try check(owner: owner) }
            guard let owners, owners.count == entry.value.elements?.count,
                Set(owners).count == owners.count, owners.count <= DeviceRegistry.mostOwners
            else {
                throw BusError(
                    .invalid,
                    "owners: expected at most \(DeviceRegistry.mostOwners) keys (as), each once")
            }
            device.owners = owners.map { RegisteredDevice.Owner(key: $0, origin: .enrolled) }
        case "qrTicket":
            let ticket = entry.value.string ?? ""
            guard Ticket.isGood(ticket) else {
                throw BusError(.invalid, "\(key): \"\(ticket)\", expected \(Ticket.expected)")
            }
            device.ticket = ticket
        default:
            throw BusError(
                .invalid,
                "option \"\(key)\": expected owners, deviceType, deviceId, keyFile or qrTicket")
        }
    }

    private static func take(
        airSync entry: BusValue.Entry, _ key: String, _ device: inout RegisteredDevice
    ) throws(BusError) {
        switch key {
        case "deviceType": device.deviceType = try identifier(entry, key)
        case "deviceId": device.deviceID = try identifier(entry, key)
        default:
            let file = entry.value.string ?? ""
            try Printable.check(file, key, longest: 1_024)
            // A relative one would depend on where hubd was started.
            guard file.hasPrefix("/") || !file.contains("/") else {
                throw BusError(
                    .invalid,
                    "\(key): \"\(file)\", expected a whole path, or the name of a credential")
            }
            device.keyFile = file
        }
    }

    private static func identifier(
        _ entry: BusValue.Entry, _ key: String
    ) throws(BusError) -> String {
        guard let text = entry.value.string, Identifier.isGood(text) else {
            throw BusError(.invalid, "\(key): expected \(Identifier.expected)")
        }
        return text
    }

    /// Owner keys are opaque, but they end in events, on terminals and in files.
    static func check(owner: String) throws(BusError) {
        guard Identifier.isGood(owner) else {
            throw BusError(.invalid, "owner: \"\(owner)\", expected \(Identifier.expected)")
        }
    }
}
