/// A file that a setting names, and that is only read.
struct SettingFile {
    /// The setting: `secretFile`.
    let setting: String
    let path: String
    /// What a fault of the file is a fault of.
    let code: SinkFault.Code

    /// Up to so many bytes from its beginning.
    func read(_ count: Int) throws(SinkFault) -> [UInt8] {
        do throws(SinkFault) {
            return try OpenFile(reading: path).read(count, at: 0)
        } catch {
            let text =
                switch error.code {
                case .missingFolder: "is missing: put it there, readable for hubd, or name another"
                case .permission: "may not be read: give hubd the right to read it"
                case .setting: "is not a file: name one that is"
                default: "cannot be read: \(error)"
                }
            throw SinkFault(code, "\(setting) \(path) \(text)")
        }
    }
}
