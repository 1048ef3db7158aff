// modules: BeaconScanner BlueZ/Monitor/Frames
//
// What an HCI monitor socket may hand over. Input: | time since the last one (1, 100 ms, signed) |
// length n (1) | frame (n) | … Beyond "does not crash": what a frame tells is what its bytes say,
// the adapters stay in order and bounded, and time never goes back.
import BeaconScanner
import BlueZ

/// Called by libFuzzer with a run of frames.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMonitor(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe UnsafeBufferPointer(start: start, count: count).span
    var adapters = MonitorAdapters()
    var parser = ReportParser()
    var clock = MonitorClock()
    var wall: Int64 = 1_795_000_000_000_000_000
    var boot = BootTime(nanoseconds: 0)
    var last = BootTime(nanoseconds: .min)
    var offset = 0
    while input.count - offset >= 2 {
        // Stamped before the wall clock moves, read after it.
        let stamp = wall
        wall &+= Int64(Int8(bitPattern: input[offset])) * 100_000_000
        boot.nanoseconds += 1_000_000
        let first = offset + 2
        let end = min(first + Int(input[offset + 1]), input.count)
        let bytes = input.extracting(first..<end)
        let time = clock.time(stampedAt: stamp, wall: wall, boot: boot)
        precondition(time >= last && time <= boot)
        last = time
        if let frame = try? MonitorFrame(bytes) {
            precondition(bytes.count >= MonitorFrame.headerLength)
            precondition(UInt16(bytes[2]) | UInt16(bytes[3]) << 8 == frame.adapter)
            let before = adapters.all
            let hasChanged = adapters.take(frame)
            precondition(hasChanged == (before != adapters.all))
            precondition(adapters.all.count <= 64)
            precondition(
                zip(adapters.all, adapters.all.dropFirst()).allSatisfy { $0.number < $1.number })
            if frame.content == .event {
                let event = bytes.extracting(MonitorFrame.headerLength..<bytes.count)
                _ = MonitorFrame.isEvidence(event: event)
                parser.parse(
                    event: event, adapter: frame.adapter, time: time
                ) { _, _ in }
            }
        }
        offset = end
    }
    return 0
}
