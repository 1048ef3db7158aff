/// The content of one file, with the name that problems give it.
public struct SourceFile: Hashable, Sendable {
    /// The largest configuration file that is read, in bytes.
    public static let maximumConfigurationSize = 1 << 20
    /// The largest catalog, overlay or CSV file that is read, in bytes.
    public static let maximumCatalogSize = 32 << 20
    /// The largest CSV file that `hubctl import` sends to the daemon, in bytes: 10,000 beacons have
    /// about a megabyte, and the daemon holds it before it knows whether the caller may import.
    public static let maximumImportSize = 4 << 20

    /// The name, usually its path.
    public let name: String
    /// The content.
    public let bytes: [UInt8]

    /// Makes a file from what is at hand.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// Makes a file from text.
    public init(name: String, text: String) {
        self.init(name: name, bytes: Array(text.utf8))
    }
}
