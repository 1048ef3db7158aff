/// Serves devices that keep to the health profiles of the Bluetooth SIG.
///
/// Which characteristics a kind has, what is kept of their values and what is asked of the device is
/// described in `docs/protocols/health.md`.
public struct HealthDriver: DeviceDriver {
    /// Makes the driver.
    public init() {}

    /// `health`.
    public var name: String { "health" }

    /// `blood-pressure`, `weight-scale`, `body-composition`, `glucose-meter`, `thermometer`,
    /// `pulse-oximeter`, `heart-rate`, `running-speed`.
    public var kinds: [String] { HealthProfile.all.map(\.kind) }

    /// The service of each kind: 1810, 181D, 181B, 1808, 1809, 1822, 180D, 1814.
    public var services: [GATTUUID] { HealthProfile.all.map(\.service) }

    /// Whether a device that advertises these services has that of the kind.
    public func offers(_ kind: String, _ services: [GATTUUID]) -> Bool {
        HealthProfile.all.contains { $0.kind == kind && services.contains($0.service) }
    }

    /// All but those that send a stream as long as they are worn.
    public func isBrief(_ kind: String) -> Bool { kind != "heart-rate" && kind != "running-speed" }

    /// Makes the machine for one connection.
    ///
    /// - Throws: `DeviceFault` for a kind that is not among `kinds`.
    public func machine(for device: DeviceContext) throws(DeviceFault) -> any DeviceMachine {
        guard let profile = HealthProfile.all.first(where: { $0.kind == device.kind }) else {
            throw DeviceFault(
                .unsupported, "\(device.kind) is no kind of health device",
                mend: "use one of \(kinds.joined(separator: ", "))")
        }
        return HealthMachine(profile, memory: device.memory)
    }
}
