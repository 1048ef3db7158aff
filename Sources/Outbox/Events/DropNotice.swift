extension Event {
    /// The notice that events are gone which had a sequence number.
    ///
    /// `data`: `reason`, `count`, `first`, `last` and `ranges`, a list of `[first, last]` without
    /// which the events between the dropped ones could not be told from them. `count` is left out
    /// when it is not known how many of the numbers were used.
    static func dropped(_ sequences: [Int64], reason: String, at time: EventTime) -> Event {
        var ranges: [ClosedRange<Int64>] = []
        for sequence in sequences {
            if let last = ranges.last, last.upperBound + 1 == sequence {
                ranges[ranges.count - 1] = last.lowerBound...sequence
            } else {
                ranges.append(sequence...sequence)
            }
        }
        return dropped(ranges: ranges, count: sequences.count, reason: reason, at: time)
    }

    /// The notice for whole ranges.
    static func dropped(
        ranges: [ClosedRange<Int64>], count: Int?, reason: String, at time: EventTime
    ) -> Event {
        var data: [UInt8] = []
        data.append(text: #"{"reason":"#)
        data.append(jsonString: reason)
        if let count { data.append(text: #","count":\#(count)"#) }
        if let first = ranges.first, let last = ranges.last {
            data.append(text: #","first":\#(first.lowerBound),"last":\#(last.upperBound)"#)
            let list = ranges.map { "[\($0.lowerBound),\($0.upperBound)]" }
            data.append(text: #","ranges":[\#(list.joined(separator: ","))]"#)
        }
        data.append(UInt8(ascii: "}"))
        return Event(type: droppedType, subject: "", time: time, data: data, class: .value)
    }

    private static let droppedType = "org.hubd.event.dropped.v1"
    /// The reason of a notice of events that gave way; those of other notices may still be kept.
    static let noRoom = "no room"

    /// Whether it is a notice with this reason, as it was written above.
    func isDropped(reason: String) -> Bool {
        type == Self.droppedType && data.starts(with: #"{"reason":"\#(reason)""#.utf8)
    }

    /// The ranges of such a notice, as it was written above; none for any other event.
    var droppedRanges: [ClosedRange<Int64>] {
        let key = Array(#","ranges":["#.utf8)
        guard type == Self.droppedType,
            let place = data.indices.first(where: { data[$0...].starts(with: key) })
        else { return [] }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let numbers = data[(place + key.count)...].split { !digits.contains($0) }
            .compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
        return stride(from: 0, to: numbers.count - 1, by: 2).compactMap {
            numbers[$0] <= numbers[$0 + 1] ? numbers[$0]...numbers[$0 + 1] : nil
        }
    }
}
