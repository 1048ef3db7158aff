import Configuration
import DBus
import EventLoop
import Outbox

/// What `hubctl outbox` shows.
struct OutboxReport {
    let settings: Settings
    let status: OutboxStatus
    let rejected: [RejectedEvent]

    @Hub
    func fields() -> Fields {
        var fields = Fields()
        fields.set("lastSequence", status.lastSequence)
        fields.set("sinks", status.sinks.map(row))
        fields.set("rejected", rejected.map(row))
        return fields
    }

    private func name(_ outboxName: String) -> String {
        settings.sinks.first { $0.outboxSettings.name == outboxName }?.name ?? outboxName
    }

    private func row(_ sink: SinkStatus) -> Fields {
        var fields = Fields()
        fields.set("sink", name(sink.name))
        fields.set("address", sink.name)
        fields.set("delivered", sink.cursor)
        fields.set("waiting", sink.depth)
        fields.set("oldest", sink.oldestAge.map { Double($0.components.seconds) })
        fields.set("failures", sink.failures)
        fields.set("service", sink.service.map(Fields.init))
        fields.set("missed", sink.missed?.count)
        fields.set("firstMissed", sink.missed?.first)
        fields.set("problem", sink.fault?.text)
        fields.set("retryInSeconds", sink.retryIn.map { Double($0.components.seconds) })
        return fields
    }

    private func row(_ rejected: RejectedEvent) -> Fields {
        var fields = Fields()
        fields.set("id", rejected.event.id.description)
        fields.set("sequence", rejected.event.sequence)
        fields.set("type", rejected.event.event.type)
        fields.set("sink", name(rejected.sink))
        fields.set("reason", rejected.reason)
        fields.set("retrying", rejected.isRetrying)
        return fields
    }
}

extension Fields {
    /// What the service of a sink says it has.
    init(_ place: ServicePlace) {
        self.init()
        set("contiguous", place.contiguous)
        set("highest", place.highest)
        set("missing", place.missing)
    }
}
