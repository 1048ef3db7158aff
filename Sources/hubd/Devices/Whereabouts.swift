import BeaconScanner
import HardwareHub

/// Where devices are that are known by their own id only: at an address they prove who they are, or
/// that they are not there.
struct Whereabouts {
    /// How long a device is not looked for again at an address where it was not: an hour.
    static let missedFor: Int64 = 3_600_000_000_000
    /// How long a device is silent at its address before it is looked for at others: a minute, in which
    /// whoever is there advertises.
    static let homesick: Int64 = 60_000_000_000
    /// Of the many that pass by, so many are told apart for each device.
    static let mostMisses = 256

    /// Addresses at which a device was not found, and until when they are not tried again.
    private var misses: [String: [UInt64: BootTime]] = [:]
    /// Where a device has proven to be.
    private var homes: [String: UInt64] = [:]

    /// Whether a device is worth looking for at an address: it has not proven to be elsewhere, where
    /// it was `heard` last, nor that it is not there.
    func mayBe(
        _ id: String, at address: DeviceAddress, heard: BootTime?, now: BootTime
    ) -> Bool {
        if let home = homes[id], home != address.bits, let heard,
            now.nanoseconds(since: heard) <= Self.homesick
        {
            return false
        }
        return misses[id]?[address.bits].map { $0 <= now } ?? true
    }

    /// It has proven to be there.
    mutating func found(_ id: String, at address: DeviceAddress) {
        homes[id] = address.bits
    }

    /// Whoever is there is another device.
    mutating func missed(_ id: String, at address: DeviceAddress, now: BootTime) {
        var missed = (misses[id] ?? [:]).filter { $0.value > now }
        if missed.count >= Self.mostMisses { missed = [:] }
        missed[address.bits] = BootTime(nanoseconds: now.nanoseconds + Self.missedFor)
        misses[id] = missed
        homes[id] = nil
    }

    /// It is looked for everywhere again.
    mutating func retry(_ id: String) { misses[id] = nil }

    /// Nothing is known of it.
    mutating func forget(_ id: String) {
        misses[id] = nil
        homes[id] = nil
    }
}
