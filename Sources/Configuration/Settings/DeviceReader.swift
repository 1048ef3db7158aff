import BeaconScanner
import JSON

extension Decoding {
    mutating func devices(_ node: JSONNode) -> [Device]? {
        var ids: [String: JSONPosition] = [:]
        var addresses: [UInt64: JSONPosition] = [:]
        return list(node, limit: 1_000, of: "devices") { decoding, node in
            guard let device = decoding.device(node) else { return nil }
            decoding.checkUnique(
                device.id, device.id, as: "id", of: node, in: &ids, "another id")
            if let address = device.address {
                decoding.checkUnique(
                    address.bits, address.description, as: "address", of: node, in: &addresses,
                    "one device an address")
            }
            return device
        }
    }

    private mutating func device(_ node: JSONNode) -> Device? {
        let airSync = ["deviceType", "deviceId", "keyFile"]
        guard isObject(node, keys: ["id", "kind", "address", "owners", "qrTicket"] + airSync) else {
            return nil
        }
        let id = required("id", of: node, Identifier.expected) { $0.identifier($1) }
        let kind = required("kind", of: node, "a kind such as \"blood-pressure\"") {
            decoding, node in
            decoding.text(
                node, Token.expected + Decoding.kindQuestion(node), isGood: Token.isGood)
        }
        if let kind, Device.speaksProfile(kind) {
            forbid(airSync, in: node, "with kind \"\(kind)\"")
        }
        let deviceType = optional("deviceType", of: node) { $0.identifier($1) }
        let deviceID = optional("deviceId", of: node) { $0.identifier($1) }
        let keyFile = optional("keyFile", of: node) { $0.secretFile($1) }
        let qrTicket = optional("qrTicket", of: node) { decoding, node in
            decoding.text(node, Ticket.expected, isGood: Ticket.isGood)
        }
        let address =
            node["deviceId"] == nil
            ? required("address", of: node, "a radio address such as \"C0:00:00:01:00:01\"") {
                $0.address($1)
            } : optional("address", of: node) { $0.address($1) }
        let owners = optional("owners", of: node) { $0.owners($1) } ?? []
        guard let id, let kind else { return nil }
        return Device(
            id: id, kind: kind, address: address, owners: owners, deviceType: deviceType,
            deviceID: deviceID, keyFile: keyFile, qrTicket: qrTicket)
    }

    private mutating func address(_ node: JSONNode) -> DeviceAddress? {
        let expected = "a radio address such as \"C0:00:00:01:00:01\""
        guard let text = string(node, expected) else { return nil }
        guard let address = DeviceAddress(text) else {
            reject(node, expected)
            return nil
        }
        return address
    }

    private mutating func owners(_ node: JSONNode) -> [String]? {
        var seen: Set<String> = []
        return list(node, limit: 32, of: "owners") { decoding, node in
            guard let owner = decoding.identifier(node) else { return nil }
            if !seen.insert(owner).inserted {
                decoding.report(
                    at: node.position, Decoding.quoted(owner) + " a second time", "each owner once")
            }
            return owner
        }
    }

    private static func kindQuestion(_ node: JSONNode) -> String {
        guard case .string(let text) = node.content else { return "" }
        return Suggestion.question(text, Device.standardKinds)
    }
}

/// The ticket of a QR code: it becomes the end of an address.
public enum Ticket {
    /// What one looks like, for messages.
    public static let expected = "the ticket of a QR code: letters, digits and -._~#=/+"

    /// Whether a text is one.
    public static func isGood(_ text: String) -> Bool {
        let others = Array("-._~#=/+".utf8)
        return (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                others.contains(byte)
                    || byte < 0x80
                        && Character(UnicodeScalar(byte)).isLetter
                    || Character(UnicodeScalar(byte)).isNumber && byte < 0x80
            }
    }
}
