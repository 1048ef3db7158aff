import Foundation
import TestSupport
import Testing

@testable import Outbox

@Suite("An event is one line of JSON that CloudEvents 1.0 would accept")
struct EventTextTests {
    private func time(
        _ seconds: Int64, nanoseconds: Int64 = 0, offset: Int = 0
    ) -> EventTime {
        EventTime(
            unixNanoseconds: seconds * 1_000_000_000 + nanoseconds, utcOffset: offset,
            isSynchronized: true, boot: .zero, bootNanoseconds: 0)
    }

    private func text(_ time: EventTime) -> String {
        var text: [UInt8] = []
        text.append(rfc3339: time)
        return String(decoding: text, as: UTF8.self)
    }

    @Test(arguments: [
        (0, 0, 0, "1970-01-01T00:00:00.000+00:00"),
        (-1, 999_999_999, 0, "1969-12-31T23:59:59.999+00:00"),
        (951_782_399, 0, 0, "2000-02-28T23:59:59.000+00:00"),
        (951_782_400, 0, 0, "2000-02-29T00:00:00.000+00:00"),
        (1_709_164_800, 0, 0, "2024-02-29T00:00:00.000+00:00"),
        (4_107_542_400, 0, 0, "2100-03-01T00:00:00.000+00:00"),
        (1_795_356_187, 123_999_999, 28_800, "2026-11-22T22:03:07.123+08:00"),
        (1_795_356_187, 0, 20_700, "2026-11-22T19:48:07.000+05:45"),
        (1_795_356_187, 0, -12_600, "2026-11-22T10:33:07.000-03:30"),
        // Seconds of an offset cannot be written, an offset of a day is none.
        (0, 0, 3_659, "1970-01-01T01:00:00.000+01:00"),
        (0, 0, 86_400, "1970-01-01T00:00:00.000+00:00"),
    ])
    func rfc3339(seconds: Int64, nanoseconds: Int64, offset: Int, expected: String) {
        #expect(text(time(seconds, nanoseconds: nanoseconds, offset: offset)) == expected)
    }

    @Test(arguments: [Int64.min, .max], [0, 86_399, -86_399, .min, .max])
    func extremesDoNotTrap(nanoseconds: Int64, offset: Int) {
        var time = time(0, offset: offset)
        time.unixNanoseconds = nanoseconds
        #expect(text(time).utf8.count == 29)
        #expect(time.age(at: self.time(0)) >= 0)
        #expect(self.time(0).age(at: time) >= 0)
    }

    /// Foundation agrees about every 11th day of 400 years.
    @Test func calendar() throws {
        let format = Date.ISO8601FormatStyle(timeZone: try #require(TimeZone(identifier: "UTC")))
        for day in stride(from: Int64(-60_000), to: 90_000, by: 11) {
            let expected = Date(timeIntervalSince1970: Double(day) * 86_400).formatted(format)
            let date = CivilDate(daysSince1970: day)
            var text: [UInt8] = []
            text.append(date.year, digits: 4)
            text.append(text: "-")
            text.append(date.month, digits: 2)
            text.append(text: "-")
            text.append(date.day, digits: 2)
            #expect(String(decoding: text, as: UTF8.self) == String(expected.prefix(10)))
        }
    }

    @Test func strings() throws {
        let scalars = (0..<0x180).compactMap(UnicodeScalar.init) + ["\u{2028}", "\u{1F600}"]
        let string = String(String.UnicodeScalarView(scalars))
        var text: [UInt8] = []
        text.append(jsonString: string)
        #expect(!text.contains { $0 < 0x20 })
        let parsed =
            try JSONSerialization.jsonObject(
                with: Data(text), options: .fragmentsAllowed) as? String
        #expect(parsed == string)
    }

    private var stored: StoredEvent {
        StoredEvent(
            sequence: 42, id: UniqueID(high: 0x01a2_03f5_19c4_74b8, low: 0xbcc6_6d03_b058_d665),
            hub: "store-0042", event: .test(7))
    }

    @Test func line() {
        #expect(
            String(decoding: stored.line, as: UTF8.self)
                == #"{"specversion":"1.0","id":"01a203f5-19c4-74b8-bcc6-6d03b058d665","sequence":42,"#
                + #""source":"urn:hubd:store-0042","type":"org.hubd.measurement.recorded.v1","#
                + #""subject":"bp-7","time":"2026-11-22T22:03:07.123+08:00","#
                + #""hubboot":"01234567-89ab-cdef-fedc-ba9876543210","#
                + #""hubmonotonic":"100000000000","hubclock":"synchronised","#
                + #""datacontenttype":"application/json","data":{"n":7,"p":""}}"#)
    }

    /// An empty subject is not allowed (CloudEvents 1.0.2, subject); neither is empty data.
    @Test func leftOut() {
        var event = stored
        event.event.subject = ""
        event.event.data = []
        event.event.time.isSynchronized = false
        let text = String(decoding: event.line, as: UTF8.self)
        #expect(!text.contains("subject"))
        #expect(!text.contains("data"))
        #expect(text.hasSuffix(#""hubclock":"unsynchronised"}"#))
    }

    /// Data that somebody wrote over several lines stays one event on one line.
    @Test func oneLine() throws {
        var event = stored
        event.event.data = Array("{\n  \"a\": \"b\\nc\",\r\n  \"d\": 1\n}".utf8)
        event.event.subject = "two\nlines\u{7}"
        #expect(!event.line.contains(0x0a) && !event.line.contains(0x0d))
        let object = try JSONSerialization.jsonObject(with: Data(event.line)) as? [String: Any]
        #expect((object?["data"] as? [String: Any])?["a"] as? String == "b\nc")
        #expect(object?["subject"] as? String == "two\nlines\u{7}")
    }

    /// Any part of an event changes its checksum.
    @Test func checksum() {
        let changes: [(inout StoredEvent) -> Void] = [
            { $0.sequence += 1 }, { $0.id.low ^= 1 }, { $0.id.high ^= 1 },
            { $0.event.type += "x" }, { $0.event.subject += "x" }, { $0.event.data[2] ^= 1 },
            { $0.event.eventClass = .presence }, { $0.event.time.unixNanoseconds += 1 },
            { $0.event.time.utcOffset += 1 }, { $0.event.time.isSynchronized.toggle() },
            { $0.event.time.boot.high ^= 1 }, { $0.event.time.boot.low ^= 1 },
            { $0.event.time.bootNanoseconds += 1 },
            // A byte that moves from one name to the next.
            {
                $0.event.type = "org.hubd.measurement.recorded.v"
                $0.event.subject = "1bp-7"
            },
        ]
        var seen: Set<Int64> = [stored.checksum]
        for change in changes {
            var event = stored
            change(&event)
            #expect(seen.insert(event.checksum).inserted)
        }
    }
}

@Suite("Ids are UUIDv7, rise with time, and are read back")
struct UniqueIDTests {
    @Test func risesWithinAMillisecond() {
        var source = EventIDSource()
        var last = UniqueID.zero
        // More than the counter holds, so that it carries into the time.
        for _ in 0..<10_000 {
            let id = source.next(at: 1_795_356_187_123)
            #expect(last < id)
            last = id
        }
        #expect(last.high >> 16 <= 1_795_356_187_123 + 10)
    }

    @Test func form() {
        var source = EventIDSource()
        let id = source.next(at: 1_795_356_187_123)
        #expect(id.high >> 16 == 1_795_356_187_123)
        #expect(id.high >> 12 & 0xf == 7)
        #expect(id.low >> 62 == 2)
        #expect(id.description.count == 36)
        #expect(UniqueID(id.description) == id)
        #expect(UniqueID(bytes: id.bytes) == id)
    }

    @Test func aSmallStepBackIsWaitedOut() {
        var source = EventIDSource()
        let first = source.next(at: 1_000_000)
        let second = source.next(at: 1_000_000 - EventIDSource.tolerance)
        #expect(first < second)
    }

    @Test func aLargeStepBackIsFollowed() {
        var source = EventIDSource()
        _ = source.next(at: 1_000_000)
        let second = source.next(at: 1_000_000 - EventIDSource.tolerance - 1)
        #expect(second.high >> 16 == UInt64(1_000_000 - EventIDSource.tolerance - 1))
    }

    @Test(arguments: [Int64.min, -1, 0, 1 << 48 - 1, 1 << 48, .max])
    func extremes(milliseconds: Int64) {
        var source = EventIDSource()
        #expect(source.next(at: milliseconds).high >> 12 & 0xf == 7)
    }

    @Test(arguments: [
        "", "01a203f5-19c4-74b8-bcc6-6d03b058d66", "01a203f5-19c4-74b8-bcc6-6d03b058d6655",
        "01a203f5019c4-74b8-bcc6-6d03b058d665", "g1a203f5-19c4-74b8-bcc6-6d03b058d665",
        "01a203f5-19c4-74b8-bcc6-6d03b058d6é", "{01a203f5-19c4-74b8-bcc6-6d03b058d66",
    ])
    func malformed(text: String) {
        #expect(UniqueID(text) == nil)
    }

    @Test func neighbours() {
        let text = Array("01A203f5-19c4-74b8-bcc6-6d03b058d665".utf8)
        #expect(UniqueID(String(decoding: text, as: UTF8.self))?.high == 0x01a2_03f5_19c4_74b8)
        ByteVerifier.neighbours(of: text) { _ = UniqueID(String(decoding: $0, as: UTF8.self)) }
    }
}
