/// An error as it crosses the bus: a name that programs compare and a text that people read.
///
/// The same type serves both directions: thrown by a handler it becomes the error reply, and an
/// error reply to one of our calls is thrown as it. Trouble on our own side of the socket uses
/// the names that the reference implementation has for it.
public struct BusError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of an error: one line per thing that a caller can do something about.
    ///
    /// A service adds its own in an extension, so that no name is spelled twice.
    public struct Code: Hashable, Sendable {
        /// The error's name on the bus.
        public let name: String

        /// Makes a code from a name with at least two elements (D-Bus specification, "Error names").
        public init(_ name: String) { self.name = name }

        private init(standard element: String) {
            name = "org.freedesktop.DBus.Error.\(element)"
        }

        /// Something else; the text says what.
        public static let failed = Code(standard: "Failed")
        /// The object has no such method.
        public static let unknownMethod = Code(standard: "UnknownMethod")
        /// There is no object at this path.
        public static let unknownObject = Code(standard: "UnknownObject")
        /// The object does not have this interface.
        public static let unknownInterface = Code(standard: "UnknownInterface")
        /// The interface has no such property.
        public static let unknownProperty = Code(standard: "UnknownProperty")
        /// The property cannot be set.
        public static let propertyReadOnly = Code(standard: "PropertyReadOnly")
        /// The arguments have the wrong types or make no sense.
        public static let invalidArgs = Code(standard: "InvalidArgs")
        /// The caller may not do this.
        public static let accessDenied = Code(standard: "AccessDenied")
        /// A person has to allow this, and the caller did not allow to ask one.
        public static let interactionRequired = Code(
            standard: "InteractiveAuthorizationRequired")
        /// Too many calls, or a message too large.
        public static let limitsExceeded = Code(standard: "LimitsExceeded")
        /// No answer: too late, or the callee left the bus.
        public static let noReply = Code(standard: "NoReply")
        /// Nobody has the name, and nothing can be started for it.
        public static let serviceUnknown = Code(standard: "ServiceUnknown")
        /// Nobody has the name at the moment.
        public static let nameHasNoOwner = Code(standard: "NameHasNoOwner")
        /// The connection to the bus is not there.
        public static let disconnected = Code(standard: "Disconnected")
        /// Nothing listens at the bus's address.
        public static let noServer = Code(standard: "NoServer")
        /// The bus's socket does not exist.
        public static let fileNotFound = Code(standard: "FileNotFound")
        /// The address of the bus cannot be understood.
        public static let badAddress = Code(standard: "BadAddress")
        /// The bus did not accept who we are.
        public static let authFailed = Code(standard: "AuthFailed")
        /// Another program has the name that we want to own.
        public static let nameTaken = Code(standard: "AddressInUse")
        /// Memory is out.
        public static let noMemory = Code(standard: "NoMemory")
    }

    /// Which error.
    public let code: Code
    /// What happened, to which thing, and what helps.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The name and the text.
    public var description: String { "\(code.name): \(message)" }

    /// Whether the callee does not run, as opposed to having failed.
    public var meansNotRunning: Bool { code == .serviceUnknown || code == .nameHasNoOwner }
}
