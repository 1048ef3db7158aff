import HardwareHub
import TestSupport
import Testing

@Suite("A WeChat Sport value is the day's total")
struct WeChatSportTests {
    /// Three bytes for each of three flags; steps are never left out.
    @Test func everyFlag() {
        for flags in UInt8.min...UInt8.max {
            let size = 1 + 3 * (flags & 7).nonzeroBitCount
            let bytes = [flags] + [UInt8](repeating: 0x11, count: 12)
            let whole = Array(bytes.prefix(size))
            let value = try? WeChatSport(whole.span)
            #expect((value != nil) == (flags & 1 == 1))
            #expect((value?.unknownFlags ?? 0) == (value == nil ? 0 : flags & 0xf8))
            #expect((try? WeChatSport(bytes.span)) == value, "a tail is ignored")
            #expect((try? WeChatSport(Array(whole.dropLast()).span)) == nil)
        }
    }

    @Test func goal() throws {
        #expect(WeChatSport.goal(steps: 10_000) == hex("01102700"))
        #expect(WeChatSport.goal(steps: 0xff_ffff) == hex("01ffffff"))
        #expect(WeChatSport.goal(steps: 0x100_0000) == nil)
        let bytes = try #require(WeChatSport.goal(steps: 8000))
        #expect(try WeChatSport(bytes.span).steps == 8000)
    }
}
