import BeaconScanner
import BlueZ
import TestSupport
import Testing

private let address = DeviceAddress(bits: 0x0000_5e00_53fe, kind: .public)

private func parse(_ bytes: [UInt8]) throws(MonitorFrame.Fault) -> MonitorFrame {
    try MonitorFrame(bytes.span)
}

@Suite("Every frame of the monitor channel is what the kernel says, or a named fault")
struct MonitorFrameTests {
    @Test("adapters come with address and name, and go")
    func adapters() throws {
        let added = try parse(Frames.added(7, name: "hci7"))
        #expect(added.adapter == 7)
        guard case .added(address, let name) = added.content else {
            Issue.record("\(added)")
            return
        }
        #expect("\(name)" == "hci7")
        #expect(try parse(Frames.removed(7)).content == .removed)
        #expect(try parse(Frames.opened()).content == .opened)
        #expect(try parse(Frames.closed()).content == .closed)
        #expect(
            try parse(Frames.identified()).content
                == .identified(address: address, manufacturer: 0x05f1))
    }

    @Test("a name of all eight bytes, and one that is no text, are shown")
    func names() throws {
        for (name, shown) in [("hci10000", "hci10000"), ("", "")] {
            guard case .added(_, let read) = try parse(Frames.added(1, name: name)).content else {
                Issue.record("\(name)")
                continue
            }
            #expect("\(read)" == shown)
        }
        var bytes = Frames.added()
        bytes[14] = 0xff
        guard case .added(_, let name) = try parse(bytes).content else { return }
        #expect("\(name)" == "\u{fffd}ci0")
    }

    @Test("every opcode of the channel has its meaning")
    func opcodes() throws {
        let others: [(UInt16, MonitorFrame.Content)] = [
            (2, .packet(.command)), (3, .event), (4, .packet(.aclSent)),
            (5, .packet(.aclReceived)), (6, .packet(.scoSent)), (7, .packet(.scoReceived)),
            (11, .note(.vendorDiagnostics)), (12, .note(.system)), (13, .note(.userLog)),
            (14, .note(.controlOpened)), (15, .note(.controlClosed)),
            (16, .note(.controlCommand)), (17, .note(.controlEvent)), (18, .packet(.isoSent)),
            (19, .packet(.isoReceived)), (20, .unknown(20)), (0xffff, .unknown(0xffff)),
        ]
        for (opcode, content) in others {
            let frame = try parse(Frames.frame(opcode, 0xffff, [1, 2, 3]))
            #expect(frame.content == content)
            #expect(frame.adapter == MonitorFrame.noAdapter)
        }
    }

    @Test("faults: no header, a length that lies, a payload of another size")
    func faults() {
        #expect(throws: MonitorFrame.Fault.noHeader) { try parse([]) }
        #expect(throws: MonitorFrame.Fault.noHeader) { try parse([3, 0, 0, 0, 0]) }
        #expect(throws: MonitorFrame.Fault.length) { try parse([3, 0, 0, 0, 1, 0]) }
        #expect(throws: MonitorFrame.Fault.length) { try parse([3, 0, 0, 0, 0, 0, 1]) }
        #expect(throws: MonitorFrame.Fault.length) { try parse([3, 0, 0, 0, 0xff, 0xff]) }
        for opcode in [0, 10] as [UInt16] {
            for count in 0..<20 where count != (opcode == 0 ? 16 : 8) {
                let bytes = Frames.frame(opcode, 0, [UInt8](repeating: 0, count: count))
                #expect(throws: MonitorFrame.Fault.payload) { try parse(bytes) }
            }
        }
        for opcode in [1, 8, 9] as [UInt16] {
            #expect(throws: MonitorFrame.Fault.payload) { try parse(Frames.frame(opcode, 0, [0])) }
        }
    }

    @Test(
        "nothing near a frame traps",
        arguments: [
            Frames.added(), Frames.removed(), Frames.opened(), Frames.closed(),
            Frames.identified(), Frames.event(), Frames.frame(2, 0, [3, 12, 0]),
        ])
    func neighbors(bytes: [UInt8]) {
        var whole = 0
        ByteVerifier.neighbours(of: bytes) { near in
            guard let frame = try? parse(near) else { return }
            whole += 1
            // What it says of its adapter is what the bytes say.
            #expect(frame.adapter == UInt16(near[2]) | UInt16(near[3]) << 8)
        }
        #expect(whole > 0)
    }
}
