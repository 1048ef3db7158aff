/// An event that is durable: with its id and its sequence number.
public struct StoredEvent: Sendable, Equatable {
    /// Its place among all events of the hub: 1, 2, 3, … without gaps.
    public var sequence: Int64
    /// Its id, a UUIDv7.
    public var id: UniqueID
    /// The hub it happened on.
    public var hub: String
    /// The event itself.
    public var event: Event

    /// The CloudEvent as one line of JSON, without a line break at its end.
    ///
    /// CloudEvents 1.0.2, JSON Event Format 1.0.2. The extension attributes are `sequence`,
    /// `hubboot` (the boot id), `hubmonotonic` (nanoseconds since that boot; a string, because
    /// CloudEvents integers have 32 bits) and `hubclock` (whether `time` can be trusted). Keys
    /// stand in a fixed order with `id` and `sequence` in front.
    public var line: [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(512 + event.data.count)
        line.append(text: #"{"specversion":"1.0","id":""#)
        id.appendText(to: &line)
        line.append(text: #"","sequence":"#)
        line.append(text: String(sequence))
        line.append(text: #","source":"#)
        line.append(jsonString: "urn:hubd:" + hub)
        line.append(text: #","type":"#)
        line.append(jsonString: event.type)
        if !event.subject.isEmpty {
            line.append(text: #","subject":"#)
            line.append(jsonString: event.subject)
        }
        line.append(text: #","time":""#)
        line.append(rfc3339: event.time)
        line.append(text: #"","hubboot":""#)
        event.time.boot.appendText(to: &line)
        line.append(text: #"","hubmonotonic":""#)
        line.append(text: String(event.time.bootNanoseconds))
        line.append(text: #"","hubclock":""#)
        line.append(text: event.time.isSynchronized ? "synchronised\"" : "unsynchronised\"")
        if !event.data.isEmpty {
            line.append(text: #","datacontenttype":"application/json","data":"#)
            line.append(jsonOnOneLine: event.data)
        }
        line.append(UInt8(ascii: "}"))
        return line
    }

    /// A check over everything that is stored of the event.
    ///
    /// bytes: | sequence, id, class, time, UTC offset, synchronised, boot, monotonic: ten numbers of
    /// 8 bytes, little-endian | type | 0 | subject | 0 | data |
    var checksum: Int64 {
        let names = event.type.utf8.count + event.subject.utf8.count + 2
        // On the stack: this is done for every event that is written or read.
        return unsafe withUnsafeTemporaryAllocation(
            byteCount: 80 + names, alignment: MemoryLayout<UInt64>.alignment
        ) { bytes in
            var place = 0
            func add(_ number: UInt64) {
                unsafe bytes.storeBytes(
                    of: number.littleEndian, toByteOffset: place, as: UInt64.self)
                place += 8
            }
            func add(_ text: String) {
                let count = text.utf8.count
                unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[place..<place + count])
                    .copyBytes(from: text.utf8)
                unsafe bytes[place + count] = 0
                place += count + 1
            }
            add(UInt64(bitPattern: sequence))
            add(id.high)
            add(id.low)
            add(UInt64(event.eventClass.rawValue))
            add(UInt64(bitPattern: event.time.unixNanoseconds))
            add(UInt64(bitPattern: Int64(event.time.utcOffset)))
            add(event.time.isSynchronized ? 1 : 0)
            add(event.time.boot.high)
            add(event.time.boot.low)
            add(UInt64(bitPattern: event.time.bootNanoseconds))
            add(event.type)
            add(event.subject)
            return unsafe Checksum.of(UnsafeRawBufferPointer(bytes), then: event.data)
        }
    }
}
