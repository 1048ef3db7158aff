import BeaconScanner
import JSON

/// Reading beacon ids so that a wrong one says what is wrong with it.
enum BeaconIDText {
    static let expected =
        "UUID/MAJOR/MINOR, \"eddystone:NAMESPACE/INSTANCE\", \"eddystone-eid:NAME\" or"
        + " \"altbeacon:ID\""

    /// A fault of an id.
    struct Fault: Error {
        let found: String
        let expected: String
    }

    /// Reads an id.
    static func read(_ text: String) throws(Fault) -> BeaconID {
        guard let id = BeaconID(text) else { throw fault(of: text) }
        guard id.format != .eddystoneEphemeral else {
            throw Fault(
                found: "\(Decoding.quoted(text)), an id that changes every few minutes",
                expected: "\"eddystone-eid:NAME\" with the beacon's identity key")
        }
        return id
    }

    private static func fault(of text: String) -> Fault {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return faultOfTriple(text, text) ?? general(text) }
        let rest = String(parts[1])
        switch parts[0] {
        case "eddystone":
            return Fault(
                found: Decoding.quoted(text),
                expected: "20 hexadecimal digits of namespace, \"/\" and 12 of instance")
        case "eddystone-eid":
            return Fault(
                found: Decoding.quoted(text),
                expected: "a name of 1 to 20 letters, digits, \".\", \"-\" or \"_\" after the colon"
            )
        case "altbeacon":
            if rest.contains("/"), let fault = faultOfTriple(rest, text) { return fault }
            return Fault(
                found: Decoding.quoted(text),
                expected: "40 hexadecimal digits or UUID/MAJOR/MINOR after the colon")
        case "eddystone-url", "eddystone-ephemeral":
            return Fault(
                found: Decoding.quoted(text), expected: "the frame's bytes in hexadecimal")
        default:
            let known = ["eddystone", "eddystone-eid", "altbeacon"]
            return Fault(
                found: Decoding.quoted(text),
                expected: expected + Suggestion.question(String(parts[0]), known))
        }
    }

    private static func general(_ text: String) -> Fault {
        Fault(found: Decoding.quoted(text), expected: expected)
    }

    /// What is wrong with `UUID/MAJOR/MINOR`; nil when it has not even that form.
    private static func faultOfTriple(_ triple: String, _ text: String) -> Fault? {
        let parts = triple.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        for (name, part) in [("major", parts[1]), ("minor", parts[2])] {
            let isNumber = !part.isEmpty && part.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
            guard isNumber else {
                return Fault(
                    found: "the \(name) \(Decoding.quoted(String(part)))",
                    expected: "a number from 0 to 65535")
            }
            guard UInt16(part) != nil else {
                return Fault(
                    found:
                        "the \(name) \(Decoding.printable(String(part), limit: 20)) is over 65535",
                    expected: "0 to 65535")
            }
        }
        return Fault(
            found: "the UUID \(Decoding.quoted(String(parts[0])))",
            expected: "32 hexadecimal digits, as in \"FDA50693-A4E2-4FB1-AFCF-C6EB07647825\"")
    }
}

extension Decoding {
    mutating func beaconID(_ node: JSONNode) -> BeaconID? {
        guard let text = string(node, BeaconIDText.expected) else { return nil }
        do throws(BeaconIDText.Fault) {
            return try BeaconIDText.read(text)
        } catch {
            report(at: node.position, error.found, error.expected)
            return nil
        }
    }
}
