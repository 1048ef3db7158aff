internal import CCurl

/// Posts events to a service as a batch of CloudEvents, compressed and signed.
struct HTTPSink: Sink {
    let settings: HTTPSinkSettings
    let limits: DeliveryLimits
    let mayOvertake = true
    private(set) var service: ServicePlace?
    private let hub: String
    private let endpoint: Endpoint
    private let clock: @Sendable () -> EventTime
    private var transfer: Transfer?
    private var pacer = Pacer()

    init(
        _ settings: HTTPSinkSettings, hub: String, clock: @escaping @Sendable () -> EventTime
    ) throws(SinkFault) {
        self.settings = settings
        self.hub = hub
        self.clock = clock
        endpoint = try Endpoint(settings.url)
        guard settings.proxy == nil || endpoint.scheme == "https" else {
            throw SinkFault(.setting, "sink \(settings.url): a proxy is for https only")
        }
        // What takes longer than ten seconds is not sent at once: a fresh event waits behind it.
        let bytes = settings.maxRate.map { Int(clamping: $0) * 10 } ?? .max
        limits = DeliveryLimits(
            events: max(1, settings.batch), bytes: min(512 * 1_024, max(16 * 1_024, bytes)))
    }

    mutating func deliver(
        _ events: [StoredEvent], after cursor: Ledger.Cursor, deadline: Deadline
    ) -> Delivery {
        let webhook: Webhook
        do throws(SinkFault) {
            webhook = try Webhook(secretFiles: settings.allSecretFiles)
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
        pacer.wait(until: deadline)
        let answer = transfer.post(
            body, headers: headers, limits: settings.limits(for: body.count), deadline: deadline)
        pacer.sent(body.count, atMost: settings.maxRate)
        let delivery = HTTPVerdict(host: endpoint.host, now: seconds, settings).delivery(answer)
        if case .stored = delivery { service = ServicePlace(answer: answer.body, hub: hub) }
        return delivery
    }

    /// What the next delivery of these events looks like, with every signature masked.
    static func preview(
        of events: [StoredEvent], _ settings: HTTPSinkSettings, at seconds: Int64
    ) -> SinkPreview {
        let content = content(of: events)
        var headers = [
            "Content-Type: application/cloudevents-batch+json", "Content-Encoding: gzip",
        ]
        headers += Webhook.unsigned.headers(id: Webhook.id(of: content), seconds: seconds, body: [])
        headers += masked(settings.allSecretFiles)
        return SinkPreview(
            request: "POST \(settings.url)", headers: headers, body: content, count: events.count)
    }

    /// A signature for each key, masked; why nothing can be sent where they cannot be read.
    private static func masked(_ secretFiles: [String]) -> [String] {
        guard !secretFiles.isEmpty else { return [] }
        do throws(SinkFault) {
            let keys = try Webhook(secretFiles: secretFiles).keys
            let signatures = keys.map { _ in "v1,********" }
            return ["webhook-signature: " + signatures.joined(separator: " ")]
        } catch {
            return ["webhook-signature: nothing is sent, " + error.text]
        }
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
