/// One change of what the daemon keeps beside its events: a counter, a learned interval.
public struct StateChange: Sendable, Hashable {
    /// What is kept, for example `campaign/tea-2for1/stock`.
    public var key: String
    /// Its new value; nil removes it.
    public var value: [UInt8]?

    /// Makes a change.
    public init(key: String, value: [UInt8]?) {
        self.key = key
        self.value = value
    }

    /// What the change takes of a transaction, in bytes.
    var weight: Int { key.utf8.count + (value?.count ?? 0) }

    /// A check over key and value, as `StoredEvent.checksum` is over an event.
    var checksum: Int64 { Checksum.of(Array(key.utf8) + [0] + (value ?? [])) }
}

extension Event {
    /// What the event takes of a transaction and of a page, in bytes, near enough: the row's
    /// numbers and header come to less than 96.
    var weight: Int { data.count + type.utf8.count + subject.utf8.count + 96 }
}
