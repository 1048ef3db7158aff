import BeaconScanner
import BlueZ
import EventLoop
import TestSupport
import Testing

private let passive: [RadioRequest] = [.addPatterns]

extension MachineRig {
    fileprivate static func passive(
        isPowered: Bool = true, _ answer: @escaping (RadioRequest) -> RadioAnswer? = { _ in .done }
    ) -> MachineRig {
        var rig = MachineRig(isPowered: isPowered)
        rig.machine = RadioMachine(scan: .passive)
        rig.answer = answer
        rig.appear()
        return rig
    }

    fileprivate mutating func channel(_ fault: String?) {
        machine.channelChanged(fault, at: now)
        proceed()
    }
}

@Suite("A radio on the monitor channel is asked for, watched and mended like any other")
struct MonitorRadioTests {
    @Test("a passive radio registers patterns and starts no discovery")
    func passiveStart() {
        var rig = MachineRig.passive()
        #expect(rig.take() == passive)
        #expect(rig.machine.state == .listening)
        // Without a discovery bluetoothd says that it discovers nothing: that is no trouble.
        rig.pass(.seconds(10))
        rig.hear()
        #expect(rig.machine.state == .hearing && rig.machine.isTrusted)
        rig.pass(.seconds(14))
        #expect(rig.take() == [])
    }

    @Test("an adapter that is off is switched on first")
    func passivePower() {
        var rig = MachineRig.passive(isPowered: false)
        #expect(rig.take() == [.setPowered(true), .addPatterns])
    }

    @Test("an adapter switched off while its patterns are being registered is noticed")
    func passivePowerMeanwhile() {
        var rig = MachineRig.passive { _ in nil }
        rig.tell { $0.isPowered = false }
        rig.answer = { _ in .done }
        rig.machine.answered(rig.open[0], .done, at: rig.now)
        rig.proceed()
        #expect(rig.machine.state == .poweredOff)
        _ = rig.take()
        rig.pass(.seconds(1))
        #expect(rig.take() == [.setPowered(true), .addPatterns])
        #expect(rig.machine.state == .listening)
    }

    @Test("a bluetoothd without the experimental interface is told with the mend, and asked again")
    func noPassiveScan() {
        for name in [
            "org.freedesktop.DBus.Error.UnknownMethod",
            "org.freedesktop.DBus.Error.UnknownInterface", "org.bluez.Error.NotSupported",
        ] {
            var rig = MachineRig.passive { request in
                request == .addPatterns ? .refused(name: name, text: "") : .done
            }
            #expect(rig.machine.state == .noPassiveScan)
            #expect(rig.machine.state.isProblem)
            #expect(rig.machine.state.text?.contains("--experimental") == true)
            rig.answer = { _ in .done }
            rig.pass(.seconds(1))
            #expect(rig.machine.state == .listening)
        }
    }

    @Test("patterns that are registered already count as registered")
    func alreadyRegistered() {
        let rig = MachineRig.passive { _ in
            .refused(name: "org.bluez.Error.AlreadyExists", text: "")
        }
        #expect(rig.machine.state == .listening)
    }

    @Test("patterns that bluetoothd drops are registered again")
    func released() {
        var rig = MachineRig.passive()
        _ = rig.take()
        rig.machine.patternsReleased(at: rig.now)
        #expect(rig.machine.state.isProblem)
        rig.pass(.seconds(1))
        #expect(rig.take() == [.removePatterns, .addPatterns])
        #expect(rig.machine.state == .listening)
    }

    @Test("a silent passive radio climbs the same ladder, by its own requests")
    func silence() {
        var rig = MachineRig.passive()
        for _ in 0..<60 {
            rig.pass(.seconds(1))
            rig.hear()
        }
        _ = rig.take()
        _ = rig.time { $0 == .recovering(.restart) }
        #expect(rig.take() == [.removePatterns, .addPatterns])
        _ = rig.time { $0 == .recovering(.powerCycle) }
        #expect(
            rig.take() == [.removePatterns, .setPowered(false), .setPowered(true), .addPatterns])
        rig.hear()
        #expect(rig.machine.state == .hearing && rig.machine.recoveries == 1)
    }

    @Test("a channel that cannot be opened is told before anything else, and mended when it opens")
    func channel() {
        var rig = MachineRig()
        rig.channel("no CAP_NET_RAW")
        rig.appear()
        #expect(rig.machine.state == .noChannel("no CAP_NET_RAW"))
        #expect(rig.machine.state.isProblem && rig.machine.state.text == "no CAP_NET_RAW")
        #expect(!rig.machine.isTrusted)
        rig.channel(nil)
        #expect(rig.machine.state == .listening)
        rig.pass(.seconds(1))
        rig.hear()
        #expect(rig.machine.state == .hearing && rig.machine.recoveries == 1)
    }

    @Test("while the channel is lost nobody takes its silence for the radio's")
    func channelSilence() {
        var rig = MachineRig.hearing()
        _ = rig.take()
        rig.channel("closed")
        rig.pass(.seconds(300))
        #expect(rig.machine.state == .noChannel("closed"))
        #expect(rig.take() == [], "nothing is reset because we are deaf")
        rig.channel(nil)
        rig.pass(.seconds(10))
        #expect(rig.machine.state == .listening && rig.take() == [])
        rig.hear()
        #expect(rig.machine.state == .hearing)
    }

    @Test("a report with data is evidence of hearing; empty ones and other events are none")
    func evidence() {
        func isEvidence(_ event: [UInt8]) -> Bool { MonitorFrame.isEvidence(event: event.span) }
        let empty: [UInt8] = [0, 1, 6, 5, 4, 3, 2, 1, 0, 0xc5]
        #expect(isEvidence(Frames.report))
        #expect(!isEvidence([0x3e, 12, 2, 1] + empty))
        #expect(!isEvidence([0x3e, 22, 2, 2] + empty + empty))
        #expect(isEvidence([0x3e, 23, 2, 2] + empty + [0, 1, 6, 5, 4, 3, 2, 1, 1, 9, 0xc5]))
        let extended = [UInt8](repeating: 0, count: 24)
        #expect(!isEvidence([0x3e, 26, 0x0d, 1] + extended))
        #expect(isEvidence([0x3e, 27, 0x0d, 1] + extended + [9]))
        #expect(!isEvidence([0x3e, 0, 2, 0, 0, 0]))
        #expect(!isEvidence([0x0e] + Frames.report.dropFirst()))
        ByteVerifier.neighbours(of: Frames.report) { _ = isEvidence($0) }
    }
}
