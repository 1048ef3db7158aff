/// A heart rate (Heart Rate Measurement, 2A37).
///
/// | size | field | flag bit |
/// |---|---|---|
/// | 1 | flags; bits 1–2: skin contact | – |
/// | 1 or 2 | beats per minute | 0: two bytes |
/// | 2 | energy spent since the last reset, kJ | 3 |
/// | 2 each | times between beats, 1/1024 s, to the end of the value | 4 |
public struct HeartRate: Hashable, Sendable {
    /// What the device knows about skin contact.
    public enum Contact: Sendable {
        /// The device cannot tell.
        case notSupported
        /// The device can tell, and feels no skin.
        case notDetected
        /// The device feels skin.
        case detected
    }

    /// Beats per minute.
    public let beatsPerMinute: UInt16
    /// Skin contact.
    public let contact: Contact
    /// Energy spent since the last reset, in kilojoules; stops at 65535.
    public let energy: UInt16?
    /// Times between beats in 1/1024 s, oldest first; empty, without allocating, when none came.
    public let intervals: [UInt16]
    /// Whether the value announced times between beats, of which there is then at least one
    /// (Heart Rate Service 1.0, §3.1.1.1.5). Announced and not there is a fault of the sender that
    /// costs neither rate nor energy.
    public let announcesIntervals: Bool
    /// Flags set that this version does not know.
    public let unknownFlags: UInt8
    /// What is wrong with the value beside what could be read.
    public let fault: MalformedValue?

    /// Reads the value of the characteristic; half an interval at its end is ignored.
    ///
    /// - Throws: `MalformedValue` naming the first field that is not there; not for intervals, as
    ///   rate and energy count without them: see `fault`.
    public init(_ value: Span<UInt8>) throws(MalformedValue) {
        var cursor = ByteCursor()
        let flags = try cursor.uint8(value, "flags")
        beatsPerMinute =
            flags & 1 == 0
            ? UInt16(try cursor.uint8(value, "heart rate"))
            : try cursor.uint16(value, "heart rate")
        contact =
            switch flags >> 1 & 3 {
            case 2: .notDetected
            case 3: .detected
            default: .notSupported
            }
        energy = flags & 8 == 0 ? nil : try cursor.uint16(value, "energy")
        var intervals: [UInt16] = []
        announcesIntervals = flags & 16 != 0
        while announcesIntervals, cursor.position &+ 2 <= value.count {
            intervals.append(try cursor.uint16(value, "interval between beats"))
        }
        self.intervals = intervals
        fault =
            announcesIntervals && intervals.isEmpty
            ? .missing("interval between beats", at: cursor.position) : nil
        unknownFlags = flags & 0b1110_0000
    }
}
