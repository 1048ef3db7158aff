import DBus
import Outbox

extension BusError.Code {
    /// The store takes nothing of value now; free space, or wait for the sinks.
    static let full = BusError.Code("org.hubd.Error.Full")
    /// The store's disk failed; nothing was kept.
    static let storage = BusError.Code("org.hubd.Error.Storage")
    /// There is no such beacon, event or type.
    static let notFound = BusError.Code("org.hubd.Error.NotFound")
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
