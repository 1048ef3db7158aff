import DBus
import EventLoop

/// `org.hubd.Campaigns1`: what is offered, and shakes.
enum CampaignsInterface {
    @Hub
    static func table(_ daemon: Daemon) -> Interface {
        Interface("org.hubd.Campaigns1", "The campaigns, and what a shake yields.") {
            Method(
                "List", out: ["campaigns": "aa{sv}"], needs: .read,
                "Every campaign with its state, why it is or is not running now, and its counters."
            ) { _ throws(BusError) in [.rows(daemon.campaignRows.campaigns())] }
            Method(
                "Shake", in: ["spot": "a(sn)", "options": "a{sv}"], out: ["answer": "a{sv}"],
                needs: .serve,
                "Somebody shakes where these beacons are heard (id, RSSI in dBm; 127 for right at it). Counted and kept as an event before the answer. Option: user (s, an opaque key)."
            ) { call throws(BusError) in
                [try await daemon.shake(call.value(0), call.value(1), isRecorded: true).value]
            }
            Method(
                "Preview", in: ["spot": "a(sn)"], out: ["answer": "a{sv}"], needs: .read,
                "What a shake here would yield; nothing is counted or kept."
            ) { call throws(BusError) in
                [
                    try await daemon.shake(call.value(0), .options([]), isRecorded: false).value
                ]
            }
        }
    }
}
