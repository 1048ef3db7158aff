import BeaconScanner
import Crypto
import HardwareHub
import JSON

/// `hubctl decode AREA HEX`: bytes offline, no daemon needed.
enum DecodeVerb: Verb {
    static let name = "decode"
    static let summary = "decode bytes offline, no daemon needed"
    static let operands = "AREA HEX"
    static let options: [Arguments.Option] = [
        .init("--key", "HEX", "16-byte key: identity, device or session key"),
        .init("--rotation", "K", "eddystone-eid, eddystone-etlm: the rotation exponent, 0 to 15"),
        .init("--time", "SECONDS", "eddystone-eid, eddystone-etlm: the beacon's clock"),
        .init("--device-type", "TYPE", "airsync: the device's type, gh_…"),
        .init("--device-id", "ID", "airsync: the device's id"),
        .init("--base-length", "N", "airkiss: what the radio adds to each symbol, 0 to 2304"),
    ]
    static var details: [String] {
        let names = BeaconArea.allCases.map(\.rawValue) + DecodeArea.allCases.map(\.rawValue)
        return [
            "Areas: " + names.joined(separator: " "),
            "HEX may stand in several words, with spaces or colons between bytes; for airkiss it is",
            "a list of decimal lengths. The result is a JSON object.",
            "",
            "Without --key these published keys are tried after the plain reading; what one of them",
            "opens has “published_key” and “note” beside it:",
        ] + publishedKeys + [
            "For the first, the clocks of its vectors are tried with every exponent; then, for",
            "eddystone-eid, the first 18 hours of a beacon's clock.",
            "",
            "Exit: 0 decoded, 64 unknown area or option, 65 malformed bytes (with the reason).",
        ]
    }

    private static var publishedKeys: [String] {
        PublishedKey.all.map { key in
            "  \(key.hex)  \(DisplayWidth.pad(key.use.rawValue, to: 8, rightAligned: false))"
                + "  \(key.provenance)"
        }
    }

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        guard let area = arguments.words.first else {
            throw Failure(.usage, "decode: no area; see hubctl decode --help")
        }
        let text = arguments.words.dropFirst().joined(separator: " ")
        guard arguments.words.count > 1 else {
            throw Failure(.usage, "decode \(area): no HEX; see hubctl decode --help")
        }
        let key = try keyBytes(arguments)
        if let area = BeaconArea(rawValue: area) {
            return try beacon(area, text, try identity(key, arguments), output)
        }
        guard let area = DecodeArea(rawValue: area) else { throw unknown(area) }
        let aids = DecodeAids(
            crypto: .libcrypto, key: key, deviceType: arguments.value("--device-type"),
            deviceID: arguments.value("--device-id"),
            baseLength: try baseLength(arguments))
        let fields: DecodedFields
        do throws(MalformedValue) {
            fields = try area.decode(text: text, aids: aids)
        } catch {
            return try malformed("\(error)", area.rawValue, output)
        }
        try output.print(fields.json)
        if fields["result"] == .text("malformed"), case .text(let reason)? = fields["reason"] {
            throw Failure(.dataError, "\(area.rawValue): \(reason)")
        }
        return .ok
    }

    private static func beacon(
        _ area: BeaconArea, _ text: String, _ key: BeaconArea.Key?, _ output: Output
    ) throws(Failure) -> ExitCode {
        let separators: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: ":")]
        guard let bytes = Hex.bytes(text.utf8.filter({ !separators.contains($0) })) else {
            return try malformed(
                "the input is not pairs of hexadecimal digits", area.rawValue, output)
        }
        let decoded: JSONValue
        do throws(BeaconArea.Malformed) {
            decoded = try area.decode(bytes, key: key)
        } catch {
            return try malformed(error.reason, area.rawValue, output)
        }
        try output.print(decoded)
        return .ok
    }

    /// Malformed bytes are a result as well: a program that reads standard output learns of it.
    private static func malformed(
        _ reason: String, _ area: String, _ output: Output
    ) throws(Failure) -> ExitCode {
        try output.print(["result": "malformed", "reason": .string(reason)] as JSONValue)
        throw Failure(.dataError, "\(area): \(reason)")
    }

    /// A longer one could not be the length of anything: 802.11 frames end at 2304 bytes of data.
    private static func baseLength(_ arguments: Arguments) throws(Failure) -> UInt16? {
        guard let number = try arguments.number("--base-length", minimum: 0) else { return nil }
        guard number <= longestBase else {
            throw Failure(.usage, "--base-length: \(number), expected 0 to \(longestBase)")
        }
        return UInt16(number)
    }

    /// The most data of an 802.11 frame, in bytes (IEEE 802.11-2020, 9.2.4.7.1).
    private static let longestBase = 2304

    private static func keyBytes(_ arguments: Arguments) throws(Failure) -> [UInt8]? {
        guard let text = arguments.value("--key") else { return nil }
        guard let key = Hex.bytes(text.utf8), key.count == AES128.blockLength else {
            throw Failure(.usage, "--key: expected 32 hexadecimal digits")
        }
        return key
    }

    private static func identity(
        _ key: [UInt8]?, _ arguments: Arguments
    ) throws(Failure) -> BeaconArea.Key? {
        guard let key else {
            guard arguments.value("--rotation") == nil, arguments.value("--time") == nil else {
                throw Failure(.usage, "--rotation and --time need --key=HEX beside them")
            }
            return nil
        }
        guard let rotation = try arguments.number("--rotation", minimum: 0), rotation <= 15,
            let time = try arguments.number("--time", minimum: 0)
        else {
            throw Failure(.usage, "--key needs --rotation=K (0 to 15) and --time=SECONDS beside it")
        }
        return BeaconArea.Key(bytes: key, rotation: UInt8(rotation), time: Int64(time))
    }

    private static func unknown(_ area: String) -> Failure {
        let names = BeaconArea.allCases.map(\.rawValue) + DecodeArea.allCases.map(\.rawValue)
        let near = nearest(area, among: names).map { "; did you mean \($0)?" } ?? ""
        return Failure(
            .usage,
            ["unknown area \(quoted(area))\(near)", "areas: " + names.joined(separator: " ")]
        )
    }
}

extension AirSyncCrypto {
    /// The ciphers of libcrypto.
    static let libcrypto = AirSyncCrypto(
        encryptCBC: { AES128.encryptCBC($0, key: $1, vector: $2) },
        decryptCBC: { AES128.decryptCBC($0, key: $1, vector: $2) }, md5: Digest.md5)
}

extension DecodedFields {
    /// The fields as a JSON object, in their order.
    var json: JSONValue {
        .object(entries.map { .init($0.key, $0.value.json) })
    }
}

extension DecodedFields.Value {
    fileprivate var json: JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .integer(let number): .integer(number)
        case .decimal(let decimal):
            JSONNumber(decimal: decimal.description).map(JSONValue.number)
                ?? .string(decimal.description)
        case .bool(let bool): .bool(bool)
        case .list(let values): .array(values.map(\.json))
        case .fields(let fields): fields.json
        }
    }
}
