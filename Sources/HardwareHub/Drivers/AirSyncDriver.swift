internal import BeaconScanner

/// Serves AirSync devices whose data no driver understands: what they send is kept as it is, and
/// what somebody pushes is sent to them.
public struct AirSyncDriver: DeviceDriver {
    /// Makes the driver.
    public init() {}

    /// `airsync`.
    public var kinds: [String] { ["airsync"] }

    /// FEE7; other devices use it too, so it proves nothing.
    public var services: [GATTUUID] { [AirSyncSession.service] }

    /// They do, when they log in.
    public var provesIdentity: Bool { true }

    /// Makes the machine for one connection.
    ///
    /// - Throws: when the device's key has not 16 bytes or its id is not configured.
    public func machine(for device: DeviceContext) throws(DeviceFault) -> any DeviceMachine {
        try device.checkAirSyncKey()
        return AirSyncMachine(device)
    }
}

extension DeviceContext {
    /// Checks what a device with a key needs.
    func checkAirSyncKey() throws(DeviceFault) {
        guard let key else { return }
        guard key.count == 16 else {
            throw DeviceFault(
                .authentication, "its key has \(key.count) bytes instead of 16",
                mend: "write 32 hexadecimal digits into its keyFile")
        }
        guard deviceID != nil else {
            throw DeviceFault(
                .authentication, "its key is of no use without its id", mend: "set deviceId")
        }
    }
}

/// The machine of `AirSyncDriver`.
struct AirSyncMachine: DeviceMachine {
    /// The most pushes that wait for the device to become ready.
    static let mostWaiting = 4

    private var session: AirSyncSession
    /// The requests that are being made durable, by the token of `.keep`.
    private var keeping: [UInt32: UInt32] = [:]
    private var lastToken = AirSyncSession.token
    private var waiting: [[UInt8]] = []
    private var isResting = false
    private var isEnding = false

    init(_ device: DeviceContext) { session = AirSyncSession(device) }

    var deadline: BootTime? { session.deadline }

    mutating func handle(_ event: DeviceEvent, at now: DeviceClock) -> [DeviceAction] {
        var actions = run(session.handle(event, at: now), now)
        switch event {
        case .push(let bytes): actions += push(bytes, now)
        case .kept(let token):
            if let id = keeping.removeValue(forKey: token) {
                actions += run(session.settled(id, AirSyncOutcome(), at: now), now)
            }
        case .refused(let token, let reason):
            if let id = keeping.removeValue(forKey: token) {
                actions += run(session.settled(id, AirSyncOutcome(code: -1), at: now), now)
                let fault = DeviceFault(.storage, "its data could not be kept: \(reason)")
                actions += run(session.finish(.failed(fault), at: now), now)
            }
        default: break
        }
        return actions + rest()
    }

    private mutating func run(_ steps: [AirSyncSession.Step], _ now: DeviceClock) -> [DeviceAction]
    {
        var actions: [DeviceAction] = []
        for step in steps {
            switch step {
            case .action(let action): actions.append(action)
            case .ready:
                let pushes = waiting
                waiting = []
                for bytes in pushes { actions += push(bytes, now) }
            case .data(let id, let bytes, let type):
                // Devices send empty data to say that they are there.
                if bytes.isEmpty {
                    actions += run(session.settled(id, AirSyncOutcome(), at: now), now)
                    continue
                }
                lastToken = lastToken == .max ? 1 : lastToken &+ 1
                keeping[lastToken] = id
                actions.append(.keep(token: lastToken, [.data(bytes, type: type.rawValue)]))
            case .repeated: break
            }
        }
        return actions
    }

    private mutating func push(_ bytes: [UInt8], _ now: DeviceClock) -> [DeviceAction] {
        if session.isReady {
            let message = AirSyncData(data: bytes, type: .manufacturer)
            if let steps = session.push(.receiveDataPush(message), at: now) {
                return run(steps, now)
            }
        } else if !session.isOver, waiting.count < Self.mostWaiting,
            bytes.count < AirSyncHeader.longestPacket
        {
            waiting.append(bytes)
            return []
        }
        return [
            .report(
                DeviceFault(
                    .transient, "\(bytes.count) bytes for it could not be sent",
                    mend: "send at most 4000 bytes, and not while it is ending"))
        ]
    }

    private mutating func rest() -> [DeviceAction] {
        let wasResting = isResting
        isResting = session.isIdle
        return isResting && !wasResting ? [.note(.resting)] : []
    }
}
