import BeaconScanner

/// What is known of one radio.
struct RadioStatus {
    /// How things stand with a radio.
    enum State: Equatable {
        /// It has not heard anything yet.
        case starting
        /// It hears.
        case hearing
        /// A capture was played to its end.
        case ended
        /// It does not hear; why, and the mend.
        case failed(String)
        /// Another state with a name of its own; what it means, and whether that is a problem.
        case named(String, text: String?, isProblem: Bool)

        var name: String {
            switch self {
            case .starting: "starting"
            case .hearing: "hearing"
            case .ended: "ended"
            case .failed: "failed"
            case .named(let name, _, _): name
            }
        }

        var problem: String? {
            switch self {
            case .failed(let problem): problem
            case .named(let name, let text, true): text ?? name
            default: nil
            }
        }

        /// What there is to say of a state that is no problem.
        var note: String? {
            if case .named(_, let text, false) = self { text } else { nil }
        }
    }

    /// How it is called in status, journal and events, such as `capture:mall.btsnoop`.
    let name: String
    let kind: String
    /// The zone it stands in.
    let zone: String?
    var state = State.starting
    /// The adapter's address, where there is one.
    var address: String?
    /// When it last heard something; nil where that says nothing, as of a capture.
    var lastHeard: BootTime?
    /// How often it heard again after trouble.
    var recoveries: UInt64 = 0
    var reports: UInt64 = 0
    var rate = ReportRate()
}

/// Reports a second, smoothed over about ten seconds.
struct ReportRate {
    private var counted: UInt64 = 0
    private var since: BootTime?
    private var isFirst = true
    private(set) var perSecond = 0.0

    /// Takes the count of all reports so far; called about once a second.
    mutating func update(_ reports: UInt64, at now: BootTime) {
        defer {
            counted = reports
            since = now
        }
        guard let since else { return }
        let seconds = Double(now.nanoseconds(since: since)) / 1e9
        guard seconds > 0 else { return }
        let present = Double(reports &- counted) / seconds
        // A first figure at once, then a tenth of the difference each second.
        perSecond = isFirst ? present : perSecond + (present - perSecond) * 0.1
        isFirst = false
    }
}
