import BeaconScanner
import Campaigns
import DBus
import EventLoop
import Outbox

/// Campaigns and shakes as rows for the bus: what `hubctl campaigns` and `hubctl shake` show.
@Hub
struct CampaignRows {
    let shop: Shop
    let counters: CampaignCounters

    func campaigns() -> [Fields] {
        let now = WallClock.now().localTime
        return shop.catalog.campaigns.map { campaign in
            let obstacle = campaign.obstacle(at: now)
            var fields = Fields()
            fields.set("id", campaign.id)
            fields.set("merchant", campaign.merchant)
            fields.set("kind", campaign.kind)
            fields.set("title", campaign.page.title)
            fields.set("state", campaign.state(at: now).rawValue)
            fields.set("running", obstacle == nil)
            fields.set("why", obstacle?.description ?? "running now")
            fields.set("priority", campaign.priority)
            fields.set("stock", campaign.stock)
            var counts = Fields()
            counts.set("shook", counters.shook(campaign.id))
            fields.set("shook", counters.shook(campaign.id))
            fields.set("counters", counts)
            return fields
        }
    }

    func shake(_ answer: ShakeAnswer) -> Fields {
        var fields = Fields()
        fields.set("pages", answer.served.map(row))
        fields.set("refused", answer.refused.map(row))
        fields.set("unknown", answer.unknown.map(\.description))
        return fields
    }

    private func row(_ served: ShakeAnswer.Served) -> Fields {
        let campaign = served.campaign
        var fields = Fields()
        fields.set("campaign", campaign.id)
        fields.set("merchant", campaign.merchant)
        fields.set("kind", campaign.kind)
        fields.set("title", campaign.page.title)
        fields.set("description", campaign.page.description)
        fields.set("url", campaign.page.url)
        fields.set("icon", campaign.page.icon)
        fields.set("priority", campaign.priority)
        fields.set("beacon", served.match.beacon.description)
        fields.set("proximity", served.match.proximity?.name)
        fields.set("zone", served.match.zone)
        fields.set("why", Self.why(served.match))
        return fields
    }

    private func row(_ refused: ShakeAnswer.Refused) -> Fields {
        var fields = Fields()
        fields.set("campaign", refused.campaign.id)
        fields.set("merchant", refused.campaign.merchant)
        fields.set("title", refused.campaign.page.title)
        fields.set("reason", refused.obstacle.name)
        fields.set("why", refused.obstacle.description)
        return fields
    }

    private static func why(_ match: Match) -> String {
        let zone = match.zone ?? ""
        return switch match.reach {
        case .beacon: "bound to this beacon"
        case .zone: "for \(zone), where the beacon is"
        case .inside: "for \(zone), inside the beacon's zone"
        case .around: "for \(zone), around the beacon's zone"
        }
    }
}
