import BeaconScanner
import TestSupport
import Testing

@testable import HardwareHub

@Suite("A card is read whole or not at all, once, and nothing on it is ever changed")
struct ETCReaderDriverTests {
    private func bench(
        _ reader: CardReader, longestWrite: Int = 20
    ) throws -> DriverBench<CardReader> {
        DriverBench(
            try ETCReaderDriver().machine(for: .test("etc-reader")), reader,
            longestWrite: longestWrite)
    }

    private func cards(_ bench: DriverBench<CardReader>) -> [CardReading] {
        bench.findings.compactMap {
            guard case .card(let reading) = $0 else { return nil }
            return reading
        }
    }

    /// How often the card of a plain reader is asked.
    private static let exchanges = 1 + 1 + 4 + 3 + 1 + 1

    /// Readers that begin and those that do not, with any size of values and frames.
    @Test func wholeCard() throws {
        for begins in [false, true] {
            for size in [20, 23, 61, 244] {
                for frame in [17, 64, 90] {
                    var reader = CardReader(begins: begins)
                    reader.frameSize = frame
                    reader.airSync.fragment = size
                    var bench = try bench(reader, longestWrite: size)
                    bench.connect()
                    bench.wait(1)
                    let reading = try #require(cards(bench).first)
                    #expect(cards(bench).count == 1)
                    #expect(reading.issue.number.digits == "11012012345678901234")
                    #expect(reading.balance.yuan.text == "80.00")
                    #expect(reading.records.map(\.counter) == [20, 19, 18])
                    #expect(reading.passages.count == 2)
                    #expect(reading.readerNumber == "4402166110005917")
                    #expect(reading.readerBattery == 85)
                    #expect(bench.notes.contains(.battery(85)))
                    #expect(bench.notes.contains(.fact("firmware", "1.02")))
                    #expect(bench.notes.contains(.resting) && bench.reports == [])
                    #expect(bench.device.exchanges == Self.exchanges || begins)
                    #expect(bench.device.airSync.dataResponses.isEmpty, "as applications do")
                }
            }
        }
    }

    /// Ten records and ten passages are read, and no more.
    @Test func fullCard() throws {
        var bench = try bench(CardReader(card: Card(records: 15, passages: 15)))
        bench.connect()
        bench.wait(1)
        let reading = try #require(cards(bench).first)
        #expect(reading.records.count == 10 && reading.passages.count == 10)
        var empty = Card(records: 2, passages: 1)
        empty.records[1] = [UInt8](repeating: 0xff, count: 23)
        empty.passages[0] = [UInt8](repeating: 0, count: 43)
        var second = try self.bench(CardReader(card: empty))
        second.connect()
        second.wait(1)
        #expect(cards(second).first?.records.count == 1)
        #expect(cards(second).first?.passages.count == 0)
    }

    /// Left in, a card is not read again; taken out and put in, it is.
    @Test func oneReadingForEachCard() throws {
        var bench = try bench(CardReader())
        bench.connect()
        bench.wait(30)
        #expect(cards(bench).count == 1)
        bench.device.card = nil
        bench.wait(3)
        bench.device.card = Card()
        bench.wait(3)
        #expect(cards(bench).count == 2)
        bench.device.card = Card(number: 0x35)
        bench.wait(3)
        #expect(cards(bench).count == 3, "another one")
        #expect(bench.outcome == nil && bench.reports == [])
        bench.happens(.ending)
        #expect(bench.outcome == .done)
    }

    @Test func noCard() throws {
        var bench = try bench(CardReader(card: nil))
        bench.connect()
        bench.wait(20)
        #expect((15...22).contains(bench.device.exchanges) && bench.notes.contains(.resting))
        bench.wait(600)
        #expect(bench.outcome == .done && bench.findings.isEmpty && bench.reports == [])
    }

    /// The card is pulled before every single exchange: nothing is kept, and the fault says where.
    @Test func pulledAfterEveryExchange() throws {
        let steps = [
            "issue data", "balance", "transaction 1", "transaction 2", "transaction 3",
            "transaction 4", "passage 1", "passage 2", "passage 3", "balance again",
            "issue data again",
        ]
        for exchange in 0..<Self.exchanges {
            var reader = CardReader()
            reader.events[exchange] = { $0.card = nil }
            var bench = try bench(reader)
            bench.connect()
            bench.wait(2)
            #expect(cards(bench).isEmpty && bench.outcome == nil)
            #expect(
                bench.reports.map(\.text)
                    == (exchange == 0
                        ? []
                        : ["\(steps[exchange]): the card was taken out; nothing of it is kept"]))
            bench.device.card = Card()
            bench.wait(2)
            #expect(cards(bench).count == 1, "and then it is read")
        }
    }

    /// The link ends after every event: nothing, or all of one card.
    @Test func cutAfterEveryEvent() throws {
        var events = 0
        var isWhole = false
        while !isWhole {
            var bench = try bench(CardReader())
            bench.cut = events
            bench.connect()
            bench.wait(2)
            for reading in cards(bench) {
                #expect(reading.records.count == 3 && reading.passages.count == 2)
            }
            isWhole = bench.events < events || events > 400
            events += 1
        }
        #expect(events > 80)
    }

    /// Another card is put in before every exchange: never a mixture.
    @Test func exchangedCard() throws {
        for exchange in 0..<Self.exchanges {
            var reader = CardReader()
            reader.events[exchange] = {
                var card = Card(number: 0x77, records: 1, passages: 0)
                card.balance = hex("00000001")
                $0.card = card
            }
            var bench = try bench(reader)
            bench.connect()
            bench.wait(5)
            let readings = cards(bench)
            #expect(readings.count == 1)
            #expect(readings.first?.balance.fen == 1 && readings.first?.records.count == 1)
            #expect("\(bench.reports)".contains("another card") || exchange < 10)
        }
    }

    /// A balance that changes while it is read is read again, not for ever.
    @Test func changingBalance() throws {
        var reader = CardReader()
        reader.override = { command, exchange in
            command.first == 0x80 ? [0, 0, 0, UInt8(exchange & 0xff)] + hex("9000") : nil
        }
        var bench = try bench(reader)
        bench.connect()
        bench.wait(10)
        #expect(cards(bench).isEmpty && bench.reports.count == 3)
        #expect(bench.reports.last?.mend == "put the card in again" && bench.outcome == nil)
    }

    /// Every status that is known and some that are not, at every step.
    @Test func everyStatusAtEveryStep() throws {
        let words: [UInt16] = [
            0x6100, 0x63c2, 0x6c17, 0x6700, 0x6981, 0x6982, 0x6983, 0x6984, 0x6985, 0x6988, 0x6a80,
            0x6a81, 0x6a82, 0x6a83, 0x6a86, 0x6b00, 0x6d00, 0x6e00, 0x9302, 0x9303, 0x9401, 0x9402,
            0x9403, 0x9406, 0x1234, 0x0000,
        ]
        for word in words {
            for exchange in 0..<Self.exchanges {
                for place in 0..<3 {
                    var reader = CardReader()
                    reader.override = { command, now in
                        guard now == exchange else { return nil }
                        let isSelect = command[1] == 0xa4
                        let isMaster = isSelect && command[5] == 0x3f
                        let index = isMaster ? 0 : isSelect ? 1 : 2
                        return index == place
                            ? [UInt8(word >> 8), UInt8(word & 0xff)] : nil
                    }
                    var bench = try bench(reader)
                    bench.connect()
                    bench.wait(2)
                    // 6Cxx is answered by the same command with another length, and that is read.
                    let ends =
                        place == 2
                        && (word & 0xff00 == 0x6c00
                            || (2...5).contains(exchange) && word == 0x6a83
                            || (6...8).contains(exchange)
                                && [0x6a83, 0x6a82, 0x6981].contains(word))
                    // The master file is selected in the first step and the last only.
                    let isAsked = place != 0 || exchange == 0 || exchange == 10
                    if ends || !isAsked {
                        #expect(cards(bench).count == 1 && bench.reports == [])
                        continue
                    }
                    // A card whose number is not known yet is tried again at the next look.
                    #expect(cards(bench).count == (exchange == 0 ? 1 : 0))
                    #expect(bench.reports.count == 1)
                    let fault = try #require(bench.reports.first)
                    let status = StatusWord(rawValue: word)
                    #expect(fault.text.contains("the card answers \(status)"))
                    if let meaning = status.meaning { #expect(fault.text.contains(meaning)) }
                    #expect(bench.outcome == nil, "the reader is served on")
                }
            }
        }
    }

    /// A card that says how long its answer is gets the same command with that length, once.
    @Test func lengthOfTheCard() throws {
        var reader = CardReader()
        reader.override = { command, _ in
            guard command[1] == 0xb0 else { return nil }
            return command.last == 0x32
                ? CardTests.issue + [UInt8](repeating: 0, count: 7) + hex("9000") : hex("6c32")
        }
        var bench = try bench(reader)
        bench.connect()
        bench.wait(2)
        #expect(cards(bench).count == 1 && bench.reports == [])
        let lengths = bench.device.commands.filter { $0[1] == 0xb0 }.compactMap(\.last)
        #expect(lengths.prefix(4) == [0x2b, 0x32, 0x2b, 0x32])

        var stubborn = CardReader()
        stubborn.override = { command, _ in command[1] == 0xb2 ? hex("6c17") : nil }
        var other = try self.bench(stubborn)
        other.connect()
        other.wait(2)
        #expect(cards(other).isEmpty && other.reports.count == 1)
        #expect(other.reports.first?.text.contains("6c17") == true)
        #expect(other.device.commands.count { $0[1] == 0xb2 } == 2, "it is asked twice at most")
    }

    /// A reply of another length is not a balance: it is another command's, and its first bytes are no
    /// money.
    @Test func balanceOfAnotherLength() throws {
        for reply in [CardTests.issue, hex("00001f4000"), hex("001f40"), []] {
            var reader = CardReader()
            reader.override = { command, _ in
                command.first == 0x80 ? reply + hex("9000") : nil
            }
            var bench = try bench(reader)
            bench.connect()
            bench.wait(2)
            #expect(cards(bench).isEmpty && bench.reports.count == 1)
            #expect(bench.reports.first?.text.hasPrefix("balance: ") == true)
            #expect(bench.reports.first?.faultClass == .protocolError)
            #expect(bench.device.commands.count { $0.first == 0x80 } == 1, "it is not read on")
        }
    }

    /// A card that refuses is told once, until it is taken out.
    @Test func refusedOnce() throws {
        var reader = CardReader()
        reader.override = { command, _ in command.first == 0x80 ? hex("9303") : nil }
        var bench = try bench(reader)
        bench.connect()
        bench.wait(20)
        #expect(bench.reports.count == 1 && bench.reports.first?.mend != "")
        bench.device.card = nil
        bench.wait(2)
        bench.device.card = Card()
        bench.device.override = { _, _ in nil }
        bench.wait(2)
        #expect(cards(bench).count == 1)
        var blank = CardReader()
        blank.override = { command, _ in command[1] == 0xa4 ? hex("6a82") : nil }
        var second = try self.bench(blank)
        second.connect()
        second.wait(20)
        #expect(second.reports.count == 1)
    }

    /// Nothing but the commands of this list ever reaches a card, whatever it answers.
    @Test func onlyReads() throws {
        var random = SeededGenerator(state: 7)
        for _ in 0..<200 {
            var reader = CardReader(card: Card(records: 12, passages: 12))
            let seed = random.next()
            reader.override = { command, exchange in
                var own = SeededGenerator(state: seed &+ UInt64(exchange) &+ UInt64(command.count))
                guard own.chance(15) else { return nil }
                let words = ["6a83", "6a82", "6c10", "6110", "9000", "6982"]
                return hex(words.randomElement(using: &own) ?? "9000")
            }
            reader.status = { exchange in
                var own = SeededGenerator(state: seed &* 3 &+ UInt64(exchange))
                return own.chance(5) ? [0xcf, 0x01, 0xff].randomElement(using: &own) : nil
            }
            var bench = try bench(reader)
            bench.connect()
            bench.wait(10)
            for command in bench.device.commands { #expect(isHarmless(command)) }
            for message in bench.device.messages {
                #expect([[0xa2], [0xa3], [0xa5]].contains([message[0]]))
                if message[0] == 0xa5 { #expect([0xc0, 0xc1, 0xc2].contains(message[2])) }
            }
            #expect(bench.device.commands.count > 5)
        }
    }

    /// Select 3F00 or DF01, read 0015, read the balance, read a record of 0018 or 0019, with any length:
    /// written out here once more, so that a change of the code is seen.
    private func isHarmless(_ command: [UInt8]) -> Bool {
        if ["00a40000023f00", "00a40000021001"].contains(where: { hex($0) == command }) {
            return true
        }
        guard command.count == 5 else { return false }
        if ["00b09500", "805c0002"].contains(where: { hex($0) == command.dropLast() }) {
            return true
        }
        return command[0] == 0 && command[1] == 0xb2 && (1...10).contains(command[2])
            && [0xc4, 0xcc].contains(command[3])
    }

    @Test func numbersStayHidden() throws {
        for exchange in 0..<Self.exchanges {
            for word in ["6982", "6a82"] {
                var reader = CardReader()
                reader.override = { _, now in now == exchange ? hex(word) : nil }
                var bench = try bench(reader)
                bench.connect()
                bench.wait(2)
                let told = "\(bench.reports) \(bench.notes) \(bench.findings)"
                #expect(!told.contains("5678") && !told.contains("A12345"))
            }
        }
    }

    @Test func otherReaders() throws {
        var silent = CardReader()
        silent.answersAboutItself = false
        var bench = try bench(silent)
        bench.connect()
        bench.wait(6)
        #expect(cards(bench).count == 1, "what it does not know of itself is not needed")
        #expect(bench.device.messages.count { $0[0] == 0xa5 } == 1)
        var mute = CardReader()
        mute.answersHandshake = false
        var second = try self.bench(mute)
        second.connect()
        second.wait(10)
        #expect(second.fault?.faultClass == .unsupported)
        #expect(second.device.messages == [[0xa2], [0xa2]])
        var secret = CardReader()
        secret.dataType = 1
        var third = try self.bench(secret)
        third.connect()
        third.wait(2)
        #expect(third.fault?.text == "it encrypts what the card says")
        var broken = CardReader()
        broken.status = { _ in 1 }
        var fourth = try self.bench(broken)
        fourth.connect()
        fourth.wait(20)
        #expect(fourth.fault?.faultClass == .protocolError && fourth.reports.count == 7)
    }

    /// Readers number what they send as they like, and may send it twice.
    @Test func numbersOfReaders() throws {
        for sequence in [nil, 0, 1, 65_535] as [UInt16?] {
            for stutters in [false, true] where !stutters || sequence == nil {
                var reader = CardReader(card: nil)
                reader.sequence = sequence
                reader.stutters = stutters
                var bench = try bench(reader)
                bench.connect()
                bench.wait(20)
                #expect(bench.device.exchanges > 15 && bench.outcome == nil)
                bench.device.card = Card()
                bench.wait(2)
                #expect(cards(bench).map(\.records.count) == [3])
                #expect(cards(bench).map(\.passages.count) == [2] && bench.reports == [])
            }
        }
    }

    @Test func oddPassages() throws {
        var card = Card()
        card.passages[0][0] = 0x12
        var bench = try bench(CardReader(card: card))
        bench.connect()
        bench.wait(1)
        #expect(cards(bench).first?.passages == [] && cards(bench).first?.records.count == 3)
        #expect(bench.reports.map(\.faultClass) == [.unsupported])
        var short = Card()
        short.issue = [1, 2, 3]
        var second = try self.bench(CardReader(card: short))
        second.connect()
        second.wait(5)
        #expect(cards(second).isEmpty && second.reports.count == 1)
    }

    @Test func storeRefuses() throws {
        var bench = try bench(CardReader())
        bench.storeTakes = false
        bench.connect()
        bench.wait(2)
        #expect(bench.fault?.faultClass == .storage && bench.findings.isEmpty)
        var silent = try self.bench(CardReader())
        silent.storeTakes = nil
        silent.connect()
        silent.wait(12)
        #expect(silent.fault?.faultClass == .storage)
        var ending = try self.bench(CardReader())
        ending.storeTakes = nil
        ending.connect()
        ending.wait(2)
        ending.happens(.ending)
        #expect(ending.outcome == nil)
        ending.happens(.kept(token: 1))
        #expect(ending.outcome == .done)
    }

    /// The hub ends at every event: at once, and with nothing half.
    @Test func hubEnds() throws {
        for events in 1..<120 {
            var bench = try bench(CardReader())
            bench.cut = events
            bench.connect()
            bench.wait(1)
            bench.cut = nil
            bench.happens(.ending)
            bench.wait(2)
            #expect(bench.outcome != nil)
            for reading in cards(bench) { #expect(reading.records.count == 3) }
        }
    }

    /// The reader stops answering at any exchange: the connection ends, with nothing half.
    @Test func readerFallsSilent() throws {
        for exchange in 0..<Self.exchanges {
            var reader = CardReader()
            reader.events[exchange] = { $0.isSilent = true }
            var bench = try bench(reader)
            bench.connect()
            bench.wait(11)
            #expect(bench.fault?.text.hasSuffix("the reader did not answer within 10 s") == true)
            #expect(cards(bench).isEmpty)
        }
    }

    /// Every prefix and one-byte change of the published packets, at every stage.
    @Test(arguments: Vector.all("etc"))
    func neighbours(vector: Vector) throws {
        var stages: [any DeviceMachine] = []
        for events in [20, 50] {
            var bench = try bench(CardReader())
            bench.cut = events
            bench.connect()
            bench.wait(1)
            stages.append(bench.machine)
        }
        ByteVerifier.neighbours(of: vector.bytes) { bytes in
            for stage in stages {
                var machine = stage
                _ = machine.handle(.value(handle: 12, bytes), at: .noon.after(seconds: 2))
            }
        }
    }
}
