import BeaconScanner
import HardwareHub
import TestSupport
import Testing

@Suite("An AirSync packet comes out whole, however it was cut")
struct AirSyncAssemblyTests {
    static let packets = Vector.all("airsync").filter { $0.bytes.starts(with: [0xfe, 1]) }

    private func second(_ count: Double) -> BootTime {
        BootTime(nanoseconds: 1_000_000_000_000 + Int64(count * 1e9))
    }

    @Test(arguments: packets)
    func anyCut(vector: Vector) throws {
        let whole = try AirSyncPacket(vector.bytes.span)
        #expect(whole.bytes == vector.bytes)
        for size in 1...vector.bytes.count + 1 {
            var assembly = AirSyncAssembly()
            let fragments = whole.fragments(of: size)
            #expect(fragments.joined().elementsEqual(vector.bytes))
            for fragment in fragments.dropLast() {
                #expect(try assembly.received(fragment.span, at: second(0)) == nil)
            }
            // Some senders pad the last value to 20 bytes.
            let last = try #require(fragments.last) + [0, 0, 0]
            #expect(try assembly.received(last.span, at: second(0)) == whole)
            #expect(assembly.deadline == nil)
        }
    }

    @Test func waitingTooLong() throws {
        let bytes = Self.packets[0].bytes
        let (first, second) = (Array(bytes.prefix(20)), Array(bytes.dropFirst(20)))
        var assembly = AirSyncAssembly()
        _ = try assembly.received(first.span, at: self.second(0))
        #expect(assembly.deadline == self.second(2))
        let late = assembly
        #expect(try assembly.received(second.span, at: self.second(2)) != nil, "in time")
        assembly = late
        #expect(throws: MalformedValue.self, "past its time it is no continuation") {
            try assembly.received(second.span, at: self.second(2.001))
        }
        assembly = late
        _ = try assembly.received(first.span, at: self.second(3))
        #expect(try assembly.received(second.span, at: self.second(4)) != nil, "a fresh start")
    }

    /// One byte each second keeps within the time between values, and runs into the whole.
    @Test func neverFinished() throws {
        var assembly = AirSyncAssembly()
        for (index, byte) in Self.packets[0].bytes.prefix(6).enumerated() {
            #expect(try assembly.received([byte].span, at: second(Double(index))) == nil)
        }
        #expect(assembly.deadline == second(5))
        let stalled = assembly.expired(at: second(5))
        #expect(!stalled)
        let expired = assembly.expired(at: second(5.1))
        #expect(expired && assembly.deadline == nil)
        let again = assembly.expired(at: second(99))
        #expect(!again)
    }

    @Test func longestAndOneMore() throws {
        let header = hex("fe01100027120001")
        var assembly = AirSyncAssembly()
        let body = [UInt8](repeating: 0, count: 4088)
        let packet = try assembly.received((header + body).span, at: second(0))
        #expect(packet?.body.count == 4088)
        #expect(throws: MalformedValue.invalid("the length is not within 8 to 4096", at: 2)) {
            try assembly.received(hex("fe01100127120001").span, at: second(0))
        }
        #expect(throws: MalformedValue.invalid("the length is not within 8 to 4096", at: 2)) {
            try assembly.received(hex("fe01000727120001").span, at: second(0))
        }
        #expect(AirSyncPacket(command: .sendDataRequest, sequence: 0, body: body) != nil)
        #expect(AirSyncPacket(command: .sendDataRequest, sequence: 0, body: body + [0]) == nil)
    }

    /// What cannot become a packet is refused with its first byte, and does no harm to the next.
    @Test func rubbish() throws {
        var assembly = AirSyncAssembly()
        for rubbish in ["00", "fd01", "fe02", "0000000000000000000000000000000000000000"] {
            #expect(throws: MalformedValue.self) {
                try assembly.received(hex(rubbish).span, at: second(0))
            }
            #expect(assembly.deadline == nil)
        }
        #expect(try assembly.received([UInt8]().span, at: second(0)) == nil)
        #expect(assembly.deadline == nil, "an empty value starts nothing")
        let packet = Self.packets[0].bytes
        #expect(try assembly.received(packet.span, at: second(0)) != nil)
    }
}
