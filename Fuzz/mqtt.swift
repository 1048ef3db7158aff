// modules: MQTT
import MQTT

/// A broker's bytes in both versions, to a client that publishes and one that has subscribed, cut at
/// a place that they name, and what a session makes of the acknowledgements.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMQTT(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    guard let first = bytes.first else { return 0 }
    let cut = min(Int(first >> 1), bytes.count - 1)
    for (version, longest) in Version.allCases.flatMap({ [($0, nil), ($0, 1 << 20)] }) {
        var reader = PacketReader(version: version, longestMessage: longest)
        var session = OutgoingSession(qos: first & 1 == 0 ? .atLeastOnce : .exactlyOnce, window: 20)
        for tag in Int64(0)..<20 { _ = session.begin(tag) }
        for piece in [bytes[1..<1 + cut], bytes[(1 + cut)...]] {
            reader.append(Array(piece).span)
            while let packet = try? reader.next() {
                if case .acknowledged(let answer) = packet { _ = session.received(answer) }
                if case .disconnected(let reason, _) = packet { _ = reason.description }
                if case .message(let message) = packet {
                    guard longest != nil, message.payload.count < bytes.count, message.id != 0
                    else {
                        preconditionFailure("a message that cannot be: \(message)")
                    }
                }
            }
        }
        guard session.waiting == session.tags.count else {
            preconditionFailure("\(session.waiting) wait, and \(session.tags.count) have an id")
        }
    }
    return 0
}
