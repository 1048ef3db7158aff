/// Recognizes beacons and devices in advertising data.
///
/// One pass over the payload, no allocation, nothing remembered from one payload to the next. A
/// payload may hold several frames; each is reported, in the order on air. What looks like a frame
/// but breaks its format is counted and left out.
public struct Recognizer: Sendable {
    /// Explains ephemeral identifiers; without keys they stay as they are.
    public var resolver: EphemeralResolver
    /// What was not used, by reason.
    public private(set) var rejected = RejectCounts()

    /// Makes a recognizer.
    public init(resolver: EphemeralResolver = EphemeralResolver()) {
        self.resolver = resolver
    }

    /// Reports what one payload holds.
    ///
    /// - Parameters:
    ///   - payload: the advertising data of one report.
    ///   - body: is given each thing that was recognized.
    @inlinable
    public mutating func recognize(_ payload: Span<UInt8>, _ body: (Recognition) -> Void) {
        let front = front(of: payload)
        if let frame = front.frame { body(.beacon(frame)) }
        guard front.end < payload.count else { return }
        walk(payload.extracting(front.end..<payload.count), body)
    }

    /// Takes the two commonest structures from the front of a payload: flags, which say nothing
    /// about beacons, and an iBeacon behind them that fills its structure.
    ///
    /// Two of five reports in a mall end here, without a walk whose branches nobody can predict.
    ///
    /// - Returns: the iBeacon if there is one, and where the walk goes on.
    @inlinable @inline(__always)
    func front(of payload: Span<UInt8>) -> (frame: BeaconFrame?, end: Int) {
        guard payload.count >= 3 &+ IBeacon.markLength else { return (nil, 0) }
        let start = payload[0] == 2 && payload[1] == 1 ? 3 : 0
        let end = start &+ IBeacon.structureLength
        // One branch for both questions: each alone would be a coin toss for the processor.
        let difference = IBeacon.difference(fromMark: payload, at: start)
        let shortfall = UInt32(truncatingIfNeeded: (payload.count &- end) &>> (Int.bitWidth - 1))
        guard difference | shortfall == 0 else { return (nil, start) }
        let frame = IBeacon(structure: payload.extracting(start..<end))
        return (BeaconFrame(id: frame.id, measuredPower: frame.measuredPower), end)
    }

    /// Reports what the structures of a payload hold.
    @usableFromInline
    mutating func walk(_ payload: Span<UInt8>, _ body: (Recognition) -> Void) {
        var listsAirSync = false
        var makerTail: UInt64?
        let end = forEachADStructure(in: payload) { type, data in
            switch type {
            case .manufacturerData:
                if let frame = beacon(inManufacturerData: data) {
                    body(.beacon(frame))
                } else if makerTail == nil, data.count >= 8 {
                    let tail = data.extracting((data.count &- 6)..<data.count)
                    makerTail =
                        UInt64(tail.bigEndian(UInt16.self, at: 0)) &<< 32
                        | UInt64(tail.bigEndian(UInt32.self, at: 2))
                }
            case .serviceData16:
                if data.count > 2, data[0] == EddystoneFrame.service.low,
                    data[1] == EddystoneFrame.service.high,
                    let recognition = eddystone(data.extracting(2..<data.count))
                {
                    body(recognition)
                }
            case .incompleteUUID16List, .completeUUID16List:
                listsAirSync = listsAirSync || Self.lists(AirSyncDevice.service, data)
            default: break
            }
            return .next
        }
        if case .truncated = end { rejected.count(.truncatedStructure) }
        if listsAirSync, let makerTail {
            body(.airSync(AirSyncDevice(displayOrder: makerTail)))
        }
    }

    /// The beacon in manufacturer data that begins with the company identifier.
    @inline(__always)
    private mutating func beacon(inManufacturerData data: Span<UInt8>) -> BeaconFrame? {
        guard data.count >= 4 else { return nil }
        switch IBeacon.find(inManufacturerData: data) {
        case .found(let frame):
            return BeaconFrame(id: frame.id, measuredPower: frame.measuredPower)
        case .malformed:
            rejected.count(.malformedIBeacon)
            return nil
        case .absent: break
        }
        guard AltBeacon.isMarked(data) else { return nil }
        do throws(FrameError) {
            let frame = try AltBeacon(manufacturerData: data)
            return BeaconFrame(id: frame.id, measuredPower: frame.referenceRSSI)
        } catch {
            rejected.count(.malformedAltBeacon)
            return nil
        }
    }

    /// What an Eddystone frame says, from its first byte on.
    private mutating func eddystone(_ frame: Span<UInt8>) -> Recognition? {
        do throws(FrameError) {
            switch frame[0] {
            case EddystoneFrame.uid:
                let uid = try EddystoneUID(frame: frame)
                return .beacon(BeaconFrame(id: uid.id, measuredPower: uid.measuredPower))
            case EddystoneFrame.url:
                let url = try EddystoneURL(frame: frame)
                return .beacon(BeaconFrame(id: url.id, measuredPower: url.measuredPower))
            case EddystoneFrame.eid:
                let eid = try EddystoneEID(frame: frame)
                let id = resolver.beacon(for: eid.identifier) ?? eid.id
                return .beacon(BeaconFrame(id: id, measuredPower: eid.measuredPower))
            case EddystoneFrame.tlm:
                if try EddystoneTLM.version(of: frame) == EddystoneTLM.encrypted {
                    return .encryptedTelemetry(try EncryptedTelemetry(frame: frame))
                }
                return .telemetry(try Telemetry(frame: frame))
            default: throw .reserved(frame[0], at: 0)
            }
        } catch {
            rejected.count(.malformedEddystone)
            return nil
        }
    }

    /// Whether a list of 16-bit UUIDs has this one; a half entry at the end is left out.
    @inline(__always)
    private static func lists(_ service: UInt16, _ data: Span<UInt8>) -> Bool {
        var offset = 0
        while data.count &- offset >= 2 {
            if data.littleEndian(UInt16.self, at: offset) == service { return true }
            offset &+= 2
        }
        return false
    }
}
