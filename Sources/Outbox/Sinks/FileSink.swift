internal import Glibc

/// Appends events to a file, so that each is there exactly once, whatever happens in between.
///
/// The file is on the disk (fdatasync) before the cursor moves, and the cursor keeps the length of
/// the file after its last event. What stands behind that place when the file is opened was written
/// but not confirmed, and is written again over itself (`FileTail`); so is what a failed fdatasync
/// leaves in doubt. A file that is not the one the cursor speaks of is only ever appended to.
struct FileSink: Sink {
    let settings: FileSinkSettings
    let limits = DeliveryLimits(events: 512, bytes: 512 * 1_024)
    private var file: OpenFile?

    init(_ settings: FileSinkSettings) {
        self.settings = settings
    }

    mutating func deliver(
        _ events: [StoredEvent], after cursor: Ledger.Cursor, deadline: Deadline
    ) -> Delivery {
        do throws(SinkFault) {
            return .stored(place: try append(events, after: cursor))
        } catch {
            // What the file holds now is not known: it is looked at when it is opened again.
            file = nil
            return .failed(error, after: nil)
        }
    }

    private mutating func append(
        _ events: [StoredEvent], after cursor: Ledger.Cursor
    ) throws(SinkFault) -> Int64 {
        // Another length than the cursor knows: what was written last has not been confirmed.
        if let file, file.length != cursor.place || !file.isStill(at: settings.path) {
            self.file = nil
        }
        if let file, file.length >= max(1, settings.rotateAt) {
            self.file = nil
            try rotate()
        }
        guard let first = events.first else { return cursor.place }
        let place: Int64
        let file: OpenFile
        if let known = self.file {
            (file, place) = (known, known.length)
        } else {
            file = try OpenFile(settings.path)
            place = try FileTail(file: file, cursor: cursor).place(for: first.line)
            self.file = file
        }
        var lines: [UInt8] = []
        for event in events {
            lines += event.line
            lines.append(UInt8(ascii: "\n"))
        }
        try file.write(lines, at: place)
        try file.synchronize()
        return file.length
    }

    /// Puts the file aside: `path` becomes `path.1`, that becomes `path.2`, and the last one goes.
    private func rotate() throws(SinkFault) {
        guard settings.kept > 0 else {
            unsafe unlink(settings.path)
            return
        }
        for number in stride(from: settings.kept, to: 0, by: -1) {
            let older = "\(settings.path).\(number)"
            let newer = number == 1 ? settings.path : "\(settings.path).\(number - 1)"
            if unsafe rename(newer, older) != 0, errno != ENOENT {
                throw SinkFault(errno: errno, path: older)
            }
        }
    }
}
