/// Makes the ids of events: UUIDv7 (RFC 9562, §5.7) that rise within a millisecond.
///
/// bits: | unix time in ms (48) | version 7 (4) | counter (12) | variant 2 (2) | random (62) |
///
/// The counter is the one of RFC 9562, §6.2, method 1: it starts at a random value below half of
/// its range with each millisecond. A clock that steps back a little is waited out by counting on;
/// after a larger step the ids follow the clock. The order of events is their sequence, not this.
struct EventIDSource {
    /// A step back of at most this many milliseconds is waited out: what NTP corrects by slewing
    /// stays far below, what it steps stays above.
    static let tolerance: Int64 = 10_000

    private var last: Int64 = 0
    private var counter: UInt64 = 0
    private var random = RandomPool()

    /// The next id, at `milliseconds` since 1970; times before 1970 count as 1970.
    mutating func next(at milliseconds: Int64) -> UniqueID {
        let now = min(max(0, milliseconds), 1 << 48 - 1)
        if now > last || now < last - Self.tolerance {
            last = now
            counter = random.next(upperBound: 0x800)
        } else {
            counter += 1
            if counter > 0xfff {
                last += 1
                counter = random.next(upperBound: 0x800)
            }
        }
        return UniqueID(
            high: UInt64(truncatingIfNeeded: last) << 16 | 0x7000 | counter,
            low: 0x8000_0000_0000_0000 | random.next() >> 2)
    }
}
