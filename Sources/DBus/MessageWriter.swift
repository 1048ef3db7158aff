internal import CDBus

/// Appends arguments to a message one after the other.
///
/// libdbus ends the process over a wrong type inside an array, and the bus ends the connection
/// over a message that is too large or too deep, so both are refused here first.
///
/// `@safe`: the iterator points into the message, which `Message.write` keeps alive around it.
@safe
public struct MessageWriter: ~Copyable {
    /// Less than the 32 levels of arrays or structures that the specification allows.
    private static let deepest = 24
    /// A quarter of the smallest message limit of a system bus (32 MiB, dbus-daemon(1)).
    static let largest = 8 << 20

    /// What may come next.
    private enum Expected {
        /// Anything: the arguments of a message, the fields of a structure.
        case anything
        /// Any number of values of one type: an array.
        case each(Signature)
        /// Exactly these, from the index on: a variant, an entry.
        case exactly([Signature], next: Int)
    }

    private var iterator: DBusMessageIter
    private var expected: Expected
    private let depth: Int
    private let largest: Int
    private var bytes = 0

    init(_ message: borrowing Message, largest: Int = largest) {
        self.largest = largest
        unsafe iterator = DBusMessageIter()
        expected = .anything
        depth = 0
        unsafe dbus_message_iter_init_append(message.pointer, &iterator)
    }

    private init(depth: Int, bytes: Int, largest: Int, _ expected: Expected) {
        self.largest = largest
        unsafe iterator = DBusMessageIter()
        self.depth = depth
        self.bytes = bytes
        self.expected = expected
    }

    // MARK: Any value

    /// Appends a value.
    ///
    /// - Throws: InvalidArgs when the value's parts do not have the types that it claims.
    public mutating func value(_ value: BusValue) throws(BusError) {
        switch value {
        case .bool(let value): try basic(Code.bool, value ? 1 as dbus_bool_t : 0)
        case .byte(let value): try basic(Code.byte, value)
        case .int16(let value): try basic(Code.int16, value)
        case .uint16(let value): try basic(Code.uint16, value)
        case .int32(let value): try basic(Code.int32, value)
        case .uint32(let value): try basic(Code.uint32, value)
        case .int64(let value): try basic(Code.int64, value)
        case .uint64(let value): try basic(Code.uint64, value)
        case .double(let value): try basic(Code.double, value)
        case .string(let text): try string(text)
        case .objectPath(let path): try text(Code.objectPath, path.text)
        case .signature(let signature): try text(Code.signature, signature.text)
        case .bytes(let bytes): try self.bytes(bytes)
        case .array(let element, let elements):
            try array(of: element) { (writer) throws(BusError) in
                for element in elements { try writer.value(element) }
            }
        case .dictionary(let key, let value, let entries):
            try dictionary(key: key, value: value) { (writer) throws(BusError) in
                for entry in entries {
                    try writer.entry { (writer) throws(BusError) in
                        try writer.value(entry.key)
                        try writer.value(entry.value)
                    }
                }
            }
        case .structure(let fields):
            try structure(of: value.type) { (writer) throws(BusError) in
                for field in fields { try writer.value(field) }
            }
        case .variant(let value):
            try variant(of: value.type) { (writer) throws(BusError) in try writer.value(value) }
        }
    }

    /// Appends an `s`; a NUL is sent as U+FFFD.
    public mutating func string(_ text: String) throws(BusError) {
        try self.text(Code.string, text.withoutNUL)
    }

    /// Appends an `ay`.
    public mutating func bytes(_ bytes: [UInt8]) throws(BusError) {
        try container(Code.array, "ay", content: "y", .each("y")) { (writer) throws(BusError) in
            try writer.spend(bytes.count)
            let done = unsafe bytes.withUnsafeBufferPointer { buffer in
                var start = buffer.baseAddress
                // The bound on messages keeps the count far below Int32's; nothing has no address.
                return unsafe buffer.isEmpty
                    || dbus_message_iter_append_fixed_array(
                        &writer.iterator, Code.byte, &start, Int32(buffer.count)) != 0
            }
            if !done { throw Self.noMemory }
        }
    }

    /// Appends an `h`: a copy of a descriptor, which stays the caller's.
    mutating func descriptor(_ number: Int32) throws(BusError) {
        try basic(Code.descriptor, number)
    }

    private mutating func basic<Value: BitwiseCopyable>(
        _ code: Int32, _ value: Value
    ) throws(BusError) {
        try admit(Signature(checked: Code.text(code)))
        try spend(8)
        var value = value
        let done = unsafe dbus_message_iter_append_basic(&iterator, code, &value)
        if done == 0 { throw Self.noMemory }
    }

    private mutating func text(_ code: Int32, _ text: String) throws(BusError) {
        try admit(Signature(checked: Code.text(code)))
        try spend(text.utf8.count + 8)
        let done = unsafe text.withCString { start in
            var start: UnsafePointer<CChar>? = unsafe start
            return unsafe dbus_message_iter_append_basic(&iterator, code, &start)
        }
        if done == 0 { throw Self.noMemory }
    }

    // MARK: Containers

    /// Appends an array whose elements `body` appends.
    public mutating func array(
        of element: Signature, _ body: (inout MessageWriter) throws(BusError) -> Void
    ) throws(BusError) {
        guard let type = Signature("a" + element.text), type.types.count == 1 else {
            throw BusError(.invalidArgs, "no array has elements of type “\(element)”")
        }
        try container(Code.array, type, content: element.text, .each(element), body)
    }

    /// Appends a dictionary whose entries `body` appends with `entry`.
    public mutating func dictionary(
        key: Signature, value: Signature,
        _ body: (inout MessageWriter) throws(BusError) -> Void
    ) throws(BusError) {
        try array(of: Signature(checked: "{" + key.text + value.text + "}"), body)
    }

    /// Appends one entry of a dictionary: `body` appends the key and then the value.
    public mutating func entry(
        _ body: (inout MessageWriter) throws(BusError) -> Void
    ) throws(BusError) {
        guard case .each(let type) = expected, type.text.utf8.first == UInt8(ascii: "{") else {
            throw BusError(.invalidArgs, "an entry stands outside of a dictionary")
        }
        try container(
            Code.entry, type, content: nil, .exactly(type.content.types, next: 0), body)
    }

    /// Appends a structure of this type, for example `(so)`, whose fields `body` appends.
    public mutating func structure(
        of type: Signature, _ body: (inout MessageWriter) throws(BusError) -> Void
    ) throws(BusError) {
        guard Signature(type.text) != nil, type.text.utf8.first == UInt8(ascii: "(") else {
            throw BusError(.invalidArgs, "\(type) is no structure")
        }
        try container(
            Code.structure, type, content: nil, .exactly(type.content.types, next: 0), body)
    }

    /// Appends a variant with one value of this type, which `body` appends.
    public mutating func variant(
        of type: Signature, _ body: (inout MessageWriter) throws(BusError) -> Void
    ) throws(BusError) {
        guard Signature(type.text) != nil, type.types.count == 1 else {
            throw BusError(.invalidArgs, "a variant holds one value, not \(type)")
        }
        try container(Code.variant, "v", content: type.text, .exactly([type], next: 0), body)
    }

    private mutating func container(
        _ code: Int32, _ type: Signature, content: String?, _ inside: Expected,
        _ body: (inout MessageWriter) throws(BusError) -> Void
    ) throws(BusError) {
        try admit(type)
        try spend(8)
        guard depth < Self.deepest else {
            throw BusError(.limitsExceeded, "values lie too deep inside each other")
        }
        var writer = MessageWriter(depth: depth + 1, bytes: bytes, largest: largest, inside)
        let opened = open(code, content, &writer)
        guard opened else { throw Self.noMemory }
        do {
            try body(&writer)
            try writer.checkComplete()
        } catch {
            unsafe dbus_message_iter_abandon_container(&iterator, &writer.iterator)
            throw error
        }
        bytes = writer.bytes
        guard unsafe dbus_message_iter_close_container(&iterator, &writer.iterator) != 0 else {
            throw Self.noMemory
        }
    }

    private mutating func open(
        _ code: Int32, _ content: String?, _ writer: inout MessageWriter
    ) -> Bool {
        guard let content else {
            return unsafe dbus_message_iter_open_container(
                &iterator, code, nil, &writer.iterator) != 0
        }
        return unsafe dbus_message_iter_open_container(
            &iterator, code, content, &writer.iterator) != 0
    }

    // MARK: Checks

    private static let noMemory = BusError(.noMemory, "no memory for a message")

    /// Lets a value of this type in, if it is what has to come here.
    private mutating func admit(_ type: Signature) throws(BusError) {
        switch expected {
        case .anything:
            return
        case .each(let element):
            if element == type { return }
            throw BusError(.invalidArgs, "an array of \(element) cannot hold \(type)")
        case .exactly(let types, let next):
            guard next < types.count, types[next] == type else {
                throw BusError(.invalidArgs, "\(type) does not fit into \(types)")
            }
            expected = .exactly(types, next: next + 1)
        }
    }

    private func checkComplete() throws(BusError) {
        if case .exactly(let types, let next) = expected, next != types.count {
            throw BusError(.invalidArgs, "\(types.count - next) values are missing of \(types)")
        }
    }

    private mutating func spend(_ count: Int) throws(BusError) {
        bytes += count
        if bytes > largest {
            throw BusError(.limitsExceeded, "the message would exceed \(largest) bytes")
        }
    }
}
