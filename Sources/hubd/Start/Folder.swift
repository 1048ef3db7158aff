import Configuration
import Glibc

/// Folders that hubd writes in.
enum Folder {
    /// The folder of a file.
    static func of(_ path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let folder = parts.joined(separator: "/")
        return folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder
    }

    /// Makes the folder of a file when only it is missing, readable by hubd alone.
    ///
    /// When it cannot be made, opening the file will say why.
    static func make(for path: String) {
        unsafe mkdir(of(path), 0o700)
    }

    static func make(for sink: Sink) {
        if case .file(let path, _, _) = sink.kind { make(for: path) }
    }
}

/// The machine's name, for a hub that was given none.
enum HostName {
    static var current: String {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "hub" }
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.isEmpty ? "hub" : text
    }
}
