import BeaconScanner
import CaptureFile
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("A capture file is played from beginning to end, whatever its size")
struct CaptureFileTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "hubd-capture-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    /// A btsnoop file of events of growing length, more than the reader's buffer holds.
    private func capture(_ count: Int) throws -> String {
        var bytes = hex("6274736e6f6f700000000001000003ea")
        for number in 0..<count {
            let event =
                [UInt8](repeating: 0x04, count: 1) + [0x3e]
                + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 1 + number % 250)
            let length = (0..<4).map { UInt8(truncatingIfNeeded: event.count >> (24 - 8 * $0)) }
            bytes += length + length + [0, 0, 0, 3, 0, 0, 0, 0]
            bytes += hex("00e2e7d7274fa240") + event
        }
        let path = folder.appending(path: "a.btsnoop").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func everyRecordOnce() throws {
        var file = try CaptureFile(path: try capture(5_000))
        for _ in 0..<2 {
            var seen = 0
            let isAtEnd = try file.play { record, chunk in
                #expect(record.bytes.count == 2 + seen % 250)
                #expect(chunk[record.bytes.upperBound - 1] == UInt8(truncatingIfNeeded: seen))
                seen += 1
                return true
            }
            #expect(isAtEnd && seen == 5_000)
            try file.rewind()
        }
    }

    @Test func whatFitsIsReadOnce() throws {
        let path = try capture(1_000)
        var file = try CaptureFile(path: path, memory: 1 << 20)
        for round in 0..<3 {
            var seen = 0
            let isAtEnd = try file.play { record, chunk in
                #expect(chunk[record.bytes.upperBound - 1] == UInt8(truncatingIfNeeded: seen))
                seen += 1
                return true
            }
            #expect(isAtEnd && seen == 1_000)
            #expect(file.counts.records == 1_000 && file.counts.partial == 0)
            // From now on there is nothing left to read.
            if round == 0 { #expect(unsafe truncate(path, 0) == 0) }
            try file.rewind()
        }
    }

    @Test func aRecordThatIsHeldComesAgain() throws {
        var file = try CaptureFile(path: try capture(3_000))
        var seen = 0
        var held = 0
        var isAtEnd = false
        while !isAtEnd {
            var wasHeld = false
            isAtEnd = try file.play { record, chunk in
                #expect(chunk[record.bytes.upperBound - 1] == UInt8(truncatingIfNeeded: seen))
                // Every seventh record waits once.
                if seen % 7 == 0, held == seen / 7 {
                    held += 1
                    wasHeld = true
                    return false
                }
                seen += 1
                return true
            }
            #expect(isAtEnd != wasHeld)
        }
        #expect(seen == 3_000)
    }

    @Test func whatIsNoCapture() throws {
        let path = folder.appending(path: "text").path
        try Data("hello, this is not a capture at all".utf8).write(to: URL(fileURLWithPath: path))
        var file = try CaptureFile(path: path)
        #expect(throws: CaptureFileError.self) { _ = try file.play { _, _ in true } }
        #expect(throws: CaptureFileError.self) { _ = try CaptureFile(path: folder.path) }
        let missing = #expect(throws: CaptureFileError.self) {
            _ = try CaptureFile(path: "/nowhere/x")
        }
        #expect(missing?.description.contains("/nowhere/x") == true)
    }
}
