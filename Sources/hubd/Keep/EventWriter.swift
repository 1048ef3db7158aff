import BeaconScanner
import Campaigns
import JSON
import Outbox

/// Puts what happened into events, in the words of the contract.
struct EventWriter {
    let clock: EventClock

    /// What an event says of a beacon's place, beside the transition.
    struct Place {
        let label: String?
        let holder: String?
        let zone: String?
        let radio: String
        let distance: Double?
        /// Seconds since the beacon was last heard.
        let silence: Double?
        /// Seconds since it entered, or since the finding began.
        let lasted: Double
    }

    /// The event of a transition; nil for one that is state and no event: proximity, which
    /// changes with every step of a passer-by and is shown by `hubctl beacons`.
    func beacon(_ transition: Transition, _ place: Place) -> Event? {
        guard let verb = Self.verb(of: transition.change) else { return nil }
        var data: [(String, JSONValue?)] = [
            ("beacon", .string(transition.id.description)),
            ("label", place.label.map(JSONValue.string)),
            ("zone", place.zone.map(JSONValue.string)),
            ("holder", place.holder.map(JSONValue.string)),
            ("radio", .string(place.radio)),
        ]
        switch transition.change {
        case .entered, .found, .moved:
            data += [
                ("rssi", transition.rssi.map { Self.rounded(Double($0), 1) }),
                ("distance", place.distance.map { Self.rounded($0, 2) }),
                ("proximity", .string(transition.proximity.name)),
            ]
        case .left: data.append(("stayed", Self.rounded(place.lasted, 1)))
        case .raised(let finding), .cleared(let finding):
            data.append(("finding", .string(finding.name)))
        case .missing, .proximityChanged: break
        }
        data.append(("silence", place.silence.map { Self.rounded($0, 1) }))
        return event(verb, transition.id.description, data, .presence)
    }

    private static func verb(of change: Transition.Change) -> String? {
        switch change {
        case .entered: "beacon.entered"
        case .left: "beacon.left"
        case .moved: "beacon.moved"
        case .missing: "beacon.missing"
        case .found: "beacon.found"
        // The audit's missing is told by `missing` and `found`.
        case .raised(.missing), .cleared(.missing): nil
        case .raised: "beacon.flagged"
        case .cleared: "beacon.cleared"
        case .proximityChanged: nil
        }
    }

    /// A shake and what it yielded.
    func shake(
        _ spot: [(beacon: BeaconID, rssi: Int?)], user: String?, _ answer: ShakeAnswer
    ) -> Event {
        let heard = spot.map { entry in
            Self.object([
                ("beacon", .string(entry.beacon.description)),
                ("rssi", entry.rssi.map { .integer($0) }),
            ])
        }
        let served = answer.served.map { served in
            JSONValue.object([
                .init("campaign", .string(served.campaign.id)),
                .init("merchant", .string(served.campaign.merchant)),
            ])
        }
        return event(
            "shake.resolved", spot.first?.beacon.description ?? "",
            [
                ("user", user.map(JSONValue.string)), ("spot", .array(heard)),
                ("served", .array(served)),
            ], .value)
    }

    func started(version: String, catalog: Catalog) -> Event {
        event(
            "hub.started", "",
            [
                ("version", .string(version)), ("beacons", .integer(catalog.beacons.count)),
                ("campaigns", .integer(catalog.campaigns.count)),
            ], .telemetry)
    }

    /// A problem that began or ended.
    func problem(_ problem: HubProblem, isOver: Bool) -> Event {
        event(
            isOver ? "hub.recovered" : "hub.degraded", "",
            [("part", .string(problem.part)), ("problem", .string(problem.text))], .telemetry)
    }

    private func event(
        _ verb: String, _ subject: String, _ data: [(String, JSONValue?)],
        _ eventClass: Event.Class
    ) -> Event {
        Event(
            type: "org.hubd.\(verb).v1", subject: subject, time: clock.now(),
            data: Self.object(data).bytes(), class: eventClass)
    }

    private static func object(_ members: [(String, JSONValue?)]) -> JSONValue {
        .object(members.compactMap { key, value in value.map { .init(key, $0) } })
    }

    /// A number with so many digits behind the point: more would only pretend to know.
    private static func rounded(_ value: Double, _ digits: Int) -> JSONValue {
        let factor = digits == 1 ? 10.0 : 100.0
        return .double((value * factor).rounded() / factor)
    }
}
