/// When a campaign is served: dates, weekdays, hours and the rule of the full hour.
///
/// All of it goes by the wall clock of the shop; an hour that the clocks skip in spring does not
/// happen, and one that they repeat in autumn happens twice.
///
/// **Past midnight.** A range such as 22:00-02:00 belongs to the day on which it begins, as
/// people mean it: "Friday 22:00-02:00" is served in the small hours of Saturday and not in those
/// of Friday, and on the last day of a campaign it still runs to its end.
///
/// **On the full hour.** Malls announce "shake at the full hour"; people come a little late, so
/// the moment is the first minutes of every hour that the other rules allow: 5 unless the catalog
/// says otherwise, 14:00:00 to 14:04:59.
public struct Schedule: Hashable, Sendable {
    /// How long the full hour lasts when the catalog only says that it counts, in minutes.
    public static let usualMinutesOnTheHour = 5

    /// The first day; nil for always.
    public var from: CivilDate?
    /// The last day; nil for no end.
    public var to: CivilDate?
    /// The days of the week.
    public var weekdays: Weekdays
    /// The parts of the day; none means the whole day.
    public var hours: [HourRange]
    /// How many minutes from each full hour on, 1 to 60; nil when the hour does not matter.
    public var minutesOnTheHour: Int?

    /// Makes a schedule; without arguments it is always open.
    public init(
        from: CivilDate? = nil, to: CivilDate? = nil, weekdays: Weekdays = .all,
        hours: [HourRange] = [], minutesOnTheHour: Int? = nil
    ) {
        self.from = from
        self.to = to
        self.weekdays = weekdays
        self.hours = hours
        self.minutesOnTheHour = minutesOnTheHour
    }

    /// Whether it is open at a time.
    public func isOpen(at time: LocalTime) -> Bool {
        obstacle(at: time) == nil
    }

    /// Why it is not open at a time; nil when it is.
    public func obstacle(at time: LocalTime) -> Obstacle? {
        guard isInHours(time) else { return obstacleOfTheDay(time) }
        if let minutes = minutesOnTheHour, time.minuteOfHour >= minutes {
            return .notOnTheHour(minutes: minutes)
        }
        return nil
    }

    private func isInHours(_ time: LocalTime) -> Bool {
        let minute = time.minuteOfDay
        if allows(time.date), hours.isEmpty || hours.contains(where: { $0.holdsOnFirstDay(minute) })
        {
            return true
        }
        return hours.contains { $0.holdsOnSecondDay(minute) }
            && allows(time.date.adding(days: -1))
    }

    private func obstacleOfTheDay(_ time: LocalTime) -> Obstacle {
        if let from, time.date < from { return .notYet(from: from) }
        if let to, time.date > to { return .over(to: to) }
        guard weekdays.contains(time.date.weekday) else { return .notToday(weekdays) }
        return .notThisHour(hours)
    }

    /// Whether a day is one of the campaign's.
    private func allows(_ date: CivilDate) -> Bool {
        if let from, date < from { return false }
        if let to, date > to { return false }
        return weekdays.contains(date.weekday)
    }
}
