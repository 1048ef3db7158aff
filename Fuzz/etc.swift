// modules: BeaconScanner HardwareHub
import HardwareHub

/// A card reader's packets, frames and messages, and the card's files.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzETC(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    _ = try? DecodeArea.etc.decode(bytes.span)
    _ = (try? CardIssue(bytes.span)).map { "\($0.number)" }
    _ = try? CardRecord(bytes.span)
    _ = try? TollPassage(bytes.span)
    _ = try? LoadInitialization(bytes.span)

    // Messages and frames with the check byte made right: the fuzzer cannot guess it.
    for code in [0xa3, 0xa5, 0xb2, 0xb3, 0xb5] as [UInt8] {
        _ = try? DecodeArea.etc.decode(([code] + bytes).span)
    }
    var assembly = ReaderFrameAssembly()
    var rest = bytes[...]
    while let control = rest.popFirst(), let length = rest.popFirst() {
        let data = [UInt8](rest.prefix(Int(length)))
        rest = rest.dropFirst(data.count)
        guard
            let frame = ReaderFrame(
                number: 1, isFirst: control & 0x80 != 0, remaining: control & 0x7f, data: data),
            let read = try? ReaderFrame(frame.bytes.span)
        else { continue }
        _ = try? assembly.received(read)
    }
    return 0
}
