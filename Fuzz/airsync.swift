// modules: BeaconScanner HardwareHub
import BeaconScanner
import HardwareHub

/// AirSync packets, whole and in pieces, every kind of message, and AirKiss beside them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAirSync(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    // A cipher that leaves the text as it is reaches everything behind the real one.
    let open = AirSyncCrypto(
        encryptCBC: { text, _, _ in text }, decryptCBC: { text, _, _ in text }, md5: { $0 })
    let aids = DecodeAids(crypto: open, key: [UInt8](repeating: 0, count: 16), deviceID: "x")
    _ = try? DecodeArea.airSync.decode(bytes.span, aids: aids)
    _ = try? DecodeArea.airKissDiscovery.decode(bytes.span)

    // A message that reads must read the same after it was written.
    for command in [10001, 10002, 10003, 20001, 20002, 20003, 30001, 30002, 30003, 29999]
        as [UInt16]
    {
        let command = AirSyncCommand(rawValue: command)
        guard let message = try? AirSyncMessage(command, bytes.span) else { continue }
        let written = message.body
        guard let again = try? AirSyncMessage(command, written.span), again.body == written else {
            preconditionFailure("\(message) was written as \(written)")
        }
    }

    // The first byte of each piece is its length, and how much time went by before it.
    var assembly = AirSyncAssembly()
    var now = BootTime(nanoseconds: 0)
    var rest = bytes[...]
    while let length = rest.popFirst() {
        let piece = [UInt8](rest.prefix(Int(length)))
        rest = rest.dropFirst(Int(length))
        now.nanoseconds &+= Int64(length) &* 20_000_000
        _ = try? assembly.received(piece.span, at: now)
    }

    var decoder = AirKissDecoder()
    for index in bytes.indices.dropLast() {
        let symbol = UInt16(bytes[index]) &<< 8 | UInt16(bytes[index &+ 1])
        _ = decoder.received(symbol & 0x1ff)
    }
    return 0
}
