import EventLoop
import Foundation
import Testing

@testable import BlueZ

@Suite("Links that nobody ends are found, and ended without cutting anybody off")
struct LinkSweepTests {
    private var sweep = LinkSweep()

    private func at(_ seconds: Int64) -> EventLoop.Instant {
        EventLoop.Instant(nanoseconds: (1_000 + seconds) * 1_000_000_000)
    }

    @Test("a link that is being ended is not yet one that is left") mutating func patience() {
        for second in stride(from: 0, to: 15, by: 5) as StrideTo<Int64> {
            #expect(sweep.look(kernel: 1, known: 0, hasSessions: false, at: at(second)) == false)
        }
        #expect(sweep.stuck == 0)
        #expect(sweep.look(kernel: 0, known: 0, hasSessions: false, at: at(15)) == false)
        #expect(
            sweep.look(kernel: 1, known: 0, hasSessions: false, at: at(20)) == false, "another one")
        #expect(sweep.look(kernel: 1, known: 0, hasSessions: false, at: at(35)) == false)
        #expect(sweep.look(kernel: 1, known: 0, hasSessions: false, at: at(40)) == true)
    }

    @Test("other programs' connections are theirs") mutating func others() {
        for second in 0..<600 as Range<Int64> {
            #expect(sweep.look(kernel: 3, known: 3, hasSessions: false, at: at(second)) == false)
        }
        #expect(sweep.stuck == 0)
    }

    @Test("while others are connected, it takes ten minutes") mutating func connected() {
        var swept: [Int64] = []
        for second in stride(from: 0, to: 1_300, by: 5) as StrideTo<Int64>
        where sweep.look(kernel: 2, known: 1, hasSessions: true, at: at(second)) {
            swept.append(second)
            sweep.swept(at: at(second))
        }
        #expect(swept == [600, 1_205])
        #expect(sweep.look(kernel: 2, known: 1, hasSessions: false, at: at(1_400)) == true)
        #expect(sweep.stuck == 1)
    }

    @Test("an adapter is not switched off and on again and again") mutating func pause() {
        var sweeps: [Int64] = []
        for second in stride(from: 0, to: 600, by: 5) as StrideTo<Int64>
        where sweep.look(kernel: 1, known: 0, hasSessions: false, at: at(second)) {
            sweeps.append(second)
            sweep.swept(at: at(second))
        }
        #expect(sweeps == [20, 140, 260, 380, 500])
    }

    @Test("the kernel's list is counted by adapter") func counting() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "hubd-links-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["hci0", "hci0:1", "hci0:64", "hci1:2", "hci10:3"] {
            try Data().write(to: folder.appending(path: name))
        }
        #expect(LinkSweep.links(of: "hci0", in: folder.path) == 2)
        #expect(LinkSweep.links(of: "hci1", in: folder.path) == 1)
        #expect(LinkSweep.links(of: "hci2", in: folder.path) == 0)
        #expect(LinkSweep.links(of: "hci0", in: folder.path + "/none") == 0)
    }
}
