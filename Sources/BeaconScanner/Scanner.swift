/// From the bytes of a radio to what is known of the beacons: the whole of recognizing in one value.
///
/// It joins the three stages, which can also be used alone: `ReportParser` splits HCI events into
/// advertisements, `Recognizer` finds the frames in them, `PresenceTable` knows which beacons are
/// here. A report allocates nothing.
public struct Scanner: ~Copyable, Sendable {
    /// What became of the advertisements, stage by stage.
    public struct Counts: Hashable, Sendable {
        /// Advertisements that were taken apart.
        public var advertisements: UInt64 = 0
        /// Frames that name a beacon, of all formats.
        public var beacons: UInt64 = 0
        /// Those of configured beacons.
        public var configured: UInt64 = 0
        /// Frames that tell of a beacon's battery.
        public var telemetry: UInt64 = 0
        /// Encrypted ones that no identity key opened.
        public var sealedTelemetry: UInt64 = 0
        /// Advertisements of AirSync and WeChat Sport devices.
        public var airSync: UInt64 = 0

        /// Makes counts of zero.
        public init() {}
    }

    /// What stands behind the parser, apart from it so that it can change while the parser runs.
    fileprivate struct Stages: ~Copyable {
        var recognizer: Recognizer
        var presence: PresenceTable
        var counts = Counts()
        var unixSeconds: Int64 = 0
    }

    private var parser = ReportParser()
    private var stages: Stages

    /// Makes a scanner.
    ///
    /// - Parameters:
    ///   - presence: the table that the beacons go through.
    ///   - resolver: explains the ephemeral identifiers of one's own beacons.
    public init(
        presence: consuming PresenceTable, resolver: EphemeralResolver = EphemeralResolver()
    ) {
        stages = Stages(recognizer: Recognizer(resolver: resolver), presence: presence)
    }

    /// Which beacons are here.
    public var presence: PresenceTable {
        _read { yield stages.presence }
        _modify { yield &stages.presence }
    }

    /// Lets time pass; see `PresenceTable.tick`. This and the next two spare the accessor's frame,
    /// which `presence` would allocate for each use from another module.
    public mutating func tick(at now: BootTime) { stages.presence.tick(at: now) }

    /// When `tick` is due.
    public var nextDeadline: BootTime { stages.presence.nextDeadline }

    /// The next transition; nil when all are drained.
    public mutating func nextTransition() -> Transition? { stages.presence.nextTransition() }

    /// What became of the advertisements.
    public var counts: Counts { stages.counts }

    /// Reports that were received, whole or in pieces.
    public var reports: UInt64 { parser.counts.received }

    /// What was not used, by reason, of all stages.
    public var rejected: RejectCounts {
        var sum = parser.counts.rejected
        sum.add(stages.recognizer.rejected)
        return sum
    }

    /// Replaces the identity keys; `refresh` must be called before they explain anything.
    public mutating func setResolver(_ resolver: EphemeralResolver) {
        stages.recognizer.resolver = resolver
    }

    /// Computes the ephemeral identifiers of the present window; cheap when nothing is due.
    ///
    /// - Parameter unixSeconds: the wall-clock time; also the one telemetry is decrypted with.
    /// - Returns: when it is next due, in Unix seconds; nil without identity keys.
    @discardableResult
    public mutating func refresh(unixSeconds: Int64) -> Int64? {
        stages.unixSeconds = unixSeconds
        return stages.recognizer.resolver.refresh(unixSeconds: unixSeconds)
    }

    /// Takes one packet of a capture.
    ///
    /// - Parameters:
    ///   - record: the packet, as `CaptureReader` returned it.
    ///   - chunk: the chunk it was read from.
    ///   - radio: which radio heard it, by the owner's numbers.
    ///   - now: when it was heard.
    ///   - sighting: is told the index and proximity of each configured beacon that was heard and
    ///     is present; in the hot path, so it must not block.
    public mutating func hear(
        _ record: CaptureRecord, in chunk: Span<UInt8>, radio: UInt8, at now: BootTime,
        _ sighting: (Int32, Proximity) -> Void = { _, _ in }
    ) {
        Self.hear(&parser, &stages, record, chunk, radio, now, sighting)
    }

    /// Takes one HCI event.
    ///
    /// - Parameters:
    ///   - event: the event without the H4 packet type.
    ///   - adapter: the controller's number: fragments of two controllers are not joined.
    ///   - radio: which radio heard it, by the owner's numbers.
    ///   - now: when it was heard.
    ///   - sighting: as above.
    public mutating func hear(
        event: Span<UInt8>, adapter: UInt16, radio: UInt8, at now: BootTime,
        _ sighting: (Int32, Proximity) -> Void = { _, _ in }
    ) {
        Self.hear(&parser, &stages, event, adapter, radio, now, sighting)
    }

    /// Takes one advertisement that came apart already, as a Bluetooth daemon delivers it.
    ///
    /// - Parameters:
    ///   - header: who sent it and how strong it was.
    ///   - payload: its advertising data.
    ///   - radio: which radio heard it, by the owner's numbers.
    ///   - now: when it was heard.
    ///   - sighting: as above.
    public mutating func hear(
        _ header: Advertisement, payload: Span<UInt8>, radio: UInt8, at now: BootTime,
        _ sighting: (Int32, Proximity) -> Void = { _, _ in }
    ) {
        parser.countSeparate()
        stages.take(header.address, header.rssi, payload, radio, now, sighting)
    }

    // The two stored properties come in one by one: a closure over `self` could not change one
    // while the other is being changed.
    @inline(__always)
    private static func hear(
        _ parser: inout ReportParser, _ stages: inout Stages, _ record: CaptureRecord,
        _ chunk: Span<UInt8>, _ radio: UInt8, _ now: BootTime,
        _ sighting: (Int32, Proximity) -> Void
    ) {
        parser.parse(record, in: chunk) {
            stages.take($0.address, $0.rssi, $1, radio, now, sighting)
        }
    }

    @inline(__always)
    private static func hear(
        _ parser: inout ReportParser, _ stages: inout Stages, _ event: Span<UInt8>,
        _ adapter: UInt16, _ radio: UInt8, _ now: BootTime,
        _ sighting: (Int32, Proximity) -> Void
    ) {
        parser.parse(event: event, adapter: adapter, time: now) {
            stages.take($0.address, $0.rssi, $1, radio, now, sighting)
        }
    }
}

extension Scanner.Stages {
    /// Takes one advertisement. What nearly every one of a beacon holds is taken here, and the
    /// rest apart: what the walk needs is then not made ready for each report.
    @inline(__always)
    fileprivate mutating func take(
        _ address: DeviceAddress, _ rssi: RSSI, _ payload: Span<UInt8>, _ radio: UInt8,
        _ now: BootTime, _ sighting: (Int32, Proximity) -> Void
    ) {
        counts.advertisements &+= 1
        let front = recognizer.front(of: payload)
        if let frame = front.frame {
            Self.take(frame, address, rssi, radio, now, &presence, &counts, sighting)
        }
        guard front.end < payload.count else { return }
        let rest = payload.extracting(front.end..<payload.count)
        let sealed = Self.takeRest(
            rest, address, rssi, radio, now, &recognizer, &presence, &counts, sighting)
        if let sealed { open(sealed, address, now) }
    }

    // The stages come in one by one: a closure over `self` could not change one while another is
    // being changed.
    @inline(__always)
    private static func take(
        _ frame: BeaconFrame, _ address: DeviceAddress, _ rssi: RSSI, _ radio: UInt8,
        _ now: BootTime, _ presence: inout PresenceTable, _ counts: inout Scanner.Counts,
        _ sighting: (Int32, Proximity) -> Void
    ) {
        counts.beacons &+= 1
        let index = presence.observe(
            frame.id, address: address, rssi: rssi, measuredPower: frame.measuredPower,
            radio: radio, at: now)
        guard index >= 0 else { return }
        counts.configured &+= 1
        if let proximity = presence.proximityNow(of: index) { sighting(index, proximity) }
    }

    /// - Returns: encrypted telemetry, which it takes more than these stages to open.
    @inline(never)
    private static func takeRest(
        _ payload: Span<UInt8>, _ address: DeviceAddress, _ rssi: RSSI, _ radio: UInt8,
        _ now: BootTime, _ recognizer: inout Recognizer, _ presence: inout PresenceTable,
        _ counts: inout Scanner.Counts, _ sighting: (Int32, Proximity) -> Void
    ) -> EncryptedTelemetry? {
        var sealed: EncryptedTelemetry?
        recognizer.walk(payload) { recognition in
            switch recognition {
            case .beacon(let frame):
                take(frame, address, rssi, radio, now, &presence, &counts, sighting)
            case .telemetry(let telemetry):
                counts.telemetry &+= 1
                let reading = BatteryReading(millivolts: telemetry.battery)
                presence.observeBattery(reading, address: address, at: now)
            case .encryptedTelemetry(let telemetry):
                counts.telemetry &+= 1
                sealed = telemetry
            case .airSync: counts.airSync &+= 1
            }
        }
        return sealed
    }

    /// Opens encrypted telemetry with the key of the beacon that sends from the same address.
    private mutating func open(
        _ sealed: EncryptedTelemetry, _ address: DeviceAddress, _ now: BootTime
    ) {
        guard let beacon = presence.resolvedBeacon(at: address),
            let telemetry = recognizer.resolver.decrypt(
                sealed, from: beacon, unixSeconds: unixSeconds)
        else {
            counts.sealedTelemetry &+= 1
            return
        }
        let reading = BatteryReading(millivolts: telemetry.battery)
        presence.observeBattery(reading, address: address, at: now)
    }
}
