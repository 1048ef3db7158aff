internal import CDBus

/// The types of values, in D-Bus notation: `s` a string, `a{sv}` a dictionary, `(so)` a structure.
public struct Signature: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The notation; may be empty.
    public let text: String

    /// Checks a notation from outside; nil when it breaks the rules (D-Bus specification,
    /// "Valid Signatures": known types, closed brackets, at most 255 bytes and 32 levels each of
    /// arrays and structures).
    public init?(_ text: String) {
        guard isPlain(text), unsafe dbus_signature_validate(text, nil) != 0 else { return nil }
        self.text = text
    }

    /// Takes a notation from our own code; a wrong one traps.
    public init(stringLiteral text: StaticString) {
        guard let checked = Signature("\(text)") else {
            preconditionFailure("\(text) is no D-Bus signature")
        }
        self = checked
    }

    /// Takes what libdbus has already checked, or what was put together from checked parts.
    init(checked text: String) {
        self.text = text
    }

    /// The notation.
    public var description: String { text }

    /// The single types one after the other: `sa{sv}` is `s` and `a{sv}`.
    public var types: [Signature] {
        var types: [Signature] = []
        var start = text.utf8.startIndex
        var depth = 0
        for index in text.utf8.indices {
            switch text.utf8[index] {
            case UInt8(ascii: "a"): continue
            case UInt8(ascii: "("), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
            if depth == 0 {
                let end = text.utf8.index(after: index)
                types.append(Signature(checked: String(text[start..<end])))
                start = end
            }
        }
        return types
    }

    /// What a container holds: of `a{sv}` the entry `{sv}`, of `{sv}` and `(sv)` the types inside.
    var content: Signature {
        text.utf8.first == UInt8(ascii: "a")
            ? Signature(checked: String(text.dropFirst()))
            : Signature(checked: String(text.dropFirst().dropLast()))
    }
}

/// The path of an object, like `/org/hubd/radio/hci0`.
public struct ObjectPath: Hashable, Comparable, Sendable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    /// The path.
    public let text: String

    /// Checks a path from outside; nil when it breaks the rules (D-Bus specification, "Valid Object
    /// Paths": elements of `A–Z a–z 0–9 _` after single slashes).
    public init?(_ text: String) {
        guard isPlain(text), unsafe dbus_validate_path(text, nil) != 0 else { return nil }
        self.text = text
    }

    /// Takes a path from our own code; a wrong one traps.
    public init(stringLiteral text: StaticString) {
        guard let checked = ObjectPath("\(text)") else {
            preconditionFailure("\(text) is no D-Bus object path")
        }
        self = checked
    }

    /// Takes what libdbus has already checked.
    init(checked text: String) {
        self.text = text
    }

    /// The path.
    public var description: String { text }

    /// Orders by the bytes of the text.
    public static func < (left: ObjectPath, right: ObjectPath) -> Bool { left.text < right.text }

    /// The path one level down; what a path element cannot hold is written as `_` and two hex
    /// digits, as systemd does, so different names get different paths.
    public func child(_ name: String) -> ObjectPath {
        var element = ""
        for (index, byte) in name.utf8.enumerated() {
            let scalar = Unicode.Scalar(byte)
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
                element.unicodeScalars.append(scalar)
            case UInt8(ascii: "0")...UInt8(ascii: "9") where index > 0:
                element.unicodeScalars.append(scalar)
            default:
                element += byte < 16 ? "_0" : "_"
                element += String(byte, radix: 16)
            }
        }
        return ObjectPath(checked: prefix + (element.isEmpty ? "_" : element))
    }

    /// The path with a slash behind it: what the paths of everything below begin with.
    var prefix: String { text == "/" ? "/" : text + "/" }

    /// Whether this object lies somewhere below another.
    func isBelow(_ other: ObjectPath) -> Bool {
        self != other && text.utf8.starts(with: other.prefix.utf8)
    }
}

/// Whether a text reaches C whole: no NUL inside.
func isPlain(_ text: String) -> Bool { !text.utf8.contains(0) }

/// Checks of the names in message headers, as the specification's "Valid Names" has them.
enum Name {
    static func isInterface(_ name: String) -> Bool {
        unsafe isPlain(name) && dbus_validate_interface(name, nil) != 0
    }

    static func isMember(_ name: String) -> Bool {
        unsafe isPlain(name) && dbus_validate_member(name, nil) != 0
    }

    static func isError(_ name: String) -> Bool {
        unsafe isPlain(name) && dbus_validate_error_name(name, nil) != 0
    }

    static func isBus(_ name: String) -> Bool {
        unsafe isPlain(name) && dbus_validate_bus_name(name, nil) != 0
    }
}
