import BeaconScanner
import TestSupport
import Testing

@Suite("Beacons are recognized by their published formats, and nothing else is")
struct BeaconFormatTests {
    private func beacons(_ payload: [UInt8]) -> [BeaconFrame] {
        var recognizer = Recognizer()
        return recognizer.recognized(payload).compactMap {
            if case .beacon(let frame) = $0 { frame } else { nil }
        }
    }

    private func telemetry(_ payload: [UInt8]) -> [Telemetry] {
        var recognizer = Recognizer()
        return recognizer.recognized(payload).compactMap {
            if case .telemetry(let telemetry) = $0 { telemetry } else { nil }
        }
    }

    @Test(arguments: Vector.all("ibeacon"))
    func iBeacon(vector: Vector) throws {
        let frame = try #require(beacons(vector.bytes).first)
        #expect(vector.decoded["uuid"] == frame.id.uuidText.map { .string($0) })
        #expect(vector.decoded["major"] == frame.id.major.map { .number(Double($0)) })
        #expect(vector.decoded["minor"] == frame.id.minor.map { .number(Double($0)) })
        #expect(vector.decoded["measured_power"] == .number(Double(frame.measuredPower)))
    }

    @Test(arguments: Vector.all("altbeacon"))
    func altBeacon(vector: Vector) throws {
        let frame = try #require(beacons(vector.bytes).first)
        #expect(frame.id.format == .altBeacon)
        #expect(vector.decoded["ref_rssi"] == .number(Double(frame.measuredPower)))
        let data = Array(vector.bytes[5...].prefix(Int(vector.bytes[3]) - 1))
        let whole = try AltBeacon(manufacturerData: data.span)
        #expect(whole.id == frame.id && whole.company == 280)
        #expect(vector.decoded["mfg_reserved"] == .number(Double(whole.makerReserved)))
        #expect(
            frame.id.description == "altbeacon:2f234454cf6d4a0fadf2f4911ba9ffa600010002")
    }

    @Test(arguments: Vector.all("eddystone"))
    func eddystone(vector: Vector) throws {
        if let url = vector.decoded["url"] {
            let frame = try #require(beacons(vector.bytes).first)
            #expect(EddystoneURL.text(of: frame.id).map { .string($0) } == url)
            #expect(frame.measuredPower == -19 - 41)
        } else if vector.decoded["ns"] != nil {
            let frame = try #require(beacons(vector.bytes).first)
            #expect(vector.decoded["tx1m"] == .number(Double(frame.measuredPower)))
            #expect(frame.id.description == "eddystone:00010203040506070809/010203040506")
        } else {
            let health = try #require(telemetry(vector.bytes).first)
            #expect(vector.decoded["vbatt_mv"] == health.battery.map { .number(Double($0)) })
            #expect(vector.decoded["temp_c"] == health.celsius.map { .number($0) })
            #expect(vector.decoded["adv_cnt"] == .number(Double(health.advertisements)))
            #expect(vector.decoded["uptime_s"] == .number(health.uptimeSeconds))
        }
    }

    @Test(arguments: ["ad", "ibeacon", "altbeacon", "eddystone"])
    func hostileNeighbours(area: String) {
        for vector in Vector.all(area) {
            ByteVerifier.neighbours(of: vector.bytes) { bytes in
                var recognizer = Recognizer()
                // Whatever is recognized has a text form that reads back.
                for case .beacon(let frame) in recognizer.recognized(bytes) {
                    #expect(BeaconID(frame.id.description) == frame.id)
                }
            }
        }
    }

    /// The commonest payload has a lane of its own: it must not change what is seen.
    @Test func fastLaneAgreesWithTheWalk() {
        let beacon = Vector.all("ibeacon")[0].bytes
        let tails: [[UInt8]] = [[], [0], [2, 0x0a, 4], Array(beacon.dropFirst(3)), [9]]
        for payload in [beacon, Array(beacon.dropFirst(3))] {
            for tail in tails {
                ByteVerifier.neighbours(of: payload + tail) { bytes in
                    var walking = Recognizer()
                    var fast = Recognizer()
                    // An empty structure in front keeps the walk off the lane.
                    #expect(walking.recognized([1, 0x7e] + bytes) == fast.recognized(bytes))
                    #expect(walking.rejected == fast.rejected)
                }
            }
        }
    }

    @Test func iBeaconBehindOtherMessages() {
        let message = Array(Vector.all("ibeacon")[0].bytes[7...])
        let others: [[UInt8]] = [[0x10, 0x02, 0x0b, 0x00], [0x00], [0x0c, 0x00], [0, 0, 0]]
        for other in others {
            let payload = structure(.manufacturerData, [0x4c, 0x00] + other + message)
            #expect(beacons(payload).map(\.id.major) == [10001])
        }
        var recognizer = Recognizer()
        let cut = structure(.manufacturerData, [0x4c, 0x00, 0x10, 0x20] + message)
        #expect(recognizer.recognized(cut) == [] && recognizer.rejected.total == 0)
    }

    @Test func iBeaconOfAWrongLength() {
        let message = Array(Vector.all("ibeacon")[0].bytes[9...])
        for length in [0x14, 0x16, 0x00, 0xff] as [UInt8] {
            var recognizer = Recognizer()
            let data = [0x4c, 0x00, 0x02, length] + message + [0]
            #expect(recognizer.recognized(structure(.manufacturerData, data)) == [])
            #expect(recognizer.rejected[.malformedIBeacon] == 1)
        }
        var recognizer = Recognizer()
        let short = [0x4c, 0x00, 0x02, 0x15] + message.dropLast()
        #expect(recognizer.recognized(structure(.manufacturerData, short)) == [])
        #expect(recognizer.rejected[.malformedIBeacon] == 1)
        #expect(throws: FrameError.length(20)) { try IBeacon(manufacturerData: short.span) }
    }

    @Test func iBeaconZeroNumbersAreLegal() {
        let data = [0x4c, 0x00, 0x02, 0x15] + [UInt8](repeating: 0, count: 20) + [0xc5]
        #expect(beacons(structure(.manufacturerData, data)).map(\.id.minor) == [0])
    }

    @Test(arguments: [24, 25, 26, 27])
    func altBeaconLengths(count: Int) {
        var recognizer = Recognizer()
        let data = [0x18, 0x01, 0xbe, 0xac] + [UInt8](repeating: 1, count: count - 4)
        let found = recognizer.recognized(structure(.manufacturerData, data))
        #expect(found.count == (count == 25 || count == 26 ? 1 : 0))
        #expect(recognizer.rejected[.malformedAltBeacon] == (found.isEmpty ? 1 : 0))
    }

    private func malformed(_ frame: [UInt8]) -> Bool {
        var recognizer = Recognizer()
        let found = recognizer.recognized(structure(.serviceData16, [0xaa, 0xfe] + frame))
        #expect(found.count + Int(recognizer.rejected[.malformedEddystone]) == 1)
        return found.isEmpty
    }

    @Test func eddystoneLengthsAndReservedBits() {
        let body = [UInt8](repeating: 0x41, count: 32)
        let allowed: [(UInt8, Set<Int>)] = [
            (0x00, [18, 20]), (0x10, Set(4...20)), (0x30, [10]), (0x40, []), (0x50, []),
        ]
        for (type, lengths) in allowed {
            for count in 3...24 {
                let frame = [type, 0xe7, 0x02] + body.prefix(count - 3)
                #expect(malformed(frame) == !lengths.contains(count), "\(type) \(count)")
                #expect(malformed([type | 0x01] + frame.dropFirst()))
            }
        }
        for (version, length) in [(0x00, 14), (0x01, 18)] as [(UInt8, Int)] {
            for count in 2...20 {
                let frame = [0x20, version] + body.prefix(count - 2)
                #expect(malformed(frame) == (count != length))
            }
        }
        #expect(malformed([0x20]) && malformed([0x20, 0x02] + body.prefix(12)))
    }

    @Test func eddystoneURLCharacters() {
        for code in UInt8.min...UInt8.max {
            let isReserved = (0x0e...0x20).contains(code) || code >= 0x7f
            #expect(malformed([0x10, 0, 0, code]) == isReserved)
            #expect(malformed([0x10, 0, code, 0x41]) == (code > 3))
        }
        let long = [0x10, 0x00, 0x03] + Array("abcdefghijklmnopq".utf8)
        let frame = beacons(structure(.serviceData16, [0xaa, 0xfe] + long)).first
        #expect(frame.map { EddystoneURL.text(of: $0.id) } == "https://abcdefghijklmnopq")
    }

    @Test func eddystonePowerAtTheEndsOfItsRange() {
        for (atZero, atOne) in [(20, -21), (-87, -128), (-100, -128), (-128, -128)]
            as [(Int8, Int8)]
        {
            let frame = [0x00, UInt8(bitPattern: atZero)] + [UInt8](repeating: 1, count: 16)
            let found = beacons(structure(.serviceData16, [0xaa, 0xfe] + frame))
            #expect(found.map(\.measuredPower) == [atOne])
        }
    }

    @Test func telemetryThatIsNotMeasured() {
        let frame = hex("20000000800000000001ffffffff")
        let health = telemetry(structure(.serviceData16, [0xaa, 0xfe] + frame)).first
        #expect(health?.battery == nil && health?.temperature == nil)
        #expect(health?.advertisements == 1 && health?.uptime == .max)
    }

    @Test func severalFramesInOnePayload() {
        let alt = Array(Vector.all("altbeacon")[0].bytes.dropFirst(3))
        let tlm = Array(Vector.all("eddystone")[2].bytes.dropFirst(7))
        var recognizer = Recognizer()
        let found = recognizer.recognized(Vector.all("ibeacon")[0].bytes + alt + tlm)
        #expect(found.count == 3)
    }
}
