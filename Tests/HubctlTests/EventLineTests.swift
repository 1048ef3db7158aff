import Testing

@testable import hubctl

@Suite("A line of hubctl events says what was found")
struct EventLineTests {
    private let paper = Terminal(width: nil, hasColor: false)

    private func line(
        _ type: String, _ data: String, on terminal: Terminal? = nil
    ) throws -> String {
        let event = try #require(
            KeptEvent(
                """
                {"type":"org.hubd.\(type).v1","subject":"bp-7","sequence":38,\
                "time":"2026-11-24T14:00:05+08:00","data":{"device":"bp-7",\(data)}}
                """))
        return event.line(terminal ?? paper)
    }

    /// The numbers come first, since a narrow terminal cuts the end, and each with its unit.
    @Test func measurement() throws {
        let data = """
            "owners":["k-1"],"kind":"blood-pressure","takenAt":"2026-11-24T13:59:00+08:00",\
            "takenAtSource":"device","values":[{"name":"systolic","value":138,"unit":"mm[Hg]",\
            "code":"8480-6"},{"name":"diastolic","value":88.50,"unit":"mm[Hg]"}],\
            "absent":[{"name":"mean-arterial","reason":"not-a-number"}],\
            "status":["irregular-pulse","cuff-too-loose"]
            """
        #expect(
            try line("measurement.recorded", data)
                == "14:00:05  #38  measurement.recorded  bp-7  systolic 138 mm[Hg], "
                + "diastolic 88.50 mm[Hg], mean-arterial not-a-number "
                + "status=irregular-pulse,cuff-too-loose kind=blood-pressure "
                + "takenAt=2026-11-24T13:59:00+08:00 takenAtSource=device")
        let narrow = try line(
            "measurement.recorded", data, on: Terminal(width: 72, hasColor: false))
        #expect(narrow.contains("systolic 138 mm[Hg]") && narrow.hasSuffix("…"))
    }

    @Test func card() throws {
        #expect(
            try line(
                "card.read",
                """
                "owners":[],"kind":"etc-card","balance":{"value":80.00,"unit":"CNY"},\
                "card":"****************1234","records":[{"counter":1}],"passages":[],\
                "reader":{"number":"44"}
                """)
                == "14:00:05  #38  card.read         bp-7  balance 80.00 CNY kind=etc-card "
                + "card=****************1234")
    }

    @Test func others() throws {
        #expect(
            try line("device.bound", #""kind":"airsync","owner":"k-1""#)
                == "14:00:05  #38  device.bound      bp-7  kind=airsync owner=k-1")
    }
}
