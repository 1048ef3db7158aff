internal import CDBus
internal import Glibc

/// One D-Bus message, sent or received; released when its owner ends.
///
/// `@safe`: the pointer never leaves the type but to libdbus, and counts one reference.
@safe
public struct Message: ~Copyable {
    /// What a message is for (D-Bus specification, "Message Types").
    public enum Kind: Int32, Hashable, Sendable {
        /// Asks an object to do something.
        case methodCall = 1
        /// Answers a call.
        case methodReturn = 2
        /// Answers a call that failed.
        case error = 3
        /// Tells everybody who listens.
        case signal = 4
    }

    let pointer: OpaquePointer

    /// Takes over one reference.
    init(owning pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe dbus_message_unref(pointer)
    }

    private init(_ made: OpaquePointer?) throws(BusError) {
        guard let made = unsafe made else { throw BusError(.noMemory, "no memory for a message") }
        unsafe self.init(owning: made)
    }

    /// A call of a method; arguments are appended afterwards.
    ///
    /// - Throws: InvalidArgs when a name breaks the rules; libdbus would end the process over it.
    public static func methodCall(
        _ destination: String, _ path: ObjectPath, _ interface: String, _ member: String
    ) throws(BusError) -> Message {
        guard Name.isBus(destination) else { throw invalid("bus name", destination) }
        try check(interface: interface, member: member)
        return try unsafe Message(
            dbus_message_new_method_call(destination, path.text, interface, member))
    }

    /// A signal; arguments are appended afterwards.
    public static func signal(
        _ path: ObjectPath, _ interface: String, _ member: String
    ) throws(BusError) -> Message {
        try check(interface: interface, member: member)
        return try unsafe Message(dbus_message_new_signal(path.text, interface, member))
    }

    /// The answer to a received call.
    borrowing func reply() throws(BusError) -> Message {
        try unsafe Message(dbus_message_new_method_return(pointer))
    }

    /// The answer to a received call that failed.
    borrowing func reply(_ error: BusError) throws(BusError) -> Message {
        let name = Name.isError(error.code.name) ? error.code.name : BusError.Code.failed.name
        return try unsafe Message(
            dbus_message_new_error(pointer, name, error.message.withoutNUL))
    }

    /// A received call without its arguments: enough to answer it, and small.
    ///
    /// libdbus stops reading the bus while received messages of a few MiB are alive, so a call that
    /// waits for something, above all for an answer from the bus, must not keep its message.
    borrowing func withoutArguments() throws(BusError) -> Message {
        let copy = try unsafe Message(
            dbus_message_new_method_call(
                nil, dbus_message_get_path(pointer), dbus_message_get_interface(pointer),
                dbus_message_get_member(pointer)))
        guard unsafe dbus_message_set_sender(copy.pointer, dbus_message_get_sender(pointer)) != 0
        else { throw BusError(.noMemory, "no memory for a message") }
        unsafe dbus_message_set_serial(copy.pointer, dbus_message_get_serial(pointer))
        copy.expectsReply = expectsReply
        copy.allowsInteraction = allowsInteraction
        return copy
    }

    private static func check(interface: String, member: String) throws(BusError) {
        guard Name.isInterface(interface) else { throw invalid("interface", interface) }
        guard Name.isMember(member) else { throw invalid("member", member) }
    }

    private static func invalid(_ kind: String, _ name: String) -> BusError {
        BusError(.invalidArgs, "“\(name)” is no \(kind) by the rules of D-Bus")
    }

    // MARK: Header

    /// What the message is for; nil for a kind that the specification does not know.
    public var kind: Kind? { unsafe Kind(rawValue: dbus_message_get_type(pointer)) }

    /// Who sent it: a unique name that the bus vouches for.
    public var sender: String? { unsafe text(dbus_message_get_sender(pointer)) }

    /// The object called, or the one that the signal comes from.
    public var path: ObjectPath? {
        unsafe text(dbus_message_get_path(pointer)).map(ObjectPath.init(checked:))
    }

    /// Reads the path in place; nil when there is none.
    public borrowing func withPath<Result>(_ body: (Span<UInt8>) -> Result?) -> Result? {
        guard let path = unsafe dbus_message_get_path(pointer) else { return nil }
        let count = unsafe strlen(path)
        return unsafe path.withMemoryRebound(to: UInt8.self, capacity: count) {
            body(unsafe Span(_unsafeStart: $0, count: count))
        }
    }

    /// The interface of the member.
    public var interface: String? { unsafe text(dbus_message_get_interface(pointer)) }

    /// The method or the signal.
    public var member: String? { unsafe text(dbus_message_get_member(pointer)) }

    /// The types of the arguments.
    public var signature: Signature {
        Signature(checked: unsafe text(dbus_message_get_signature(pointer)) ?? "")
    }

    /// Whether the caller waits for an answer; yes unless set otherwise.
    public var expectsReply: Bool {
        get { unsafe dbus_message_get_no_reply(pointer) == 0 }
        nonmutating set { unsafe dbus_message_set_no_reply(pointer, newValue ? 0 : 1) }
    }

    /// Whether a service may be started for the call; yes unless set otherwise.
    public var startsService: Bool {
        get { unsafe dbus_message_get_auto_start(pointer) != 0 }
        nonmutating set { unsafe dbus_message_set_auto_start(pointer, newValue ? 1 : 0) }
    }

    /// Whether the caller is ready to wait while a person is asked to allow the call; no unless set.
    public var allowsInteraction: Bool {
        get { unsafe dbus_message_get_allow_interactive_authorization(pointer) != 0 }
        nonmutating set {
            unsafe dbus_message_set_allow_interactive_authorization(pointer, newValue ? 1 : 0)
        }
    }

    /// Whether it is this signal of the bus itself.
    func isFromBus(member: String) -> Bool {
        hasMember(member) && hasInterface(Connection.busName) && hasSender(Connection.busName)
    }

    // `withCString` lends the text as it is; a `String` that is passed to C is copied each time.

    borrowing func hasMember(_ text: String) -> Bool {
        unsafe text.withCString { unsafe dbus_message_has_member(pointer, $0) } != 0
    }

    borrowing func hasInterface(_ text: String) -> Bool {
        unsafe text.withCString { unsafe dbus_message_has_interface(pointer, $0) } != 0
    }

    borrowing func hasPath(_ text: String) -> Bool {
        unsafe text.withCString { unsafe dbus_message_has_path(pointer, $0) } != 0
    }

    borrowing func hasSender(_ text: String) -> Bool {
        unsafe text.withCString { unsafe dbus_message_has_sender(pointer, $0) } != 0
    }

    /// The call that this message answers.
    var replySerial: UInt32 { unsafe dbus_message_get_reply_serial(pointer) }

    /// The error of an error reply, with the text that most services send along.
    var error: BusError? {
        guard let name = unsafe text(dbus_message_get_error_name(pointer)) else { return nil }
        let message = try? read(limits: .reply) { (reader) throws(BusError) in
            try reader.string()
        }
        return BusError(BusError.Code(name), message ?? "no further explanation")
    }

    private func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }

    // MARK: Arguments

    /// Reads the arguments from the first on; the reader lives as long as `body`.
    public borrowing func read<Result>(
        limits: Limits = .call,
        _ body: (inout MessageReader) throws(BusError) -> Result
    ) throws(BusError) -> Result {
        var reader = MessageReader(self, limits)
        return try body(&reader)
    }

    /// All arguments as values.
    public borrowing func arguments(limits: Limits = .call) throws(BusError) -> [BusValue] {
        try read(limits: limits) { (reader) throws(BusError) in
            var values: [BusValue] = []
            while !reader.isAtEnd { try values.append(reader.value()) }
            return values
        }
    }

    /// Appends arguments; the message is unusable when it throws.
    public borrowing func write(
        _ body: (inout MessageWriter) throws(BusError) -> Void
    ) throws(BusError) {
        try write(upTo: MessageWriter.largest, body)
    }

    /// The same with a bound of its own: what others send may be larger than what we do.
    borrowing func write(
        upTo largest: Int, _ body: (inout MessageWriter) throws(BusError) -> Void
    ) throws(BusError) {
        var writer = MessageWriter(self, largest: largest)
        try body(&writer)
    }

    /// Appends values.
    public borrowing func append(_ values: [BusValue]) throws(BusError) {
        try write { (writer) throws(BusError) in
            for value in values { try writer.value(value) }
        }
    }
}

extension String {
    /// The text with U+FFFD for NUL, which D-Bus strings cannot hold.
    var withoutNUL: String {
        guard !isPlain(self) else { return self }
        return String(unicodeScalars.map { $0.value == 0 ? "\u{fffd}" : Character($0) })
    }
}
