import BeaconScanner
import HardwareHub
import JSON
import Outbox

/// Puts what devices yield into events, in the words of the contract and of docs/schemas.
struct DeviceWriter {
    let clock: EventClock

    /// The event of a finding.
    ///
    /// - Parameters:
    ///   - finding: what a device yielded.
    ///   - device: which one, with those who are bound to it now.
    /// - Returns: an event of value.
    func finding(_ finding: DeviceFinding, of device: RegisteredDevice) -> Event {
        let now = clock.now()
        switch finding {
        case .measurement(let measurement):
            return event("measurement.recorded", device, now, self.measurement(measurement))
        case .card(let card):
            return event(
                "card.read", device, now,
                CardFields.fields(card, receivedAt: WallClock.now().rfc3339))
        case .data(let bytes, let type):
            return event(
                "device.data", device, now,
                [("type", .integer(type)), ("bytes", .string(Base64.encode(bytes)))])
        }
    }

    /// Somebody was bound to a device or no longer is.
    func binding(_ change: DeviceRegistry.Change, kind: String, reason: String) -> Event {
        Event(
            type: "org.hubd.device.\(change.isBound ? "bound" : "unbound").v1",
            subject: change.device, time: clock.now(),
            data: JSONValue.object([
                .init("device", .string(change.device)), .init("kind", .string(kind)),
                .init("owner", .string(change.owner)), .init("reason", .string(reason)),
            ]).bytes(), class: .value)
    }

    /// A device is heard again after a long silence, or has been silent for long.
    ///
    /// - Parameters:
    ///   - device: which one.
    ///   - isHere: whether it is heard.
    ///   - silence: for how many seconds it was not.
    /// - Returns: an event of presence.
    func presence(_ device: RegisteredDevice, isHere: Bool, silence: Int64?) -> Event {
        var data: [JSONValue.Member] = [
            .init("device", .string(device.id)), .init("kind", .string(device.kind)),
        ]
        if let silence { data.append(.init("silence", .integer(silence))) }
        return Event(
            type: "org.hubd.device.\(isHere ? "appeared" : "lost").v1", subject: device.id,
            time: clock.now(), data: JSONValue.object(data).bytes(), class: .presence)
    }

    private func event(
        _ verb: String, _ device: RegisteredDevice, _ now: EventTime,
        _ content: [(String, JSONValue?)]
    ) -> Event {
        let all: [(String, JSONValue?)] =
            [
                ("device", .string(device.id)),
                ("owners", .array(device.owners.map { .string($0.key) })),
            ] + content
        return Event(
            type: "org.hubd.\(verb).v1", subject: device.id, time: now,
            data: Self.object(all).bytes(), class: .value)
    }

    // MARK: Measurements

    private func measurement(_ measurement: Measurement) -> [(String, JSONValue?)] {
        let now = WallClock.now()
        let taken = MeasurementTime(of: measurement, at: now)
        return [
            ("kind", .string(measurement.kind.rawValue)),
            ("takenAt", .string(taken.rfc3339)),
            ("takenAtSource", .string(taken.source.rawValue)),
            ("receivedAt", .string(now.rfc3339)),
            ("values", .array(measurement.values.map(Self.value))),
            ("absent", Self.list(measurement.absent.map(Self.absent))),
            ("status", Self.list(measurement.status.map { .string($0) })),
            ("details", Self.list(measurement.details.map(Self.detail))),
            ("deviceTime", measurement.deviceTime.map { .string($0.text) }),
            ("clockUnset", Self.flag(measurement.isClockUnset)),
            ("clockOffset", measurement.clockOffset.map { .integer($0) }),
            ("sequence", measurement.sequence.map { .integer($0) }),
            ("day", measurement.day.map { .string($0) }),
            ("fromMemory", Self.flag(measurement.isFromMemory)),
            ("provisional", Self.flag(measurement.isProvisional)),
            (
                "raw",
                Self.list(
                    measurement.raw.map { raw in
                        Self.object([
                            ("characteristic", .string("\(raw.characteristic)")),
                            ("bytes", .string(Hex.lower(raw.bytes))),
                        ])
                    })
            ),
        ]
    }

    private static func value(_ value: MeasuredValue) -> JSONValue {
        object([
            ("name", .string(value.name)), ("value", number(value.value)),
            ("unit", .string(value.unit)), ("code", value.code.map { .string($0) }),
        ])
    }

    private static func absent(_ value: AbsentValue) -> JSONValue {
        object([("name", .string(value.name)), ("reason", .string(value.reason.rawValue))])
    }

    private static func detail(_ detail: MeasurementDetail) -> JSONValue {
        switch detail.content {
        case .word(let word):
            object([("name", .string(detail.name)), ("word", .string(word))])
        case .number(let decimal, let unit):
            object([
                ("name", .string(detail.name)), ("number", number(decimal)),
                ("unit", unit.map { .string($0) }),
            ])
        }
    }

    // MARK: JSON

    /// The decimal as it was measured: 37.60 stays 37.60.
    static func number(_ decimal: Decimal10) -> JSONValue {
        JSONNumber(decimal: decimal.text).map(JSONValue.number) ?? .string(decimal.text)
    }

    static func object(_ members: [(String, JSONValue?)]) -> JSONValue {
        .object(members.compactMap { key, value in value.map { .init(key, $0) } })
    }

    private static func list(_ elements: [JSONValue]) -> JSONValue? {
        elements.isEmpty ? nil : .array(elements)
    }

    private static func flag(_ flag: Bool) -> JSONValue? { flag ? .bool(true) : nil }
}

extension DateTime {
    /// As the device sent it, unknown parts as zeros: `0000-04-17T20:41:59`.
    var text: String {
        func padded(_ number: some BinaryInteger, _ digits: Int) -> String {
            let text = "\(number)"
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
    }
}
