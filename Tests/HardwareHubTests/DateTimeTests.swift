import HardwareHub
import TestSupport
import Testing

@Suite("A device's date is taken as it is, and known to be whole or not")
struct DateTimeTests {
    @Test func wholeAndPartial() throws {
        let whole = try DateTime(hex("e20704110f3300").span)
        #expect(whole.iso8601 == "2018-04-17T15:51:00")
        #expect(whole.date == "2018-04-17")
        #expect(whole.bytes == hex("e20704110f3300"))
        let timeOnly = try DateTime(hex("00000000121a20").span)
        #expect(timeOnly.iso8601 == nil && !timeOnly.isComplete && timeOnly.isValid)
        #expect(timeOnly.hour == 18 && timeOnly.minute == 26 && timeOnly.second == 32)
    }

    /// One below and one above each limit.
    @Test(arguments: [
        ("2d06010100 0000", 0), ("1027 0101000000", 0), ("e2070d01000000", 2),
        ("e2070120000000", 3), ("e207021d000000", 3), ("e207041f000000", 3),
        ("e2070101180000", 4), ("e20701 01003c00", 5), ("e207010100003c", 6),
    ])
    func refused(text: String, position: Int) throws {
        let bytes = hex(text.filter { $0 != " " })
        let fault = #expect(throws: MalformedValue.self) { try DateTime(bytes.span) }
        #expect(fault?.position == position && fault?.kind == .invalid)
    }

    @Test(arguments: [
        "2e060101000000", "0f270c1f173b3b", "e007021d000000", "0000021d000000", "d007021d000000",
    ])
    func accepted(text: String) throws {
        #expect(try DateTime(hex(text).span).isValid)
    }

    @Test func tooShort() {
        for count in 0..<7 {
            let fault = #expect(throws: MalformedValue.self) {
                try DateTime(Array(hex("e20704110f3300").prefix(count)).span)
            }
            #expect(fault == .missing("date and time", at: 0))
        }
    }

    @Test(arguments: [
        ("2019-02-27T11:10:30", -5, "2019-02-27T11:05:30"),
        ("2019-12-31T23:59:01", 1, "2020-01-01T00:00:01"),
        ("2020-03-01T00:00:00", -1, "2020-02-29T23:59:00"),
        ("2100-03-01T00:00:00", -1, "2100-02-28T23:59:00"),
        ("2000-01-01T00:00:00", -1, "1999-12-31T23:59:00"),
        ("2024-01-15T12:00:00", Int16.max, "2024-02-07T06:07:00"),
        ("2024-01-15T12:00:00", Int16.min, "2023-12-23T17:52:00"),
    ])
    func addingMinutes(start: String, minutes: Int16, end: String) throws {
        let numbers = start.split { !$0.isNumber }.compactMap { UInt16($0) }
        let time = DateTime(
            year: numbers[0], month: UInt8(numbers[1]), day: UInt8(numbers[2]),
            hour: UInt8(numbers[3]), minute: UInt8(numbers[4]), second: UInt8(numbers[5]))
        #expect(try #require(time.adding(minutes: minutes)).iso8601 == end)
    }

    @Test func addingToWhatIsNoDate() {
        let unknown = DateTime(year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0)
        #expect(unknown.adding(minutes: 1) == nil)
        let last = DateTime(year: 9999, month: 12, day: 31, hour: 23, minute: 59, second: 0)
        #expect(last.adding(minutes: 1) == nil)
        let first = DateTime(year: 1582, month: 1, day: 1, hour: 0, minute: 0, second: 0)
        #expect(first.adding(minutes: -1) == nil)
    }
}
