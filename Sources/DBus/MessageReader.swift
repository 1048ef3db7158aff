internal import CDBus
public import EventLoop
internal import Glibc

/// Reads the arguments of a message one after the other.
///
/// Every read first looks at the type: libdbus would misread or end the process over a wrong one,
/// here it throws InvalidArgs, says what was expected, and stays where it is. The limits count for
/// the reader and everything inside it together.
///
/// `@safe`: the iterator points into the message, which `Message.read` keeps alive around it.
@safe
public struct MessageReader: ~Copyable {
    private var iterator: DBusMessageIter
    private var left: Limits
    private var position = 0

    init(_ message: borrowing Message, _ limits: Limits) {
        unsafe iterator = DBusMessageIter()
        left = limits
        _ = unsafe dbus_message_iter_init(message.pointer, &iterator)
    }

    private init(inside parent: inout MessageReader) throws(BusError) {
        unsafe iterator = DBusMessageIter()
        left = parent.left
        left.depth -= 1
        guard left.depth >= 0 else {
            throw BusError(.limitsExceeded, "values lie too deep inside each other")
        }
        unsafe dbus_message_iter_recurse(&parent.iterator, &iterator)
    }

    /// Whether nothing is left to read.
    public var isAtEnd: Bool { mutating get { code == Code.end } }

    var code: Int32 {
        mutating get { unsafe dbus_message_iter_get_arg_type(&iterator) }
    }

    // MARK: Basic types

    /// Reads a `b`.
    public mutating func bool() throws(BusError) -> Bool {
        var value: dbus_bool_t = 0
        try basic(Code.bool, size: 4, &value)
        return value != 0
    }

    /// Reads a `y`.
    public mutating func byte() throws(BusError) -> UInt8 {
        var value: UInt8 = 0
        try basic(Code.byte, size: 1, &value)
        return value
    }

    /// Reads an `n`.
    public mutating func int16() throws(BusError) -> Int16 {
        var value: Int16 = 0
        try basic(Code.int16, size: 2, &value)
        return value
    }

    /// Reads a `q`.
    public mutating func uint16() throws(BusError) -> UInt16 {
        var value: UInt16 = 0
        try basic(Code.uint16, size: 2, &value)
        return value
    }

    /// Reads an `i`.
    public mutating func int32() throws(BusError) -> Int32 {
        var value: Int32 = 0
        try basic(Code.int32, size: 4, &value)
        return value
    }

    /// Reads a `u`.
    public mutating func uint32() throws(BusError) -> UInt32 {
        var value: UInt32 = 0
        try basic(Code.uint32, size: 4, &value)
        return value
    }

    /// Reads an `x`.
    public mutating func int64() throws(BusError) -> Int64 {
        var value: Int64 = 0
        try basic(Code.int64, size: 8, &value)
        return value
    }

    /// Reads a `t`.
    public mutating func uint64() throws(BusError) -> UInt64 {
        var value: UInt64 = 0
        try basic(Code.uint64, size: 8, &value)
        return value
    }

    /// Reads a `d`.
    public mutating func double() throws(BusError) -> Double {
        var value: Double = 0
        try basic(Code.double, size: 8, &value)
        return value
    }

    /// Reads an `s`.
    public mutating func string() throws(BusError) -> String { try text(Code.string) }

    /// Reads an `o`.
    public mutating func objectPath() throws(BusError) -> ObjectPath {
        try ObjectPath(checked: text(Code.objectPath))
    }

    /// Reads a `g`.
    public mutating func signature() throws(BusError) -> Signature {
        try Signature(checked: text(Code.signature))
    }

    /// Reads an `h`: a descriptor that the caller owns from now on.
    public mutating func descriptor() throws(BusError) -> Descriptor {
        var number: Int32 = -1
        try basic(Code.descriptor, size: 4, &number)
        guard number >= 0 else {
            throw BusError(.invalidArgs, "no descriptor came with the message")
        }
        return Descriptor(owning: number)
    }

    /// Reads an `s` or an `o` in place: the span lives as long as `body`.
    ///
    /// For messages that come by the thousand, where a `String` each would be an allocation each.
    public mutating func utf8<Result>(
        _ body: (Span<UInt8>) throws(BusError) -> Result
    ) throws(BusError) -> Result {
        let found = code
        guard found == Code.string || found == Code.objectPath else {
            throw mismatch("a text", Code.text(found))
        }
        var start: UnsafePointer<CChar>?
        unsafe dbus_message_iter_get_basic(&iterator, &start)
        guard let start = unsafe start else { throw mismatch("a text", "nothing") }
        let count = unsafe strlen(start)
        try spend(bytes: count + 5)
        next()
        return try unsafe start.withMemoryRebound(to: UInt8.self, capacity: count) {
            (bytes) throws(BusError) in
            try body(unsafe Span(_unsafeStart: bytes, count: count))
        }
    }

    private mutating func basic<Value: BitwiseCopyable>(
        _ expected: Int32, size: Int, _ value: inout Value
    ) throws(BusError) {
        try expect(expected)
        try spend(bytes: size)
        unsafe dbus_message_iter_get_basic(&iterator, &value)
        next()
    }

    private mutating func text(_ expected: Int32) throws(BusError) -> String {
        try expect(expected)
        var start: UnsafePointer<CChar>?
        unsafe dbus_message_iter_get_basic(&iterator, &start)
        // Before it is copied: a text may be as long as the bus lets a message be, 32 MiB. The
        // length and the NUL of the wire form count too.
        try spend(bytes: (unsafe start.map { unsafe strlen($0) } ?? 0) + 5)
        let text = unsafe start.map { unsafe String(cString: $0) } ?? ""
        next()
        return text
    }

    // MARK: Containers

    /// Reads an `ay` in place: the span lives as long as `body`.
    public mutating func bytes<Result>(
        _ body: (Span<UInt8>) throws(BusError) -> Result
    ) throws(BusError) -> Result {
        try expect(Code.array)
        guard elementCode == Code.byte else {
            throw mismatch("ay", "another array")
        }
        var inside = unsafe DBusMessageIter()
        unsafe dbus_message_iter_recurse(&iterator, &inside)
        var start: UnsafePointer<UInt8>?
        var count: Int32 = 0
        unsafe dbus_message_iter_get_fixed_array(&inside, &start, &count)
        try spend(elements: 1, bytes: Int(count) + 4)
        next()
        return try body(
            unsafe Span(_unsafeElements: UnsafeBufferPointer(start: start, count: Int(count))))
    }

    /// Reads an array: calls `body` once per element, which reads that element and nothing else.
    public mutating func array(
        _ body: (inout MessageReader) throws(BusError) -> Void
    ) throws(BusError) {
        try expect(Code.array)
        try inside { (reader) throws(BusError) in
            while !reader.isAtEnd {
                try reader.spend(elements: 1, bytes: 0)
                let before = reader.position
                try body(&reader)
                if reader.position == before { reader.next() }
            }
        }
    }

    /// Reads a dictionary: calls `body` once per entry, which reads the key and then the value.
    public mutating func dictionary(
        _ body: (inout MessageReader) throws(BusError) -> Void
    ) throws(BusError) {
        try expect(Code.array)
        try inside { (reader) throws(BusError) in
            while true {
                let found = reader.code
                if found == Code.end { return }
                guard found == Code.entry else {
                    throw reader.mismatch("{…}", Code.text(found))
                }
                try reader.spend(elements: 1, bytes: 0)
                // An entry is part of its array and no further level.
                reader.left.depth += 1
                try reader.inside(body)
                reader.left.depth -= 1
            }
        }
    }

    /// Reads a structure, field by field.
    public mutating func structure<Result>(
        _ body: (inout MessageReader) throws(BusError) -> Result
    ) throws(BusError) -> Result {
        try expect(Code.structure)
        return try inside(body)
    }

    /// Reads the one value inside a variant.
    public mutating func variant<Result>(
        _ body: (inout MessageReader) throws(BusError) -> Result
    ) throws(BusError) -> Result {
        try expect(Code.variant)
        return try inside(body)
    }

    private mutating func inside<Result>(
        _ body: (inout MessageReader) throws(BusError) -> Result
    ) throws(BusError) -> Result {
        var reader = try MessageReader(inside: &self)
        let result = try body(&reader)
        left.elements = reader.left.elements
        left.bytes = reader.left.bytes
        next()
        return result
    }

    /// Passes over the next value, whatever it is.
    public mutating func skip() { next() }

    private mutating func next() {
        position += 1
        _ = unsafe dbus_message_iter_next(&iterator)
    }

    /// The type code of what an array holds.
    var elementCode: Int32 {
        mutating get { unsafe dbus_message_iter_get_element_type(&iterator) }
    }

    /// The whole type of what comes next.
    var currentType: Signature {
        mutating get {
            guard let text = unsafe dbus_message_iter_get_signature(&iterator) else { return "" }
            defer { unsafe dbus_free(text) }
            return unsafe Signature(checked: String(cString: text))
        }
    }

    // MARK: Checks

    private mutating func expect(_ expected: Int32) throws(BusError) {
        let found = code
        if found != expected { throw mismatch(Code.text(expected), Code.text(found)) }
    }

    func mismatch(_ expected: String, _ found: String) -> BusError {
        BusError(.invalidArgs, "value \(position + 1): expected \(expected), found \(found)")
    }

    private mutating func spend(elements: Int = 0, bytes: Int) throws(BusError) {
        left.elements -= elements
        left.bytes -= bytes
        if left.elements < 0 { throw BusError(.limitsExceeded, "too many elements") }
        if left.bytes < 0 { throw BusError(.limitsExceeded, "too many bytes") }
    }
}
