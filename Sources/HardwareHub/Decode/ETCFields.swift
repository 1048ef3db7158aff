import BeaconScanner

/// The fields of a card reader's messages.
enum ETCFields {
    /// Decodes an AirSync packet that carries a frame, a frame, or a bare message.
    static func decode(_ bytes: Span<UInt8>) throws(MalformedValue) -> DecodedFields {
        guard !bytes.isEmpty else { throw .missing("packet, frame or message", at: 0) }
        switch bytes[0] {
        case 0xfe: return try packet(bytes)
        case 0x33: return try frame(bytes)
        default: return try message(bytes)
        }
    }

    private static func packet(_ bytes: Span<UInt8>) throws(MalformedValue) -> DecodedFields {
        let packet = try AirSyncPacket(bytes)
        var fields = DecodedFields()
        fields["cmd"] = .number(packet.command.rawValue)
        fields["seq"] = .number(packet.sequence)
        switch try AirSyncMessage(packet.command, packet.body.span) {
        case .sendDataRequest(let data), .receiveDataPush(let data):
            let next = AirSyncHeader.size &+ packet.body.count
            if let whole = try assembled(data.data, bytes.extracting(next...)) {
                fields.add(try message(whole.span))
            } else {
                fields.add(try frame(data.data.span))
            }
            var rest = DecodedFields()
            rest["type"] = data.type.map { .number($0.rawValue) }
            rest["junk"] = data.junk.isEmpty ? nil : .text(Hex.lower(data.junk))
            fields.add(rest)
        default:
            // Shaking hands comes before any frame.
            fields.add(try AirSyncFields(DecodeAids()).decode(bytes))
        }
        return fields
    }

    /// A message whose further fragments stand in packets right behind the first one's.
    ///
    /// - Returns: nil where there is only one fragment, or not all of them.
    private static func assembled(
        _ first: [UInt8], _ rest: Span<UInt8>
    ) throws(MalformedValue) -> [UInt8]? {
        var frame = try ReaderFrame(first.span)
        guard frame.isFirst, frame.remaining > 0 else { return nil }
        var assembly = ReaderFrameAssembly()
        var rest = rest
        while true {
            if let message = try assembly.received(frame) { return message }
            guard rest.count > 1, rest[0] == 0xfe, rest[1] == 1 else { return nil }
            let packet = try AirSyncPacket(rest)
            switch try AirSyncMessage(packet.command, packet.body.span) {
            case .sendDataRequest(let data), .receiveDataPush(let data):
                frame = try ReaderFrame(data.data.span)
            default: return nil
            }
            rest = rest.extracting((AirSyncHeader.size &+ packet.body.count)...)
        }
    }

    private static func frame(_ bytes: Span<UInt8>) throws(MalformedValue) -> DecodedFields {
        let frame = try ReaderFrame(bytes)
        var fields = DecodedFields()
        fields["sn"] = .number(frame.number)
        guard frame.isFirst, frame.remaining == 0 else {
            // A fragment: only all of them together can be read.
            fields["fragments_to_come"] = .number(frame.remaining)
            fields["first_fragment"] = .bool(frame.isFirst)
            fields["inner"] = .text(Hex.lower(frame.data))
            return fields
        }
        fields.add(try message(frame.data.span))
        return fields
    }

    private static func message(_ bytes: Span<UInt8>) throws(MalformedValue) -> DecodedFields {
        var fields = DecodedFields()
        fields["inner"] = .text(Hex.lower(bytes.copy()))
        guard !bytes.isEmpty else { throw .missing("code of the message", at: 0) }
        fields["code"] = .text(Hex.lower([bytes[0]]))
        switch bytes[0] {
        case 0xa3, 0xa4: try fields.add(commands(bytes))
        case 0xa5:
            var cursor = ByteCursor(at: 1)
            _ = try cursor.uint8(bytes, "length")
            fields["kind"] = .text(Hex.lower([try cursor.uint8(bytes, "query")]))
        case 0xb0...0xbf: fields.add(reply(try ReaderReply(bytes)))
        default: break
        }
        return fields
    }

    private static func commands(_ bytes: Span<UInt8>) throws(MalformedValue) -> DecodedFields {
        var cursor = ByteCursor(at: 1)
        var fields = DecodedFields()
        let type = try cursor.uint8(bytes, "data type")
        let length = Int(try cursor.uint16(bytes, "length"))
        let range = try cursor.skip(length, bytes, "commands")
        fields["data_type"] = .number(type)
        // Encrypted commands are between the reader and the card's issuer.
        guard type & 0x0f == 0 else { return fields }
        let inner = bytes.extracting(0..<range.upperBound)
        let items = try ReaderItems.read(inner, from: range.lowerBound, outer: 0x80)
        fields["tags"] = .list(items.map { .number($0.tag) })
        fields["apdus"] = .list(items.map { .text(Hex.lower(inner.copy($0.range))) })
        return fields
    }

    private static func reply(_ reply: ReaderReply) -> DecodedFields {
        var fields = DecodedFields()
        fields["status"] = .number(reply.status)
        if reply.status == ReaderReply.noCard { fields["status_meaning"] = .text("no card") }
        switch reply.content {
        case .handshake(let payload), .reader(let payload): fields.add(self.payload(payload))
        case .encryptedCard(let bytes):
            fields["encrypted"] = .bool(true)
            fields["data"] = .text(Hex.lower(bytes))
        case .other(let bytes): fields["data"] = .text(Hex.lower(bytes))
        case .card(let items):
            if let only = items.first, items.count == 1 {
                fields.add(CardReplyFields.item(only))
            } else if !items.isEmpty {
                fields["items"] = .list(items.map { .fields(CardReplyFields.item($0)) })
                // Together stands only what was done, lest the status word of one that failed stand
                // beside another's money.
                let done = items.filter(\.status.isSuccess)
                for item in done.isEmpty ? items : done { fields.add(CardReplyFields.item(item)) }
            }
        }
        return fields
    }

    private static func payload(_ payload: ReaderReply.Payload) -> DecodedFields {
        var fields = DecodedFields()
        switch payload {
        case .text(let kind, let text):
            fields["kind"] = .text(Hex.lower([kind]))
            fields[kind == ReaderRequest.Query.number.rawValue ? "number" : "version"] = .text(text)
            fields["text"] = .text(text)
        case .battery(let percent):
            fields["kind"] = .text(Hex.lower([ReaderRequest.Query.battery.rawValue]))
            fields["battery"] = .number(percent)
        case .identifier(let kind, let bytes):
            fields["kind"] = .text(Hex.lower([kind]))
            let isCard = kind == ReaderRequest.Query.cardID.rawValue
            fields[isCard ? "card_id" : "obu_mac"] = .text(Hex.lower(bytes))
        case .random(let bytes): fields["random"] = .text(Hex.lower(bytes))
        case .bytes(let bytes):
            fields["kind"] = bytes.first.map { .text(Hex.lower([$0])) }
            fields["data"] = .text(Hex.lower(bytes))
        }
        return fields
    }
}

/// The fields of one reply of a card. Which file it is shows by its length alone.
enum CardReplyFields {
    static func item(_ item: ReaderReply.Item) -> DecodedFields {
        var fields = DecodedFields()
        fields["tag"] = .number(item.number)
        fields["sw"] = .text(item.status.description)
        fields["sw_meaning"] = item.status.meaning.map { .text($0) }
        // The holder's file (55 bytes) is personal: its bytes are not taken apart.
        fields["data"] = item.data.isEmpty ? nil : .text(Hex.lower(item.data))
        guard item.status.isSuccess else { return fields }
        let data = item.data.span
        switch item.data.count {
        case 4: if let balance = try? CardBalance(data) { fields.add(self.balance(balance)) }
        case LoadInitialization.size:
            if let load = try? LoadInitialization(data) { fields.add(self.load(load)) }
        case CardRecord.size:
            if let record = try? CardRecord(data) { fields.add(self.record(record)) }
        case CardIssue.size:
            if let passage = try? TollPassage(data) {
                fields.add(self.passage(passage))
            } else if let issue = try? CardIssue(data) {
                fields.add(self.issue(issue))
            }
        default: break
        }
        return fields
    }

    private static func balance(_ balance: CardBalance) -> DecodedFields {
        var fields = DecodedFields()
        fields["balance_fen"] = .number(balance.fen)
        fields["balance_cny"] = .decimal(balance.yuan)
        if balance.isSuspicious { fields["suspicious"] = .bool(true) }
        return fields
    }

    private static func load(_ load: LoadInitialization) -> DecodedFields {
        var fields = balance(load.balance)
        fields["counter"] = .number(load.counter)
        fields["key_version"] = .number(load.keyVersion)
        fields["alg"] = .number(load.algorithm)
        fields["random"] = .text(hexadecimal(UInt64(load.random), digits: 8))
        fields["mac1"] = .text(hexadecimal(UInt64(load.mac1), digits: 8))
        return fields
    }

    private static func record(_ record: CardRecord) -> DecodedFields {
        var fields = DecodedFields()
        fields["file"] = .text("0018")
        if record.isEmpty { fields["empty"] = .bool(true) }
        fields["counter"] = .number(record.counter)
        fields["overdraft_fen"] = .number(record.overdraft)
        fields["amount_fen"] = .number(record.amount)
        fields["type"] = .number(record.type)
        fields["type_name"] = record.typeName.map { .text($0) }
        fields["terminal"] = .text(hexadecimal(record.terminal, digits: 12))
        fields["time"] = record.time.iso8601.map { .text($0) }
        fields["date"] = record.time.date.map { .text($0) }
        return fields
    }

    private static func issue(_ issue: CardIssue) -> DecodedFields {
        var fields = DecodedFields()
        fields["file"] = .text("0015")
        fields["issuer"] = .text(issue.issuer)
        fields["region"] = .text(hexadecimal(UInt64(issue.region), digits: 8))
        fields["type"] = .number(issue.type)
        fields["card_type"] = .number(issue.type)
        fields["version"] = .text(hexadecimal(UInt64(issue.version), digits: 2))
        fields["network"] = .text(issue.number.networkDigits)
        fields["number"] = .text(issue.number.numberDigits)
        fields["card"] = .text(issue.number.digits)
        fields["card_number"] = fields["card"]
        fields["start"] = issue.validFrom.date.map { .text($0) }
        fields["end"] = issue.validTo.date.map { .text($0) }
        fields["valid_from"] = fields["start"]
        fields["valid_to"] = fields["end"]
        fields["plate"] = .text(issue.plate.text)
        fields["user_type"] = .number(issue.user)
        fields["issuer_data"] = .text(hexadecimal(UInt64(issue.issuerData), digits: 4))
        return fields
    }

    private static func passage(_ passage: TollPassage) -> DecodedFields {
        var fields = DecodedFields()
        fields["file"] = .text("0019")
        fields["lock"] = .number(passage.lock)
        fields["network"] = .text(hexadecimal(UInt64(passage.network), digits: 4))
        fields["station"] = .text(hexadecimal(UInt64(passage.station), digits: 4))
        fields["lane"] = .number(passage.lane)
        fields["time"] = .number(passage.time)
        fields["vehicle_class"] = .number(passage.vehicleClass)
        fields["state"] = .number(passage.state)
        fields["plate"] = .text(passage.plate.text)
        return fields
    }
}
