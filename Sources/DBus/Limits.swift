/// How much of a message is read before it is refused.
///
/// libdbus has already checked the syntax and its own limits (128 MiB, 64 levels); these are ours,
/// and far lower, because what is read is copied into Swift values.
public struct Limits: Hashable, Sendable {
    /// Containers inside each other: arrays, structures and variants.
    public var depth: Int
    /// Elements of all arrays and dictionaries together; an array of bytes counts as one.
    public var elements: Int
    /// Bytes of all values together.
    public var bytes: Int

    /// Makes limits.
    ///
    /// - Parameters:
    ///   - depth: containers inside each other; 16 holds any sensible argument.
    ///   - elements: elements of all arrays together; 4,096 is the largest list a caller needs.
    ///   - bytes: 64 KiB by default; a bulk import asks for more.
    public init(depth: Int = 16, elements: Int = 4_096, bytes: Int = 65_536) {
        self.depth = depth
        self.elements = elements
        self.bytes = bytes
    }

    /// For calls that anybody may send us.
    public static let call = Limits()

    /// For replies of services that we chose to call: the objects of a BlueZ that has seen 10,000
    /// devices (20 properties each, three elements per property) fit.
    public static let reply = Limits(elements: 1 << 20, bytes: 64 << 20)

    /// For replies that are read in place and so cost no memory, however many elements they have:
    /// the size of the message, which libdbus bounds (128 MiB), is limit enough. Not for `arguments`.
    public static let inPlace = Limits(elements: .max, bytes: .max)
}
