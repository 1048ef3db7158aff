internal import Glibc
internal import HardwareHub

// decoder-rig ROUNDS    decodes one value of each kind that devices send, so many times, and prints one
//                       JSON object; Bench/allocations.sh shows that no round allocates

/// Values as devices send them, each field of their kind present.
enum Sample {
    static let bloodPressure: [UInt8] = [
        0x1e, 0x80, 0, 0x53, 0, 0x62, 0, 0xea, 7, 11, 20, 7, 30, 5, 0x42, 0, 1, 0x27, 0,
    ]
    static let weight: [UInt8] = [
        0x0e, 0x70, 0x3a, 0xea, 7, 11, 20, 7, 30, 5, 1, 0xe7, 0, 0xb8, 6,
    ]
    static let composition: [UInt8] = [0x02, 0x02, 0xe1, 0, 0xea, 7, 11, 20, 7, 30, 5, 0x2c, 1]
    static let glucose: [UInt8] = [
        0x0b, 5, 0, 0xea, 7, 11, 20, 7, 30, 5, 0x3c, 0, 0x64, 0xb0, 0x11, 0, 0,
    ]
    static let glucoseContext: [UInt8] = [0x02, 5, 0, 1]
    static let temperature: [UInt8] = [0x06, 0x72, 1, 0, 0xff, 0xea, 7, 11, 20, 7, 30, 5, 2]
    static let oximetry: [UInt8] = [0x01, 0x62, 0, 0x48, 0, 0xea, 7, 11, 20, 7, 30, 5]
    static let runningOximetry: [UInt8] = [0x00, 0x62, 0, 0x48, 0]
    /// Without times between beats: those are a list.
    static let heartRate: [UInt8] = [0x0e, 0x48, 0x10, 0]
    static let running: [UInt8] = [0x07, 0, 3, 0xa0, 0x78, 0, 0x10, 0x27, 0, 0]
    static let clock: [UInt8] = [0xea, 7, 11, 20, 7, 30, 5, 5, 0, 0]
    static let steps: [UInt8] = [0x07, 0x10, 0x27, 0, 0x20, 3, 0, 0x40, 1, 0]
    static let balance: [UInt8] = [0, 0, 0x1f, 0x40]
    static let transaction: [UInt8] = [
        0, 7, 0, 0, 0, 0, 0, 4, 0xd2, 9, 1, 0x32, 1, 0, 0xa, 0xb, 0x20, 0x24, 2, 0x29, 0x23, 0x59,
        0x59,
    ]
}

/// Decodes each of them once.
///
/// - Returns: something of each, so that none of it is left out.
func decodeEach() throws(MalformedValue) -> Int {
    var sum = Int(try BloodPressure(Sample.bloodPressure.span).unknownFlags)
    sum &+= Int(try BodyWeight(Sample.weight.span).unknownFlags)
    sum &+= Int(try BodyComposition(Sample.composition.span).unknownFlags)
    sum &+= Int(try Glucose(Sample.glucose.span).unknownFlags)
    sum &+= Int(try GlucoseContext(Sample.glucoseContext.span).sequence)
    sum &+= Int(try BodyTemperature(Sample.temperature.span).unknownFlags)
    sum &+= Int(try PulseOximetry(Sample.oximetry.span).unknownFlags)
    sum &+= Int(try ContinuousPulseOximetry(Sample.runningOximetry.span).unknownFlags)
    sum &+= Int(try HeartRate(Sample.heartRate.span).beatsPerMinute)
    sum &+= Int(try RunningSpeed(Sample.running.span).cadence)
    sum &+= Int(try CurrentTime(Sample.clock.span).weekday)
    sum &+= Int(try WeChatSport(Sample.steps.span).steps)
    sum &+= Int(try CardBalance(Sample.balance.span).fen)
    sum &+= Int(try CardRecord(Sample.transaction.span).counter)
    return sum
}

guard CommandLine.arguments.count == 2, let rounds = Int(CommandLine.arguments[1]), rounds > 0
else {
    print("usage: decoder-rig ROUNDS")
    exit(64)
}
do throws(MalformedValue) {
    let start = ContinuousClock.now
    var sum = 0
    for _ in 0..<rounds { sum &+= try decodeEach() }
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    let time = Double(seconds) + Double(attoseconds) / 1e18
    print(
        "{\"rounds\":\(rounds),\"values\":\(rounds * 14),\"sum\":\(sum),"
            + "\"values_per_s\":\(Int(Double(rounds * 14) / max(time, 1e-9)))}")
} catch {
    print("decoder-rig: \(error)")
    exit(65)
}
