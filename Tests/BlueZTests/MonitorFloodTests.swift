import Foundation
import Testing

@Suite("A flood of random addresses neither hides a configured beacon nor grows the memory")
struct MonitorFloodTests {
    /// Six seconds of the flood; `make bench` plays ten minutes of it.
    @Test("60,000 reports through a socket and the scanner")
    func flood() throws {
        let rig = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "monitor-rig")
        let process = Process()
        process.executableURL = rig
        process.arguments = ["flood", "60000"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: output, as: UTF8.self)
        let told = try #require(
            try JSONSerialization.jsonObject(with: output) as? [String: Any], "\(text)")
        func number(_ key: String) -> Int? { told[key] as? Int }
        #expect(number("reports") == 60_000)
        #expect(number("configured") == 3_000 && number("missed") == 0)
        #expect(number("entered") == 500 && number("present") == 500 && number("left") == 0)
        #expect(try #require(number("growth_kib")) <= 1_024)
        #expect(process.terminationStatus == 0, "\(text)")
    }
}
