// modules: MQTT
import MQTT

/// A broker's bytes in both versions, cut at a place that they name, and what a session makes of the
/// acknowledgements.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMQTT(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    guard let first = bytes.first else { return 0 }
    let cut = min(Int(first >> 1), bytes.count - 1)
    for version in Version.allCases {
        var reader = PacketReader(version: version)
        var session = OutgoingSession(qos: first & 1 == 0 ? .atLeastOnce : .exactlyOnce, window: 20)
        for tag in Int64(0)..<20 { _ = session.begin(tag) }
        for piece in [bytes[1..<1 + cut], bytes[(1 + cut)...]] {
            reader.append(Array(piece).span)
            while let packet = try? reader.next() {
                if case .acknowledged(let answer) = packet { _ = session.received(answer) }
                if case .disconnected(let reason, _) = packet { _ = reason.description }
            }
        }
        guard session.waiting == session.tags.count else {
            preconditionFailure("\(session.waiting) wait, and \(session.tags.count) have an id")
        }
    }
    return 0
}
