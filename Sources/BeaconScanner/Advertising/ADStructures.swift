/// Whether a walk goes on after a structure.
public enum Walk: Sendable {
    /// Go on with the next structure.
    case next
    /// Stop here: the visitor has what it wanted.
    case stop
}

/// How a walk over advertising data ended.
public enum WalkEnd: Hashable, Sendable {
    /// Every byte belonged to a structure.
    case complete
    /// A zero length at this offset: early termination (Core 5.4, Vol 3, Part C, §11).
    case zeroLength(at: Int)
    /// The structure at this offset is longer than what is left. Those before it were visited.
    case truncated(at: Int)
    /// The visitor stopped the walk.
    case stopped
}

/// Visits the advertising-data structures of one payload in their order on air.
///
/// wire: | length n (1) | type (1) | data (n − 1) | … until the end or n = 0
/// (Core 5.4, Vol 3, Part C, §11)
///
/// A structure of length 1 is a type without data. What is not known is visited like the rest:
/// skipping is the visitor's part. Duplicates are visited each time.
///
/// - Parameters:
///   - payload: the advertising data of one report, of any length.
///   - body: is given the type and the data behind it; says whether to go on.
/// - Returns: how the walk ended; structures before a truncated one count.
@inlinable
@discardableResult
public func forEachADStructure(
    in payload: Span<UInt8>, _ body: (_ type: ADType, _ data: Span<UInt8>) -> Walk
) -> WalkEnd {
    var rest = payload
    while rest.count > 0 {
        let length = Int(rest[0])
        if length == 0 { return .zeroLength(at: payload.count &- rest.count) }
        guard length < rest.count else { return .truncated(at: payload.count &- rest.count) }
        let end = length &+ 1
        if body(ADType(rawValue: rest[1]), rest.extracting(2..<end)) == .stop { return .stopped }
        rest = rest.extracting(end..<rest.count)
    }
    return .complete
}
