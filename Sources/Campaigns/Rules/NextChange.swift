/// The minutes of the day at which schedules may open or close.
struct DayBoundaries: Hashable, Sendable {
    /// In order, without repetition; the last is always 1440, the day's end.
    private let minutes: [Int]

    init(_ schedules: some Sequence<Schedule>) {
        var isBoundary = [Bool](repeating: false, count: 1441)
        isBoundary[1440] = true
        for schedule in schedules {
            for range in schedule.hours {
                isBoundary[range.start] = true
                isBoundary[range.end] = true
            }
            guard let length = schedule.minutesOnTheHour, (1..<60).contains(length) else {
                continue
            }
            for hour in 0..<24 {
                isBoundary[hour * 60] = true
                isBoundary[hour * 60 + length] = true
            }
        }
        minutes = isBoundary.indices.filter { isBoundary[$0] }
    }

    /// The first moment after another at which the wall clock reaches a boundary or is set.
    ///
    /// A day on which the clocks change has fewer or more minutes than others, so the way from
    /// one boundary to the next is only trusted while the offset stays the same; when it does not,
    /// the moment of the change is looked for and counts as a boundary itself.
    func next(after moment: Int64, offset: LocalTime.OffsetRule) -> Int64 {
        let before = offset(moment)
        let time = LocalTime(unixSeconds: moment, utcOffset: before)
        let minute = minutes.first { $0 > time.minuteOfDay } ?? 1440
        let next = moment &+ Int64((minute - time.minuteOfDay) * 60 - time.second)
        guard offset(next) != before else { return next }
        var low = moment
        var high = next
        while high &- low > 1 {
            let middle = low &+ (high &- low) / 2
            if offset(middle) == before { low = middle } else { high = middle }
        }
        return high
    }
}

extension Schedule {
    /// The next moment at which this schedule opens or closes, as Unix seconds.
    ///
    /// - Parameters:
    ///   - moment: Unix seconds; the answer lies after it.
    ///   - offset: the offset of local time from UTC at a Unix time.
    /// - Returns: nil when it stays as it is for good.
    public func nextChange(after moment: Int64, offset: LocalTime.OffsetRule) -> Int64? {
        func time(_ moment: Int64) -> LocalTime {
            LocalTime(unixSeconds: moment, utcOffset: offset(moment))
        }
        // Two weeks and two days: rules repeat every week, and clocks that are put forward can
        // swallow one turn of a rule, but not two.
        let patience: Int64 = 16 * 86_400
        let boundaries = DayBoundaries(CollectionOfOne(self))
        let isOpen = isOpen(at: time(moment))
        // The first days on which the dates begin to matter, a day early for any offset.
        let turns = [from?.dayNumber, to?.dayNumber].compactMap { day -> Int64? in
            day.map { (Int64($0) - 1) * 86_400 }
        }
        for start in [moment] + turns where start >= moment {
            var current = start
            while current < start &+ patience {
                if self.isOpen(at: time(current)) != isOpen { return current }
                current = boundaries.next(after: current, offset: offset)
            }
        }
        return nil
    }
}
