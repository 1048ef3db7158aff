import BeaconScanner
import BlueZ
import Testing

@Suite("An adapter is found by its address or its number")
struct AdapterSelectorTests {
    private let adapters = [
        Adapter(path: "/org/bluez/hci10", address: DeviceAddress("00:00:00:00:00:0A")),
        Adapter(path: "/org/bluez/hci2", address: DeviceAddress("00:00:00:00:00:02")),
        Adapter(path: "/org/bluez/hci9"),
    ]

    @Test(
        arguments: [
            ("hci2", "hci2"), ("hci10", "hci10"), ("00:00:00:00:00:0a", "hci10"),
            ("00:00:00:00:00:02", "hci2"), (nil, "hci2"), ("hci3", nil), ("00:00:00:00:00:03", nil),
        ] as [(String?, String?)])
    func choice(text: String?, name: String?) throws {
        let selector = try #require(AdapterSelector(text))
        #expect(selector.choose(from: adapters, current: nil)?.name == name)
    }

    @Test func theFirstOneStaysWhileItIsThere() {
        let first = AdapterSelector.first
        #expect(first.choose(from: adapters, current: "/org/bluez/hci9")?.name == "hci9")
        #expect(first.choose(from: adapters, current: "/org/bluez/hci7")?.name == "hci2")
        #expect(first.choose(from: [], current: "/org/bluez/hci7") == nil)
    }

    @Test(arguments: [
        "", "hci", "hci123456", "hcix", "usb0", "00:00:00:00:00", "00-00-00-00-00-01",
    ])
    func whatIsNeither(text: String) {
        #expect(AdapterSelector(text) == nil)
    }

    @Test func everyStateHasANameOfItsOwnAndProblemsTellTheMend() {
        let states: [RadioState] = [
            .starting, .listening, .hearing, .recovering(.restart), .quiet(afterPowerCycle: true),
            .deaf(afterPowerCycle: false), .noBus("x"), .noService(nil),
            .noAdapter(wanted: .first, present: []), .taken("hci0"), .poweredOff, .blocked,
            .discoveryStopped, .refused(what: "x", why: "y"), .unresponsive,
        ]
        #expect(Set(states.map(\.name)).count == states.count)
        for state in states where state.isProblem {
            #expect(state.text?.isEmpty == false, "\(state)")
        }
    }
}
