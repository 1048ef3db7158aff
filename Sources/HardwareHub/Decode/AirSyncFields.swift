import BeaconScanner

/// The fields of AirSync packets and of the bare values that go with them.
struct AirSyncFields {
    /// Identities that WeChat's public sample firmware ships with: a device that still has one was
    /// never given its own, and its key is known to everybody.
    static let samples = [
        (type: "WeChatDev", id: "WeChatBluetoothDevice"),
        (type: "gh_1bafe245c2cb", id: "WeChatBluetoothDevice"),
    ]

    private let aids: DecodeAids

    init(_ aids: DecodeAids) { self.aids = aids }

    /// Decodes a packet, or 16 bytes that do not start like one.
    func decode(_ bytes: Span<UInt8>) throws(MalformedValue) -> DecodedFields {
        if bytes.count == 16, bytes[0] != 0xfe || bytes[1] != 1 { return bare(bytes.copy()) }
        let packet = try AirSyncPacket(bytes)
        var fields = DecodedFields()
        fields["cmd"] = .number(packet.command.rawValue)
        fields["seq"] = .number(packet.sequence)
        do throws(MalformedValue) {
            switch try AirSyncBody(packet, aids) {
            case .plain(let message): add(message, to: &fields)
            case .opened(let message, let plain, let published):
                add(ciphertext: packet.body, to: &fields)
                fields["plain"] = Self.hex(plain)
                if let published { add(published, to: &fields) }
                add(message, to: &fields)
            case .sealed:
                add(ciphertext: packet.body, to: &fields)
                if aids.key != nil {
                    fields["result"] = .text("no match")
                    fields["reason"] = .text("the key does not open the body")
                }
            }
        } catch {
            throw error.shifted(by: AirSyncHeader.size)
        }
        return fields
    }

    private func add(ciphertext: [UInt8], to fields: inout DecodedFields) {
        fields["encrypted"] = .bool(true)
        fields["body"] = Self.hex(ciphertext)
    }

    /// Says that a key was tried which nobody asked for.
    private func add(_ key: PublishedKey, to fields: inout DecodedFields) {
        fields["published_key"] = .text(key.hex)
        fields["note"] = .text("opened with a key that everybody has (\(key.provenance))")
    }

    private func add(_ message: AirSyncMessage, to fields: inout DecodedFields) {
        switch message {
        case .authRequest(let request): add(request, to: &fields)
        case .authResponse(let response): add(response, to: &fields)
        case .initRequest(let request):
            fields["resp_field_filter"] = request.filter.map(Self.hex)
            fields["challenge"] = request.challenge.map(Self.hex)
            fields["challenge_answer_expected"] = request.answer.map { .number($0) }
            add(junk: request.junk, to: &fields)
        case .initResponse(let response): add(response, to: &fields)
        case .sendDataRequest(let data), .receiveDataPush(let data):
            add(data: data.data, to: &fields)
            fields["type"] = data.type.map { .number($0.rawValue) }
            add(junk: data.junk, to: &fields)
        case .sendDataResponse(let response):
            add(response.outcome, to: &fields)
            if let data = response.data { add(data: data, to: &fields) }
            add(junk: response.junk, to: &fields)
        case .switchViewPush(let push), .switchBackgroundPush(let push):
            fields["op"] = .number(push.operation)
            fields["view"] = push.view.map { .number($0) }
            add(junk: push.junk, to: &fields)
        case .decodeError: fields["meaning"] = .text("the other side could not decode")
        case .unknown(_, let body): fields["body"] = Self.hex(body)
        }
    }

    private func add(_ request: AuthRequest, to fields: inout DecodedFields) {
        fields["md5"] = request.digest.map(Self.hex)
        fields["proto_version"] = .number(request.version)
        fields["auth_proto"] = .number(request.kind)
        fields["auth_method"] = .number(request.method)
        fields["aes_sign"] = request.proof.map(Self.hex)
        fields["mac"] = request.macAddress.map(Self.hex)
        fields["time_zone"] = request.timeZone.map { .text($0) }
        fields["language"] = request.language.map { .text($0) }
        fields["device_name"] = request.deviceName.map { .text($0) }
        add(junk: request.junk, to: &fields)
        if let digest = request.digest { fields.add(identity(digest)) }
        if let proof = request.proof { fields.add(proved(proof)) }
    }

    private func add(_ response: AuthResponse, to fields: inout DecodedFields) {
        add(response.outcome, to: &fields)
        fields["aes_session_key"] = Self.hex(response.sessionKey)
        if !response.sessionKey.isEmpty { fields["key"] = Self.hex(response.sessionKey) }
        if let key = aids.key {
            fields["session_key"] = aids.crypto?
                .sessionKey(from: response.sessionKey, deviceKey: key).map(Self.hex)
        } else if response.sessionKey.count == 32 {
            // Without padding, which 16 bytes have not, any key would seem to fit.
            for key in PublishedKey.all(for: .device) {
                guard
                    let session = aids.crypto?
                        .sessionKey(from: response.sessionKey, deviceKey: key.bytes)
                else { continue }
                fields["session_key"] = Self.hex(session)
                add(key, to: &fields)
            }
        }
        add(junk: response.junk, to: &fields)
    }

    private func add(_ response: InitResponse, to fields: inout DecodedFields) {
        add(response.outcome, to: &fields)
        fields["user_id_high"] = .number(response.userHigh)
        fields["user_id_low"] = .number(response.userLow)
        fields["challenge_answer"] = response.challengeAnswer.map { .number($0) }
        fields["init_scene"] = response.scene.map { .number($0) }
        fields["init_scence"] = fields["init_scene"]
        fields["auto_sync_max_duration_second"] = response.longestSync.map { .number($0) }
        fields["user_nick_name"] = response.nickname.map { .text($0) }
        fields["platform_type"] = response.platform.map { .number($0) }
        fields["model"] = response.model.map { .text($0) }
        fields["os"] = response.system.map { .text($0) }
        fields["time"] = response.time.map { .number($0) }
        fields["time_zone"] = response.timeZone.map { .number($0) }
        fields["time_string"] = response.timeText.map { .text($0) }
        add(junk: response.junk, to: &fields)
    }

    private func add(_ outcome: AirSyncOutcome, to fields: inout DecodedFields) {
        fields["err"] = .number(outcome.code)
        fields["err_meaning"] = outcome.meaning.map { .text($0) }
        fields["msg"] = outcome.message.map { .text($0) }
    }

    /// `data` is for people: text where all of it is printable ASCII, hexadecimal otherwise;
    /// `data_hex` is for programs.
    private func add(data: [UInt8], to fields: inout DecodedFields) {
        let isPrintable = data.allSatisfy { (0x20..<0x7f).contains($0) }
        fields["data"] = isPrintable ? .text(String(decoding: data, as: UTF8.self)) : Self.hex(data)
        fields["data_hex"] = Self.hex(data)
    }

    private func add(junk: [UInt8], to fields: inout DecodedFields) {
        if !junk.isEmpty { fields["junk"] = Self.hex(junk) }
    }

    private static func hex(_ bytes: [UInt8]) -> DecodedFields.Value { .text(Hex.lower(bytes)) }
}

extension AirSyncFields {
    /// 16 bare bytes: a proof if a key opens them, an MD5 otherwise.
    private func bare(_ bytes: [UInt8]) -> DecodedFields {
        var fields = proved(bytes)
        if fields.entries.isEmpty {
            fields["md5"] = Self.hex(bytes)
            fields.add(identity(bytes))
        }
        return fields
    }

    /// The device type and id an MD5 stands for, if it is the given or a sample one.
    private func identity(_ digest: [UInt8]) -> DecodedFields {
        var fields = DecodedFields()
        guard let crypto = aids.crypto else { return fields }
        let given = aids.deviceType.flatMap { type in aids.deviceID.map { [(type: type, id: $0)] } }
        for (type, id) in (given ?? []) + Self.samples
        where crypto.digest(deviceType: type, deviceID: id) == digest {
            fields["device_type"] = .text(type)
            fields["device_id"] = .text(id)
        }
        return fields
    }

    /// What a proof says, if the given key or the sample firmware's opens it.
    private func proved(_ bytes: [UInt8]) -> DecodedFields {
        var fields = DecodedFields()
        let published = aids.key == nil ? PublishedKey.all(for: .device) : []
        for key in aids.key.map({ [$0] }) ?? published.map(\.bytes) {
            guard let crypto = aids.crypto,
                let proof = AirSyncProof(bytes, deviceKey: key, crypto: crypto)
            else { continue }
            let ids = aids.deviceID.map { [$0] } ?? Self.samples.map(\.id)
            let owner = ids.first { proof.isValid(deviceID: $0) }
            // A proof ends in four bytes of padding: with a wrong key that happens once in 2³², so
            // the key counts as right also where the id is not known and no checksum confirms it.
            fields["plain"] = Self.hex(proof.plain)
            fields["random"] = .text(hexadecimal(UInt64(proof.random), digits: 8))
            fields["proof_seq"] = .number(proof.sequence)
            fields["crc32"] = .text(hexadecimal(UInt64(proof.checksum), digits: 8))
            fields["device_id"] = owner.map { .text($0) }
            if let key = published.first(where: { $0.bytes == key }) { add(key, to: &fields) }
            break
        }
        return fields
    }
}
