internal import BeaconScanner

/// One connection to a health device.
///
/// 1. Subscriptions, clock, and what else values need; values may come from then on.
/// 2. Of a glucose meter, its records; of an oximeter, the spot-checks that it stores.
/// 3. Clock set if it is wrong; battery, abilities, texts.
/// 4. Done: a glucose meter at once, any other after 20 s without a value; one that sends a stream
///    rests and stays until the place is needed.
struct HealthMachine: DeviceMachine {
    /// So long after its last value a device has said all it has, in nanoseconds: monitors and scales
    /// send what they store within a second or two of each other and switch themselves off after
    /// some 5 to 30 s; those that do not are let go then.
    static let quiet: Int64 = 20_000_000_000
    /// More values that are none are no accident: the device is left alone.
    static let mostMalformed = 16
    /// More values in a connection than four times what the meters with the most memory hold are
    /// no measurements; streams do not count.
    static let mostValues = 4_096

    private enum Stage: Hashable, Sendable {
        /// Not connected.
        case new
        /// Asking what comes first.
        case opening
        /// Fetching records.
        case fetching
        /// Asking what can wait.
        case greeting
        /// All is asked.
        case listening
        /// To be ended, once what is being kept is durable.
        case ending
        case finished
    }

    private let profile: HealthProfile
    private var table = GATTTable([])
    private var plan: HealthPlan?
    private var stage = Stage.new
    private var asks: [HealthAsk] = []
    private var current: HealthAsk?
    /// Values of these are sent.
    private var subscribed: [GATTUUID] = []
    /// Why a subscription did not work.
    private var refusal: DeviceFault?

    private var clock = HealthClock()
    private var site: TemperatureSite?
    private var seen: SeenValues
    private var composition = CompositionJoin()
    private var streams: [UInt16: ValueStream] = [:]
    private var retrieval: GlucoseRetrieval?
    private var recall = SpotCheckRecall()

    private var keeping: Set<UInt32> = []
    private var fetchToken: UInt32?
    private var nextToken: UInt32 = 1
    private var malformed = 0
    private var values = 0
    /// Since when nothing has come.
    private var quietSince = BootTime(nanoseconds: 0)
    private var outcome = DeviceOutcome.done
    private var out: [DeviceAction] = []

    init(_ profile: HealthProfile, memory: [String: [UInt8]]) {
        self.profile = profile
        seen = SeenValues(memory)
        if profile.sources.contains(where: { $0.role == .recordAccess }) {
            retrieval = GlucoseRetrieval(memory)
        }
    }

    mutating func handle(_ event: DeviceEvent, at now: DeviceClock) -> [DeviceAction] {
        guard stage != .finished else { return [] }
        switch event {
        case .connected(let table, _): connected(table, at: now)
        case .subscribed(let handle): subscribed(handle)
        case .value(let handle, let bytes): value(handle, bytes, at: now)
        case .read(let handle, let bytes): read(handle, bytes, at: now)
        case .written(let handle): written(handle, at: now)
        case .failed(let handle, let fault): failed(handle, fault)
        case .kept(let token): kept(token)
        case .refused(let token, let reason): refused(token, reason)
        case .deadline: timePassed(at: now)
        case .push: report(DeviceFault(.unsupported, "a health device takes no data"))
        case .ending: end()
        }
        advance(at: now)
        defer { out = [] }
        return out
    }

    /// While a device sends the records that it was asked for; `mostValues` bounds them.
    var isReceivingRecords: Bool {
        stage == .fetching && (retrieval?.isAnswered == false || recall.isUnderWay)
    }

    var deadline: BootTime? {
        guard stage != .finished, stage != .new else { return nil }
        var times = streams.values.compactMap(\.deadline)
        if let time = composition.deadline { times.append(time) }
        if let time = retrieval?.deadline { times.append(time) }
        if let time = recall.deadline { times.append(time) }
        if stage == .listening, !staysForStream, keeping.isEmpty {
            times.append(BootTime(nanoseconds: quietSince.nanoseconds &+ Self.quiet))
        }
        return times.min()
    }

    // MARK: Going on

    private var staysForStream: Bool {
        profile.sources.contains { $0.role == .stream && subscribed.contains($0.characteristic) }
    }

    private mutating func connected(_ table: GATTTable, at now: DeviceClock) {
        guard stage == .new else { return }
        self.table = table
        quietSince = now.boot
        guard table.has(service: profile.service) else {
            finish(
                .failed(
                    DeviceFault(
                        .unsupported,
                        "the device has no \(profile.serviceName) service (\(profile.service))",
                        mend: "check its kind: \(profile.kind)")))
            return
        }
        let plan = HealthPlan(profile, table)
        guard profile.isServed(by: plan.sources) else {
            let missing = profile.sources.filter {
                $0.isNeeded && !plan.sources.contains($0.characteristic)
            }.map { "\($0.characteristic)" }
            finish(
                .failed(
                    DeviceFault(
                        .unsupported,
                        "the device does not send \(missing.joined(separator: ", "))",
                        mend: "check its kind: \(profile.kind)")))
            return
        }
        self.plan = plan
        asks = plan.first
        stage = .opening
    }

    /// Asks the next thing, or enters the next stage.
    private mutating func advance(at now: DeviceClock) {
        if stage == .ending {
            keepFetched()
            if keeping.isEmpty { finish(outcome) }
            return
        }
        while stage != .finished, stage != .new {
            keepFetched()
            if let request = retrieval?.nextRequest() { ask(request) }
            guard current == nil else { return }
            if let ask = asks.first {
                asks.removeFirst()
                issue(ask, at: now)
                continue
            }
            guard enterNextStage(at: now) else { return }
        }
    }

    /// - Returns: whether there is something to do at once.
    private mutating func enterNextStage(at now: DeviceClock) -> Bool {
        switch stage {
        case .new, .ending, .finished: return false
        case .opening:
            guard profile.isServed(by: subscribed) else {
                finish(.failed(refusal ?? DeviceFault(.protocolError, "nothing can be subscribed")))
                return false
            }
            stage = .fetching
            retrieval?.start(at: now.boot)
            if subscribed.contains(0x2a5e), let control = recallControl {
                asks.append(.recall(control))
            }
            return true
        case .fetching:
            if let retrieval, !retrieval.isAnswered { return false }
            if recall.isUnderWay { return false }
            stage = .greeting
            asks = plan?.later ?? []
            if clock.shouldBeSet(at: now), let plan, let clock = plan.clock {
                asks.insert(.setClock(clock), at: 0)
                if let zone = plan.zone { asks.insert(.setZone(zone), at: 0) }
            }
            return true
        case .greeting:
            stage = .listening
            quietSince = now.boot
            if staysForStream { out.append(.note(.resting)) }
            return true
        case .listening:
            if let retrieval {
                guard retrieval.isDone, keeping.isEmpty else { return false }
                finish(retrieval.verdict.map { .failed($0) } ?? .done)
            } else if !staysForStream, keeping.isEmpty,
                now.boot.nanoseconds(since: quietSince) >= Self.quiet
            {
                finish(.done)
            }
            return false
        }
    }

    private mutating func issue(_ ask: HealthAsk, at now: DeviceClock) {
        let handle = ask.characteristic.handle
        let action: DeviceAction?
        switch ask {
        case .subscribe: action = .subscribe(handle: handle)
        case .read: action = .read(handle: handle)
        case .setZone: action = HealthClock.zoneBytes(at: now).map { .write(handle: handle, $0) }
        case .setClock(let clock):
            action = HealthClock.bytes(of: clock.uuid, at: now).map { .write(handle: handle, $0) }
        case .request(_, let request): action = .write(handle: handle, request.bytes)
        case .recall:
            // Its answers may come before the one to the write.
            recall.begin(at: now.boot)
            action = .write(handle: handle, RecordAccess.Request.reportAll.bytes)
        }
        guard let action else { return }
        current = ask
        out.append(action)
    }

    /// What is written to for stored spot-checks, where its answers are subscribed to.
    private var recallControl: GATTCharacteristic? {
        guard let source = profile.sources.first(where: { $0.role == .recall }),
            subscribed.contains(source.characteristic),
            let characteristic = table.first(source.characteristic, in: source.service),
            characteristic.properties.contains(.write)
        else { return nil }
        return characteristic
    }

    private mutating func ask(_ request: RecordAccess.Request) {
        guard
            let source = profile.sources.first(where: { $0.role == .recordAccess }),
            let characteristic = table.first(source.characteristic, in: source.service)
        else { return }
        asks.append(.request(characteristic, request))
    }

    private mutating func finish(_ outcome: DeviceOutcome) {
        guard stage != .finished else { return }
        stage = .finished
        out.append(.finish(outcome))
    }

    private mutating func report(_ fault: DeviceFault) { out.append(.report(fault)) }

    /// Nothing more is asked; what is here is kept.
    private mutating func end() {
        guard stage != .ending else { return }
        if !profile.isServed(by: subscribed) {
            outcome = .failed(
                DeviceFault(.transient, "the connection ended before the device could be heard"))
        }
        for handle in streams.keys.sorted() {
            for measurement in streams[handle]?.end() ?? [] { keep(measurement) }
        }
        for measurement in composition.end() { keepOnce(measurement) }
        retrieval?.cancel()
        if let verdict = retrieval?.verdict { outcome = .failed(verdict) }
        if recall.isUnderWay {
            recall.cancel()
            outcome = .failed(
                DeviceFault(.transient, "the connection ended before all spot-checks were here"))
        }
        asks = []
        current = nil
        stage = .ending
    }
}

// MARK: - Answers

extension HealthMachine {
    private mutating func subscribed(_ handle: UInt16) {
        guard case .subscribe(let characteristic)? = current, characteristic.handle == handle
        else { return }
        current = nil
        subscribed.append(characteristic.uuid)
    }

    private mutating func read(_ handle: UInt16, _ bytes: [UInt8], at now: DeviceClock) {
        guard case .read(let characteristic, let fact)? = current,
            characteristic.handle == handle
        else { return }
        current = nil
        do throws(MalformedValue) {
            switch fact {
            case .clock:
                // Until it is understood, it is one that was never set.
                clock.takeUnset()
                clock.take(try HealthClock.time(of: characteristic.uuid, bytes), at: now)
                if let note = clock.note { out.append(.note(note)) }
            case .site: site = try TemperatureSite(bytes.span)
            case .battery:
                out.append(.note(.battery(try DeviceInformation.batteryLevel(bytes.span))))
            case .features(let features):
                out.append(.note(.fact("features", try features.text(of: bytes))))
            case .text(let name):
                let text = DeviceInformation.text(bytes.span)
                if !text.isEmpty { out.append(.note(.fact(name, text))) }
            }
        } catch {
            malformed(characteristic, error)
        }
    }

    private mutating func written(_ handle: UInt16, at now: DeviceClock) {
        guard let ask = current, ask.characteristic.handle == handle else { return }
        switch ask {
        case .subscribe, .read: return
        case .setZone, .request, .recall: break
        case .setClock:
            clock.wasSet(at: now)
            if let note = clock.note { out.append(.note(note)) }
        }
        current = nil
    }

    private mutating func failed(_ handle: UInt16, _ fault: GATTFault) {
        guard let ask = current, ask.characteristic.handle == handle else { return }
        current = nil
        // It has hung up: that is the end, not a fault, when it has said all.
        if fault == .disconnected { return end() }
        switch ask {
        case .read, .setZone, .setClock: break
        case .subscribe(let characteristic):
            guard profile.source(of: characteristic)?.isNeeded == true, refusal == nil else {
                break
            }
            refusal = Self.fault("subscribing to \(characteristic.uuid)", fault)
        case .request: finish(.failed(Self.fault("asking for records", fault)))
        case .recall:
            recall.cancel()
            report(Self.fault("asking for stored spot-checks", fault))
        }
    }

    /// What follows when something that is needed did not work.
    private static func fault(_ attempt: String, _ fault: GATTFault) -> DeviceFault {
        let text = "\(attempt) failed: \(fault)"
        return switch fault {
        case .notPaired, .refused(code: 0x05, _), .refused(code: 0x08, _), .refused(code: 0x0c, _),
            .refused(code: 0x0f, _):
            // Insufficient authentication, authorization, key size, encryption (Core 5.4, Vol 3,
            // Part F, §3.4.1.1).
            DeviceFault(.authentication, text, mend: "pair with the device")
        case .refused: DeviceFault(.protocolError, text)
        case .notPermitted: DeviceFault(.unsupported, text, mend: "check the device's kind")
        case .noAnswer, .disconnected: DeviceFault(.transient, text)
        }
    }

    private mutating func timePassed(at now: DeviceClock) {
        for handle in streams.keys.sorted() {
            for measurement in streams[handle]?.due(at: now.boot) ?? [] { keep(measurement) }
        }
        for measurement in composition.due(at: now.boot) { keepOnce(measurement) }
        retrieval?.due(at: now.boot)
        if let fault = recall.due(at: now.boot) { report(fault) }
        // A request that is not answered is not waited for any longer either.
        if stage == .fetching, retrieval?.isAnswered == true {
            asks = []
            current = nil
        }
    }
}

// MARK: - Values

extension HealthMachine {
    private mutating func value(_ handle: UInt16, _ bytes: [UInt8], at now: DeviceClock) {
        guard stage != .new, let characteristic = table[handle] else { return }
        if characteristic.uuid == 0x2a19, characteristic.service == 0x180f {
            if let level = try? DeviceInformation.batteryLevel(bytes.span) {
                out.append(.note(.battery(level)))
            }
            return
        }
        guard let source = profile.source(of: characteristic) else { return }
        // A stream has given its last value when it was ended.
        if stage == .ending, source.role == .stream || source.role == .provisional { return }
        quietSince = now.boot
        if source.role != .stream {
            values += 1
            guard values <= Self.mostValues else {
                hostile("it sent more than \(Self.mostValues) values in a connection")
                return
            }
        }
        do throws(MalformedValue) {
            try take(source, handle, bytes, at: now)
        } catch {
            malformed(characteristic, error)
        }
    }

    private mutating func take(
        _ source: HealthProfile.Source, _ handle: UInt16, _ bytes: [UInt8], at now: DeviceClock
    ) throws(MalformedValue) {
        switch source.role {
        case .whole:
            guard let measurement = try measurement(source, bytes) else { return }
            for stream in profile.sources where stream.role == .provisional {
                guard let other = table.first(stream.characteristic, in: stream.service) else {
                    continue
                }
                streams[other.handle]?.drop()
            }
            recall.received(at: now.boot)
            keepOnce(measurement)
        case .provisional, .stream:
            guard let measurement = try measurement(source, bytes) else { return }
            var stream = streams[handle] ?? ValueStream()
            let due = stream.take(measurement, at: now.boot)
            streams[handle] = stream
            for measurement in due { keep(measurement) }
        case .composition:
            for measurement in try composition.take(bytes, at: now.boot) { keepOnce(measurement) }
        case .record: try retrieval?.record(bytes, at: now.boot)
        case .context: try retrieval?.context(bytes, at: now.boot)
        case .recordAccess: try retrieval?.response(bytes, at: now.boot)
        case .recall: if let fault = try recall.answered(bytes) { report(fault) }
        }
    }

    private func measurement(
        _ source: HealthProfile.Source, _ bytes: [UInt8]
    ) throws(MalformedValue) -> Measurement? {
        var measurement = try HealthReading.measurement(source.characteristic, bytes)
        if let site { measurement?.add(site: site) }
        return measurement
    }

    private mutating func malformed(_ characteristic: GATTCharacteristic, _ fault: MalformedValue) {
        malformed += 1
        report(DeviceFault(.protocolError, "\(characteristic.uuid): \(fault)"))
        if malformed > Self.mostMalformed {
            hostile("it sent more than \(Self.mostMalformed) values that are none")
        }
    }

    private mutating func hostile(_ text: String) {
        finish(
            .failed(
                DeviceFault(.hostile, text, mend: "update its firmware, or take it out of service"))
        )
    }
}

// MARK: - Keeping

extension HealthMachine {
    /// Keeps a measurement that may have been sent before.
    private mutating func keepOnce(_ measurement: Measurement) {
        let memory = seen.take(measurement, isStored: recall.isUnderWay)
        if let memory { keep(measurement, memory: memory) }
    }

    private mutating func keep(_ measurement: Measurement, memory: [String: [UInt8]?] = [:]) {
        _ = keep([measurement], memory: memory)
    }

    private mutating func keep(
        _ measurements: [Measurement], memory: [String: [UInt8]?]
    ) -> UInt32 {
        let token = nextToken
        nextToken &+= 1
        keeping.insert(token)
        out.append(
            .keep(token: token, measurements.map { .measurement(stamped($0)) }, memory: memory))
        return token
    }

    private func stamped(_ measurement: Measurement) -> Measurement {
        guard let time = measurement.deviceTime, !measurement.isClockUnset else {
            return measurement
        }
        var measurement = measurement
        measurement.clockOffset = clock.offset(of: time)
        return measurement
    }

    /// Hands records out, one keeps at a time.
    private mutating func keepFetched() {
        guard fetchToken == nil, let next = retrieval?.next() else { return }
        fetchToken = keep(next.measurements, memory: next.memory)
    }

    private mutating func kept(_ token: UInt32) {
        guard keeping.remove(token) != nil else { return }
        if token == fetchToken {
            fetchToken = nil
            retrieval?.kept()
        }
        // It has said something, and rests again.
        if stage == .listening, staysForStream { out.append(.note(.resting)) }
    }

    private mutating func refused(_ token: UInt32, _ reason: String) {
        guard keeping.remove(token) != nil else { return }
        finish(
            .failed(
                DeviceFault(
                    .storage, "the hub could not keep what the device sent: \(reason)",
                    mend: "hubctl status names the store's problem")))
    }
}
