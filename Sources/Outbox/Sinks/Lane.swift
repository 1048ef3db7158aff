/// The two ways that events take to a sink (decision 13).
enum Lane: Sendable, Hashable {
    /// All of them, oldest first.
    case regular
    /// Those of value, oldest first, past a backlog of everything else.
    case express
}
