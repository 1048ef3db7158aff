// modules: BeaconScanner
//
// One advertising payload. Beyond "does not crash": what is recognized has a text form that reads
// back, and the fast lane sees what the walk sees.
import BeaconScanner

/// Called by libFuzzer with one payload.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAdvertising(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let payload = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    var fast = Recognizer()
    var seen: [Recognition] = []
    fast.recognize(payload.span) { seen.append($0) }

    // An empty structure in front keeps the walk off the fast lane.
    let shifted = [1, 0x7e] + payload
    var walking = Recognizer()
    var walked: [Recognition] = []
    walking.recognize(shifted.span) { walked.append($0) }
    precondition(seen == walked && fast.rejected == walking.rejected)

    // The text form is for people and slow: one frame of a payload is enough.
    if case .beacon(let frame) = seen.last {
        precondition(BeaconID(frame.id.description) == frame.id)
        precondition(frame.id.format != .eddystoneURL || EddystoneURL.text(of: frame.id) != nil)
    }
    return 0
}
