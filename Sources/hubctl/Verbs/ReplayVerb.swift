import BeaconScanner
import Campaigns
import CaptureFile
import Configuration
import Glibc
import JSON

/// `hubctl replay FILE`: a capture through scanner, presence and campaigns, offline.
enum ReplayVerb: Verb {
    static let name = "replay"
    static let summary = "run a capture through scanner, presence and campaigns, offline"
    static let operands = "FILE"
    static let options: [Arguments.Option] = [
        .init("--config", "FILE", "the configuration whose catalog and time zone count"),
        .init("--rounds", "N", "play it so many times, one after the other"),
    ]
    static let details = [
        "FILE is a btsnoop file (data links 1001, 1002, 2001) or a pcap file (link types 187, 201,",
        "251, 254, 256). Campaigns run as they did when the capture was made. Without --config",
        "every beacon of the capture counts as configured, and there are no campaigns.",
        "",
        "Exit: 0 played, 65 no capture or damaged, 66 no such file, 78 broken configuration.",
    ]

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 1...1)
        let rounds = try arguments.number("--rounds", minimum: 1) ?? 1
        let configured = try arguments.value("--config").map { (path) throws(Failure) in
            try Self.catalog(path)
        }
        let replay: Replay
        let records: CaptureCounts
        do throws(CaptureFileError) {
            // Several rounds over a file of usual size should measure hubd and not read(2).
            let memory = rounds > 1 ? 32 << 20 : CaptureFile.usualMemory
            var file = try CaptureFile(path: arguments.words[0], memory: memory)
            let catalog =
                if let configured { configured } else { try BeaconCensus.catalog(of: &file) }
            replay = try play(&file, Replay(catalog), rounds: rounds, output.terminal)
            records = file.counts
        } catch {
            throw failure(error)
        }
        try show(replay, records, output)
        return .ok
    }

    private static func play(
        _ file: inout CaptureFile, _ replay: consuming Replay, rounds: Int, _ terminal: Terminal
    ) throws(CaptureFileError) -> Replay {
        var progress = Progress(terminal)
        for round in 0..<rounds {
            if round > 0 { try file.rewind() }
            try replay.play(&file) { progress.show("\(Show.count(.integer($0))) reports") }
        }
        progress.clear()
        return replay
    }

    private static func show(
        _ replay: borrowing Replay, _ records: CaptureCounts, _ output: Output
    ) throws(Failure) {
        let result = replay.result
        let rate = result.seconds > 0 ? Double(replay.reports) / result.seconds : 0
        if output.wantsJSON {
            try output.print(
                [
                    "reports": .integer(replay.reports), "beacons": .integer(replay.counts.beacons),
                    "distinct_beacons": .integer(replay.distinctBeacons),
                    "entered": .integer(result.entered), "left": .integer(result.left),
                    "matched": .integer(result.matched), "seconds": .double(result.seconds),
                    "reports_per_s": .integer(Int64(rate)),
                    "telemetry": .integer(replay.counts.telemetry),
                    "airsync": .integer(replay.counts.airSync),
                    "rejected": .integer(replay.rejected.total),
                    "records": .integer(records.records), "snapped": .integer(records.snapped),
                    "malformed": .integer(records.malformed), "partial": .integer(records.partial),
                ] as JSONValue)
            return
        }
        let rows: [(String, some FixedWidthInteger)] = [
            ("reports", Int(clamping: replay.reports)),
            ("beacon frames", Int(clamping: replay.counts.beacons)),
            ("different beacons", replay.distinctBeacons), ("entered", result.entered),
            ("left", result.left), ("campaign matches", result.matched),
            ("telemetry frames", Int(clamping: replay.counts.telemetry)),
            ("AirSync devices' frames", Int(clamping: replay.counts.airSync)),
        ]
        var table = Table([.init(title: "what"), .init(title: "count", rightAligned: true)])
        for (name, count) in rows { table.add([.init(name), .init(Show.count(.integer(count)))]) }
        try output.print(table)
        var notes = reasons(replay.rejected)
        if records.malformed > 0 { notes.append("\(records.malformed) malformed records") }
        if records.snapped > 0 { notes.append("\(records.snapped) snapped records") }
        if records.partial > 0 { notes.append("the file ends within a record") }
        if !notes.isEmpty { try output.print(["", "Not used: " + notes.joined(separator: ", ")]) }
        try output.print([
            "",
            "\(Show.decimal(result.seconds, 3)) s, \(Show.count(.integer(Int64(rate)))) reports/s",
        ])
    }

    private static func reasons(_ counts: RejectCounts) -> [String] {
        RejectReason.allCases.filter { counts[$0] > 0 }.map { "\(counts[$0]) \($0.name)" }
    }

    private static func catalog(_ path: String) throws(Failure) -> Catalog {
        do throws(Problems) {
            let settings = try Settings(readingFile: path)
            LocalZone.set(settings.hub.timezone)
            guard let name = settings.catalog else { return Catalog() }
            return try Catalog(source(name))
        } catch {
            throw Failure(.configuration, "\(error)".split(separator: "\n").map(String.init))
        }
    }

    private static func source(_ path: String) throws(Problems) -> SourceFile {
        do throws(Problem) {
            return try SourceFile(reading: path, limit: SourceFile.maximumCatalogSize)
        } catch {
            throw Problems([error])
        }
    }

    private static func failure(_ error: CaptureFileError) -> Failure {
        switch error.reason {
        case .cannotOpen, .notAFile: Failure(.noInput, "\(error)")
        case .cannotRead: Failure(.ioError, "\(error)")
        case .damaged: Failure(.dataError, "\(error)")
        }
    }
}
