package import EventLoop

/// One call of a method, after its types have been checked.
public struct Call: Sendable {
    /// The caller's unique name, which the bus vouches for.
    public let sender: String
    /// The object that is called.
    public let path: ObjectPath
    /// The arguments, of exactly the types that the method declares.
    public let arguments: [BusValue]
    let service: Service
    let answer: Answer

    /// The argument with this index, as a text: `s`, `o` or `g`.
    public func string(_ index: Int) throws(BusError) -> String {
        try argument(index, "a text", \.string)
    }

    /// The argument with this index, as an integer of any width.
    public func integer(_ index: Int) throws(BusError) -> Int64 {
        try argument(index, "an integer", \.integer)
    }

    /// The argument with this index, as a boolean.
    public func bool(_ index: Int) throws(BusError) -> Bool {
        try argument(index, "a boolean", \.bool)
    }

    /// The argument with this index, as bytes.
    public func bytes(_ index: Int) throws(BusError) -> [UInt8] {
        try argument(index, "an array of bytes", \.bytes)
    }

    /// The argument with this index.
    public func value(_ index: Int) throws(BusError) -> BusValue {
        try argument(index, "a value", \.self)
    }

    /// Gives the caller a descriptor, as the first of the results: type `h`.
    @Hub
    package func pass(_ descriptor: consuming Descriptor) { answer.pass(descriptor) }

    private func argument<Value>(
        _ index: Int, _ wanted: String, _ view: (BusValue) -> Value?
    ) throws(BusError) -> Value {
        if arguments.indices.contains(index), let value = view(arguments[index]) { return value }
        throw BusError(.invalidArgs, "argument \(index + 1) should be \(wanted)")
    }
}
