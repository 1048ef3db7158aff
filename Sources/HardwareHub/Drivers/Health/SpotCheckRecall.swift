internal import BeaconScanner

/// Asks a pulse oximeter for the spot-checks that it stores, through its Record Access Control Point
/// (Pulse Oximeter Service 1.0, §3.6: all of them, for it can select none). They come as 2A5E, like one
/// that is made just now, and then the answer. Nothing is deleted on the oximeter.
struct SpotCheckRecall: Hashable, Sendable {
    /// How long a record or the answer is waited for, in nanoseconds, as with a glucose meter.
    static let patience = GlucoseRetrieval.patience

    /// When patience ends; nil while nothing is asked for.
    private(set) var deadline: BootTime?

    /// Whether records are coming.
    var isUnderWay: Bool { deadline != nil }

    /// The records are asked for.
    mutating func begin(at now: BootTime) {
        deadline = BootTime(nanoseconds: now.nanoseconds &+ Self.patience)
    }

    /// A record came.
    mutating func received(at now: BootTime) {
        if isUnderWay { begin(at: now) }
    }

    /// The oximeter answered.
    ///
    /// - Returns: what is wrong with the answer; nil when all records are here, or there are none.
    /// - Throws: `MalformedValue` for what is no answer, or not one to what was asked.
    mutating func answered(_ bytes: [UInt8]) throws(MalformedValue) -> DeviceFault? {
        guard isUnderWay, case .result(1, let result) = try RecordAccess.Response(bytes.span) else {
            throw .invalid("an answer to something that was not asked", at: 0)
        }
        deadline = nil
        guard result != .success, result != .noRecords else { return nil }
        return DeviceFault(
            .protocolError,
            "it did not report its spot-checks: \(result.name ?? "result \(result.rawValue)")")
    }

    /// Time has passed.
    ///
    /// - Returns: that it is not waited for any longer.
    mutating func due(at now: BootTime) -> DeviceFault? {
        guard let deadline, now >= deadline else { return nil }
        self.deadline = nil
        return DeviceFault(.transient, "it did not finish reporting its spot-checks within 30 s")
    }

    /// Nothing more comes.
    mutating func cancel() { deadline = nil }
}
