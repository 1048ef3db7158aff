import DBus
import EventLoop

/// `org.hubd.Devices1`: all devices, and those that could become some.
enum DevicesInterface {
    @Hub
    static func table(_ daemon: Daemon) -> Interface {
        Interface("org.hubd.Devices1", "The devices: those that are served, and strangers.") {
            Method(
                "List", out: ["devices": "aa{sv}"], needs: .read,
                "Every device: kind, driver, state, link, number of bindings, when it measured last."
            ) { _ throws(BusError) in [.rows(daemon.deviceRows.all())] }
            Method(
                "ListUnknown", out: ["devices": "aa{sv}"], needs: .read,
                "Devices that were heard of late, that a driver could serve and that nobody enrolled."
            ) { _ throws(BusError) in [.rows(daemon.deviceRows.strangers())] }
            Method(
                "Enroll", in: ["id": "s", "kind": "s", "address": "s", "options": "a{sv}"],
                out: ["device": "o"], needs: .manage,
                "Takes a device in. Options: owners (as), deviceType (s), deviceId (s), keyFile (s), qrTicket (s)."
            ) { call throws(BusError) in
                [
                    .objectPath(
                        try await daemon.enroll(
                            call.string(0), kind: call.string(1), address: call.string(2),
                            call.value(3)))
                ]
            }
            Method(
                "Replace", in: ["old": "s", "new": "s"], needs: .manage,
                "Puts a device in another one's place: its bindings move, its history stays."
            ) { call throws(BusError) in
                try await daemon.replace(call.string(0), with: call.string(1))
                return []
            }
            Method(
                "Forget", in: ["id": "s"], needs: .manage,
                "Removes a device that was enrolled, and ends its bindings."
            ) { call throws(BusError) in
                try await daemon.forget(call.string(0))
                return []
            }
        }
    }
}
