internal import Glibc

/// Files with secrets: a path, or without a slash the name of a systemd credential.
///
/// hubd.service makes a credential of each file in /etc/hubd/credentials, and systemd puts the id
/// of the unit's LoadCredential= before its name: `secret_sync` for `sync`. A drop-in of the
/// operator's may bring others, which keep the names it gives them.
public enum Credential {
    private static let source = "/etc/hubd/credentials"

    /// The path of the file that a name in the configuration means.
    public static func path(of name: String) -> String {
        guard !name.contains("/") else { return name }
        // `hubd --check` from a shell looks where the unit will take them from.
        guard let folder = unsafe getenv("CREDENTIALS_DIRECTORY") else {
            return isThere("\(source)/\(name)") ? "\(source)/\(name)" : name
        }
        let credentials = unsafe String(cString: folder)
        let ofUnit = "\(credentials)/secret_\(name)"
        return isThere(ofUnit) ? ofUnit : "\(credentials)/\(name)"
    }

    private static func isThere(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }
}
