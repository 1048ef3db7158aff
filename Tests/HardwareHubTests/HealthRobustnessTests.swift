import BeaconScanner
import HardwareHub
import TestSupport
import Testing

@Suite("No value and no order of events stops a health machine")
struct HealthRobustnessTests {
    /// Values with all their fields, and the kind that sends them.
    static let values: [(kind: String, uuid: GATTUUID, text: String)] = [
        ("blood-pressure", 0x2a35, "1e8a00580078000000041114293b3c00012700"),
        ("blood-pressure", 0x2a36, "1ec800ff07ff07ea070b1812000048000101 00"),
        ("weight-scale", 0x2a9d, "0eb036ea070b181200000 5ed00d606"),
        (
            "body-composition", 0x2a9c,
            "fe1fe100ea070b181200000134089001100e8813900f2c018813b036 9a06"
        ),
        ("glucose-meter", 0x2a18, "1b0100e307021b0b0a1efbff1e00120501"),
        ("glucose-meter", 0x2a34, "ff0100b303640004123c0032047b00e5f0"),
        ("glucose-meter", 0x2a52, "06000101"), ("glucose-meter", 0x2a52, "05000200"),
        ("thermometer", 0x2a1c, "06b00e00fedc070c050b321b04"),
        ("pulse-oximeter", 0x2a5e, "1f61004800e807030f0e1e2d2003210080c800"),
        ("pulse-oximeter", 0x2a5f, "1f61004800620049006300 4a0020032100800100"),
        ("heart-rate", 0x2a37, "1e5532002100"), ("running-speed", 0x2a53, "07800255640039300000"),
    ]

    @Test(arguments: 0..<13)
    func everyNeighbourOfEveryValue(index: Int) throws {
        let (kind, uuid, text) = Self.values[index]
        let table = HealthMachineTests.table(kind)
        let handle = table.handle(uuid)
        var session = try HealthSession(kind, table)
        session.connect()
        // A glucose meter has been asked for its records by then.
        for _ in 0..<5 { session.answer() }
        let machine = session.machine
        let now = session.now
        ByteVerifier.neighbours(of: hex(text.filter { $0 != " " })) { bytes in
            var machine = machine
            let actions = machine.handle(.value(handle: handle, bytes), at: now)
            for case .keep(let token, _, _) in actions {
                _ = machine.handle(.kept(token: token), at: now)
            }
            _ = machine.handle(.deadline, at: now)
            _ = machine.handle(.ending, at: now)
        }
    }

    @Test func whatIsReadMayBeAnything() throws {
        for kind in HealthDriver().kinds {
            for bytes in [[], [0], [0xff], hex("ffffffffffffffffffffff"), hex("0000ffff")] {
                var session = try HealthSession(kind, HealthMachineTests.table(kind))
                for row in session.table.characteristics { session.readable[row.uuid] = bytes }
                session.connect()
                session.settle()
                if case .failed(let fault)? = session.outcome { Issue.record("\(fault)") }
            }
        }
    }

    /// Events that no owner would hand in, or not in this order.
    @Test func eventsOutOfOrder() throws {
        for kind in HealthDriver().kinds {
            let table = HealthMachineTests.table(kind)
            let events: [DeviceEvent] = [
                .deadline, .subscribed(handle: 9), .value(handle: 6, [1]), .read(handle: 1, []),
                .written(handle: 1), .failed(handle: 1, .disconnected), .kept(token: 7),
                .refused(token: 8, reason: ""), .push([1]), .connected(table, longestWrite: 20),
                .ending,
            ]
            for first in events {
                for second in events {
                    for third in events {
                        var session = try HealthSession(kind, table)
                        for event in [first, second, third] { session.hand(event) }
                        session.settle()
                        session.pass(100)
                    }
                }
            }
        }
    }

    /// More values than any memory holds are no measurements.
    @Test func floodEnds() throws {
        var session = try HealthMachineTests.session("weight-scale")
        session.connect()
        session.settle()
        for _ in 0..<4_096 {
            session.send(0x2a9d, hex("00b036"))
            session.store()
        }
        #expect(session.outcome == nil)
        session.send(0x2a9d, hex("00b036"))
        guard case .failed(let fault)? = session.outcome else {
            Issue.record("it goes on")
            return
        }
        #expect(fault.faultClass == .hostile)
    }
}
