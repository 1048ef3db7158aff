/// The way to a card reader: one request at a time, and the answer that has its code.
///
/// A reader answers with the request's code plus 10 (hexadecimal); anything else is an answer that
/// came too late, or nobody asked for.
struct ReaderChannel: Sendable {
    private var assembly = ReaderFrameAssembly()
    private var number: UInt8 = 0
    private var awaited: UInt8?

    /// Whether an answer is awaited.
    var isBusy: Bool { awaited != nil }

    /// Makes the messages that carry a request, each with its number; applications count to f.
    mutating func messages(
        for request: ReaderRequest
    ) -> [(message: AirSyncMessage, sequence: UInt16)] {
        number = number % 15 + 1
        guard let bytes = request.bytes, let code = bytes.first,
            let frames = ReaderFrame.frames(of: bytes, number: number)
        else { return [] }
        awaited = code &+ 0x10
        return frames.enumerated().map { index, frame in
            (
                .receiveDataPush(AirSyncData(data: frame.bytes, type: .manufacturer)),
                UInt16(number) &+ UInt16(index)
            )
        }
    }

    /// Nobody waits for the answer any more.
    mutating func giveUp() { awaited = nil }

    /// The reader sent a frame.
    ///
    /// - Returns: the answer it completes, if it is the one that is awaited.
    /// - Throws: `MalformedValue` for what is no frame or no answer.
    mutating func received(_ bytes: [UInt8]) throws(MalformedValue) -> ReaderReply? {
        let frame = try ReaderFrame(bytes.span)
        guard let message = try assembly.received(frame) else { return nil }
        let reply = try ReaderReply(message.span)
        guard reply.code == awaited else { return nil }
        awaited = nil
        return reply
    }
}
