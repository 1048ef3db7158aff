import BeaconScanner
import Campaigns
import CaptureFile

/// The beacons of a capture, for a replay without a catalog.
enum BeaconCensus {
    /// A catalog of all beacons that the capture holds, up to the most that a catalog may have.
    static func catalog(of file: inout CaptureFile) throws(CaptureFileError) -> Catalog {
        var parser = ReportParser()
        var recognizer = Recognizer()
        var known: Set<BeaconID> = []
        var order: [BeaconID] = []
        let isWhole = try file.play { record, chunk in
            take(record, chunk, &parser, &recognizer) { id in
                if order.count < Replay.mostBeacons, known.insert(id).inserted { order.append(id) }
            }
            return order.count < Replay.mostBeacons
        }
        _ = isWhole
        try file.rewind()
        return Catalog(
            zones: [Zone(id: "capture")],
            beacons: order.map { ConfiguredBeacon(id: $0, placement: .zone("capture")) })
    }

    private static func take(
        _ record: CaptureRecord, _ chunk: Span<UInt8>, _ parser: inout ReportParser,
        _ recognizer: inout Recognizer, _ found: (BeaconID) -> Void
    ) {
        parser.parse(record, in: chunk) { _, payload in
            recognizer.recognize(payload) { recognition in
                if case .beacon(let frame) = recognition { found(frame.id) }
            }
        }
    }
}
