import BeaconScanner
import TestSupport
import Testing

@Suite("A walk visits every whole structure and never reads past the payload")
struct ADStructureTests {
    private struct Visit: Equatable {
        var type: UInt8
        var data: [UInt8]
    }

    private func walk(_ payload: [UInt8]) -> ([Visit], WalkEnd) {
        var visits: [Visit] = []
        let end = forEachADStructure(in: payload.span) { type, data in
            visits.append(Visit(type: type.rawValue, data: copy(data)))
            return .next
        }
        return (visits, end)
    }

    @Test func wholePayload() {
        let (visits, end) = walk(hex("0201060303aafe"))
        #expect(visits == [Visit(type: 1, data: [6]), Visit(type: 3, data: [0xaa, 0xfe])])
        #expect(end == .complete)
        #expect(walk([]) == ([], .complete))
    }

    @Test func truncatedStructureKeepsThoseBefore() {
        let (visits, end) = walk([0x02, 0x01, 0x06, 0x05, 0xff, 0x4c])
        #expect(visits == [Visit(type: 1, data: [6])])
        #expect(end == .truncated(at: 3))
        #expect(walk([0x02, 0x01, 0x06, 0x01]).1 == .truncated(at: 3))
        #expect(walk([0xff]).1 == .truncated(at: 0))
    }

    @Test func zeroLengthEndsTheWalk() {
        let (visits, end) = walk([0x02, 0x01, 0x06, 0x00, 0x02, 0x01, 0x07])
        #expect(visits == [Visit(type: 1, data: [6])])
        #expect(end == .zeroLength(at: 3))
    }

    @Test func visitorStops() {
        var seen = 0
        let end = forEachADStructure(in: hex("0201060303aafe").span) { _, _ in
            seen += 1
            return .stop
        }
        #expect(seen == 1 && end == .stopped)
    }

    /// BlueZ's printers read past short fields; ours meet each type without a body.
    @Test func everyTypeWithoutABody() {
        let payload = (UInt8.min...UInt8.max).flatMap { [UInt8(1), $0] }
        let (visits, end) = walk(payload)
        #expect(visits == (UInt8.min...UInt8.max).map { Visit(type: $0, data: []) })
        #expect(end == .complete)
        var recognizer = Recognizer()
        #expect(recognizer.recognized(payload) == [])
    }

    @Test func duplicatesOfEveryTypeAreAllVisited() {
        for type in UInt8.min...UInt8.max {
            let payload: [UInt8] = [2, type, 7, 2, type, 7, 2, type, 7]
            #expect(walk(payload).0 == Array(repeating: Visit(type: type, data: [7]), count: 3))
            var recognizer = Recognizer()
            #expect(recognizer.recognized(payload) == [])
        }
    }

    /// Lengths around the limits of a legacy PDU, a report, an auxiliary packet and the whole.
    @Test(arguments: [31, 32, 229, 251, 254, 255, 1650, 1651])
    func payloadOfLength(count: Int) {
        for filler in [UInt8(0), 1, 2, 0x1a, 0xff] {
            var recognizer = Recognizer()
            _ = recognizer.recognized([UInt8](repeating: filler, count: count))
            #expect(recognizer.rejected.total <= 1)
        }
        let beacon = Array(Vector.all("ibeacon")[0].bytes.dropFirst(3))
        let payload = (0..<(count / beacon.count)).flatMap { _ in beacon }
        var recognizer = Recognizer()
        #expect(recognizer.recognized(payload).count == count / beacon.count)
    }

    /// A name may fill its structure: 249 to 254 bytes, without NUL, cut within a character.
    @Test(arguments: 249...255)
    func longName(count: Int) {
        let name = [UInt8](repeating: 0xe5, count: count)
        for type in [ADType.shortenedName, .completeName] {
            let payload = [UInt8(truncatingIfNeeded: count + 1), type.rawValue] + name
            let (visits, end) = walk(payload)
            if count < 255 {
                #expect(visits == [Visit(type: type.rawValue, data: name)])
                #expect(end == .complete)
            } else {
                #expect(visits == [] && end == .zeroLength(at: 0))
            }
        }
    }

    @Test func publishedMalformed() {
        for vector in Vector.all("ad") {
            var recognizer = Recognizer()
            #expect(recognizer.recognized(vector.bytes) == [])
            ByteVerifier.neighbours(of: vector.bytes) { bytes in
                _ = walk(bytes)
                _ = recognizer.recognized(bytes)
            }
        }
    }
}
