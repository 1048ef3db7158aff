import JSON
import Testing

@testable import hubctl

@Suite("Why explains a beacon in sentences")
struct WhyTests {
    private let paper = Terminal(width: nil, hasColor: false)

    @Test func present() {
        let report = WhyReport(
            id: "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/2",
            beacon: [
                "label": "奶茶店", "zone": "tea", "zonePath": ["tea", "f1", "mall"],
                "state": "present", "enteredSeconds": 82, "radio": "hci0",
                "lastHeardSeconds": .double(0.4), "adverts": 1812, "interval": .double(0.1),
                "leavesAfterSeconds": 10, "missingAfterSeconds": 300, "rssi": .double(-58.2),
                "measuredPower": -59, "distance": .double(0.91), "proximity": "near",
                "findings": ["low-battery"],
            ], isKnown: true,
            answer: [
                "pages": [
                    ["campaign": "tea-2for1", "why": "bound to this beacon", "priority": 10]
                ],
                "refused": [["campaign": "night", "why": "runs only 18:00-22:00"]],
            ])
        #expect(
            report.lines(on: paper) == [
                "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/1/2  奶茶店",
                "  place     in tea, which is in f1, which is in mall",
                "  presence  present for 82 s, heard best by hci0",
                "            last heard 0 s ago, 1,812 adverts, one each 0.1 s",
                "            leaves after 10 s of silence, is missing after 5 min",
                "  signal    -58.2 dBm smoothed, -59 dBm at 1 m: 0.9 m",
                "            near (immediate up to 0.5 m, near up to 4.0 m)",
                "  audit     low-battery",
                "  campaigns what a shake at this distance yields, in this order",
                "    ✓ 1. tea-2for1: bound to this beacon, priority 10",
                "    ✗ night: runs only 18:00-22:00",
            ])
    }

    @Test func neverHeard() {
        let lines = WhyReport(
            id: "x", beacon: ["state": "never-heard", "zonePath": [], "leavesAfterSeconds": 10],
            isKnown: true, answer: ["pages": [], "refused": []]
        ).lines(on: paper)
        #expect(lines.contains("  presence  never-heard"))
        #expect(lines.contains("  signal    none was measured"))
        #expect(lines.last == "  campaigns none are for this place")
    }

    @Test func stranger() {
        let lines = WhyReport(
            id: "x", beacon: ["state": "unknown", "rssi": -70, "proximity": "far"], isKnown: false,
            answer: ["unknown": ["x"]]
        ).lines(on: paper)
        #expect(lines.contains { $0.contains("no catalog names it") })
        #expect(!lines.contains { $0.contains("audit") })
        #expect(lines.last == "  campaigns none: it is in no catalog")
    }
}
