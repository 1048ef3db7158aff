import DBus
import Outbox

extension BusError.Code {
    /// The store takes nothing of value now; free space, or wait for the sinks.
    static let full = BusError.Code("org.hubd.Error.Full")
    /// The store's disk failed; nothing was kept.
    static let storage = BusError.Code("org.hubd.Error.Storage")
    /// There is no such beacon, event or type.
    static let notFound = BusError.Code("org.hubd.Error.NotFound")
    /// It is there already, or there is no room for another one.
    static let exists = BusError.Code("org.hubd.Error.Exists")
    /// The configuration's files lay it down: change it there and reload.
    static let configured = BusError.Code("org.hubd.Error.Configured")
    /// The device is not connected just now.
    static let notConnected = BusError.Code("org.hubd.Error.NotConnected")
    /// The device did not pair.
    static let pairing = BusError.Code("org.hubd.Error.PairingFailed")
    /// An argument makes no sense; the text names it.
    static let invalid = BusError.Code("org.hubd.Error.Invalid")
}

extension BusError {
    /// What the outbox says, as a caller of the bus can act on it.
    init(_ error: OutboxError) {
        let code: Code =
            switch error.code {
            case .full: .full
            case .unknownEvent: .notFound
            case .tooLarge, .setting: .invalid
            case .storage, .locked, .newerSchema, .closed: .storage
            }
        self.init(code, error.text)
    }
}
