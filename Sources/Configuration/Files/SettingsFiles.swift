import Glibc

extension Settings {
    /// Reads the main file and what is in `<file>.d`, in the order of names.
    ///
    /// - Parameter path: the main file; it must be there, the directory need not.
    /// - Throws: every problem of every file.
    public init(readingFile path: String) throws(Problems) {
        let files = try Settings.files(of: path)
        try self.init(files[0], dropIns: Array(files.dropFirst()))
    }

    /// The main file and then its drop-ins, read but not yet understood.
    ///
    /// - Parameter path: the main file; it must be there, the directory need not.
    /// - Returns: at least the main file.
    /// - Throws: every file that cannot be read.
    public static func files(of path: String) throws(Problems) -> [SourceFile] {
        var problems: [Problem] = []
        var files: [SourceFile] = []
        let directory = path + ".d"
        do throws(Problem) {
            let names = try Settings.dropIns(in: directory)
            for file in [path] + names.map({ directory + "/" + $0 }) {
                do throws(Problem) {
                    files.append(
                        try SourceFile(
                            reading: file, limit: SourceFile.maximumConfigurationSize))
                } catch {
                    problems.append(error)
                }
            }
        } catch {
            problems.append(error)
        }
        guard problems.isEmpty else { throw Problems(problems) }
        return files
    }

    /// The names of the drop-ins, in the order of their bytes; hidden and other files are not any.
    private static func dropIns(in directory: String) throws(Problem) -> [String] {
        let descriptor = unsafe Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return [] }
            throw Problem(
                file: directory, found: SourceFile.text(of: errno), expected: "a directory to read")
        }
        var status = stat()
        let isOpenToAll = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IWOTH != 0
        guard let stream = unsafe fdopendir(descriptor) else {
            close(descriptor)
            throw Problem(
                file: directory, found: SourceFile.text(of: errno), expected: "a directory to read")
        }
        defer { unsafe closedir(stream) }
        guard !isOpenToAll else {
            throw Problem(
                file: directory, found: "a directory in which everybody may write",
                expected: "less: chmod o-w \(directory)")
        }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name.hasSuffix(".json5"), !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
