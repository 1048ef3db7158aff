public import EventLoop

/// Counts the owners that a name has had, so that what was learned from one is not believed of the
/// next: a reply or an object from an older generation is to be dropped.
public struct Generation: Hashable, Comparable, Sendable, CustomStringConvertible {
    private var number: UInt64 = 0

    init() {}

    mutating func advance() { number += 1 }

    /// Orders by age.
    public static func < (left: Generation, right: Generation) -> Bool {
        left.number < right.number
    }

    /// The number.
    public var description: String { "\(number)" }
}

/// Follows who owns a name on the bus.
@Hub
public final class NameWatch {
    /// The name that is followed.
    public let name: String
    /// The unique name of the present owner; nil when there is none, or no bus.
    public private(set) var owner: String?
    /// Grows with every change of `owner`, also with the loss of the bus.
    public private(set) var generation = Generation()

    private let onChange: (NameWatch) -> Void
    private weak var connection: Connection?
    /// Whether this connection's bus knows the match rule.
    var isInstalled = false

    init(_ name: String, _ connection: Connection, _ onChange: @escaping (NameWatch) -> Void) {
        self.name = name
        self.connection = connection
        self.onChange = onChange
    }

    /// Ends the watch. A second call does nothing.
    public func cancel() {
        connection?.remove(self)
        connection = nil
    }

    var rule: MatchRule {
        MatchRule(
            sender: Connection.busName, interface: Connection.busName,
            member: "NameOwnerChanged", argument0: name)
    }

    /// Takes note of the present owner.
    func set(_ new: String?) {
        let new = new == "" ? nil : new
        guard new != owner, connection != nil else { return }
        owner = new
        generation.advance()
        onChange(self)
    }
}
