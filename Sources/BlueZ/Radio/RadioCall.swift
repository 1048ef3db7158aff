internal import DBus

extension BlueZClient {
    /// What a failed call says of a request. Of an adapter that stays off the kernel tells more
    /// than bluetoothd does.
    static func answer(
        _ error: BusError, to request: RadioRequest, _ path: String
    ) -> RadioAnswer {
        if error.code == .noReply { return .none }
        if request == .setPowered(true), RadioSwitch.isOff(adapter: path) {
            return .refused(name: "org.bluez.Error.Blocked", text: error.message)
        }
        return .refused(name: error.code.name, text: error.message)
    }
}

extension RadioRequest {
    /// The call that the request is, while these services are looked out for.
    func message(
        to owner: String, _ path: String, _ feed: RadioFeed, services: Set<UInt16>
    ) throws(BusError) -> Message {
        guard let path = ObjectPath(path) else {
            throw BusError(.unknownObject, "“\(path)” is no object path")
        }
        switch self {
        case .setPowered(let isOn):
            let message = try Message.methodCall(owner, path, Names.properties, "Set")
            try message.append([
                .string(Names.adapter), .string("Powered"), .variant(.bool(isOn)),
            ])
            return message
        case .setFilter:
            let message = try Message.methodCall(owner, path, Names.adapter, "SetDiscoveryFilter")
            // Low Energy alone: an inquiry for classic devices would take half of the time. No RSSI
            // and no Pathloss: they would hide what is weak, and with any filter at all BlueZ
            // reports every change of the signal strength (doc/org.bluez.Adapter.rst).
            try message.append([
                feed.isMonitor ? MonitorReception.filter(for: services) : Self.everything
            ])
            return message
        case .startDiscovery:
            return try Message.methodCall(owner, path, Names.adapter, "StartDiscovery")
        case .stopDiscovery:
            return try Message.methodCall(owner, path, Names.adapter, "StopDiscovery")
        case .addPatterns, .removePatterns:
            let member = self == .addPatterns ? "RegisterMonitor" : "UnregisterMonitor"
            let message = try Message.methodCall(
                owner, path, Names.advertisementMonitorManager, member)
            try message.append([.objectPath(BeaconPatterns.application)])
            return message
        }
    }

    private static let everything = BusValue.options([
        "Transport": .string("le"), "DuplicateData": .bool(true),
    ])
}
