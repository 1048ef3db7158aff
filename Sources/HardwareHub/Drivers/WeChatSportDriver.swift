internal import BeaconScanner

/// Serves pedometers of the WeChat Sport protocol: their counter becomes a measurement for each day
/// of the hub, and their goal can be set.
///
/// FEA1 is the counter, FEA2 the goal, FEC9 the MAC address. The event of a day is replaced by a
/// later one of the same day. What is pushed are the four bytes of FEA2: 01 and the steps.
///
/// Source: Tencent's page on the protocol (iot.weixin.qq.com, wiki 4-3, in copies).
public struct WeChatSportDriver: DeviceDriver {
    /// Makes the driver.
    public init() {}

    /// `wechat-sport`.
    public var kinds: [String] { ["wechat-sport"] }

    /// FEE7, as AirSync.
    public var services: [GATTUUID] { [AirSyncSession.service] }

    /// Makes the machine for one connection.
    public func machine(for device: DeviceContext) throws(DeviceFault) -> any DeviceMachine {
        WeChatSportMachine(device)
    }
}

/// The machine of `WeChatSportDriver`.
struct WeChatSportMachine: DeviceMachine {
    private static let second: Int64 = 1_000_000_000
    /// A band that stays connected notifies each second; a day's total is worth an event a minute.
    static let pause = 60 * second
    /// How long one read, write or subscription may take.
    static let requestTimeout = 10 * second
    /// How long the last reading may take to become durable when the hub is ending.
    static let endingGrace = second
    /// The most values that make no sense before the connection ends.
    static let mostStrikes = 8
    /// The most goals that wait to be written.
    static let mostGoals = 4

    /// One thing to ask the device.
    private enum Errand: Hashable {
        case address, follow, count, goal, followGoal
        case setGoal([UInt8])
    }

    private let device: DeviceContext
    private var ledger: StepDay
    private var handles: (counter: UInt16, goal: UInt16?, address: UInt16?) = (0, nil, nil)
    private var mayFollow = false
    private var errands: [Errand] = []
    private var underWay: Errand?
    private var raw: [UInt8] = []
    private var token: UInt32 = 0
    private var isKeeping = false
    private var hasCounted = false
    private var isResting = false
    private var isEnding = false
    private var isOver = false
    private var strikes = 0
    private var writtenGoal: [UInt8]?
    private var requestDeadline: BootTime?
    private var keepDeadline: BootTime?
    private var endDeadline: BootTime?
    /// When the next event may be kept.
    private var nextKeep: BootTime?
    /// When a count that nobody can have walked is looked at again.
    private var recount: BootTime?

    init(_ device: DeviceContext) {
        self.device = device
        ledger = StepDay(memory: device.memory[StepDay.memoryKey])
    }

    var deadline: BootTime? {
        guard !isOver else { return nil }
        let event = ledger.hasChanges && !isKeeping ? nextKeep : nil
        return [requestDeadline, keepDeadline, endDeadline, recount, event].compactMap(\.self).min()
    }

    mutating func handle(_ event: DeviceEvent, at now: DeviceClock) -> [DeviceAction] {
        guard !isOver else { return [] }
        let actions: [DeviceAction]
        switch event {
        case .connected(let table, _): actions = connected(table)
        case .read(let handle, let value): actions = read(handle, value, now)
        case .subscribed, .written: actions = done(now)
        case .value(let handle, let value):
            actions =
                handle == handles.counter
                ? counted(value, now) : handle == handles.goal ? told(goal: value) : []
        case .failed(_, let fault): actions = failed(fault)
        case .kept(let token): actions = kept(token, now)
        case .refused(let token, let reason):
            guard token == self.token, isKeeping else { return [] }
            actions = over(
                .failed(DeviceFault(.storage, "its steps could not be kept: \(reason)")))
        case .deadline: actions = deadlineReached(now)
        case .push(let bytes): actions = pushed(bytes)
        case .ending:
            isEnding = true
            errands.removeAll()
            endDeadline = now.later(by: Self.endingGrace)
            actions = []
        }
        return isOver ? actions : actions + proceed(now)
    }

    // MARK: - The link

    private mutating func connected(_ table: GATTTable) -> [DeviceAction] {
        guard let counter = table.first(0xfea1, in: AirSyncSession.service),
            counter.properties.contains(.read)
        else {
            return over(
                .failed(
                    DeviceFault(
                        .unsupported, "it offers no FEA1 to read", mend: "check the device's kind")
                ))
        }
        let goal = table.first(0xfea2, in: AirSyncSession.service)
        let address = table.first(0xfec9, in: AirSyncSession.service)
        handles = (counter.handle, goal?.handle, address?.handle)
        mayFollow = !counter.properties.isDisjoint(with: [.notify, .indicate])
        // Followed before it is read, so that no step falls between.
        if address?.properties.contains(.read) == true { errands.append(.address) }
        if mayFollow { errands.append(.follow) }
        errands.append(.count)
        if goal?.properties.contains(.read) == true { errands.append(.goal) }
        if goal?.properties.isDisjoint(with: [.notify, .indicate]) == false {
            errands.append(.followGoal)
        }
        return []
    }

    /// Does the next thing, keeps what is due, and rests or ends when nothing is left.
    private mutating func proceed(_ now: DeviceClock) -> [DeviceAction] {
        var actions = keepIfDue(now)
        if underWay == nil, !errands.isEmpty {
            let errand = errands.removeFirst()
            underWay = errand
            requestDeadline = now.later(by: Self.requestTimeout)
            isResting = false
            return actions + [action(of: errand)]
        }
        guard underWay == nil, hasCounted, !isKeeping else { return actions }
        if isEnding || !mayFollow {
            if !ledger.hasChanges { actions += over(.done) }
        } else if !isResting {
            isResting = true
            actions.append(.note(.resting))
        }
        return actions
    }

    private func action(of errand: Errand) -> DeviceAction {
        switch errand {
        case .address: .read(handle: handles.address ?? 0)
        case .follow: .subscribe(handle: handles.counter)
        case .count: .read(handle: handles.counter)
        case .goal: .read(handle: handles.goal ?? 0)
        case .followGoal: .subscribe(handle: handles.goal ?? 0)
        case .setGoal(let bytes): .write(handle: handles.goal ?? 0, bytes)
        }
    }

    private mutating func done(_ now: DeviceClock) -> [DeviceAction] {
        if case .setGoal(let bytes)? = underWay {
            writtenGoal = bytes
            errands.insert(.goal, at: 0)
        }
        underWay = nil
        requestDeadline = nil
        return []
    }

    private mutating func read(
        _ handle: UInt16, _ value: [UInt8], _ now: DeviceClock
    ) -> [DeviceAction] {
        let errand = underWay
        _ = done(now)
        switch errand {
        case .address?:
            guard value.count == 6 else { return [] }
            let pairs = value.map { Hex.upper($0) }
            return [.note(.fact("mac", pairs.joined(separator: ":")))]
        case .count?: return counted(value, now)
        case .goal?: return told(goal: value)
        default: return []
        }
    }

    private mutating func failed(_ fault: GATTFault) -> [DeviceAction] {
        let errand = underWay
        underWay = nil
        requestDeadline = nil
        guard fault != .disconnected else { return over(.failed(.link(fault, "the link"))) }
        switch errand {
        case .count?: return over(.failed(.link(fault, "reading the steps")))
        case .follow?:
            mayFollow = false
            return [.report(.link(fault, "following the steps"))]
        case .setGoal?: return [.report(.link(fault, "writing the goal"))]
        case .goal?, .followGoal?:
            writtenGoal = nil
            return [.report(.link(fault, "reading the goal"))]
        case .address?, nil: return []
        }
    }

    private mutating func deadlineReached(_ now: DeviceClock) -> [DeviceAction] {
        if let endDeadline, now.boot >= endDeadline {
            let isWhole = hasCounted && !ledger.hasChanges && !isKeeping
            return over(
                isWhole
                    ? .done
                    : .failed(DeviceFault(.transient, "the hub ended before its steps were kept")))
        }
        if let requestDeadline, now.boot >= requestDeadline {
            return over(.failed(DeviceFault(.transient, "it did not answer within 10 s")))
        }
        if let keepDeadline, now.boot >= keepDeadline {
            return over(.failed(DeviceFault(.storage, "its steps were not kept within 10 s")))
        }
        if let recount, now.boot >= recount {
            self.recount = nil
            if !isEnding { errands.append(.count) }
        }
        return []
    }

    private mutating func over(_ outcome: DeviceOutcome) -> [DeviceAction] {
        isOver = true
        return [.finish(outcome)]
    }

    // MARK: - Steps

    private mutating func counted(_ value: [UInt8], _ now: DeviceClock) -> [DeviceAction] {
        do throws(MalformedValue) {
            let count = try WeChatSport(value.span)
            let isDamaged = ledger.isDamaged
            switch ledger.observed(count, at: now) {
            case .impossible:
                return strike("it counts \(count.steps) steps, more than a day has room for")
            case .implausible:
                hasCounted = true
                recount = now.later(by: Self.pause)
                return []
            case .counted:
                hasCounted = true
                raw = value
            }
            return isDamaged
                ? [
                    .report(
                        DeviceFault(
                            .storage, "what it had counted is not known any more",
                            mend: "it counts from now on"))
                ] : []
        } catch {
            return strike("its count cannot be read: \(error)")
        }
    }

    private mutating func strike(_ text: String) -> [DeviceAction] {
        strikes += 1
        let fault = DeviceFault(.protocolError, text)
        let isToBeRead = underWay == .count || errands.contains(.count)
        guard hasCounted || isToBeRead, strikes < Self.mostStrikes else {
            return over(.failed(fault))
        }
        return [.report(fault)]
    }

    private mutating func keepIfDue(_ now: DeviceClock) -> [DeviceAction] {
        guard ledger.hasChanges, !isKeeping else { return [] }
        if let nextKeep, now.boot < nextKeep, !isEnding { return [] }
        let findings = ledger.takeChanges().map { DeviceFinding.measurement(measurement($0)) }
        token &+= 1
        isKeeping = true
        nextKeep = now.later(by: Self.pause)
        keepDeadline = now.later(by: Self.requestTimeout)
        let memory: [UInt8]? = ledger.memory
        return [.keep(token: token, findings, memory: [StepDay.memoryKey: memory])]
    }

    private mutating func kept(_ token: UInt32, _ now: DeviceClock) -> [DeviceAction] {
        guard token == self.token else { return [] }
        isKeeping = false
        keepDeadline = nil
        return []
    }

    private func measurement(_ total: StepDay.Total) -> Measurement {
        var measurement = Measurement(.steps)
        func add(_ name: String, _ count: UInt32?, _ unit: String, code: String? = nil) {
            guard let count else { return }
            measurement.values.append(
                MeasuredValue(name, Decimal10(mantissa: Int64(count)), unit, code: code))
        }
        add("steps", total.steps, "{steps}", code: "41950-7")
        add("distance", total.distance, "m")
        add("energy", total.energy, "kcal")
        measurement.day = HubDay.text(total.day)
        measurement.raw = [RawValue(0xfea1, raw)]
        return measurement
    }

    // MARK: - The goal

    private mutating func told(goal value: [UInt8]) -> [DeviceAction] {
        let expected = writtenGoal
        writtenGoal = nil
        guard let goal = try? WeChatSport(value.span) else {
            return [.report(DeviceFault(.protocolError, "its goal cannot be read"))]
        }
        var actions: [DeviceAction] = [.note(.fact("target", "\(goal.steps)"))]
        if let expected, (try? WeChatSport(expected.span))?.steps != goal.steps {
            actions.append(
                .report(
                    DeviceFault(.protocolError, "it took the goal and keeps \(goal.steps)")))
        }
        return actions
    }

    private mutating func pushed(_ bytes: [UInt8]) -> [DeviceAction] {
        let isGoal = bytes.count == 4 && bytes.first == 1
        guard isGoal, handles.goal != nil, errands.count < Self.mostGoals, !isEnding else {
            return [
                .report(
                    DeviceFault(
                        isGoal ? .unsupported : .protocolError,
                        isGoal
                            ? "it takes no goal now" : "a goal is 01 and three bytes of steps"))
            ]
        }
        errands.append(.setGoal(bytes))
        return []
    }
}
