import BlueZ
import HardwareHub

/// What keeps devices from being served.
extension DeviceStation {
    /// What keeps devices from being served.
    var problems: [HubProblem] {
        deviceProblems + linkProblems
    }

    private var linkProblems: [HubProblem] {
        guard let left = air?.stuckLinks, left > 0 else { return [] }
        return [
            HubProblem(
                part: "bluetooth links",
                text: "the kernel keeps \(left) connections that bluetoothd has ended, and their "
                    + "devices cannot be heard: hubd switches the adapter off and on when "
                    + "no device is connected; a kernel other than Linux 6.1.192 ends them by itself"
            )
        ]
    }

    private var deviceProblems: [HubProblem] {
        registry.all.compactMap { device in
            guard device.replacedBy == nil, let text = problem(of: device) else { return nil }
            return HubProblem(part: "device \(device.id)", text: text)
        }
    }

    /// Why a device is not served; nil when it is.
    func problem(of device: RegisteredDevice) -> String? {
        if let address = device.address, let other = registry.device(at: address),
            other.id != device.id
        {
            return "\(address) is device \(other.id) too: forget or replace one of them"
        }
        guard DeviceDrivers.driver(of: device.kind) != nil else {
            return "hubd has no driver \"\(device.kind)\"; kinds it has: \(DeviceDrivers.kinds)"
        }
        guard air != nil else {
            return "no radio can connect to it; add a radio of kind \"bluez\" or \"monitor\""
        }
        guard case .failed(let fault)? = queue.lastOutcome(of: device.id) else {
            // One that is looked for by its own id: where it was not found last.
            return device.address == nil ? states[device.id]?.toldFault.map { "\($0)" } : nil
        }
        // Out of reach is no problem: that is where devices are most of the time.
        return fault.faultClass == .transient ? nil : "\(fault)"
    }
}
