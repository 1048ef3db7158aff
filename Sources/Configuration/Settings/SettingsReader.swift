import BeaconScanner
import JSON

extension Settings {
    /// Reads the main file and lays the drop-ins over it, in the order given.
    ///
    /// Objects merge by key; lists and single values of a later file replace those of an earlier
    /// one. Every problem is reported at the file it comes from.
    ///
    /// - Throws: all problems; syntax errors of any file first, since they hide the others.
    public init(_ main: SourceFile, dropIns: [SourceFile] = []) throws(Problems) {
        var decoding = Decoding()
        let documents = ([main] + dropIns).map { decoding.parse($0) }
        try decoding.check()
        var merged: JSONNode?
        for document in documents.compactMap({ $0 }) {
            merged = merged?.overlaid(with: document) ?? document
        }
        let settings = merged.flatMap { decoding.settings($0) }
        try decoding.check()
        self = settings ?? Settings()
    }
}

extension Decoding {
    mutating func settings(_ node: JSONNode) -> Settings? {
        let keys = [
            "hub", "radios", "broadcast", "catalog", "store", "sinks", "devices", "bus",
            "presence",
        ]
        guard isObject(node, keys: keys) else { return nil }
        var settings = Settings()
        settings.hub = optional("hub", of: node) { $0.hub($1) } ?? settings.hub
        settings.radios = optional("radios", of: node) { $0.radios($1) } ?? []
        settings.broadcast = optional("broadcast", of: node) { $0.broadcast($1) }
        settings.store = optional("store", of: node) { $0.store($1) } ?? settings.store
        let hub = settings.hub.id
        settings.sinks = optional("sinks", of: node) { $0.sinks($1, hub: hub) } ?? []
        let sinks = settings.sinks
        let catalog = optional("catalog", of: node) { $0.catalog($1, sinks: sinks, hub: hub) }
        settings.catalog = catalog?.path
        settings.catalogService = catalog?.service
        settings.devices = optional("devices", of: node) { $0.devices($1) } ?? []
        settings.bus = optional("bus", of: node) { $0.bus($1) } ?? settings.bus
        settings.presence = optional("presence", of: node) { $0.presence($1) } ?? settings.presence
        return settings
    }

    private mutating func hub(_ node: JSONNode) -> Settings.Hub? {
        guard isObject(node, keys: ["id", "timezone"]) else { return nil }
        return Settings.Hub(
            id: optional("id", of: node) { decoding, node in
                decoding.text(
                    node, "1 to 64 letters, digits, \".\", \"-\" or \"_\", such as \"store-0042\"",
                    isGood: HubName.isGood)
            },
            timezone: optional("timezone", of: node) { decoding, node in
                decoding.text(
                    node, "a time zone such as \"Asia/Shanghai\" or \"UTC\"",
                    isGood: HubName.isTimeZone)
            })
    }

    private mutating func store(_ node: JSONNode) -> Settings.Store? {
        guard isObject(node, keys: ["path", "quota"]) else { return nil }
        var store = Settings.Store()
        store.path = optional("path", of: node) { $0.path($1) } ?? store.path
        store.quota = optional("quota", of: node) { $0.size($1, 1 << 20...1 << 40) } ?? store.quota
        return store
    }

    private mutating func bus(_ node: JSONNode) -> Settings.Bus? {
        let expected = "\"system\", \"session\" or a D-Bus address such as \"unix:path=/run/bus\""
        // An address has a transport, a colon and no spaces (D-Bus specification, Server Addresses).
        let text = text(node, expected) { text in
            ["system", "session"].contains(text)
                || (text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
                    && text.dropFirst().contains(":"))
        }
        return text.map { $0 == "system" ? .system : $0 == "session" ? .session : .address($0) }
    }

    private mutating func presence(_ node: JSONNode) -> Settings.Presence? {
        guard isObject(node, keys: ["pathLoss", "leaveAfter", "missingAfter"]) else { return nil }
        return Settings.Presence(
            pathLoss: optional("pathLoss", of: node) { $0.real($1, 1...6) },
            leaveAfter: optional("leaveAfter", of: node) { $0.duration($1, 1...3_600) },
            missingAfter: optional("missingAfter", of: node) {
                $0.duration($1, 60...30 * 86_400)
            })
    }

    private mutating func radios(_ node: JSONNode) -> [Radio]? {
        var seen: [Radio: JSONPosition] = [:]
        return list(node, limit: 16, of: "radios") { decoding, node in
            guard let radio = decoding.radio(node) else { return nil }
            if let first = seen[radio] {
                decoding.report(
                    at: node.position, "the same radio a second time", "it once (at \(first))")
            }
            seen[radio] = seen[radio] ?? node.position
            return radio
        }
    }

    private mutating func radio(_ node: JSONNode) -> Radio? {
        guard isObject(node, keys: ["kind", "adapter", "scan", "path", "speed", "repeat", "zone"])
        else {
            return nil
        }
        let zone = optional("zone", of: node) { $0.identifier($1) }
        let kind: String? = required("kind", of: node, "\"bluez\", \"monitor\" or \"capture\"") {
            $0.choice($1, ["bluez": "bluez", "monitor": "monitor", "capture": "capture"])
        }
        guard let kind else { return nil }
        if kind == "capture" {
            forbid(["adapter", "scan"], in: node, "with kind \"capture\"")
            let path = required("path", of: node, "the path of a capture file") { $0.path($1) }
            let speed = optional("speed", of: node) { $0.speed($1) } ?? .times(1)
            let isRepeated = optional("repeat", of: node) { $0.bool($1) } ?? false
            return path.map {
                Radio(.capture(path: $0, speed: speed, isRepeated: isRepeated), zone: zone)
            }
        }
        forbid(["path", "speed", "repeat"], in: node, "with kind \"\(kind)\"")
        let adapter = optional("adapter", of: node) { $0.adapter($1) }
        guard kind == "monitor" else {
            forbid(["scan"], in: node, "with kind \"bluez\"")
            return Radio(.bluez(adapter: adapter), zone: zone)
        }
        let isPassive = optional("scan", of: node) {
            $0.choice($1, ["active": false, "passive": true])
        }
        return Radio(.monitor(adapter: adapter, isPassive: isPassive ?? false), zone: zone)
    }

    /// An adapter by the kernel's number or by its address, which is written in capitals.
    private mutating func adapter(_ node: JSONNode) -> String? {
        let expected =
            "an adapter's address such as \"00:1A:7D:DA:71:13\", which stays, or its number such as "
            + "\"hci0\""
        let text = text(node, expected) { text in
            let number = text.hasPrefix("hci") ? text.dropFirst(3) : ""
            return DeviceAddress(text) != nil
                || (number.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 } && !number.isEmpty
                    && number.utf8.count <= 5)
        }
        return text.map { DeviceAddress($0)?.description ?? $0 }
    }

    private mutating func broadcast(_ node: JSONNode) -> Settings.Broadcast? {
        guard isObject(node, keys: ["id", "measuredPower", "adapter"]) else { return nil }
        let expected = "an iBeacon's UUID/MAJOR/MINOR"
        let id: BeaconID? = required("id", of: node, expected) { decoding, node in
            guard let id = decoding.beaconID(node) else { return nil }
            guard id.format == .iBeacon else {
                decoding.reject(node, expected)
                return nil
            }
            return id
        }
        let power = optional("measuredPower", of: node) {
            $0.whole($1, -128...20 as ClosedRange<Int8>, " dBm")
        }
        let adapter = optional("adapter", of: node) { $0.adapter($1) }
        return id.map {
            Settings.Broadcast(id: $0, measuredPower: power ?? -59, adapter: adapter)
        }
    }

    private mutating func speed(_ node: JSONNode) -> Radio.Speed? {
        if case .string("max") = node.content { return .maximum }
        if case .number(let number) = node.content, let value = number.double,
            (0.001...1_000).contains(value)
        {
            return .times(value)
        }
        reject(node, "a number from 0.001 to 1000, or \"max\"")
        return nil
    }
}

/// The rules for the names of the section `hub`.
enum HubName {
    /// What may stand in a URN and in a topic without escaping.
    static func isGood(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { isLetterOrDigit($0) || Array(".-_".utf8).contains($0) }
    }

    /// A name of the tz database: parts of letters, digits, `_`, `+` and `-`, between slashes.
    static func isTimeZone(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return text.utf8.count <= 64
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy { isLetterOrDigit($0) || Array("_+-".utf8).contains($0) }
            }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }
}
