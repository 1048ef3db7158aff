import Checkup
import Configuration
import EventLoop
import TestSupport
import Testing

@testable import hubd

@Suite("However many ask for a diagnosis, one run is under way")
struct DiagnosisTests {
    init() { HubThread.start() }

    @Test("all who come during a run, or just after it, get its result") @Hub
    func shared() async {
        var runs = 0
        var running: CheckedContinuation<Void, Never>?
        let diagnosis = Diagnosis { _, _ in
            runs += 1
            await withCheckedContinuation { running = $0 }
            return [.failed("disk", "", "run \(runs)", mend: "")]
        }
        let settings = Settings()
        var answers: [[Check]] = []
        await withCheckedContinuation { done in
            for _ in 0..<100 {
                Hub.start {
                    answers.append(await diagnosis.checks(settings, storeBytes: 0))
                    if answers.count == 100 { done.resume() }
                }
            }
            // Behind them all.
            Hub.start { running.take()?.resume() }
        }
        answers.append(await diagnosis.checks(settings, storeBytes: 0))
        #expect(runs == 1)
        #expect(answers.count == 101)
        #expect(answers.allSatisfy { $0.map(\.text) == ["run 1"] })
    }
}
