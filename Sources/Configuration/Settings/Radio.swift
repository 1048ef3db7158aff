/// One entry of `radios`: where advertising reports come from.
public struct Radio: Hashable, Sendable {
    /// `kind` and what belongs to it.
    public enum Kind: Hashable, Sendable {
        /// `bluez`: through bluetoothd. `adapter` is an address such as `00:1A:7D:DA:71:13`, or a
        /// number such as `hci0`; nil takes the first.
        case bluez(adapter: String?)
        /// `monitor`: the kernel's monitor socket, for what bluetoothd hears anyway; the same
        /// `adapter`, nil for all.
        case monitor(adapter: String?)
        /// `capture`: a btsnoop or pcap file. `path`; `speed`; `repeat`, whether it begins again
        /// at its end.
        case capture(path: String, speed: Speed, isRepeated: Bool)
    }

    /// How fast a capture is played.
    public enum Speed: Hashable, Sendable {
        /// So many times as fast as it was recorded, 0.001 to 1000; 1 when nothing is said.
        case times(Double)
        /// `"max"`: as fast as the machine can.
        case maximum
    }

    /// What it is.
    public var kind: Kind
    /// `zone`: the zone of the catalog in which it stands; nil when that does not matter.
    public var zone: String?

    /// Makes a radio.
    public init(_ kind: Kind, zone: String? = nil) {
        self.kind = kind
        self.zone = zone
    }
}
