public import BeaconScanner
internal import Glibc

/// Why a capture file cannot be played, or not any further.
public struct CaptureFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Reason: Hashable, Sendable {
        /// The system does not open it.
        case cannotOpen(String)
        /// It is a folder, a pipe or a device.
        case notAFile
        /// The system stopped reading it.
        case cannotRead(String)
        /// It is no capture, or damaged at the place the error names.
        case damaged(CaptureError)
    }

    /// The file.
    public let path: String
    /// What went wrong.
    public let reason: Reason

    @usableFromInline
    init(path: String, _ reason: Reason) {
        self.path = path
        self.reason = reason
    }

    /// The file, what is wrong, where, and the mend.
    public var description: String {
        switch reason {
        case .cannotOpen(let text): "\(path): cannot be opened: \(text)"
        case .notAFile: "\(path): is no regular file; name a btsnoop or pcap file"
        case .cannotRead(let text): "\(path): reading failed: \(text)"
        case .damaged(let error): "\(path): \(error)"
        }
    }
}

/// The system's words for an error number.
enum SystemText {
    static func of(_ code: Int32) -> String {
        guard let words = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: words)
    }
}
