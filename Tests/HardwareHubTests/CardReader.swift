import TestSupport

@testable import HardwareHub

/// An ETC card: files and a balance. Made up: no such card or plate exists.
struct Card {
    var issue: [UInt8] = CardTests.issue
    var balance: [UInt8] = hex("00001f40")
    var records: [[UInt8]]
    var passages: [[UInt8]]

    init(number: UInt8 = 0x34, records: Int = 3, passages: Int = 2) {
        issue[19] = number
        self.records = (0..<records).map { index in
            hex("00") + [UInt8(20 - index)] + CardTests.record.dropFirst(2)
        }
        self.passages = (0..<passages).map { index in
            var passage = CardTests.passage
            passage[11] = UInt8(index)
            return passage
        }
    }

    /// The card's reply to a command, its status at the end.
    func reply(to command: [UInt8]) -> [UInt8] {
        switch (command[0], command[1], command[2], command[3]) {
        case (0x00, 0xa4, _, _): return hex("6f00") + hex("9000")
        case (0x00, 0xb0, 0x95, 0): return issue + hex("9000")
        case (0x80, 0x5c, 0, 2): return balance + hex("9000")
        case (0x00, 0xb2, let number, 0xc4):
            return number <= records.count ? records[Int(number) - 1] + hex("9000") : hex("6a83")
        case (0x00, 0xb2, let number, 0xcc):
            return number <= passages.count ? passages[Int(number) - 1] + hex("9000") : hex("6a83")
        default: return hex("6d00")
        }
    }
}

/// A card reader as the fact sheet describes one, inside an AirSync device. Its frames are put
/// together here and not by the code that is tested.
struct CardReader: ScriptedDevice {
    var card: Card?
    var airSync: AirSyncDevice
    /// How many data bytes one frame of its answers has.
    var frameSize = 90
    var answersAboutItself = true
    var answersHandshake = true
    var isSilent = false
    /// The number of everything it sends; nil to count.
    var sequence: UInt16?
    /// Whether it sends each packet twice.
    var stutters = false
    /// Changes before the card is asked for the n-th time, from 0.
    var events: [Int: (inout CardReader) -> Void] = [:]
    /// What to answer instead of the card, by command and step.
    var override: (_ command: [UInt8], _ exchange: Int) -> [UInt8]? = { _, _ in nil }
    /// A status of the reader instead of 0.
    var status: (_ exchange: Int) -> UInt8? = { _ in nil }
    var dataType: UInt8 = 0

    /// Every command that reached the card, and every message that reached the reader.
    private(set) var commands: [[UInt8]] = []
    private(set) var messages: [[UInt8]] = []
    private(set) var exchanges = 0
    private var seen = 0
    private var partial: [UInt8] = []

    init(card: Card? = Card(), begins: Bool = false) {
        self.card = card
        airSync = AirSyncDevice(way: .mac, beginning: begins ? hex("0a001a0411223344") : nil)
    }

    var table: GATTTable { airSync.table }

    mutating func asked(_ action: DeviceAction) -> [DeviceEvent] {
        var events = airSync.asked(action)
        while seen < airSync.pushes.count {
            guard case .receiveDataPush(let push) = airSync.pushes[seen] else { break }
            seen += 1
            events += frame(push.data)
        }
        return events
    }

    private mutating func frame(_ frame: [UInt8]) -> [DeviceEvent] {
        guard frame.count >= 5, frame[0] == 0x33, frame.count == Int(frame[3]) + 5,
            frame.dropFirst().reduce(0, ^) == 0
        else { return [] }
        if frame[2] & 0x80 != 0 { partial = [] }
        partial += frame[4..<(frame.count - 1)]
        return frame[2] & 0x7f == 0 ? message(partial) : []
    }

    private mutating func message(_ message: [UInt8]) -> [DeviceEvent] {
        messages.append(message)
        switch message[0] {
        case 0xa2:
            guard answersHandshake else { return [] }
            return answer(hex("b20011c0") + Array("4402166110005917".utf8))
        case 0xa5:
            guard answersAboutItself else { return [] }
            switch message[2] {
            case 0xc0: return answer(hex("b50011c0") + Array("4402166110005917".utf8))
            case 0xc1: return answer(hex("b50005c1") + Array("1.02".utf8))
            default: return answer(hex("b50002c255"))
            }
        case 0xa3: return answer(cardAnswer(message))
        default: return []
        }
    }

    private mutating func cardAnswer(_ message: [UInt8]) -> [UInt8] {
        let exchange = exchanges
        exchanges += 1
        events[exchange]?(&self)
        if let status = status(exchange) { return [0xb3, status, 0, 0, 0] }
        guard let card else { return [0xb3, 0xcf, 0, 0, 0] }
        var items: [UInt8] = []
        var rest = message[6...]
        while let tag = rest.popFirst(), let length = rest.popFirst() {
            let command = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
            commands.append(command)
            let reply = override(command, exchange) ?? card.reply(to: command)
            guard tag & 0x80 == 0 || reply.suffix(2) != hex("9000") else { continue }
            items += [tag & 0x7f, UInt8(reply.count)] + reply
            if reply.suffix(2) != hex("9000") { break }
        }
        let list = [0x81, UInt8(items.count)] + items
        return [0xb3, 0, dataType] + little(list.count, 2) + list
    }

    private mutating func answer(_ message: [UInt8]) -> [DeviceEvent] {
        guard !isSilent else { return [] }
        let pieces = stride(from: 0, to: message.count, by: frameSize).map {
            Array(message[$0..<min($0 + frameSize, message.count)])
        }
        return pieces.enumerated().flatMap { index, piece in
            let control = UInt8(pieces.count - 1 - index) | (index == 0 ? 0x80 : 0)
            let inner = [UInt8(index + 1), control, UInt8(piece.count)] + piece
            let events = airSync.sendData(
                [0x33] + inner + [inner.reduce(0, ^)], sequence: sequence)
            return stutters ? events + events : events
        }
    }
}
