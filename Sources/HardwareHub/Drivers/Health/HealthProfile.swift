/// What a kind of health device offers and how it is served: a row of the table that the driver is.
///
/// | kind | service | values, in the order of their subscription |
/// |---|---|---|
/// | `blood-pressure` | 1810 | 2A35, 2A36 provisional |
/// | `weight-scale` | 181D | 2A9D, and 2A9C of 181B |
/// | `body-composition` | 181B | 2A9C, and 2A9D of 181D |
/// | `glucose-meter` | 1808 | 2A18, 2A34, 2A52 |
/// | `thermometer` | 1809 | 2A1C, 2A1E provisional |
/// | `pulse-oximeter` | 1822 | 2A5E, 2A5F stream; one of them is enough; 2A52 |
/// | `heart-rate` | 180D | 2A37 stream |
/// | `running-speed` | 1814 | 2A53 stream |
struct HealthProfile: Hashable, Sendable {
    /// What becomes of the values of a characteristic.
    enum Role: Hashable, Sendable {
        /// Each is a measurement, unless it was sent before.
        case whole
        /// Sent while the device measures, thinned out, and void once it is done.
        case provisional
        /// Sent for as long as the device is worn, thinned out.
        case stream
        /// A measurement in one or two values.
        case composition
        /// A record from the memory of a glucose meter.
        case record
        /// What goes with such a record.
        case context
        /// Answers of a glucose meter to what it was asked.
        case recordAccess
        /// Answers of an oximeter that was asked for what it stores.
        case recall
    }

    /// A characteristic that sends values.
    struct Source: Hashable, Sendable {
        let service: GATTUUID
        let characteristic: GATTUUID
        let role: Role
        /// Whether the kind is not served without.
        let isNeeded: Bool
    }

    /// The name that `devices[].kind` calls it by.
    let kind: String
    /// The service that such a device advertises, and what people call it.
    let service: GATTUUID
    let serviceName: String
    /// What sends values, in the order of subscription.
    let sources: [Source]
    /// Whether one of the needed ones is enough.
    let oneIsEnough: Bool
    /// What tells the device's abilities: a characteristic of `service`, and the words of its bits.
    let features: Features?

    /// Abilities as bits.
    struct Features: Hashable, Sendable {
        let characteristic: GATTUUID
        let words: [String]
    }

    /// All kinds.
    static let all: [HealthProfile] = [
        HealthProfile(
            kind: "blood-pressure", service: 0x1810, serviceName: "Blood Pressure",
            sources: [
                Source(0x1810, 0x2a35, .whole), Source(0x1810, 0x2a36, .provisional, needed: false),
            ],
            features: Features(
                characteristic: 0x2a49,
                words: [
                    "body-movement", "cuff-fit", "irregular-pulse", "pulse-rate-range",
                    "measurement-position", "multiple-bonds",
                ])),
        HealthProfile(
            kind: "weight-scale", service: 0x181d, serviceName: "Weight Scale",
            sources: [
                Source(0x181d, 0x2a9d, .whole), Source(0x181b, 0x2a9c, .composition, needed: false),
            ],
            features: Features(
                characteristic: 0x2a9e, words: ["time", "several-users", "body-mass-index"])),
        HealthProfile(
            kind: "body-composition", service: 0x181b, serviceName: "Body Composition",
            sources: [
                Source(0x181b, 0x2a9c, .composition), Source(0x181d, 0x2a9d, .whole, needed: false),
            ],
            features: Features(
                characteristic: 0x2a9b,
                words: [
                    "time", "several-users", "basal-metabolism", "muscle-percentage", "muscle-mass",
                    "fat-free-mass", "soft-lean-mass", "body-water-mass", "impedance",
                    "body-weight", "body-height",
                ])),
        HealthProfile(
            kind: "glucose-meter", service: 0x1808, serviceName: "Glucose",
            sources: [
                Source(0x1808, 0x2a18, .record), Source(0x1808, 0x2a34, .context, needed: false),
                Source(0x1808, 0x2a52, .recordAccess),
            ],
            features: Features(
                characteristic: 0x2a51,
                words: [
                    "battery-low", "sensor-malfunction", "sample-size", "strip-insertion",
                    "strip-type", "result-range", "temperature-range", "read-interrupted",
                    "device-fault", "time-fault", "multiple-bonds",
                ])),
        HealthProfile(
            kind: "thermometer", service: 0x1809, serviceName: "Health Thermometer",
            sources: [
                Source(0x1809, 0x2a1c, .whole), Source(0x1809, 0x2a1e, .provisional, needed: false),
            ], features: nil),
        HealthProfile(
            kind: "pulse-oximeter", service: 0x1822, serviceName: "Pulse Oximeter",
            sources: [
                Source(0x1822, 0x2a5e, .whole), Source(0x1822, 0x2a5f, .stream),
                Source(0x1822, 0x2a52, .recall, needed: false),
            ],
            oneIsEnough: true,
            features: Features(
                characteristic: 0x2a60,
                words: [
                    "measurement-status", "sensor-status", "stores-spot-checks", "time",
                    "fast-average", "slow-average", "pulse-amplitude-index", "multiple-bonds",
                ])),
        HealthProfile(
            kind: "heart-rate", service: 0x180d, serviceName: "Heart Rate",
            sources: [Source(0x180d, 0x2a37, .stream)], features: nil),
        HealthProfile(
            kind: "running-speed", service: 0x1814, serviceName: "Running Speed and Cadence",
            sources: [Source(0x1814, 0x2a53, .stream)],
            features: Features(
                characteristic: 0x2a54,
                words: [
                    "stride-length", "distance", "gait", "calibration", "several-sensor-locations",
                ])),
    ]

    private init(
        kind: String, service: GATTUUID, serviceName: String, sources: [Source],
        oneIsEnough: Bool = false, features: Features?
    ) {
        self.kind = kind
        self.service = service
        self.serviceName = serviceName
        self.sources = sources
        self.oneIsEnough = oneIsEnough
        self.features = features
    }

    /// Whether these characteristics are enough to serve the kind.
    func isServed(by characteristics: [GATTUUID]) -> Bool {
        let needed = sources.filter(\.isNeeded).map(\.characteristic)
        return oneIsEnough
            ? needed.contains(where: characteristics.contains)
            : needed.allSatisfy(characteristics.contains)
    }

    /// What sends the values of a characteristic; nil for one that this kind does not know.
    func source(of characteristic: GATTCharacteristic) -> Source? {
        sources.first {
            $0.characteristic == characteristic.uuid && $0.service == characteristic.service
        }
    }
}

extension HealthProfile.Source {
    fileprivate init(
        _ service: GATTUUID, _ characteristic: GATTUUID, _ role: HealthProfile.Role,
        needed: Bool = true
    ) {
        self.init(
            service: service, characteristic: characteristic, role: role, isNeeded: needed)
    }
}

extension HealthProfile.Features {
    /// The words of the bits that are set, lowest first; `none` without any.
    ///
    /// The fields have two or four bytes, and no word stands for a bit above 15.
    ///
    /// - Throws: `MalformedValue` for fewer than two bytes.
    func text(of value: [UInt8]) throws(MalformedValue) -> String {
        var cursor = ByteCursor()
        let bits = try cursor.uint16(value.span, "features")
        let set = words.indices.filter { bits >> UInt16($0) & 1 == 1 }.map { words[$0] }
        return set.isEmpty ? "none" : set.joined(separator: ", ")
    }
}
