/// Takes the advertising reports out of HCI events.
///
/// It knows the LE Advertising Report and the LE Extended Advertising Report, joins extended
/// advertisements that come in pieces, and counts whatever it does not use. All memory is
/// allocated when it is made. It trusts no length: a controller, a capture file or a fuzzer may
/// hand it anything.
public struct ReportParser: Sendable {
    /// What became of the reports.
    public var counts: ReportCounts { tally }

    @usableFromInline
    var tally = ReportCounts()
    private var reassembly = Reassembly()

    /// Makes a parser with nothing pending.
    public init() {}

    /// Parses one HCI event and delivers its advertisements.
    ///
    /// wire: | event code 3e (1) | parameter length (1) | subevent 02 or 0d (1) | reports n (1) |
    /// n reports | (Core 5.4, Vol 4, Part E, §7.7.65). The specification prints the reports'
    /// fields as parallel arrays; controllers send report after report.
    ///
    /// Other events are passed over in silence. Reports before a malformed one count.
    ///
    /// - Parameters:
    ///   - event: the event without the H4 packet type.
    ///   - adapter: which controller sent it.
    ///   - time: when it came; only differences matter.
    ///   - deliver: is given each advertisement's header and data. The data is valid during the
    ///     call.
    @inlinable @inline(__always)
    public mutating func parse(
        event: Span<UInt8>, adapter: UInt16, time: BootTime,
        _ deliver: (Advertisement, Span<UInt8>) -> Void
    ) {
        if loneReport(event, deliver) || loneExtendedReport(event, deliver) { return }
        parseAny(event, adapter, time, deliver)
    }

    /// Parses an event of any shape.
    @usableFromInline
    mutating func parseAny(
        _ event: Span<UInt8>, _ adapter: UInt16, _ time: BootTime,
        _ deliver: (Advertisement, Span<UInt8>) -> Void
    ) {
        guard event.count > 0, event[0] == Self.metaEvent else { return }
        let announced = event.count > 1 ? 2 &+ Int(event[1]) : Int.max
        // What stands behind the announced bytes is not the event's.
        let end = min(announced, event.count)
        if end > 2, event[2] != Self.legacyReport, event[2] != Self.extendedReport { return }
        if announced > event.count { tally.rejected.count(.truncatedEvent) }
        guard end >= Self.headerLength, event[3] > 0 else {
            if announced <= event.count { tally.rejected.count(.noReports) }
            return
        }
        let reports = event.extracting(Self.headerLength..<end)
        let subevent = event[2]
        var missing = UInt64(event[3])
        var offset = 0
        while missing > 0 {
            let next =
                subevent == Self.legacyReport
                ? legacy(reports, at: offset, deliver)
                : extended(reports, at: offset, adapter, time, deliver)
            guard let next else { break }
            offset = next
            missing &-= 1
        }
        if missing > 0 {
            tally.rejected.count(.missingReport, missing)
        } else if offset < reports.count {
            tally.rejected.count(.trailingBytes)
        }
    }

    /// Delivers what nearly every event of a legacy scan holds: one report that is in order.
    ///
    /// - Returns: false, and nothing is counted, for everything else.
    @inlinable @inline(__always)
    mutating func loneReport(
        _ event: Span<UInt8>, _ deliver: (Advertisement, Span<UInt8>) -> Void
    ) -> Bool {
        guard event.count >= 14 else { return false }
        let head = event.extracting(0..<13)
        let end = event.count &- 1
        // 3e, length, 02, 01; then the lengths of the event and of the data must agree.
        guard head.bigEndian(UInt32.self, at: 0) & 0xff00_ffff == 0x3e00_0201,
            Int(head[1]) &+ 1 == end, Int(head[12]) &+ 13 == end,
            end &- 13 <= Advertisement.longestLegacyData,
            let properties = Self.legacyProperties(head[4]),
            let kind = DeviceAddress.Kind(sent: head[5])
        else { return false }
        tally.received &+= 1
        tally.delivered &+= 1
        deliver(
            Advertisement(
                address: DeviceAddress(bits: head.addressBits(at: 6), kind: kind),
                rssi: RSSI(event.signed(at: end)), properties: properties),
            event.extracting(13..<end))
        return true
    }

    /// Delivers what nearly every event of an extended scan holds: one report of a legacy PDU that
    /// is in order.
    ///
    /// - Returns: false, and nothing is counted, for everything else.
    @inlinable @inline(__always)
    mutating func loneExtendedReport(
        _ event: Span<UInt8>, _ deliver: (Advertisement, Span<UInt8>) -> Void
    ) -> Bool {
        guard event.count >= 28 else { return false }
        let head = event.extracting(0..<28)
        guard head.bigEndian(UInt32.self, at: 0) & 0xff00_ffff == 0x3e00_0d01,
            Int(head[1]) &+ 2 == event.count, Int(head[27]) &+ 28 == event.count,
            event.count &- 28 <= Advertisement.longestLegacyData, head[4] & 0x70 == 0x10,
            Self.isLegacyPDU(head[4]), let kind = DeviceAddress.Kind(sent: head[6])
        else { return false }
        tally.received &+= 1
        tally.delivered &+= 1
        deliver(
            Advertisement(
                address: DeviceAddress(bits: head.addressBits(at: 7), kind: kind),
                report: head.extracting(4..<28), properties: head[4] & 0x1f),
            event.extracting(28..<event.count))
        return true
    }

    /// Whether an extended report's event type with the legacy bit is one of the six that exist:
    /// 10, 12, 13, 15, 1a and 1b (§7.7.65.13, table of legacy Event_Types).
    @inlinable @inline(__always)
    static func isLegacyPDU(_ eventType: UInt8) -> Bool {
        0b1100_0010_1101 as UInt16 &>> UInt16(eventType & 0x0f) & 1 != 0
    }

    /// Delivers the report at an offset.
    ///
    /// wire: | event type (1) | address type (1) | address (6, lowest first) | data length n (1,
    /// at most 31) | data (n) | RSSI (1, dBm) | (§7.7.65.2)
    ///
    /// - Returns: where the next report begins; nil when this one is not whole.
    private mutating func legacy(
        _ reports: Span<UInt8>, at offset: Int, _ deliver: (Advertisement, Span<UInt8>) -> Void
    ) -> Int? {
        guard reports.count &- offset >= 10 else { return nil }
        let head = reports.extracting(offset..<(offset &+ 9))
        let start = offset &+ 9
        let end = start &+ Int(head[8])
        guard end < reports.count else { return nil }
        tally.received &+= 1
        guard end &- start <= Advertisement.longestLegacyData else {
            tally.rejected.count(.dataLength)
            return end &+ 1
        }
        guard let properties = Self.legacyProperties(head[0]) else {
            tally.rejected.count(.eventType)
            return end &+ 1
        }
        guard let kind = DeviceAddress.Kind(sent: head[1]) else {
            tally.rejected.count(.addressType)
            return end &+ 1
        }
        tally.delivered &+= 1
        deliver(
            Advertisement(
                address: DeviceAddress(bits: head.addressBits(at: 2), kind: kind),
                rssi: RSSI(reports.signed(at: end)), properties: properties),
            reports.extracting(start..<end))
        return end &+ 1
    }

    /// The properties of a legacy report's event type; nil when it is none of the five.
    ///
    /// They are the event types that an extended report has for the same PDUs (§7.7.65.13), one
    /// byte each: 13 ADV_IND, 15 ADV_DIRECT_IND, 12 ADV_SCAN_IND, 10 ADV_NONCONN_IND, 1a SCAN_RSP.
    /// The report does not say what a scan response answers: of its two types the one without
    /// "connectable".
    @inlinable @inline(__always)
    static func legacyProperties(_ eventType: UInt8) -> Advertisement.Properties? {
        guard eventType <= 4 else { return nil }
        let bits = 0x1a_10_12_15_13 as UInt64 &>> (8 &* UInt64(eventType))
        return Advertisement.Properties(rawValue: UInt8(truncatingIfNeeded: bits))
    }

    /// Delivers or keeps the report at an offset.
    ///
    /// wire: | event type (2) | address type (1) | address (6) | primary PHY (1) |
    /// secondary PHY (1) | set id (1) | TX power (1) | RSSI (1) | periodic interval (2) |
    /// direct address type (1) | direct address (6) | data length n (1) | data (n) |
    /// (§7.7.65.13); numbers lowest byte first. An event has room for 229 bytes of data.
    ///
    /// - Returns: where the next report begins; nil when this one is not whole.
    @inline(__always)
    private mutating func extended(
        _ reports: Span<UInt8>, at offset: Int, _ adapter: UInt16, _ time: BootTime,
        _ deliver: (Advertisement, Span<UInt8>) -> Void
    ) -> Int? {
        guard reports.count &- offset >= 24 else { return nil }
        let head = reports.extracting(offset..<(offset &+ 24))
        let start = offset &+ 24
        let end = start &+ Int(head[23])
        guard end <= reports.count else { return nil }
        tally.received &+= 1
        if let reason = Self.fault(inExtended: head) {
            tally.rejected.count(reason)
            return end
        }
        guard let kind = DeviceAddress.Kind(rawValue: head[2]) else {
            tally.rejected.count(.addressType)
            return end
        }
        let status = head[0] &>> 5 & 3
        let properties = head[0] & 0x1f | (status == 2 ? 0x20 : 0)
        let header = Advertisement(
            address: DeviceAddress(
                bits: kind == .anonymous ? 0 : head.addressBits(at: 3), kind: kind),
            report: head, properties: properties)
        let data = reports.extracting(start..<end)
        if status == 0 && (reassembly.pending == 0 || properties & 0x10 != 0) {
            tally.delivered &+= 1
            deliver(header, data)
        } else {
            join(header, data, isLast: status != 1, adapter, time, deliver)
        }
        return end
    }

    /// What forbids to use an extended report; nil when nothing does.
    @inline(__always)
    private static func fault(inExtended head: Span<UInt8>) -> RejectReason? {
        let eventType = head[0]
        if eventType & 0x10 != 0 {
            // Legacy PDUs are never reported in pieces.
            guard eventType & 0x60 == 0, isLegacyPDU(eventType) else { return .eventType }
            if Int(head[23]) > Advertisement.longestLegacyData { return .dataLength }
        }
        return eventType >> 5 & 3 == 3 ? .dataStatus : nil
    }

    /// Keeps a fragment, or delivers an advertisement joined with what is pending of it.
    private mutating func join(
        _ header: Advertisement, _ data: Span<UInt8>, isLast: Bool, _ adapter: UInt16,
        _ time: BootTime, _ deliver: (Advertisement, Span<UInt8>) -> Void
    ) {
        let key = Reassembly.Key(header, adapter: adapter)
        guard isLast else {
            tally.fragments &+= 1
            return reassembly.hold(data, of: key, at: time, &tally.rejected)
        }
        switch reassembly.finish(data, of: key, at: time, &tally.rejected) {
        case .whole:
            tally.delivered &+= 1
            deliver(header, data)
        case .joined(let range):
            tally.delivered &+= 1
            deliver(header, reassembly.storage.span.extracting(range))
        case .dropped: tally.dropped &+= 1
        }
    }

    /// Counts an advertisement that somebody else took out of its report.
    mutating func countSeparate() {
        tally.received &+= 1
        tally.delivered &+= 1
    }

    /// Counts a link-layer packet: its advertisement, or why there is none.
    mutating func count(linkLayer reason: RejectReason?) {
        tally.received &+= 1
        if let reason {
            tally.rejected.count(reason)
        } else {
            tally.delivered &+= 1
        }
    }

    /// LE Meta event (§7.7.65).
    private static let metaEvent: UInt8 = 0x3e
    /// LE Advertising Report subevent (§7.7.65.2).
    private static let legacyReport: UInt8 = 0x02
    /// LE Extended Advertising Report subevent (§7.7.65.13).
    private static let extendedReport: UInt8 = 0x0d
    /// Event code, parameter length, subevent and number of reports.
    private static let headerLength = 4
}
