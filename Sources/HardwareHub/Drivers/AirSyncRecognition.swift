internal import BeaconScanner

/// Decides whether a device is the one it should be, by what is configured for it.
///
/// | configured | the device comes with | accepted when |
/// |---|---|---|
/// | a key | MD5 and proof | the proof opens with the key, its CRC is right, its sequence is new, and the MD5 fits where a type is configured |
/// | a key | anything else | never: who has a key must prove it |
/// | no key | MD5 | it is that of the type and id configured |
/// | no key | MD5 and proof | never: the key is missing |
/// | anything but a key | MAC address | it is the address, or what FEC9 says, in either byte order |
///
/// Source: the three methods as in karlzheng/wechatAirSync and icprog/airsync_rda.
struct AirSyncRecognition {
    /// Where the last proof is kept: its sequence (4, big-endian), and a mark of the key and id that it
    /// was made with (4), the beginning of their MD5. Earlier versions kept no mark.
    static let memoryKey = "airsync.proof"

    /// What came out.
    enum Verdict: Hashable {
        /// It is the device; no encryption.
        case recognized
        /// It has the key; the proof's sequence has to be durable before anybody answers.
        case proven(sequence: UInt32)
        /// It is not, and what it is told.
        case refused(AirSyncOutcome, DeviceFault)
    }

    let device: DeviceContext
    /// What FEC9 says.
    var macAddress: [UInt8]?
    /// The sequence of the last proof that was accepted.
    var lastSequence: UInt32?

    init(_ device: DeviceContext) {
        self.device = device
        guard let kept = device.memory[Self.memoryKey] else { return }
        // Another key or id is another count: what was proven with the old ones opens with neither.
        let isOfThisKey = kept.count == 8 && Array(kept.suffix(4)) == Self.mark(of: device)
        guard isOfThisKey || kept.count == 4 else { return }
        lastSequence = kept.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The bytes that `memoryKey` keeps.
    func memory(_ sequence: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sequence >> UInt32($0)) }
            + Self.mark(of: device)
    }

    private static func mark(of device: DeviceContext) -> [UInt8] {
        let digest = device.crypto.digest(
            deviceType: Hex.lower(device.key ?? []), deviceID: device.deviceID ?? "")
        return Array(digest.prefix(4))
    }

    /// Whether two byte strings are equal, in a time that does not tell where they differ.
    static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }

    func verdict(on request: AuthRequest) -> Verdict {
        guard request.kind == 1, let method = AuthRequest.Method(rawValue: request.method) else {
            return .refused(
                AirSyncOutcome(code: -8),
                DeviceFault(
                    .unsupported,
                    "it wants to be recognized by method \(request.kind).\(request.method), which is"
                        + " not known"))
        }
        let proof = request.proof.flatMap { $0.isEmpty ? nil : $0 }
        switch (device.key, method, proof) {
        case (let key?, .md5, let proof?): return proven(proof, key, request)
        case (_?, _, _):
            return blocked(
                "it does not prove that it has its key",
                "check that it is the device the key belongs to; remove keyFile if it has no key")
        case (nil, .md5, _?):
            return blocked(
                "it proves a key and none is configured", "set keyFile to a file with its key")
        case (nil, .md5, nil): return named(request)
        case (nil, .macAddress, _):
            guard device.isLocated else {
                return blocked(
                    "it names itself by its address, and none is configured", "set address")
            }
            return addressed(request)
        }
    }

    private func proven(_ proof: [UInt8], _ key: [UInt8], _ request: AuthRequest) -> Verdict {
        guard let id = device.deviceID else {
            return blocked("its proof names its id, which is not configured", "set deviceId")
        }
        guard let read = AirSyncProof(proof, deviceKey: key, crypto: device.crypto),
            read.isValid(deviceID: id), fits(request.digest, id)
        else {
            return blocked(
                "its proof does not fit the key", "check keyFile, deviceId and deviceType")
        }
        if let lastSequence, read.sequence <= lastSequence {
            return blocked(
                "replayed proof: its number is \(read.sequence), the last was \(lastSequence)",
                "if the device was reset, forget it and enroll it again")
        }
        return .proven(sequence: read.sequence)
    }

    /// Whether a digest is the device's; without a type configured the proof alone counts.
    private func fits(_ digest: [UInt8]?, _ id: String) -> Bool {
        guard let type = device.deviceType else { return true }
        guard let digest else { return false }
        return Self.isEqual(digest, device.crypto.digest(deviceType: type, deviceID: id))
    }

    private func named(_ request: AuthRequest) -> Verdict {
        guard let type = device.deviceType, let id = device.deviceID else {
            return blocked(
                "it names itself by its type and id, which are not configured",
                "set deviceType and deviceId")
        }
        guard let digest = request.digest,
            Self.isEqual(digest, device.crypto.digest(deviceType: type, deviceID: id))
        else {
            return blocked(
                "it is not the device that type and id name", "check deviceType and deviceId")
        }
        return .recognized
    }

    private func addressed(_ request: AuthRequest) -> Verdict {
        let address = (0..<6).map {
            UInt8(truncatingIfNeeded: device.address.bits >> UInt64(40 - 8 * $0))
        }
        guard let claimed = request.macAddress,
            [address, macAddress].contains(where: { known in
                known.map { $0 == claimed || $0.reversed() == claimed } ?? false
            })
        else {
            return blocked(
                "it names another address than its own", "check that it is the device configured")
        }
        return .recognized
    }

    private func blocked(_ text: String, _ mend: String) -> Verdict {
        .refused(.deviceBlocked, DeviceFault(.authentication, text, mend: mend))
    }
}
