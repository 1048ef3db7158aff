import DBus
import EventLoop
import HardwareHub

/// `org.hubd.Device1`: one device, at `/org/hubd/devices/…`.
enum DeviceInterface {
    static let name = "org.hubd.Device1"

    /// The object of a device.
    static func path(of id: String) -> ObjectPath { ("/org/hubd/devices" as ObjectPath).child(id) }

    @Hub
    static func table(_ daemon: Daemon, _ id: String) -> Interface {
        Interface("org.hubd.Device1", "One device: what it is, how it is, and whose.") {
            Method(
                "Describe", out: ["device": "a{sv}"], needs: .inspect,
                "Everything hubctl device shows, with owners and the last measurement."
            ) { _ throws(BusError) in [try daemon.describe(id).value] }
            Method(
                "Bind", in: ["owner": "s"], needs: .manage,
                "Binds an owner, by an opaque key, to whom what it measures from now on belongs."
            ) { call throws(BusError) in
                try await daemon.bind(call.string(0), to: id)
                return []
            }
            Method(
                "Unbind", in: ["owner": "s"], needs: .manage,
                "Ends a binding; what was measured until now stays the owner's."
            ) { call throws(BusError) in
                try await daemon.unbind(call.string(0), from: id)
                return []
            }
            Method(
                "Pair", in: ["options": "a{sv}"], needs: .manage,
                "Pairs over Bluetooth. Options: passkey (u), the six digits that it shows; "
                    + "anew (b), forgets a bond that there is already."
            ) { call throws(BusError) in
                try await daemon.pair(id, call.value(0))
                return []
            }
            Method(
                "Send", in: ["data": "ay"], needs: .manage,
                "Hands bytes to the driver of a connected device, in the driver's terms."
            ) { call throws(BusError) in
                try daemon.send(try call.bytes(0), to: id)
                return []
            }
            Method(
                "Retry", needs: .manage,
                "Tries a device again at once, whatever went wrong before."
            ) { _ throws(BusError) in
                try daemon.retryDevice(id)
                return []
            }
            Property("Id", "s", needs: .read, notice: .const, "Its name.") { .string(id) }
            Property("Kind", "s", needs: .read, notice: .const, "What it is.") {
                () throws(BusError) in .string(try daemon.known(id).kind)
            }
            Property("State", "s", needs: .read, "never-heard, present, silent or replaced.") {
                () throws(BusError) in try daemon.field("state", of: id)
            }
            Property("Link", "s", needs: .read, "idle, connecting, connected or resting.") {
                () throws(BusError) in try daemon.field("link", of: id)
            }
            Property("Problem", "s", needs: .read, "Why it is not served; empty when it is.") {
                () throws(BusError) in try daemon.field("problem", of: id)
            }
            Property(
                "Owners", "as", needs: .inspect, notice: .invalidates, "The owners' opaque keys."
            ) { () throws(BusError) in .strings(try daemon.known(id).owners.map(\.key)) }
            Property(
                "LastMeasurement", "s", needs: .inspect, notice: .invalidates,
                "What it measured last, in words; empty before."
            ) { () throws(BusError) in try daemon.field("lastMeasurement", of: id) }
        }
    }
}
