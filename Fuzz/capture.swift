// modules: BeaconScanner
//
// A capture file. Beyond "does not crash": reading it in pieces gives what reading it whole gives.
import BeaconScanner

/// What a reading comes to.
struct Reading: Equatable {
    var times: [Int64] = []
    var payloads: [[UInt8]] = []
    var counts = CaptureCounts()
    var reports = ReportCounts()
    var error: CaptureError?

    init(_ file: Span<UInt8>, piece: Int) {
        var reader = CaptureReader()
        var parser = ReportParser()
        var start = 0
        var end = 0
        do throws(CaptureError) {
            repeat {
                end = min(end + piece, file.count)
                let chunk = file.extracting(start..<end)
                var position = 0
                while let record = try reader.next(in: chunk, at: &position) {
                    times.append(record.time)
                    parser.parse(record, in: chunk) { _, payload in
                        payloads.append(payload.indices.map { payload[$0] })
                    }
                }
                start += position
            } while end < file.count
            try reader.finish(remaining: end - start)
        } catch {
            self.error = error
            precondition(error.offset <= UInt64(file.count) && !error.description.isEmpty)
        }
        precondition(reader.offset == UInt64(start) || error != nil)
        counts = reader.counts
        reports = parser.counts
    }
}

/// Called by libFuzzer with one capture file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCapture(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let file = unsafe UnsafeBufferPointer(start: start, count: count).span
    precondition(Reading(file, piece: Int(UInt32.max)) == Reading(file, piece: 37))
    return 0
}
