import BeaconScanner
import Crypto
import TestSupport
import Testing

@Suite("Ephemeral identifiers are explained by the key's holder, and by nobody else")
struct EphemeralResolverTests {
    private static let key = [UInt8](0...15)
    private static let aes: BlockCipher = { AES128.encryptBlock($0, key: $1) }

    private func identityKey(
        _ name: String = "door", key: [UInt8] = key, exponent: UInt8, offset: Int64 = 0
    ) throws -> IdentityKey {
        let beacon = try #require(BeaconID("eddystone-eid:" + name))
        return try #require(
            IdentityKey(
                beacon: beacon, key: key, rotationExponent: exponent, clockOffset: offset))
    }

    private func number(_ vector: Vector, _ name: String) throws -> Int64 {
        guard case .number(let value) = vector.decoded[name] else {
            throw VectorError()
        }
        return Int64(value)
    }

    private struct VectorError: Error {}

    private func identifier(_ bytes: [UInt8]) throws -> UInt64 {
        let frame = [0x30, 0xe7] + bytes
        return try EddystoneEID(frame: frame.span).identifier
    }

    @Test(arguments: Vector.all("eddystone-eid"))
    func computedIdentifier(vector: Vector) throws {
        let exponent = UInt8(try number(vector, "k"))
        let time = try number(vector, "ts")
        let offset: Int64 = 1_600_000_000
        let key = try identityKey(exponent: exponent, offset: offset)
        var resolver = EphemeralResolver(keys: [key], encrypt: Self.aes)
        let eid = try identifier(vector.bytes)
        #expect(resolver.beacon(for: eid) == nil)

        let due = resolver.refresh(unixSeconds: time + offset)
        let length = Int64(1) << Int64(exponent)
        let window = time - time % length
        #expect(due == window + length + offset)
        #expect(resolver.beacon(for: eid) == key.beacon)
        #expect(resolver.beacon(for: eid ^ 1) == nil)

        // A window before and after it still counts; two do not.
        for (shift, isKnown) in [(-2, false), (-1, true), (1, true), (2, false)] {
            resolver.refresh(unixSeconds: time + offset + Int64(shift) * length)
            #expect((resolver.beacon(for: eid) != nil) == isKnown, "\(shift)")
        }
    }

    @Test func recognizedPayloadCarriesTheName() throws {
        let vector = Vector.all("eddystone-eid")[1]
        let payload = structure(.serviceData16, [0xaa, 0xfe, 0x30, 0xe7] + vector.bytes)
        var recognizer = Recognizer()
        let stranger = try #require(BeaconID("eddystone-ephemeral:39aa6b35679e9c21"))
        #expect(
            recognizer.recognized(payload)
                == [.beacon(BeaconFrame(id: stranger, measuredPower: -66))])
        let key = try identityKey(exponent: 4)
        recognizer.resolver = EphemeralResolver(keys: [key], encrypt: Self.aes)
        recognizer.resolver.refresh(unixSeconds: 0xff07)
        #expect(
            recognizer.recognized(payload)
                == [.beacon(BeaconFrame(id: key.beacon, measuredPower: -66))])
    }

    @Test func refreshIsDueAtTheFirstWindowThatEnds() throws {
        let slow = try identityKey("slow", exponent: 15)
        let fast = try identityKey("fast", key: Array(Self.key.reversed()), exponent: 4, offset: 3)
        var resolver = EphemeralResolver(keys: [slow, fast], encrypt: Self.aes)
        #expect(resolver.refresh(unixSeconds: 100_000) == 100_003)
        #expect(resolver.refresh(unixSeconds: 100_003) == 100_019)
        var none = EphemeralResolver()
        #expect(none.refresh(unixSeconds: 100_000) == nil)
    }

    @Test func windowsThatAreCurrentCostNoCryptography() throws {
        let calls = CallCount()
        let key = try identityKey(exponent: 9)
        var resolver = EphemeralResolver(keys: [key]) { block, key in
            calls.increment()
            return AES128.encryptBlock(block, key: key)
        }
        resolver.refresh(unixSeconds: 0x1234_5678)
        #expect(calls.value == 6)
        resolver.refresh(unixSeconds: 0x1234_5679)
        _ = resolver.beacon(for: 0)
        #expect(calls.value == 6)
    }

    @Test func clocksAtTheirEnds() throws {
        let keys = try [Int64.min, -1, 0, 1, .max].map {
            try identityKey(exponent: 15, offset: $0)
        }
        var resolver = EphemeralResolver(keys: keys, encrypt: Self.aes)
        for time in [Int64.min, -1, 0, 1, Int64(UInt32.max), Int64(UInt32.max) + 1, .max] {
            resolver.refresh(unixSeconds: time)
        }
    }

    @Test func keysThatCannotBe() throws {
        let beacon = try #require(BeaconID("eddystone-eid:door"))
        let other = try #require(BeaconID("eddystone-ephemeral:39aa6b35679e9c21"))
        func key(_ beacon: BeaconID, _ length: Int, _ exponent: UInt8) -> IdentityKey? {
            IdentityKey(
                beacon: beacon, key: [UInt8](repeating: 0, count: length),
                rotationExponent: exponent, clockOffset: 0)
        }
        #expect(key(beacon, 16, 15) != nil)
        #expect(key(beacon, 16, 16) == nil && key(beacon, 15, 0) == nil)
        #expect(key(beacon, 17, 0) == nil && key(other, 16, 0) == nil)
    }

    @Test func cipherThatFailsExplainsNothing() throws {
        let key = try identityKey(exponent: 0)
        let vector = Vector.all("eddystone-etlm")[0]
        let frame = try EncryptedTelemetry(frame: vector.bytes.span)
        let bad: [BlockCipher] = [{ _, _ in nil }, { _, _ in [] }, { _, _ in [1] }]
        for cipher in bad {
            var resolver = EphemeralResolver(keys: [key], encrypt: cipher)
            resolver.refresh(unixSeconds: 1000)
            #expect(resolver.beacon(for: 0) == nil)
            #expect(resolver.decrypt(frame, from: key.beacon, unixSeconds: 0) == nil)
        }
    }

    @Test(arguments: Vector.all("eddystone-etlm"))
    func encryptedTelemetry(vector: Vector) throws {
        let payload = structure(.serviceData16, [0xaa, 0xfe] + vector.bytes)
        var recognizer = Recognizer()
        guard case .encryptedTelemetry(let frame) = recognizer.recognized(payload).first else {
            Issue.record("not recognized")
            return
        }
        let key = try identityKey(exponent: 9)
        let other = try identityKey("other", key: Array(Self.key.reversed()), exponent: 9)
        let resolver = EphemeralResolver(keys: [other, key], encrypt: Self.aes)
        for shift in [-512, 0, 512] as [Int64] {
            let health = resolver.decrypt(
                frame, from: key.beacon, unixSeconds: 0x1234_5678 + shift)
            #expect(vector.decoded["vbatt_mv"] == health?.battery.map { .number(Double($0)) })
            #expect(vector.decoded["temp_c"] == health?.celsius.map { .number($0) })
            #expect(
                vector.decoded["adv_cnt"] == health.map { .number(Double($0.advertisements)) })
            #expect(vector.decoded["uptime_s"] == health.map { .number($0.uptimeSeconds) })
        }
        #expect(resolver.decrypt(frame, from: key.beacon, unixSeconds: 0x1234_5678 + 2048) == nil)
        #expect(resolver.decrypt(frame, from: other.beacon, unixSeconds: 0x1234_5678) == nil)
        let stranger = try #require(BeaconID("eddystone-eid:nobody"))
        #expect(resolver.decrypt(frame, from: stranger, unixSeconds: 0x1234_5678) == nil)
    }

    @Test func changedTelemetryIsRefused() throws {
        let vector = Vector.all("eddystone-etlm")[0]
        let key = try identityKey(exponent: 9)
        let resolver = EphemeralResolver(keys: [key], encrypt: Self.aes)
        for index in 2..<vector.bytes.count {
            var bytes = vector.bytes
            bytes[index] ^= 0x01
            let frame = try EncryptedTelemetry(frame: bytes.span)
            #expect(resolver.decrypt(frame, from: key.beacon, unixSeconds: 0x1234_5678) == nil)
        }
    }
}
