extension ReportParser {
    /// Parses a packet of a capture and delivers its advertisements.
    ///
    /// Events and link-layer packets carry some; other kinds are passed over.
    ///
    /// - Parameters:
    ///   - record: the packet, as `CaptureReader` returned it.
    ///   - chunk: the chunk it was read from.
    ///   - deliver: is given each advertisement's header and data.
    @inlinable @inline(__always)
    public mutating func parse(
        _ record: CaptureRecord, in chunk: Span<UInt8>,
        _ deliver: (Advertisement, Span<UInt8>) -> Void
    ) {
        guard record.bytes.upperBound <= chunk.count else { return }
        let bytes = chunk.extracting(record.bytes)
        if record.kind == .event {
            parse(
                event: bytes, adapter: record.adapter,
                time: BootTime(nanoseconds: record.time &* 1000), deliver)
        } else if record.kind == .linkLayer {
            parse(pdu: bytes, rssi: record.rssi, phy: record.phy, deliver)
        }
    }

    /// Parses one PDU of the advertising channels, from its header on, and delivers its
    /// advertisement.
    ///
    /// wire: | type (4 bits), RFU, ChSel, TxAdd, RxAdd (1 bit each) | length n (1) | payload (n) |
    /// (Core 5.4, Vol 6, Part B, §2.3); what follows, such as the CRC, is left alone.
    ///
    /// - Parameters:
    ///   - pdu: the PDU.
    ///   - rssi: how strongly it was received.
    ///   - phy: how it was sent.
    ///   - deliver: is given the advertisement's header and data.
    public mutating func parse(
        pdu: Span<UInt8>, rssi: RSSI, phy: Advertisement.PHY,
        _ deliver: (Advertisement, Span<UInt8>) -> Void
    ) {
        guard pdu.count >= 2, 2 &+ Int(pdu[1]) <= pdu.count else {
            return count(linkLayer: .linkLayerLength)
        }
        let payload = pdu.extracting(2..<(2 &+ Int(pdu[1])))
        let isRandom = pdu[0] & 0x40 != 0
        if pdu[0] & 0x0f == 7 {
            return extended(payload, isRandom, rssi, phy, deliver)
        }
        let properties: Advertisement.Properties
        switch pdu[0] & 0x0f {
        case 0: properties = [.legacy, .connectable, .scannable]
        case 2: properties = [.legacy]
        case 4: properties = [.legacy, .scannable, .scanResponse]
        case 6: properties = [.legacy, .scannable]
        default: return count(linkLayer: .linkLayerSkipped)
        }
        guard (6...(6 &+ Advertisement.longestLegacyData)).contains(payload.count) else {
            return count(linkLayer: .linkLayerLength)
        }
        count(linkLayer: nil)
        deliver(
            Advertisement(
                address: DeviceAddress(
                    bits: payload.addressBits(at: 0), kind: isRandom ? .random : .public),
                rssi: rssi, properties: properties),
            payload.extracting(6...))
    }

    /// Delivers an extended advertisement that one packet holds whole.
    ///
    /// wire: | extended header length m (6 bits), mode (2 bits) | flags (1) | AdvA (6)? |
    /// TargetA (6)? | CTEInfo (1)? | ADI (2)? | AuxPtr (3)? | SyncInfo (18)? | TxPower (1)? |
    /// … up to m | data | (§2.3.4). Bits 0 to 6 of the flags say which fields are there.
    ///
    /// A packet that points to another (AuxPtr) or does not name its sender is a part of an
    /// advertisement: to join those one must follow the radio's timing, which a file of a
    /// sniffer does not always allow. They are counted.
    private mutating func extended(
        _ payload: Span<UInt8>, _ isRandom: Bool, _ rssi: RSSI, _ phy: Advertisement.PHY,
        _ deliver: (Advertisement, Span<UInt8>) -> Void
    ) {
        guard payload.count >= 1 else { return count(linkLayer: .linkLayerLength) }
        let start = 1 &+ Int(payload[0] & 0x3f)
        guard start <= payload.count else { return count(linkLayer: .linkLayerLength) }
        guard start > 1 else { return count(linkLayer: .linkLayerSkipped) }
        let flags = payload[1]
        let lengths: [6 of Int] = [6, 6, 1, 2, 3, 18]
        var places: [6 of Int] = [0, 0, 0, 0, 0, 0]
        var offset = 2
        for field in 0..<6 where flags & (1 << UInt8(field)) != 0 {
            places[field] = offset
            offset &+= lengths[field]
        }
        let powerPlace = offset
        if flags & 0x40 != 0 { offset &+= 1 }
        guard offset <= start else { return count(linkLayer: .linkLayerLength) }
        guard flags & 0x01 != 0, flags & 0x10 == 0, start < payload.count else {
            return count(linkLayer: .linkLayerSkipped)
        }
        // Modes 1 and 2 are connectable and scannable. A scan response (AUX_SCAN_RSP) has the same
        // form as an advertisement and passes for one.
        let mode = payload[0] >> 6
        var properties: Advertisement.Properties = []
        if mode == 1 { properties.insert(.connectable) }
        if mode == 2 { properties.insert(.scannable) }
        if flags & 0x02 != 0 { properties.insert(.directed) }
        count(linkLayer: nil)
        deliver(
            Advertisement(
                address: DeviceAddress(
                    bits: payload.addressBits(at: places[0]),
                    kind: isRandom ? .random : .public),
                rssi: rssi, properties: properties,
                setID: flags & 0x08 != 0 ? payload[places[3] &+ 1] >> 4 : nil,
                txPower: flags & 0x40 != 0 ? payload.signed(at: powerPlace) : nil,
                primaryPHY: phy == .leCoded ? .leCoded : .le1M, secondaryPHY: phy),
            payload.extracting(start...))
    }
}
