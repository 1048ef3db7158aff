internal import DBus
internal import EventLoop

/// What a passive scan looks for: an object that bluetoothd reads
/// (doc/org.bluez.AdvertisementMonitor.rst).
///
/// bluetoothd tells us of devices that match, which we do not need: the monitor channel shows their
/// advertisements. The patterns only make the kernel scan.
@Hub
enum BeaconPatterns {
    /// The object below which bluetoothd looks for patterns: the root of our connection.
    nonisolated static let application: ObjectPath = "/"
    private static let path: ObjectPath = "/patterns"

    /// Offset, AD type and content (Core Specification Supplement 11, Part A). An advertisement that
    /// matches one of them is enough.
    private static let patterns: [(offset: UInt8, type: UInt8, content: [UInt8])] = [
        // iBeacon: Apple's company identifier, type 02, length 15.
        (0, 0xff, [0x4c, 0x00, 0x02, 0x15]),
        // AltBeacon: beacon code beac behind any company identifier.
        (2, 0xff, [0xbe, 0xac]),
        // Eddystone: service data of feaa.
        (0, 0x16, [0xaa, 0xfe]),
        // AirSync devices list the service fee7, first in all that are known.
        (0, 0x02, [0xe7, 0xfe]),
        (0, 0x03, [0xe7, 0xfe]),
    ]

    /// Puts the object on a client's connection.
    static func export(_ client: BlueZClient) {
        client.connection.export([table(client)], at: path)
    }

    private static func table(_ client: BlueZClient) -> Interface {
        Interface("org.bluez.AdvertisementMonitor1", "The advertisements that wake this hub.") {
            Method("Release", needs: .manage, "bluetoothd no longer looks for them.") {
                [weak client] call throws(BusError) in
                guard let client, call.sender == client.owner else {
                    throw BusError(.accessDenied, "only bluetoothd releases patterns")
                }
                for radio in client.radios { radio.patternsReleased() }
                return []
            }
            Method("Activate", needs: .manage, "bluetoothd looks for them.") { _ in [] }
            Method("DeviceFound", in: ["device": "o"], needs: .manage, "A device matches.") { _ in
                []
            }
            Method("DeviceLost", in: ["device": "o"], needs: .manage, "It is gone.") { _ in [] }
            Property("Type", "s", needs: .read, notice: .const) { .string("or_patterns") }
            Property("Patterns", "a(yyay)", needs: .read, notice: .const) {
                .array(
                    of: "(yyay)",
                    patterns.map {
                        .structure([.byte($0.offset), .byte($0.type), .bytes($0.content)])
                    })
            }
        }
    }
}
