import BeaconScanner

/// One advertisement as a test keeps it.
struct Heard: Equatable {
    var header: Advertisement
    var payload: [UInt8]
}

/// The bytes of a span.
func copy(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

extension ReportParser {
    /// What one event delivers.
    mutating func heard(
        _ event: [UInt8], adapter: UInt16 = 0, at nanoseconds: Int64 = 0
    ) -> [Heard] {
        var heard: [Heard] = []
        parse(event: event.span, adapter: adapter, time: BootTime(nanoseconds: nanoseconds)) {
            heard.append(Heard(header: $0, payload: copy($1)))
        }
        return heard
    }

    /// What a link-layer PDU delivers.
    mutating func heard(pdu: [UInt8], phy: Advertisement.PHY = .le1M) -> [Heard] {
        var heard: [Heard] = []
        parse(pdu: pdu.span, rssi: RSSI(-50), phy: phy) {
            heard.append(Heard(header: $0, payload: copy($1)))
        }
        return heard
    }

    /// Whether each report is accounted for.
    var isBalanced: Bool {
        counts.received
            == counts.delivered &+ counts.fragments &+ counts.dropped &+ counts.rejectedReports
    }
}

extension Recognizer {
    /// What is recognized in a payload.
    mutating func recognized(_ payload: [UInt8]) -> [Recognition] {
        var recognized: [Recognition] = []
        recognize(payload.span) { recognized.append($0) }
        return recognized
    }
}

/// One AD structure.
func structure(_ type: ADType, _ data: [UInt8]) -> [UInt8] {
    [UInt8(data.count + 1), type.rawValue] + data
}

/// An LE Meta event around a subevent with its reports.
func event(_ subevent: UInt8, _ reports: [[UInt8]], count: UInt8? = nil) -> [UInt8] {
    let body = [subevent, count ?? UInt8(reports.count)] + reports.flatMap { $0 }
    return [0x3e, UInt8(truncatingIfNeeded: body.count)] + body
}

/// One report of an LE Advertising Report event.
func legacyReport(
    type: UInt8 = 3, addressType: UInt8 = 1, data: [UInt8], length: UInt8? = nil
) -> [UInt8] {
    [type, addressType, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, length ?? UInt8(data.count)] + data
        + [0xc1]
}

/// One report of an LE Extended Advertising Report event.
func extendedReport(
    type: UInt16 = 0, addressType: UInt8 = 1, last: UInt8 = 0x11, set: UInt8 = 5, data: [UInt8],
    length: UInt8? = nil
) -> [UInt8] {
    [UInt8(type & 0xff), UInt8(type >> 8), addressType, 0x66, 0x55, 0x44, 0x33, 0x22, last]
        + [0x01, 0x02, set, 0x7f, 0xba, 0, 0, 0, 0, 0, 0, 0, 0, 0, length ?? UInt8(data.count)]
        + data
}
