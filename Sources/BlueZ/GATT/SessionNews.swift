internal import DBus
internal import HardwareHub

/// What a signal about a device's object, or one below it, tells a session.
enum SessionNews: Equatable {
    /// Device1.Connected is false.
    case disconnected
    /// Device1.ServicesResolved is true.
    case resolved
    /// A characteristic has a new value.
    case value(path: String, [UInt8])
    /// Services came or went.
    case services(isGone: Bool)

    /// Reads a signal.
    ///
    /// - Returns: nil when it tells nothing that matters; also when it is not what BlueZ documents.
    static func read(_ message: borrowing Message, of device: ObjectPath) -> [SessionNews] {
        guard let member = message.member, let path = message.path?.text else { return [] }
        let news = try? message.read { (reader) throws(BusError) -> [SessionNews] in
            switch member {
            case "PropertiesChanged":
                return try properties(&reader, at: path, of: device.text)
            case "InterfacesAdded", "InterfacesRemoved":
                let object = try reader.objectPath().text
                return isService(object) ? [.services(isGone: member == "InterfacesRemoved")] : []
            default: return []
            }
        }
        return news ?? []
    }

    /// `sa{sv}as`
    private static func properties(
        _ reader: inout MessageReader, at path: String, of device: String
    ) throws(BusError) -> [SessionNews] {
        let interface = try reader.string()
        switch interface {
        case Names.device where path == device:
            let values = try reader.value()
            var news: [SessionNews] = []
            if values["ServicesResolved"]?.bool == true { news.append(.resolved) }
            if values["Connected"]?.bool == false { news.append(.disconnected) }
            return news
        case Names.characteristic:
            guard let bytes = try reader.value()["Value"]?.bytes else { return [] }
            return [.value(path: path, bytes)]
        default: return []
        }
    }

    /// `…/service000a`, and nothing below it: a service goes with all that it has.
    private static func isService(_ path: String) -> Bool {
        path.split(separator: "/").last?.hasPrefix("service") == true
    }
}
