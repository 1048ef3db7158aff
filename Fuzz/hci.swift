// modules: BeaconScanner
//
// A run of HCI events, with everything that is kept between them (reassembly). Input:
// | adapter (1) | time since the last one (1, 100 ms) | length n (1) | event (n) | …
// Beyond "does not crash": the counts balance, and the lanes of the commonest events hear what the
// long way hears.
import BeaconScanner

/// Called by libFuzzer with a run of HCI events.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHCI(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: count).span
    var parser = ReportParser()
    var longWay = ReportParser()
    var recognizer = Recognizer()
    var time: Int64 = 0
    var offset = 0
    while input.count - offset >= 3 {
        time &+= Int64(input[offset + 1]) * 100_000_000
        let first = offset + 3
        let end = min(first + Int(input[offset + 2]), input.count)
        parser.parse(
            event: input.extracting(first..<end), adapter: UInt16(input[offset]),
            time: BootTime(nanoseconds: time)
        ) { header, payload in
            let isLegacy = header.properties.contains(.legacy)
            let limit = isLegacy ? Advertisement.longestLegacyData : Advertisement.longestData
            precondition(payload.count <= limit)
            precondition(header.address.bits >> 48 == 0)
            recognizer.recognize(payload) { _ in }
        }
        // A byte behind an event is not the event's, and keeps it off the lanes.
        var bytes = (first..<end).map { input[$0] }
        if bytes.count >= 2, Int(bytes[1]) + 2 == bytes.count { bytes.append(0) }
        longWay.parse(
            event: bytes.span, adapter: UInt16(input[offset]), time: BootTime(nanoseconds: time)
        ) { _, _ in }
        precondition(parser.counts == longWay.counts)
        offset = end
    }
    let counts = parser.counts
    precondition(
        counts.received
            == counts.delivered + counts.fragments + counts.dropped + counts.rejectedReports)
    return 0
}
