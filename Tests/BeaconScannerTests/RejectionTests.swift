import BeaconScanner
import TestSupport
import Testing

@Suite("What is refused has a name and a reason")
struct RejectionTests {
    @Test func everyReasonHasACounterAndAName() {
        let counts = RejectCounts()
        for reason in RejectReason.allCases { #expect(counts[reason] == 0) }
        #expect(Set(RejectReason.allCases.map(\.name)).count == RejectReason.allCases.count)
        #expect(RejectReason.chainTimedOut.name == "chain-timed-out")
    }

    @Test func countsOfStagesAdd() {
        var parser = ReportParser()
        _ = parser.heard([0x3e])
        var recognizer = Recognizer()
        _ = recognizer.recognized([9])
        _ = recognizer.recognized([9])
        var sum = parser.counts.rejected
        #expect(sum != recognizer.rejected)
        sum.add(recognizer.rejected)
        #expect(sum[.truncatedEvent] == 1 && sum[.truncatedStructure] == 2 && sum.total == 3)
    }

    @Test func otherFormats() {
        let maker: [UInt8] = [0x4c, 0x00, 0x10, 0x01, 0x00]
        #expect(throws: FrameError.otherFormat) { try IBeacon(manufacturerData: maker.span) }
        #expect(throws: FrameError.otherFormat) { try AltBeacon(manufacturerData: maker.span) }
        let reserved: [UInt8] = [0x40]
        let empty: [UInt8] = []
        #expect(throws: FrameError.otherFormat) { try EddystoneUID(frame: reserved.span) }
        #expect(throws: FrameError.otherFormat) { try EddystoneURL(frame: reserved.span) }
        #expect(throws: FrameError.otherFormat) { try EddystoneEID(frame: reserved.span) }
        #expect(throws: FrameError.otherFormat) { try Telemetry(frame: reserved.span) }
        #expect(throws: FrameError.length(0)) { try EddystoneUID(frame: empty.span) }
        let tooNew: [UInt8] = [0x20, 0x02]
        #expect(throws: FrameError.version(2)) { try Telemetry(frame: tooNew.span) }
        #expect(throws: FrameError.version(2)) { try EncryptedTelemetry(frame: tooNew.span) }
        let nibble: [UInt8] = [0x31]
        #expect(throws: FrameError.reserved(0x31, at: 0)) { try EddystoneEID(frame: nibble.span) }
    }

    @Test(
        arguments: [
            (.otherFormat, "the bytes do not carry the mark of this format"),
            (.length(3), "3 bytes is not a length this frame can have"),
            (.reserved(0x1f, at: 0), "the value 0x1f is reserved"),
            (.version(2), "version 0x02 is not known"),
        ] as [(FrameError, String)])
    func sentences(error: FrameError, text: String) {
        #expect(error.description == text)
    }

    @Test func urlOfAnotherIdentifier() throws {
        #expect(EddystoneURL.text(of: try #require(BeaconID("altbeacon:" + zeros))) == nil)
        // A catalog may hold any bytes: what a frame could not carry has no text.
        #expect(EddystoneURL.text(of: try #require(BeaconID("eddystone-url:04"))) == nil)
    }

    private let zeros = String(repeating: "0", count: 40)
}
