import Foundation
import Testing

@testable import BlueZ

@Suite("An adapter that rfkill keeps off is known as blocked, whatever bluetoothd calls it")
struct RadioSwitchTests {
    private func folder(_ switches: [(name: String, soft: String, hard: String)]) throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "hubd-rfkill-\(UUID().uuidString)")
        for (number, entry) in switches.enumerated() {
            let path = folder.appending(path: "rfkill\(number)")
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            for (file, text) in [("name", entry.name), ("soft", entry.soft), ("hard", entry.hard)] {
                try Data("\(text)\n".utf8).write(to: path.appending(path: file))
            }
        }
        return folder.path
    }

    @Test(arguments: [("1", "0", true), ("0", "1", true), ("0", "0", false)])
    func bySoftwareOrHardware(soft: String, hard: String, isOff: Bool) throws {
        let folder = try folder([("phy0", "1", "1"), ("hci1", soft, hard)])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(RadioSwitch.isOff(adapter: "/org/bluez/hci1", in: folder) == isOff)
        // Of others nothing follows.
        #expect(!RadioSwitch.isOff(adapter: "/org/bluez/hci0", in: folder))
    }

    @Test func withoutTheKernelsList() {
        #expect(!RadioSwitch.isOff(adapter: "/org/bluez/hci0", in: "/nowhere"))
        #expect(!RadioSwitch.isOff(adapter: "", in: "/nowhere"))
    }
}
