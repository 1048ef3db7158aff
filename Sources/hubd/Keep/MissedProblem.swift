import Outbox

extension HubProblem {
    /// The service behind a sink misses events that it has acknowledged.
    ///
    /// Nothing is delivered again by itself: a service that went on forgetting would be sent the
    /// same events for ever.
    init(_ missed: MissedEvents, sink: String) {
        let more = missed.count < MissedEvents.most ? "" : " or more"
        self.init(
            part: "sink \(sink)",
            text: "the service says it misses \(missed.count)\(more) events, from number "
                + "\(missed.first) on, that it has acknowledged and that are kept here: look at the "
                + "service, then hubctl outbox again \(sink) --from=\(missed.first)")
    }
}
