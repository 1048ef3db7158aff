extension DeviceFault {
    /// What follows when something that was asked of a device did not work.
    ///
    /// - Parameters:
    ///   - fault: why it did not.
    ///   - attempt: what was tried: `reading the goal`.
    /// - Returns: the fault, with its mend.
    static func link(_ fault: GATTFault, _ attempt: String) -> DeviceFault {
        let text = "\(attempt) failed: \(fault)"
        return switch fault {
        case .notPaired: DeviceFault(.authentication, text, mend: "pair with the device")
        case .refused: DeviceFault(.protocolError, text)
        case .notPermitted: DeviceFault(.unsupported, text, mend: "check the device's kind")
        case .noAnswer, .disconnected: DeviceFault(.transient, text)
        }
    }
}
