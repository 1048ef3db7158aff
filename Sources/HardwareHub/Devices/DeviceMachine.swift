public import BeaconScanner

/// Speaks a device's protocol through one connection: a pure value, whose owner tells it what happens
/// and does what it asks.
///
/// The owner
/// 1. hands in `.connected` first, then everything that happens, one event at a time, with the time;
/// 2. carries the returned actions out in their order, one after the other: a device is asked one
///    thing at a time (Core 5.4, Vol 3, Part F, §3.3.2), and each read, write and subscription is
///    answered by exactly one event;
/// 3. hands in `.deadline` when `deadline` is over, and asks for it anew after each event;
/// 4. after `.finish` or the end of the connection throws the machine away.
///
/// A machine is made for each connection. What has to outlast it goes through `.keep` as `memory`, in
/// the same transaction as the findings, and comes back in `DeviceContext.memory`.
public protocol DeviceMachine: Sendable {
    /// Takes what happened.
    ///
    /// - Returns: what is to be done, in order.
    mutating func handle(_ event: DeviceEvent, at now: DeviceClock) -> [DeviceAction]

    /// When `.deadline` is to be handed in; nil for never.
    var deadline: BootTime? { get }

    /// Whether stored records are coming that were asked for: a burst of values is no flood then. How
    /// many it takes is the machine's to bound.
    var isReceivingRecords: Bool { get }
}

extension DeviceMachine {
    /// No.
    public var isReceivingRecords: Bool { false }
}

/// Both clocks, as a machine needs them.
public struct DeviceClock: Hashable, Sendable {
    /// For intervals.
    public var boot: BootTime
    /// Seconds since 1970-01-01 00:00 UTC, by the hub's wall clock.
    public var unixSeconds: Int64
    /// What the hub's local time is ahead of UTC, in seconds.
    public var utcOffset: Int32
    /// Whether the wall clock is kept by a time source.
    public var isSynchronized: Bool

    /// Makes a reading of both clocks.
    public init(boot: BootTime, unixSeconds: Int64, utcOffset: Int32, isSynchronized: Bool) {
        self.boot = boot
        self.unixSeconds = unixSeconds
        self.utcOffset = utcOffset
        self.isSynchronized = isSynchronized
    }
}

/// What happens in a connection.
public enum DeviceEvent: Hashable, Sendable {
    /// The device is connected, its services are known, and a value to write may have so many bytes
    /// (the ATT MTU less 3).
    case connected(GATTTable, longestWrite: Int)
    /// A subscription is in force.
    case subscribed(handle: UInt16)
    /// The device sent a value that was subscribed to; an indication is confirmed already.
    case value(handle: UInt16, [UInt8])
    /// A value was read.
    case read(handle: UInt16, [UInt8])
    /// A value was written, and the device has answered where it answers.
    case written(handle: UInt16)
    /// The subscription, read or write of a characteristic did not work.
    case failed(handle: UInt16, GATTFault)
    /// What `.keep` handed over with this token is durable.
    case kept(token: UInt32)
    /// It could not be kept, and why: it must count as not received.
    case refused(token: UInt32, reason: String)
    /// `deadline` is over.
    case deadline
    /// Somebody wants to send the device data, through its driver.
    case push([UInt8])
    /// The hub needs the place or is ending: finish what can be finished at once.
    case ending
}

/// What a machine wants done.
public enum DeviceAction: Hashable, Sendable {
    /// Have values of a characteristic sent.
    case subscribe(handle: UInt16)
    /// Have no more of them sent; not answered.
    case unsubscribe(handle: UInt16)
    /// Read a value.
    case read(handle: UInt16)
    /// Write a value, with an answer where the characteristic offers one.
    case write(handle: UInt16, [UInt8])
    /// Make findings durable together, with what the machine wants to find again; answered by `.kept`
    /// or `.refused` with the token. `memory` is a change: nil as a value removes a key.
    case keep(token: UInt32, [DeviceFinding], memory: [String: [UInt8]?] = [:])
    /// The device says something about itself.
    case note(DeviceNote)
    /// Something was wrong and the connection goes on: for the journal and the bus.
    case report(DeviceFault)
    /// All is said, the connection can end.
    case finish(DeviceOutcome)
}

/// What a device yields, each an event of its own once it is kept.
public enum DeviceFinding: Hashable, Sendable {
    /// A measurement: `measurement.recorded`.
    case measurement(Measurement)
    /// A card: `card.read`.
    case card(CardReading)
    /// Bytes that no driver understands, and their type in the maker's terms: `device.data`.
    case data([UInt8], type: Int32)
}

/// What a device says about itself: shown, not kept as an event.
public enum DeviceNote: Hashable, Sendable {
    /// The battery's charge in percent.
    case battery(UInt8)
    /// `manufacturer`, `model`, `serial`, `firmware`, `hardware`, `software`, `features`, `target`,
    /// `mac`.
    case fact(String, String)
    /// What its clock is ahead of the hub's, in seconds, and whether it was set by us just now.
    case clock(offset: Int64, wasSet: Bool)
    /// It has nothing more to say for now and may stay connected as long as nobody needs the place.
    case resting
}

/// How a connection ended.
public enum DeviceOutcome: Hashable, Sendable {
    /// All that the device had is durable.
    case done
    /// It was not, and why.
    case failed(DeviceFault)
}

/// What is wrong with a device: the thing, and the mend.
public struct DeviceFault: Error, Hashable, Sendable {
    /// What follows for the next connection.
    public enum Class: String, Hashable, Sendable, CaseIterable {
        /// Comes right by itself, perhaps: it was out of reach, did not answer, was switched off.
        case transient
        /// The device does not keep to its protocol.
        case protocolError = "protocol"
        /// It could not prove who it is, or does not accept us: somebody has to mend it.
        case authentication
        /// It does not offer what its kind needs: another kind, or another device.
        case unsupported
        /// The hub could not keep what it sent.
        case storage
        /// It does what no device should: it is left alone for long.
        case hostile
    }

    /// What follows.
    public var faultClass: Class
    /// What is wrong, without the device's name: `its proof does not fit the key`.
    public var text: String
    /// What to do about it; empty when it may come right by itself.
    public var mend: String

    /// Makes a fault.
    public init(_ faultClass: Class, _ text: String, mend: String = "") {
        self.faultClass = faultClass
        self.text = text
        self.mend = mend
    }
}

extension DeviceFault: CustomStringConvertible {
    /// What is wrong, and what to do about it.
    public var description: String { mend.isEmpty ? text : "\(text); \(mend)" }
}
