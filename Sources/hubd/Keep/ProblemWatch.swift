import EventLoop
import Outbox

/// Notices problems that begin and end: one journal line and one event each.
@Hub
final class ProblemWatch {
    private(set) var problems: [HubProblem] = []
    private let journal: Journal
    private let writer: EventWriter
    private let store: Store

    init(journal: Journal, writer: EventWriter, store: Store) {
        self.journal = journal
        self.writer = writer
        self.store = store
    }

    /// Takes all problems there are now.
    func update(_ present: [HubProblem]) {
        for problem in present where !problems.contains(problem) {
            journal.warning(
                "\(problem.part): \(problem.text)", .partDegraded, ["PART": problem.part])
            store.post(writer.problem(problem, isOver: false))
        }
        for problem in problems where !present.contains(problem) {
            journal.notice("\(problem.part): well again", .partRecovered, ["PART": problem.part])
            store.post(writer.problem(problem, isOver: true))
        }
        problems = present
    }
}
