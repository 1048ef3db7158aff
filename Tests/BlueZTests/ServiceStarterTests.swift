import EventLoop
import Testing

@testable import BlueZ

@Suite("bluetoothd is asked to start, but not before it had its chance, and not for ever often")
struct ServiceStarterTests {
    @Test func afterTwoSecondsAndThenMoreAndMoreSeldom() {
        var starter = ServiceStarter()
        let start = EventLoop.Instant(nanoseconds: 5_000_000_000)
        func isDue(_ tenths: Int) -> Bool {
            starter.isDue(at: start.advanced(by: .milliseconds(100 * tenths)))
        }
        #expect(!isDue(0), "nothing is known yet")
        starter.lost(at: start)
        let times = (0..<3_000).filter { isDue($0) }
        #expect(times == [20, 60, 140, 300, 620, 1_260, 1_900, 2_540])
        starter.found()
        #expect(starter.askAt == nil)
        starter.lost(at: start)
        #expect(!isDue(19) && isDue(20), "the next loss begins anew")
    }
}
