/// When something happened, by both clocks of the machine.
///
/// The wall clock says what people call the time, and may be wrong or jump; the boot clock never
/// goes back, and together with the id of the boot it orders what the wall clock cannot.
public struct EventTime: Hashable, Sendable {
    /// Nanoseconds since 1970-01-01 00:00 UTC.
    public var unixNanoseconds: Int64
    /// What local time is ahead of UTC, in seconds.
    public var utcOffset: Int
    /// Whether the wall clock was synchronized to a time source.
    public var isSynchronized: Bool
    /// Which boot of the machine, as in `/proc/sys/kernel/random/boot_id`.
    public var boot: UniqueID
    /// Nanoseconds since that boot (CLOCK_BOOTTIME).
    public var bootNanoseconds: Int64

    /// Makes a time from the readings of both clocks.
    public init(
        unixNanoseconds: Int64, utcOffset: Int, isSynchronized: Bool, boot: UniqueID,
        bootNanoseconds: Int64
    ) {
        self.unixNanoseconds = unixNanoseconds
        self.utcOffset = utcOffset
        self.isSynchronized = isSynchronized
        self.boot = boot
        self.bootNanoseconds = bootNanoseconds
    }

    /// How old this time is at `now`, in nanoseconds, and never negative.
    ///
    /// Within one boot the boot clock decides, so a jump of the wall clock does not matter.
    func age(at now: EventTime) -> Int64 {
        let age =
            boot == now.boot && boot != .zero
            ? now.bootNanoseconds.subtractingReportingOverflow(bootNanoseconds)
            : now.unixNanoseconds.subtractingReportingOverflow(unixNanoseconds)
        return age.overflow ? 0 : max(0, age.partialValue)
    }
}
