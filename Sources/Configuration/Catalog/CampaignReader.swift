import BeaconScanner
import Campaigns
import JSON

/// Reading campaigns.
extension CatalogDraft {
    mutating func addCampaign(_ node: JSONNode, _ layer: Origin.Layer) {
        let keys = [
            "id", "merchant", "kind", "page", "where", "proximity", "priority", "stock", "perUser",
            "when", "state",
        ]
        guard decoding.isObject(node, keys: keys) else { return }
        let id = decoding.required("id", of: node, Identifier.expected) { $0.identifier($1) }
        let origin = origin(of: node, layer)
        if let id { decoding.note(id, id, origin, in: &campaignOrigins) }
        guard let campaign = decoding.campaign(node, id: id) else { return }
        campaigns.append(Entry(value: campaign, origin: origin))
    }
}

extension Decoding {
    /// A campaign but for its id; nil when something that must be there is not usable.
    fileprivate mutating func campaign(_ node: JSONNode, id: String?) -> Campaign? {
        let merchant = required("merchant", of: node, "the id of a merchant") { $0.identifier($1) }
        let kind = required("kind", of: node, Token.expected) { $0.token($1) }
        let page = required("page", of: node, "an object with a \"title\"") { $0.page($1) }
        let place = required("where", of: node, "an object with \"zones\" or \"beacons\"") {
            $0.place($1)
        }
        let farthest = optional("proximity", of: node) {
            $0.choice(
                $1,
                ["immediate": Proximity.immediate, "near": Proximity.near, "far": Proximity.far])
        }
        let priority: Int32? = optional("priority", of: node) {
            $0.whole($1, -1_000_000...1_000_000)
        }
        let stock: Int? = optional("stock", of: node) { $0.whole($1, 0...1_000_000_000) }
        let perUser: Int? = optional("perUser", of: node) { $0.whole($1, 1...1_000_000_000) }
        let schedule = optional("when", of: node) { $0.schedule($1) }
        let state: Campaign.State? = required("state", of: node, Decoding.states) {
            $0.choice(
                $1,
                [
                    "draft": .draft, "pending": .pending, "running": .running, "paused": .paused,
                    "ended": .ended,
                ])
        }
        guard let id, let merchant, let kind, let page, let place, let state else { return nil }
        return Campaign(
            id: id, merchant: merchant, kind: kind, page: page, place: place,
            farthest: farthest ?? .unknown, priority: priority ?? 0, stock: stock,
            perUser: perUser, schedule: schedule ?? Schedule(), state: state)
    }

    private static let states = list(Campaign.State.allCases.map(\.rawValue))

    private mutating func page(_ node: JSONNode) -> Campaign.Page? {
        guard isObject(node, keys: ["title", "description", "url", "icon"]) else { return nil }
        let title = required("title", of: node, "a title for the page") { $0.label($1) }
        let description = optional("description", of: node) { $0.label($1) }
        let url = optional("url", of: node) { $0.pageURL($1) }
        let icon = optional("icon", of: node) { $0.pageURL($1) }
        return title.map { .init(title: $0, description: description, url: url, icon: icon) }
    }

    private mutating func place(_ node: JSONNode) -> Campaign.Place? {
        guard isObject(node, keys: ["zones", "beacons"]) else { return nil }
        let zones = optional("zones", of: node) { decoding, node in
            decoding.list(node, limit: Catalog.maximumZones, of: "zones") { $0.identifier($1) }
        }
        let beacons = optional("beacons", of: node) { decoding, node in
            decoding.list(node, limit: Catalog.maximumBeacons, of: "beacons") { $0.beaconID($1) }
        }
        let isNowhere = [node["zones"], node["beacons"]].allSatisfy { member in
            guard let member else { return true }
            return member.content == .array([]) || member.content == .null
        }
        if isNowhere {
            reject(node, "at least one zone or beacon")
        }
        return .init(zones: zones ?? [], beacons: beacons ?? [])
    }

    private mutating func schedule(_ node: JSONNode) -> Schedule? {
        guard isObject(node, keys: ["from", "to", "weekdays", "hours", "onTheHour"]) else {
            return nil
        }
        var schedule = Schedule()
        schedule.from = optional("from", of: node) { $0.date($1) }
        schedule.to = optional("to", of: node) { $0.date($1) }
        if let from = schedule.from, let to = schedule.to, from > to {
            report(
                at: node["to"]?.position ?? node.position, under: [.key("to")], "\(to)",
                "\(from) (the day in \"from\") or later")
        }
        if let days = optional("weekdays", of: node, { $0.weekdays($1) }) {
            schedule.weekdays = days
        }
        schedule.hours = optional("hours", of: node) { $0.hours($1) } ?? []
        schedule.minutesOnTheHour = optional("onTheHour", of: node) { $0.onTheHour($1) } ?? nil
        return schedule
    }

    private mutating func date(_ node: JSONNode) -> CivilDate? {
        let expected = "a day such as \"2026-11-01\""
        guard let text = string(node, expected) else { return nil }
        guard let date = CivilDate(text) else {
            reject(node, expected)
            return nil
        }
        return date
    }

    private mutating func weekdays(_ node: JSONNode) -> Weekdays? {
        let days = list(node, limit: 7, of: "weekdays, 1 (Monday) to 7 (Sunday)") {
            decoding, node in
            decoding.whole(node, 1...7, ", Monday to Sunday") as Int?
        }
        guard let days else { return nil }
        if case .array(let nodes) = node.content, nodes.isEmpty {
            reject(node, "at least one weekday, or no \"weekdays\" for every day")
        }
        return Weekdays(days)
    }

    private mutating func hours(_ node: JSONNode) -> [HourRange]? {
        let expected = "hours such as \"10:00-22:00\", or \"22:00-02:00\" past midnight"
        if case .array(let nodes) = node.content, nodes.isEmpty {
            reject(node, "at least one range, or no \"hours\" for the whole day")
        }
        return list(node, limit: 48, of: "hours such as \"10:00-22:00\"") { decoding, node in
            guard let text = decoding.string(node, expected) else { return nil }
            guard let range = HourRange(text) else {
                decoding.reject(node, expected)
                return nil
            }
            return range
        }
    }

    /// True, false, or an object that says for how long; nil inside when the hour does not matter.
    private mutating func onTheHour(_ node: JSONNode) -> Int?? {
        switch node.content {
        case .bool(let isOn):
            return .some(isOn ? Schedule.usualMinutesOnTheHour : nil)
        case .object:
            guard isObject(node, keys: ["minutes"]) else { return nil }
            return required("minutes", of: node, "how many minutes from the full hour on") {
                $0.whole($1, 1...60)
            }
        default:
            reject(node, "true, false or { minutes: 10 }")
            return nil
        }
    }
}
