import EventLoop
import Foundation
import TestSupport
import Testing

@testable import Checkup

@Suite("What blocks, blocks beside the loop, and not for ever", .serialized)
struct SidelineTests {
    init() { HubThread.start() }

    @Test @Hub func result() async {
        let thread = pthread_self()
        let other = await Sideline.run(limit: .seconds(60)) { pthread_self() }
        #expect(other != nil && other != thread)
    }

    @Test("what does not come back is given up; not more than three of them pile up") @Hub
    func stuck() async {
        let gate = DispatchSemaphore(value: 0)
        for _ in 0..<3 {
            let result = await Sideline.run(limit: .milliseconds(1)) {
                gate.wait()
                return 1
            }
            #expect(result == nil)
        }
        // There is no thread for a fourth one, so its time does not matter.
        let fourth = await Sideline.run(limit: .seconds(3_600)) { 4 }
        #expect(fourth == nil)
        for _ in 0..<3 { gate.signal() }
        var last: Int?
        while last == nil { last = await Sideline.run(limit: .seconds(60)) { 5 } }
        #expect(last == 5)
    }
}
