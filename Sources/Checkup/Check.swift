/// One thing that was looked at, how it stands, and what mends it.
///
/// `hubctl doctor` shows a list of these; those that only the daemon can make come from it.
public struct Check: Hashable, Sendable {
    /// How a thing stands.
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// As it should be.
        case well
        /// It works now, or works with less than it should.
        case warning
        /// It does not work.
        case failed
        /// It could not be looked at; the text says why.
        case unknown
    }

    /// The part of the hub: `bus`, `bluetooth`, `clock`, `disk`, `sink`.
    public let area: String
    /// Which thing of the part, such as `hci0` or the name of a sink; empty for the part itself.
    public let thing: String
    /// How it stands.
    public let state: State
    /// What was found.
    public let text: String
    /// What to do; never empty for a warning or a failure.
    public let mend: String

    /// Makes a check that went well.
    public static func well(_ area: String, _ thing: String = "", _ text: String) -> Check {
        Check(area, thing, .well, text, "")
    }

    /// Makes a check that found something that still works.
    public static func warning(
        _ area: String, _ thing: String = "", _ text: String, mend: String
    ) -> Check { Check(area, thing, .warning, text, mend) }

    /// Makes a check that failed.
    public static func failed(
        _ area: String, _ thing: String = "", _ text: String, mend: String
    ) -> Check { Check(area, thing, .failed, text, mend) }

    /// Makes a check that could not be made.
    public static func unknown(
        _ area: String, _ thing: String = "", _ text: String, mend: String = ""
    ) -> Check { Check(area, thing, .unknown, text, mend) }

    /// Makes a check from its parts.
    public init(
        _ area: String, _ thing: String, _ state: State, _ text: String, _ mend: String
    ) {
        self.area = area
        self.thing = thing
        self.state = state
        self.text = text
        self.mend = mend
    }
}
