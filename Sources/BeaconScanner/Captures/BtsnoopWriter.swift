/// Writes btsnoop files: the bytes, not the file.
///
/// The Linux monitor's data link keeps the adapter's number, the UART one is read by every tool.
public struct BtsnoopWriter: Sendable {
    /// What the records hold.
    public let datalink: CaptureFormat.Datalink

    /// Makes a writer.
    public init(_ datalink: CaptureFormat.Datalink) {
        self.datalink = datalink
    }

    /// Appends the file's header: 16 bytes, once.
    public func appendHeader(to file: inout [UInt8]) {
        file += [0x62, 0x74, 0x73, 0x6e, 0x6f, 0x6f, 0x70, 0x00]
        Self.append(UInt32(1), to: &file)
        Self.append(datalink.rawValue, to: &file)
    }

    /// Appends a record: 24 bytes of header, the UART type byte where the data link has one, and
    /// the packet.
    ///
    /// - Parameters:
    ///   - packet: the HCI packet without a type byte; `CaptureReader.longestRecord` less 5 bytes
    ///     at most, or it cannot be read back.
    ///   - kind: what it is.
    ///   - direction: which way it went.
    ///   - adapter: the number of the adapter; kept by the monitor data link only.
    ///   - time: µs since 1970.
    ///   - file: what to append to.
    /// - Returns: false, and nothing is appended, for a packet that the data link has no place
    ///   for.
    @discardableResult
    public func append(
        _ packet: Span<UInt8>, kind: CaptureRecord.Kind, direction: CaptureRecord.Direction,
        adapter: UInt16, time: Int64, to file: inout [UInt8]
    ) -> Bool {
        let typeLength = datalink == .uart ? 1 : 0
        guard packet.count + typeLength <= CaptureReader.longestRecord,
            let flags = flags(kind, direction, adapter)
        else { return false }
        let length = UInt32(packet.count + typeLength)
        Self.append(length, to: &file)
        Self.append(length, to: &file)
        Self.append(flags, to: &file)
        Self.append(UInt32(0), to: &file)
        Self.append(UInt64(bitPattern: time) &+ RecordHeader.btsnoopEpoch, to: &file)
        if datalink == .uart { file.append(kind.rawValue) }
        for index in packet.indices { file.append(packet[index]) }
        return true
    }

    /// The flags of a record; the counterpart of `PacketOutcome`.
    private func flags(
        _ kind: CaptureRecord.Kind, _ direction: CaptureRecord.Direction, _ adapter: UInt16
    ) -> UInt32? {
        let received: UInt32 = direction == .received ? 1 : 0
        switch (datalink, kind) {
        case (_, .linkLayer): return nil
        case (.hci, .sco), (.hci, .iso): return nil
        case (.monitor, .command): return UInt32(adapter) << 16 | 2
        case (.monitor, .event): return UInt32(adapter) << 16 | 3
        case (.monitor, .acl): return UInt32(adapter) << 16 | 4 + received
        case (.monitor, .sco): return UInt32(adapter) << 16 | 6 + received
        case (.monitor, .iso): return UInt32(adapter) << 16 | 18 + received
        case (_, .command): return 2
        case (_, .event): return 3
        case (_, .acl), (_, .sco), (_, .iso): return received
        }
    }

    private static func append(
        _ word: some FixedWidthInteger & UnsignedInteger, to file: inout [UInt8]
    ) {
        for shift in stride(from: word.bitWidth - 8, through: 0, by: -8) {
            file.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }
}
