internal import CCurl

/// Posts events to a service as a batch of CloudEvents, compressed and signed.
struct HTTPSink: Sink {
    let settings: HTTPSinkSettings
    let limits: DeliveryLimits
    let mayOvertake = true
    private let endpoint: Endpoint
    private let clock: @Sendable () -> EventTime
    private var transfer: Transfer?

    init(
        _ settings: HTTPSinkSettings, clock: @escaping @Sendable () -> EventTime
    ) throws(SinkFault) {
        self.settings = settings
        self.clock = clock
        endpoint = try Endpoint(settings.url)
        limits = DeliveryLimits(events: max(1, settings.batch), bytes: 512 * 1_024)
    }

    mutating func deliver(
        _ events: [StoredEvent], after cursor: Ledger.Cursor, deadline: Deadline
    ) -> Delivery {
        let webhook: Webhook
        do throws(SinkFault) {
            webhook = try Webhook(secretFile: settings.secretFile)
        } catch {
            return .failed(error, after: nil)
        }
        let content = Self.content(of: events)
        transfer = transfer ?? Transfer(endpoint, settings)
        guard let transfer, let body = Gzip.compress(content) else {
            return .failed(SinkFault(.setting, "no memory for a transfer"), after: nil)
        }
        let seconds = clock().unixNanoseconds.floorDivided(by: 1_000_000_000).quotient
        let headers =
            ["Content-Type: application/cloudevents-batch+json", "Content-Encoding: gzip"]
            + webhook.headers(id: Webhook.id(of: content), seconds: seconds, body: body)
        let answer = transfer.post(
            body, headers: headers, limits: settings.limits, deadline: deadline)
        return HTTPVerdict(host: endpoint.host, now: seconds, caFile: settings.caFile)
            .delivery(answer)
    }

    /// The body: a JSON array of CloudEvents (CloudEvents 1.0.2, JSON Event Format, §4).
    static func content(of events: [StoredEvent]) -> [UInt8] {
        var content: [UInt8] = [UInt8(ascii: "[")]
        for event in events {
            if content.count > 1 { content.append(UInt8(ascii: ",")) }
            content.append(contentsOf: event.line)
        }
        content.append(UInt8(ascii: "]"))
        return content
    }
}
