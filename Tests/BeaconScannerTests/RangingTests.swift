import Foundation
import Testing

@testable import BeaconScanner

@Suite("Distance follows the log-distance model, to nine digits and without libm")
struct RangingTests {
    @Test func powerOfTenEqualsPow() {
        var worst = 0.0
        for step in -60_000...60_000 {
            let exponent = Double(step) / 200 + 1e-7 * Double(step % 977)
            let expected = pow(10, min(max(exponent, -300), 300))
            let error = abs(RangingMath.powerOfTen(exponent) / expected - 1)
            worst = max(worst, error)
        }
        #expect(worst < 1e-12)
    }

    @Test func logarithmEqualsLog10() {
        var generator = SeededGenerator(7)
        for _ in 0..<50_000 {
            let number = Double(
                sign: .plus, exponent: .random(in: -1_000...1_000, using: &generator),
                significand: .random(in: 1..<2, using: &generator))
            let expected = Foundation.log10(number)
            #expect(abs(RangingMath.log10(number) - expected) <= 1e-14 * max(1, abs(expected)))
        }
        #expect(RangingMath.log10(1) == 0)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude])
    func oddArgumentsStayFinite(number: Double) {
        #expect(RangingMath.powerOfTen(number).isFinite)
        #expect(RangingMath.powerOfTen(-number).isFinite)
        #expect(RangingMath.log10(number).isFinite)
        #expect(RangingMath.log10(-number) == 0)
        #expect((1...6).contains(Ranging(pathLossExponent: number).pathLossExponent))
    }

    @Test(arguments: [
        (-40, 0.1122), (-59, 1.0), (-65, 1.9953), (-75, 6.3096), (-90, 35.4813),
    ])
    func logDistanceAtMinus59(rssi: Int, expected: Double) throws {
        let distance = try #require(Ranging().distance(rssi: Float(rssi), measuredPower: -59))
        #expect(abs(distance - expected) < 1e-4)
    }

    @Test func distanceEqualsPowForEveryByte() {
        for exponent in [1.0, 2.0, 2.7, 4.0, 6.0] {
            let ranging = Ranging(pathLossExponent: exponent)
            for power in Int8(-126)..<0 {
                for rssi in Int8(-127)...20 {
                    let loss = Double(power) - Double(rssi)
                    let expected = pow(10, loss / (10 * exponent))
                    let distance = ranging.distance(rssi: Float(rssi), measuredPower: power) ?? 0
                    if abs(distance / expected - 1) > 1e-9 {
                        Issue.record("n \(exponent), power \(power), rssi \(rssi): \(distance)")
                    }
                }
            }
        }
    }

    @Test func boundariesAreAtHalfAMeterAndFour() {
        for exponent in [2.0, 3.0] {
            let ranging = Ranging(pathLossExponent: exponent)
            func at(_ meters: Double) -> Proximity {
                let level = -59 - 10 * exponent * Foundation.log10(meters)
                return ranging.proximity(rssi: Float(level), measuredPower: -59)
            }
            #expect(at(0.01) == .immediate && at(0.499) == .immediate)
            #expect(at(0.501) == .near && at(3.99) == .near)
            #expect(at(4.01) == .far && at(100) == .far)
        }
    }

    @Test func aBoundaryIsLeftOnlyFifteenPerCentBeyond() {
        let ranging = Ranging()
        func from(_ current: Proximity, _ meters: Double) -> Proximity {
            let level = -59 - 20 * Foundation.log10(meters)
            return ranging.proximity(rssi: Float(level), measuredPower: -59, from: current)
        }
        #expect(from(.immediate, 0.574) == .immediate && from(.immediate, 0.576) == .near)
        #expect(from(.near, 0.426) == .near && from(.near, 0.424) == .immediate)
        #expect(from(.near, 4.59) == .near && from(.near, 4.61) == .far)
        #expect(from(.far, 3.41) == .far && from(.far, 3.39) == .near)
        #expect(from(.immediate, 5) == .far && from(.far, 0.3) == .immediate)
        #expect(from(.unknown, 0.45) == .immediate)
    }

    @Test func proximityNeedsTwoSamplesAndASecond() {
        let air = PresenceAir(fleet(1))
        air.hear(beacon(0), times: 5, every: 0.5, rssi: -65)
        #expect(air.status()?.proximity == .near)
        // Nothing is heard for long enough that the next sample alone moves the level.
        air.pass(9)
        air.hear(beacon(0), rssi: -95)
        #expect(air.status()?.proximity == .near)
        air.pass(0.5)
        air.hear(beacon(0), rssi: -95)
        #expect(air.changes() == [.entered, .proximityChanged(from: .near)])
        #expect(air.status()?.proximity == .far)
        // Back at once: the far zone is kept for a second.
        for _ in 0..<9 {
            air.pass(0.1)
            air.hear(beacon(0), rssi: -20)
        }
        #expect(air.changes().count == 2)
        air.pass(0.2)
        air.hear(beacon(0), rssi: -20)
        #expect(air.changes().last == .proximityChanged(from: .far))
    }

    @Test(arguments: 1...10)
    func aBeaconOnTheLineSeldomChangesSides(seed: UInt64) {
        let air = PresenceAir(fleet(1), seed: seed)
        air.noise = 4
        // 4 m from the radio at 1 m.
        air.emitters = [
            Emitter(id: beacon(0), address: device(1), interval: 0.1, position: { _ in 5 })
        ]
        air.run(until: 600)
        let changes = air.changes().count - 1
        #expect(changes < 20, "\(changes) changes in 10 minutes")
    }

    @Test func theFilterLagsBySecondsWhateverTheInterval() throws {
        for interval in [0.1, 0.5, 1, 2] {
            let air = PresenceAir(fleet(1))
            air.hear(beacon(0), times: 100, every: interval, rssi: -50)
            let start = air.now
            while try #require(air.status()?.rssi) > -62.6 {
                air.hear(beacon(0), rssi: -70)
                air.pass(interval)
            }
            // 63 % of the step: one time constant of 3 s, to within a sample.
            #expect((2.9...(3.1 + interval)).contains(air.now - start), "interval \(interval)")
        }
    }
}
