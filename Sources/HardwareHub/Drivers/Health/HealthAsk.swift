/// One thing that is asked of a device.
enum HealthAsk: Hashable, Sendable {
    /// To send the values of a characteristic.
    case subscribe(GATTCharacteristic)
    /// A value.
    case read(GATTCharacteristic, HealthFact)
    /// To take over the hub's zone.
    case setZone(GATTCharacteristic)
    /// To take over the hub's time.
    case setClock(GATTCharacteristic)
    /// For records.
    case request(GATTCharacteristic, RecordAccess.Request)
    /// For stored spot-checks.
    case recall(GATTCharacteristic)

    /// Which characteristic is meant.
    var characteristic: GATTCharacteristic {
        switch self {
        case .subscribe(let characteristic), .read(let characteristic, _),
            .setZone(let characteristic), .setClock(let characteristic),
            .recall(let characteristic),
            .request(let characteristic, _):
            characteristic
        }
    }
}

/// What is read of a device beside its values.
enum HealthFact: Hashable, Sendable {
    /// Its clock (2A2B, or 2A08).
    case clock
    /// Where a thermometer measures (2A1D).
    case site
    /// Its battery (2A19).
    case battery
    /// What it can do.
    case features(HealthProfile.Features)
    /// A text of its Device Information.
    case text(String)

    /// The texts of the Device Information service (180A).
    static let texts: [(characteristic: GATTUUID, name: String)] = [
        (0x2a29, "manufacturer"), (0x2a24, "model"), (0x2a25, "serial"), (0x2a26, "firmware"),
        (0x2a27, "hardware"), (0x2a28, "software"),
    ]
}

/// What is asked of a device, in order.
///
/// Devices switch themselves off seconds after they have sent: what brings values comes first. The
/// clock follows, because what it says belongs to the values; then, and with a glucose meter only
/// after its records, all that can wait for another time.
struct HealthPlan: Hashable, Sendable {
    /// Subscriptions, then the clock and what else values need to be understood.
    let first: [HealthAsk]
    /// Battery, abilities, texts.
    let later: [HealthAsk]
    /// Where zone and clock are written; nil where the device does not let us.
    let zone: GATTCharacteristic?
    let clock: GATTCharacteristic?

    /// Makes the plan of a connection.
    init(_ profile: HealthProfile, _ table: GATTTable) {
        func sends(_ characteristic: GATTCharacteristic) -> Bool {
            !characteristic.properties.isDisjoint(with: [.notify, .indicate])
        }
        func readable(_ uuid: GATTUUID, in service: GATTUUID) -> GATTCharacteristic? {
            table.first(uuid, in: service).flatMap { $0.properties.contains(.read) ? $0 : nil }
        }
        func ifWritable(_ characteristic: GATTCharacteristic?) -> GATTCharacteristic? {
            characteristic.flatMap {
                $0.properties.isDisjoint(with: [.write, .writeWithoutResponse]) ? nil : $0
            }
        }
        var first = profile.sources.compactMap { source in
            table.first(source.characteristic, in: source.service)
        }.filter(sends).map(HealthAsk.subscribe)
        // Makers that leave the Current Time Service out have Date Time beside the values.
        let clock = table.first(0x2a2b, in: 0x1805) ?? table.first(0x2a08, in: profile.service)
        if let clock, clock.properties.contains(.read) { first.append(.read(clock, .clock)) }
        if let site = readable(0x2a1d, in: profile.service) { first.append(.read(site, .site)) }
        self.first = first

        var later: [HealthAsk] = []
        if let battery = table.first(0x2a19, in: 0x180f) {
            if battery.properties.contains(.read) { later.append(.read(battery, .battery)) }
            if sends(battery) { later.append(.subscribe(battery)) }
        }
        if let features = profile.features,
            let characteristic = readable(features.characteristic, in: profile.service)
        {
            later.append(.read(characteristic, .features(features)))
        }
        for text in HealthFact.texts {
            if let characteristic = readable(text.characteristic, in: 0x180a) {
                later.append(.read(characteristic, .text(text.name)))
            }
        }
        self.later = later
        zone = ifWritable(table.first(0x2a0f, in: 0x1805))
        self.clock = ifWritable(clock)
    }

    /// What of the values can be subscribed to.
    var sources: [GATTUUID] {
        first.compactMap {
            if case .subscribe(let characteristic) = $0 { characteristic.uuid } else { nil }
        }
    }
}
