import HardwareHub

extension DeviceFinding {
    /// What was found, as a person reads it in a list: `systolic 118 mm[Hg], diastolic 76 mm[Hg]`.
    var text: String {
        switch self {
        case .measurement(let measurement):
            let values = measurement.values.prefix(4).map { "\($0.name) \($0.value) \($0.unit)" }
            let absent = measurement.absent.prefix(2).map { "\($0.name) \($0.reason.rawValue)" }
            return (values + absent).joined(separator: ", ")
        case .card(let card): return "card \(card.issue.number), balance \(card.balance.yuan) CNY"
        case .data(let bytes, let type): return "\(bytes.count) bytes of type \(type)"
        }
    }
}
