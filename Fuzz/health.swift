// modules: BeaconScanner HardwareHub
import HardwareHub

/// Every health decoder on the same bytes, so that one corpus serves all, and every decimal as
/// text and as a double.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHealth(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    let areas: [DecodeArea] = [
        .bloodPressure, .temperature, .heartRate, .runningSpeed, .glucose, .glucoseContext,
        .recordAccess, .weight, .bodyComposition, .pulseOximetry, .continuousPulseOximetry,
        .dateTime, .currentTime, .localTime, .pnpID, .sfloat, .float32, .weChatSport,
    ]
    for area in areas {
        guard let fields = try? area.decode(bytes.span) else { continue }
        for entry in fields.entries {
            guard case .decimal(let decimal) = entry.value else { continue }
            guard Double(decimal.text) == decimal.double else {
                preconditionFailure("\(area) \(entry.key): \(decimal) is \(decimal.double)")
            }
        }
    }
    _ = DeviceInformation.text(bytes.span)
    _ = try? SystemID(bytes.span)
    _ = try? WeightScaleFeature(bytes.span)
    return 0
}
