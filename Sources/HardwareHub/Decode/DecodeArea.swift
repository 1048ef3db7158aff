import BeaconScanner

/// A kind of bytes that can be decoded on its own, named as in the test vectors.
public enum DecodeArea: String, CaseIterable, Sendable {
    /// AirSync: a whole packet, or 16 bare bytes that are an MD5 or a proof.
    case airSync = "airsync"
    /// WeChat Sport: FEA1 or FEA2.
    case weChatSport = "wesport"
    /// AirKiss: lengths or symbols, decimal or as 16-bit words.
    case airKiss = "airkiss"
    /// AirKiss discovery: a UDP payload.
    case airKissDiscovery = "airkiss-lan"
    /// ETC card reader: a whole AirSync packet, a frame, or a message.
    case etc
    /// Blood pressure: 2A35 or 2A36.
    case bloodPressure = "bp"
    /// Temperature: 2A1C or 2A1E.
    case temperature = "ht"
    /// Heart rate: 2A37.
    case heartRate = "hr"
    /// Running speed and cadence: 2A53.
    case runningSpeed = "rsc"
    /// Glucose: 2A18.
    case glucose
    /// Glucose context: 2A34.
    case glucoseContext = "glucose-context"
    /// Record access control point, a request or an answer: 2A52.
    case recordAccess = "racp"
    /// Weight: 2A9D.
    case weight
    /// Body composition: 2A9C.
    case bodyComposition = "body-composition"
    /// Pulse oximeter, spot check: 2A5E.
    case pulseOximetry = "plx"
    /// Pulse oximeter, continuous: 2A5F.
    case continuousPulseOximetry = "plx-continuous"
    /// Date and time: 2A08.
    case dateTime = "datetime"
    /// Current time: 2A2B.
    case currentTime = "cts"
    /// Local time information: 2A0F.
    case localTime = "local-time"
    /// PnP ID: 2A50.
    case pnpID = "pnp"
    /// IEEE 11073 SFLOAT: two bytes, little-endian.
    case sfloat
    /// IEEE 11073 FLOAT: four bytes, little-endian.
    case float32
}

/// What decoding may be helped with: nothing is needed for anything that is not encrypted.
public struct DecodeAids: Sendable {
    /// The ciphers; without them nothing is decrypted or checked by MD5.
    public var crypto: AirSyncCrypto?
    /// A 16-byte key: the device's for proofs and session keys, the session's for bodies.
    public var key: [UInt8]?
    /// The device's type, `gh_…`.
    public var deviceType: String?
    /// The device's id.
    public var deviceID: String?
    /// AirKiss: what the radio adds to each symbol; taken from the guide when nil.
    public var baseLength: UInt16?

    /// Makes aids; all are optional.
    public init(
        crypto: AirSyncCrypto? = nil, key: [UInt8]? = nil, deviceType: String? = nil,
        deviceID: String? = nil, baseLength: UInt16? = nil
    ) {
        self.crypto = crypto
        self.key = key
        self.deviceType = deviceType
        self.deviceID = deviceID
        self.baseLength = baseLength
    }
}

extension DecodeArea {
    /// Decodes text: hexadecimal digits, with or without spaces or colons between them; for
    /// AirKiss see `AirKissFields`.
    ///
    /// - Throws: `MalformedValue` for text that is no such thing, and as `decode(_:aids:)` does.
    public func decode(
        text: String, aids: DecodeAids = DecodeAids()
    ) throws(MalformedValue) -> DecodedFields {
        if self == .airKiss { return try AirKissFields.decode(text: text, aids: aids) }
        let separators: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: ":")]
        guard let bytes = Hex.bytes(text.utf8.filter { !separators.contains($0) }) else {
            throw .invalid("the input is not pairs of hexadecimal digits", at: 0)
        }
        return try decode(bytes.span, aids: aids)
    }

    /// Decodes bytes.
    ///
    /// - Returns: every field there is. A measurement that the device itself reports as
    ///   unsuccessful is `{"result": "measurement unsuccessful"}`: a result, not an error. Bytes
    ///   that are malformed and still say something are `{"result": "malformed", "reason": …}`
    ///   and what they say.
    /// - Throws: `MalformedValue` for bytes that are not what the area says. Its position counts
    ///   from the start of the layer it names: a reader's frame or message has bytes around it.
    public func decode(
        _ bytes: Span<UInt8>, aids: DecodeAids = DecodeAids()
    ) throws(MalformedValue) -> DecodedFields {
        switch self {
        case .airSync: try AirSyncFields(aids).decode(bytes)
        case .weChatSport: DecodedFields(try WeChatSport(bytes))
        case .airKiss:
            try AirKissFields.decode(
                text: String(decoding: bytes.copy(), as: UTF8.self), aids: aids)
        case .airKissDiscovery: DecodedFields(try AirKissDiscovery(bytes))
        case .etc: try ETCFields.decode(bytes)
        case .bloodPressure: DecodedFields(try BloodPressure(bytes))
        case .temperature: DecodedFields(try BodyTemperature(bytes))
        case .heartRate: DecodedFields(try HeartRate(bytes))
        case .runningSpeed: DecodedFields(try RunningSpeed(bytes))
        case .glucose: DecodedFields(try Glucose(bytes))
        case .glucoseContext: DecodedFields(try GlucoseContext(bytes))
        case .recordAccess: try DecodedFields(recordAccess: bytes)
        case .weight: DecodedFields(try BodyWeight(bytes))
        case .bodyComposition: DecodedFields(try BodyComposition(bytes))
        case .pulseOximetry: DecodedFields(try PulseOximetry(bytes))
        case .continuousPulseOximetry: DecodedFields(try ContinuousPulseOximetry(bytes))
        case .dateTime: DecodedFields(try DateTime(bytes))
        case .currentTime: DecodedFields(try CurrentTime(bytes))
        case .localTime: DecodedFields(try LocalTimeInformation(bytes))
        case .pnpID: DecodedFields(try PnPID(bytes))
        case .sfloat: try Self.number(bytes, isLong: false)
        case .float32: try Self.number(bytes, isLong: true)
        }
    }

    private static func number(
        _ bytes: Span<UInt8>, isLong: Bool
    ) throws(MalformedValue) -> DecodedFields {
        var cursor = ByteCursor()
        let value =
            isLong ? try cursor.float(bytes, "FLOAT") : try cursor.sfloat(bytes, "SFLOAT")
        var fields = DecodedFields()
        fields["value"] = .medical(value)
        fields["mantissa"] = value.decimal.map { .number($0.mantissa) }
        fields["exponent"] = value.decimal.map { .number($0.exponent) }
        return fields
    }
}
