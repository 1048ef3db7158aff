import BeaconScanner
import Foundation

/// A generator that gives the same air for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

/// Something that advertises in a simulated shop.
struct Emitter {
    var id: BeaconID
    var address: DeviceAddress
    /// Seconds between adverts; up to 10 ms are added to each, as every advertiser does.
    var interval: Double
    var loss = 0.0
    /// The power at 1 m in dBm.
    var power = Int8(-59)
    /// When it is on.
    var life: Range<Double> = 0..<Double.infinity
    /// How often it takes another private address, in seconds; nil for never.
    var rotation: Double?
    /// Where it is, in meters along the aisle.
    var position: (Double) -> Double = { _ in 0 }
}

/// A presence table with radios along an aisle and time to drive it.
final class PresenceAir {
    var table: PresenceTable
    var generator: SeededGenerator
    var emitters: [Emitter] = []
    /// Number and position of each radio, in meters along the aisle.
    var radios: [(number: UInt8, position: Double)] = [(0, 1)]
    /// Standard deviation of a reading, in dB.
    var noise = 3.0
    /// Seconds since the table was made.
    var now = 0.0
    var transitions: [Transition] = []
    private var due: [Double] = []

    init(
        _ beacons: [KnownBeacon], settings: PresenceSettings = PresenceSettings(),
        zoneParents: [Int32] = [], seed: UInt64 = 1
    ) {
        table = PresenceTable(
            beacons: beacons, zoneParents: zoneParents, settings: settings, seed: seed,
            at: time(0))
        generator = SeededGenerator(seed)
    }

    var presentCount: Int { table.presentCount }
    func status(_ index: Int32 = 0) -> BeaconStatus? { table.status(of: index) }

    /// Lets the emitters advertise and the table tick until a time.
    func run(until end: Double) {
        while due.count < emitters.count {
            let emitter = emitters[due.count]
            let start = max(now, emitter.life.lowerBound)
            due.append(start + .random(in: 0..<emitter.interval, using: &generator))
        }
        while true {
            let tick = seconds(table.nextDeadline)
            let next = due.indices.min { due[$0] < due[$1] }
            if let next, due[next] < min(tick, end) {
                now = due[next]
                let jitter = Double.random(in: 0..<0.01, using: &generator)
                due[next] += emitters[next].interval + jitter
                if emitters[next].life.contains(now) { advertise(emitters[next]) }
            } else if tick <= end {
                now = max(now, tick)
                table.tick(at: time(tick))
            } else {
                now = end
                break
            }
            drain()
        }
    }

    private func advertise(_ emitter: Emitter) {
        var address = emitter.address
        if let rotation = emitter.rotation {
            let round = UInt64(now / rotation)
            address = DeviceAddress(bits: address.bits &+ round &* 0x1_0001, kind: address.kind)
        }
        let loss = emitter.loss
        for radio in radios where Double.random(in: 0..<1, using: &generator) >= loss {
            let meters = max(abs(emitter.position(now) - radio.position), 0.1)
            let level = Double(emitter.power) - 20 * log10(meters) + gauss() * noise
            table.observe(
                emitter.id, address: address, rssi: RSSI(Int8(max(-120, min(20, level)))),
                measuredPower: emitter.power, radio: radio.number, at: time(now))
        }
    }

    /// A standard normal deviate (Box and Muller, 1958).
    private func gauss() -> Double {
        let radius = (-2 * log(Double.random(in: 1e-12..<1, using: &generator))).squareRoot()
        return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
    }

    /// One advert by hand at the present time.
    @discardableResult
    func hear(
        _ id: BeaconID, from address: DeviceAddress = device(1), rssi: Int8 = -60,
        power: Int8 = -59, radio: UInt8 = 0
    ) -> Int32 {
        let index = table.observe(
            id, address: address, rssi: RSSI(rssi), measuredPower: power, radio: radio,
            at: time(now))
        drain()
        return index
    }

    /// Adverts by hand, one each `step` seconds, ticking each second in between.
    func hear(
        _ id: BeaconID, times: Int, every step: Double, from address: DeviceAddress = device(1),
        rssi: Int8 = -60, power: Int8 = -59, radio: UInt8 = 0
    ) {
        for _ in 0..<times {
            hear(id, from: address, rssi: rssi, power: power, radio: radio)
            pass(step)
        }
    }

    /// Lets time pass without adverts.
    func pass(_ duration: Double) {
        let end = now + duration
        if seconds(table.nextDeadline) < now {
            table.tick(at: time(now))
            drain()
        }
        while seconds(table.nextDeadline) <= end {
            table.tick(at: table.nextDeadline)
            drain()
        }
        now = end
    }

    /// The machine sleeps: time passes and nobody calls.
    func sleep(_ duration: Double) {
        now += duration
    }

    func drain() {
        while let transition = table.nextTransition() { transitions.append(transition) }
    }

    func changes(of index: Int32 = 0) -> [Transition.Change] {
        transitions.filter { $0.index == index }.map(\.change)
    }

    func count(_ change: Transition.Change) -> Int {
        transitions.count { $0.change == change }
    }
}

func time(_ seconds: Double) -> BootTime {
    BootTime(nanoseconds: Int64((seconds * 1e9).rounded()))
}

func seconds(_ time: BootTime) -> Double { Double(time.nanoseconds) / 1e9 }

/// The n-th of our iBeacons.
func beacon(_ number: Int) -> BeaconID {
    BeaconID(
        format: .iBeacon, length: 20, high: 0xfda5_0693_a4e2_4fb1, middle: 0xafcf_c6eb_0764_7825,
        low: UInt32(number))
}

/// A device with a static random address.
func device(_ number: UInt64) -> DeviceAddress {
    DeviceAddress(bits: 0xc000_0000_0000 + number, kind: .random)
}

/// Configured beacons 0 to `count` − 1.
func fleet(_ count: Int) -> [KnownBeacon] {
    (0..<count).map { KnownBeacon(id: beacon($0)) }
}
