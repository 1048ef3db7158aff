import DBus
import EventLoop
import Outbox

/// `org.hubd.Hub1`: the hub as a whole, its events and their delivery.
enum HubInterface {
    static let name = "org.hubd.Hub1"

    @Hub
    static func table(_ daemon: Daemon) -> Interface {
        Interface("org.hubd.Hub1", "The hub: its state, its events and their delivery.") {
            Method(
                "Status", out: ["status": "a{sv}"], needs: .read,
                "Everything hubctl status shows: state, radios, beacons, sinks, store, problems."
            ) { _ throws(BusError) in [try await daemon.status().value] }
            Method(
                "Events", in: ["filter": "a{sv}"],
                out: ["events": "as", "through": "t", "more": "b"], needs: .inspect,
                "Kept events, oldest first, as CloudEvents. Filter: after (t, a sequence), since (x, Unix ns), type (s), limit (u, at most 1000)."
            ) { call throws(BusError) in try await daemon.events(call.value(0)) }
            Method(
                "Outbox", out: ["outbox": "a{sv}"], needs: .read,
                "Each sink's queue, and the events that a sink would not have."
            ) { _ throws(BusError) in [try await daemon.outbox().value] }
            Method(
                "PreviewDelivery", in: ["sink": "s"], out: ["delivery": "a{sv}"], needs: .inspect,
                "The next delivery to a sink, before compression: request, headers, body, events."
            ) { call throws(BusError) in [try await daemon.preview(call.string(0)).value] }
            Method(
                "Ledger", out: ["ledger": "a{sv}"], needs: .read,
                "What came in at each stage and what became of all of it: even, accounts."
            ) { _ throws(BusError) in [try await daemon.ledger().value] }
            Method(
                "Diagnose", out: ["diagnosis": "a{sv}"], needs: .read,
                "Looks at disk, clock and sinks as hubd sees them; takes up to 20 s."
            ) { _ in [await daemon.diagnose().value] }
            Method(
                "RetryRejected", in: ["id": "s"], needs: .manage,
                "Sends a rejected event again, to each sink that would not have it."
            ) { call throws(BusError) in
                try await daemon.retry(call.string(0))
                return []
            }
            Method(
                "DeliverNow", in: ["sink": "s"], needs: .manage,
                "Tries a sink at once that waits after a fault, or that its service told to wait."
            ) { call throws(BusError) in
                try await daemon.deliverNow(call.string(0))
                return []
            }
            Method(
                "DeliverAgain", in: ["sink": "s", "from": "t"], out: ["events": "t"],
                needs: .manage,
                "Delivers to a sink once more what is still kept, from a number on; how many events."
            ) { call throws(BusError) in
                [.uint64(try await daemon.deliverAgain(call.string(0), call.integer(1)))]
            }
            Method(
                "DropRejected", in: ["id": "s"], needs: .manage,
                "Gives a rejected event up; it is kept for reading like a delivered one."
            ) { call throws(BusError) in
                try await daemon.drop(call.string(0))
                return []
            }
            Method(
                "Reload", out: ["problems": "as"], needs: .manage,
                "Reads configuration and catalog again, all or nothing; the problems if nothing."
            ) { _ throws(BusError) in [.strings(await daemon.reload())] }
            Property("Version", "s", needs: .read, notice: .const, "The daemon's version.") {
                .string(Daemon.version)
            }
            // To everybody on the bus, so it tells of no content: `Events` asks who may see that.
            Signal(
                "EventKept", ["sequence": "t", "type": "s"],
                "An event has become durable: its number and its type. Events gives it out.")
        }
    }
}
