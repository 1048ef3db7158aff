public import BeaconScanner

/// Why a campaign is not served here and now.
public enum Obstacle: Hashable, Sendable {
    /// It belongs to another place.
    case elsewhere
    /// It is draft, pending, paused or ended.
    case state(Campaign.State)
    /// It begins on a later day.
    case notYet(from: CivilDate)
    /// Its last day is past.
    case over(to: CivilDate)
    /// It runs on other days of the week.
    case notToday(Weekdays)
    /// It runs at other hours.
    case notThisHour([HourRange])
    /// It runs only in the first minutes of each hour.
    case notOnTheHour(minutes: Int)
    /// The user is farther away than it asks for.
    case tooFar(heard: Proximity, farthest: Proximity)
    /// Everything has been given.
    case outOfStock
    /// This user has had as many as one user may.
    case userLimit(Int)

    /// The name used in documents for programs.
    public var name: String {
        switch self {
        case .elsewhere: "not-in-zone"
        case .state(.ended), .over: "ended"
        case .state(let state): state.rawValue
        case .notYet: "not-yet"
        case .notToday: "not-today"
        case .notThisHour: "not-this-hour"
        case .notOnTheHour: "not-on-the-hour"
        case .tooFar: "too-far"
        case .outOfStock: "out-of-stock"
        case .userLimit: "user-limit"
        }
    }
}

extension Obstacle: CustomStringConvertible {
    /// The reason in words for people.
    public var description: String {
        switch self {
        case .elsewhere: "not in its zones"
        case .state(let state): state.rawValue
        case .notYet(let from): "begins on \(from)"
        case .over(let to): "ended on \(to)"
        case .notToday(let days): "runs only on \(Obstacle.names(of: days))"
        case .notThisHour(let hours):
            "runs only \(hours.map(\.description).joined(separator: ", "))"
        case .notOnTheHour(let minutes): "runs only in the first \(minutes) min of each hour"
        case .tooFar(.unknown, let farthest):
            "needs \(farthest.name), and the distance is unknown"
        case .tooFar(let heard, let farthest): "needs \(farthest.name), and is \(heard.name)"
        case .outOfStock: "out of stock"
        case .userLimit(let limit): "this user has had \(limit) of \(limit)"
        }
    }

    private static func names(of days: Weekdays) -> String {
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        let text = days.days.map { names[$0 - 1] }.joined(separator: ", ")
        return text.isEmpty ? "no day" : text
    }
}
