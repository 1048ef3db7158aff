/// What the bytes of a record turn out to be.
enum PacketOutcome {
    /// A packet that is returned.
    struct Packet {
        var kind: CaptureRecord.Kind
        var direction: CaptureRecord.Direction
        var adapter: UInt16 = 0
        /// Where it begins in the record's bytes.
        var start: Int
        var rssi: RSSI = .unavailable
        var phy: Advertisement.PHY = .none
    }

    case packet(Packet)
    case other
    case malformed
    case badCRC
}

extension PacketOutcome {
    /// Looks at the bytes of a record; `flags` are those of its btsnoop header, and a record that
    /// is not whole holds less than the packet had.
    init(_ format: CaptureFormat, flags: UInt32, isWhole: Bool, _ data: Span<UInt8>) {
        self =
            switch format {
            case .btsnoop(.uart): .uart(data, at: 0, flags & 1 == 0 ? .sent : .received)
            case .pcap(.uart, _, _): .uart(data, at: 0, .unknown)
            case .btsnoop(.hci): .hci(flags: flags)
            case .btsnoop(.monitor):
                .monitor(
                    opcode: UInt16(truncatingIfNeeded: flags),
                    adapter: UInt16(truncatingIfNeeded: flags >> 16), skipping: 0)
            case .pcap(.uartWithDirection, _, _): .uartWithDirection(data)
            case .pcap(.monitor, _, _): .monitor(data)
            case .pcap(.linkLayer, _, _): .linkLayer(data, at: 0, isWhole: isWhole)
            case .pcap(.linkLayerWithHeader, _, _): .linkLayerWithHeader(data, isWhole: isWhole)
            }
    }

    /// A packet behind its UART type byte.
    ///
    /// Commands are always sent and events always received, whatever the file says: writers
    /// disagree on the direction bit of link type 201.
    static func uart(
        _ data: Span<UInt8>, at offset: Int, _ direction: CaptureRecord.Direction
    ) -> PacketOutcome {
        guard offset < data.count else { return .malformed }
        let type = data[offset]
        guard type &- 1 < 5, let kind = CaptureRecord.Kind(rawValue: type) else {
            return .malformed
        }
        let isFixed = kind == .event || kind == .command
        return .packet(
            Packet(
                kind: kind,
                direction: isFixed ? (kind == .event ? .received : .sent) : direction,
                start: offset &+ 1))
    }

    /// Link type 201: | direction (4, highest byte first; 1 is received) | UART packet |.
    static func uartWithDirection(_ data: Span<UInt8>) -> PacketOutcome {
        guard data.count > 4 else { return .malformed }
        let isReceived = data.bigEndian(UInt32.self, at: 0) & 1 != 0
        return uart(data, at: 4, isReceived ? .received : .sent)
    }

    /// Data link 1001: bit 0 of the flags is the direction, bit 1 tells commands and events
    /// from data.
    static func hci(flags: UInt32) -> PacketOutcome {
        switch flags & 3 {
        case 0: .packet(Packet(kind: .acl, direction: .sent, start: 0))
        case 1: .packet(Packet(kind: .acl, direction: .received, start: 0))
        case 2: .packet(Packet(kind: .command, direction: .sent, start: 0))
        default: .packet(Packet(kind: .event, direction: .received, start: 0))
        }
    }

    /// Link type 254: | adapter (2) | opcode (2) | payload |, highest byte first.
    static func monitor(_ data: Span<UInt8>) -> PacketOutcome {
        guard data.count >= 4 else { return .malformed }
        return monitor(
            opcode: data.bigEndian(UInt16.self, at: 2), adapter: data.bigEndian(UInt16.self, at: 0),
            skipping: 4)
    }

    /// The Linux monitor's opcodes for HCI packets; its notes are of no use here.
    static func monitor(opcode: UInt16, adapter: UInt16, skipping start: Int) -> PacketOutcome {
        let meaning: (CaptureRecord.Kind, CaptureRecord.Direction)
        switch opcode {
        case 2: meaning = (.command, .sent)
        case 3: meaning = (.event, .received)
        case 4: meaning = (.acl, .sent)
        case 5: meaning = (.acl, .received)
        case 6: meaning = (.sco, .sent)
        case 7: meaning = (.sco, .received)
        case 18: meaning = (.iso, .sent)
        case 19: meaning = (.iso, .received)
        default: return .other
        }
        return .packet(
            Packet(kind: meaning.0, direction: meaning.1, adapter: adapter, start: start))
    }
}

extension PacketOutcome {
    /// The access address of all advertising (Core 5.4, Vol 6, Part B, §2.1.2).
    private static let advertisingAccess: UInt32 = 0x8e89_bed6

    /// Link type 251: | access address (4, lowest byte first) | PDU | CRC (3) |.
    ///
    /// The checksum is checked unless somebody did before: a sniffer writes down what it received,
    /// and one wrong bit makes another beacon.
    static func linkLayer(
        _ data: Span<UInt8>, at offset: Int, rssi: RSSI = .unavailable,
        phy: Advertisement.PHY = .le1M, isWhole: Bool, isChecked: Bool = false
    ) -> PacketOutcome {
        // On LE Coded a byte (the coding indicator) stands between access address and PDU.
        let start = offset &+ (phy == .leCoded ? 5 : 4)
        guard data.count >= start &+ 2 else { return .malformed }
        guard data.littleEndian(UInt32.self, at: offset) == advertisingAccess else {
            return .other
        }
        // The PDU's second byte is the length of what follows it. One that is longer than the
        // record is for the parser to refuse; a record that was cut has no checksum to check.
        let end = start &+ 2 &+ Int(data[start &+ 1])
        if !isChecked, isWhole, end <= data.count {
            guard end &+ LinkLayerCRC.length <= data.count else { return .malformed }
            let sent =
                UInt32(data[end]) | UInt32(data[end &+ 1]) << 8 | UInt32(data[end &+ 2]) << 16
            guard LinkLayerCRC.advertising(data.extracting(start..<end)) == sent else {
                return .badCRC
            }
        }
        return .packet(
            Packet(kind: .linkLayer, direction: .received, start: start, rssi: rssi, phy: phy))
    }

    /// Link type 256: | RF channel (1) | signal (1, dBm) | noise (1) | access address offenses
    /// (1) | reference access address (4) | flags (2) | what link type 251 has |, lowest byte
    /// first.
    static func linkLayerWithHeader(_ data: Span<UInt8>, isWhole: Bool) -> PacketOutcome {
        guard data.count >= 10 else { return .malformed }
        let flags = data.littleEndian(UInt16.self, at: 8)
        // 0001: dewhitened; without it the bytes are scrambled.
        guard flags & 0x0001 != 0 else { return .other }
        // 0400: checksum checked by the sniffer; 0800: and right.
        if flags & 0x0c00 == 0x0400 { return .badCRC }
        // 0380: 0 is unspecified and 1 advertising on a secondary channel; the rest is data.
        guard flags & 0x0380 <= 0x0080 else { return .other }
        let phy: Advertisement.PHY
        switch flags >> 14 {
        case 0: phy = .le1M
        case 1: phy = .le2M
        case 2: phy = .leCoded
        default: return .malformed
        }
        // 0002: the signal is valid.
        let rssi = flags & 0x0002 != 0 ? RSSI(data.signed(at: 1)) : .unavailable
        return linkLayer(
            data, at: 10, rssi: rssi, phy: phy, isWhole: isWhole, isChecked: flags & 0x0400 != 0)
    }
}
