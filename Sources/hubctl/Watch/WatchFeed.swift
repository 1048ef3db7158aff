import DBus
import EventLoop
import JSON

/// Asks the hub again and again, also after it was away.
@Hub
final class WatchFeed {
    /// What came of one question.
    enum Answer {
        case sample(WatchView.Sample)
        /// The hub is away, or does not answer; it may come back.
        case away(Failure)
        /// It will not get better by asking again, as without permission.
        case refused(Failure)
    }

    private let arguments: Arguments
    private let zone: String?
    private var client: HubClient?

    init(_ arguments: Arguments) {
        self.arguments = arguments
        zone = arguments.value("--zone")
    }

    func ask() async -> Answer {
        do throws(Failure) {
            let client = if let client { client } else { try await HubClient(arguments) }
            // Of a new connection only: a zone may vanish with a reload while it is watched.
            if self.client == nil, let zone { try await BeaconsVerb.expectZone(zone, client) }
            self.client = client
            let status = try await client.document("Status", of: "Hub1")
            let rows = try await client.document("List", of: "Beacons1").elements ?? []
            // A device moves with its wearer: it is in no zone.
            let devices =
                zone == nil
                ? try await client.document("List", of: "Devices1").elements ?? [] : []
            return .sample(
                WatchView.Sample(
                    status: status,
                    rows: rows.filter { row in zone.map { BeaconsVerb.isIn($0, row) } ?? true },
                    devices: devices))
        } catch {
            // The next question goes over a new connection: the bus may be another one by then.
            client?.connection.close()
            client = nil
            let mayPass = [.notRunning, .unavailable].contains(error.code)
            return mayPass ? .away(error) : .refused(error)
        }
    }
}
