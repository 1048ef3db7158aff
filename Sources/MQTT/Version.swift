/// A version of MQTT, by its protocol level (MQTT 5.0, §3.1.2.2; MQTT 3.1.1, §3.1.2.2).
public enum Version: UInt8, Sendable, Hashable, CaseIterable {
    /// MQTT 3.1.1.
    case v311 = 4
    /// MQTT 5.0.
    case v5 = 5
}

/// How often a message arrives (MQTT 5.0, §4.3); level 0 is used for state only.
public enum QoS: UInt8, Sendable, Hashable, CaseIterable {
    /// At most once.
    case atMostOnce = 0
    /// At least once.
    case atLeastOnce = 1
    /// Exactly once, as long as both sides keep their session.
    case exactlyOnce = 2
}

/// The kinds of packets that hubd meets (MQTT 5.0, §2.1.2).
enum PacketKind {
    static let connect: UInt8 = 1
    static let connected: UInt8 = 2
    static let publish: UInt8 = 3
    static let published: UInt8 = 4
    static let received: UInt8 = 5
    static let release: UInt8 = 6
    static let completed: UInt8 = 7
    static let subscribe: UInt8 = 8
    static let subscribed: UInt8 = 9
    static let ping: UInt8 = 12
    static let alive: UInt8 = 13
    static let disconnect: UInt8 = 14
}
