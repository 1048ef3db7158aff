import BeaconScanner
import TestSupport
import Testing

@Suite("Every report of an HCI event is delivered or counted")
struct ReportParserTests {
    private let beacon = Vector.all("ibeacon")[0].bytes

    @Test func legacyReportFields() {
        var parser = ReportParser()
        let heard = parser.heard(
            hex("3e2a020103016655443322111e") + beacon + [0xc1])
        let expected = Advertisement(
            address: DeviceAddress(bits: 0x1122_3344_5566, kind: .random), rssi: RSSI(-63),
            properties: [.legacy])
        #expect(heard == [Heard(header: expected, payload: beacon)])
        #expect(heard.first?.header.setID == nil && heard.first?.header.txPower == nil)
    }

    @Test(
        arguments: [
            (0, [.legacy, .connectable, .scannable]), (1, [.legacy, .connectable, .directed]),
            (2, [.legacy, .scannable]), (3, [.legacy]), (4, [.legacy, .scannable, .scanResponse]),
        ] as [(UInt8, Advertisement.Properties)])
    func legacyEventTypes(type: UInt8, properties: Advertisement.Properties) {
        var parser = ReportParser()
        let heard = parser.heard(event(0x02, [legacyReport(type: type, data: [])]))
        #expect(heard.map(\.header.properties) == [properties])
    }

    @Test func severalReportsInOneEvent() {
        var parser = ReportParser()
        let reports = [
            legacyReport(data: [1]), legacyReport(data: []),
            legacyReport(data: [UInt8](repeating: 9, count: 31)),
        ]
        #expect(parser.heard(event(0x02, reports)).map(\.payload.count) == [1, 0, 31])
        #expect(parser.counts.rejected.total == 0 && parser.isBalanced)
    }

    @Test func legacyDataOfMoreThan31BytesIsRefusedAndTheNextReportUsed() {
        for count in [31, 32, 229] {
            var parser = ReportParser()
            let long = legacyReport(data: [UInt8](repeating: 1, count: count))
            let heard = parser.heard(event(0x02, [long, legacyReport(data: [7])]))
            #expect(heard.map(\.payload.count) == (count == 31 ? [31, 1] : [1]))
            #expect(parser.counts.rejected[.dataLength] == (count == 31 ? 0 : 1))
            #expect(parser.isBalanced)
        }
    }

    /// The kernel once copied such a report into a legacy buffer (CVE-2020-24490).
    @Test func bleedingTooth() {
        for count in [31, 32, 229] {
            for type in [0x00, 0x13] as [UInt16] {
                var parser = ReportParser()
                let data = [UInt8](repeating: 0, count: count)
                let heard = parser.heard(event(0x0d, [extendedReport(type: type, data: data)]))
                let isRefused = type == 0x13 && count > 31
                #expect(heard.map(\.payload.count) == (isRefused ? [] : [count]))
                #expect(parser.counts.rejected[.dataLength] == (isRefused ? 1 : 0))
            }
        }
    }

    @Test(arguments: [251, 254, 255])
    func lengthsAnEventCannotHold(length: UInt8) {
        for subevent in [0x02, 0x0d] as [UInt8] {
            var parser = ReportParser()
            let report =
                subevent == 2
                ? legacyReport(data: [1, 2, 3], length: length)
                : extendedReport(data: [1, 2, 3], length: length)
            #expect(parser.heard(event(subevent, [report])) == [])
            #expect(parser.counts.rejected[.missingReport] == 1)
        }
    }

    @Test func countsThatLie() {
        var parser = ReportParser()
        #expect(parser.heard(event(0x02, [legacyReport(data: [1])], count: 3)).count == 1)
        #expect(parser.counts.rejected[.missingReport] == 2)
        #expect(parser.heard(event(0x02, [legacyReport(data: [1])], count: 0)) == [])
        #expect(parser.counts.rejected[.noReports] == 1)
        let two = event(0x02, [legacyReport(data: [1]), legacyReport(data: [2])], count: 1)
        #expect(parser.heard(two).map(\.payload) == [[1]])
        #expect(parser.counts.rejected[.trailingBytes] == 1)
    }

    @Test func lengthsOfTheEvent() {
        let whole = event(0x02, [legacyReport(data: [1]), legacyReport(data: [2])])
        var parser = ReportParser()
        #expect(parser.heard(Array(whole.dropLast())).map(\.payload) == [[1]])
        #expect(parser.counts.rejected[.truncatedEvent] == 1)
        #expect(parser.counts.rejected[.missingReport] == 1)
        // What stands behind the event is not the event's.
        #expect(parser.heard(whole + [0xff, 0xff]).count == 2)
    }

    /// Events that end before their number of reports: the fuzzer found that bytes behind such an
    /// event were read as its own.
    @Test(
        arguments: [
            ([0x3e], .truncatedEvent), ([0x3e, 0x01], .truncatedEvent),
            ([0x3e, 0x02, 0x02], .truncatedEvent), ([0x3e, 0x00], .noReports),
            ([0x3e, 0x01, 0x02], .noReports), ([0x3e, 0x01, 0x0d, 0x01], .noReports),
            ([0x3e, 0x02, 0x02, 0x00], .noReports), ([0x3e, 0x00, 0x02, 0x01], .noReports),
            ([0x3e, 0x01, 0x01], nil), ([0x3e, 0x09, 0x01], nil),
        ] as [([UInt8], RejectReason?)])
    func shortEvents(bytes: [UInt8], reason: RejectReason?) {
        var parser = ReportParser()
        #expect(parser.heard(bytes) == [])
        #expect(parser.counts.rejected.total == (reason == nil ? 0 : 1))
        if let reason { #expect(parser.counts.rejected[reason] == 1) }
    }

    @Test func unknownTypesAreRefused() {
        var parser = ReportParser()
        #expect(parser.heard(event(0x02, [legacyReport(type: 5, data: [])])) == [])
        #expect(parser.heard(event(0x0d, [extendedReport(type: 0x11, data: [])])) == [])
        #expect(parser.heard(event(0x0d, [extendedReport(type: 0x33, data: [])])) == [])
        #expect(parser.counts.rejected[.eventType] == 3)
        #expect(parser.heard(event(0x02, [legacyReport(addressType: 4, data: [])])) == [])
        #expect(parser.heard(event(0x02, [legacyReport(addressType: 0xff, data: [])])) == [])
        #expect(parser.heard(event(0x0d, [extendedReport(addressType: 4, data: [])])) == [])
        #expect(parser.counts.rejected[.addressType] == 3)
        #expect(parser.heard(event(0x0d, [extendedReport(type: 0x60, data: [])])) == [])
        #expect(parser.counts.rejected[.dataStatus] == 1)
        #expect(parser.isBalanced && parser.counts.received == 7)
    }

    @Test(arguments: [
        ([] as [UInt8]), [0x0e, 0x04, 0x01, 0x00, 0x00, 0x00], [0x3e, 0x01, 0x01, 0x00],
    ])
    func otherEventsArePassedOver(bytes: [UInt8]) {
        var parser = ReportParser()
        #expect(parser.heard(bytes) == [] && parser.counts == ReportCounts())
    }

    @Test func extendedReportFields() {
        var report = extendedReport(type: 0x0009, set: 7, data: [1])
        report.replaceSubrange(12..<16, with: [0xec, 0xba, 0x50, 0x01])
        var parser = ReportParser()
        let expected = Advertisement(
            address: DeviceAddress(bits: 0x1122_3344_5566, kind: .random), rssi: RSSI(-70),
            properties: [.connectable, .scanResponse], setID: 7, txPower: -20, primaryPHY: .le1M,
            secondaryPHY: .le2M, periodicInterval: 0x150)
        #expect(parser.heard(event(0x0d, [report])) == [Heard(header: expected, payload: [1])])
        #expect(expected.rssi == RSSI(-70) && expected.txPower == -20 && expected.setID == 7)
        #expect(expected.primaryPHY == .le1M && expected.secondaryPHY == .le2M)
        #expect(expected.periodicInterval == 0x150 && expected.address.kind == .random)
    }

    @Test(arguments: [0x10, 0x12, 0x13, 0x15, 0x1a, 0x1b] as [UInt16])
    func legacyPDUsInExtendedReports(type: UInt16) {
        var parser = ReportParser()
        let heard = parser.heard(event(0x0d, [extendedReport(type: type, set: 0xff, data: [1])]))
        #expect(heard.map(\.header.properties.rawValue) == [UInt8(type)])
        #expect(heard.map(\.header.setID) == [nil])
    }

    /// The commonest events have lanes of their own: they must not change what is heard.
    @Test func lanesAgreeWithTheLongWay() {
        let data: [UInt8] = [2, 1, 6, 3, 3, 0xaa, 0xfe]
        var events = [
            event(0x02, [legacyReport(data: [])]), event(0x02, [legacyReport(data: data)]),
            event(0x0d, [extendedReport(type: 0x13, data: data)]),
            event(0x0d, [extendedReport(type: 0x1b, set: 0xff, data: [])]),
        ]
        for count in [31, 32] {
            let long = [UInt8](repeating: 1, count: count)
            events.append(event(0x02, [legacyReport(data: long)]))
            events.append(event(0x0d, [extendedReport(type: 0x10, data: long)]))
        }
        for event in events {
            ByteVerifier.oneByteChanges(of: event) { bytes in
                guard Int(bytes[1]) + 2 == bytes.count else { return }
                var short = ReportParser()
                var long = ReportParser()
                // A byte behind the event is not the event's, and keeps it off the lanes.
                #expect(short.heard(bytes) == long.heard(bytes + [0]))
                #expect(short.counts == long.counts)
            }
        }
    }

    @Test func hostileNeighbours() {
        let events = [
            event(0x02, [legacyReport(data: beacon), legacyReport(data: [2, 1, 6])]),
            event(0x0d, [extendedReport(data: beacon), extendedReport(type: 0x20, data: beacon)]),
        ]
        var parser = ReportParser()
        for event in events {
            ByteVerifier.neighbours(of: event) { bytes in
                for heard in parser.heard(bytes) {
                    #expect(heard.payload.count <= Advertisement.longestData)
                }
            }
        }
        #expect(parser.isBalanced)
    }
}
