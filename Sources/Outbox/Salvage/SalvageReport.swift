/// What became of a database that was damaged, removed or replaced.
public struct SalvageReport: Sendable, Equatable {
    /// Which it is since the start, from 1 on.
    public var number = 0
    /// What was found.
    public var cause: String
    /// Where the damaged file was put aside; empty when there was none.
    public var path: String
    /// When, in nanoseconds since 1970.
    public var unixNanoseconds: Int64
    /// Events that were saved.
    public var events = 0
    /// Values of state that were saved.
    public var values = 0
    /// Events that are lost before every sink had them; notices among the events name them.
    public var lost = 0
    /// Events that are gone which every sink has had: they can no longer be read on the hub.
    public var gone = 0
    /// Sequence numbers of which it is not known whether events had them.
    public var unknown = 0
    /// Whether the file that was put aside is still there.
    public var isKept = true

    /// Whether something may be gone for good.
    public var isLoss: Bool { lost > 0 || unknown > 0 }

    /// The report with what is so now.
    var updated: Self {
        var report = self
        report.isKept = FileSystem.length(of: path) != nil
        return report
    }

    /// All of it in one line.
    public var text: String {
        var text = cause
        if !path.isEmpty { text += ": put aside as \(path)" }
        text += ", \(events) events saved"
        if lost > 0 { text += ", \(lost) lost that some sink had not got" }
        if gone > 0 { text += ", \(gone) gone that every sink had" }
        if unknown > 0 { text += ", unknown what became of numbers: \(unknown) are left out" }
        return text
    }
}
