internal import CDBus
public import EventLoop
internal import Glibc

/// Which signals are wanted (D-Bus specification, "Match Rules").
public struct MatchRule: Hashable, Sendable {
    /// The name of the sender, well-known or unique; nil for anybody's signals, which anybody on the
    /// bus can send.
    public var sender: String?
    /// The object.
    public var path: ObjectPath?
    /// The object and everything below; not together with `path`.
    public var pathNamespace: ObjectPath?
    /// The interface.
    public var interface: String?
    /// The signal.
    public var member: String?
    /// The first argument, which has to be a text.
    public var argument0: String?
    /// An object below which the first argument lies, which has to be a path.
    public var argument0Below: ObjectPath?

    /// Makes a rule; what is left out matches everything.
    public init(
        sender: String?, path: ObjectPath? = nil, pathNamespace: ObjectPath? = nil,
        interface: String? = nil, member: String? = nil, argument0: String? = nil,
        argument0Below: ObjectPath? = nil
    ) {
        self.sender = sender
        self.path = path
        self.pathNamespace = pathNamespace
        self.interface = interface
        self.member = member
        self.argument0 = argument0
        self.argument0Below = argument0Below
    }

    /// Refuses what the bus would refuse: a rule that is kept for the next connection must not be
    /// what prevents it.
    func check() throws(BusError) {
        if let sender, !Name.isBus(sender) { throw invalid("sender", sender) }
        if let interface, !Name.isInterface(interface) { throw invalid("interface", interface) }
        if let member, !Name.isMember(member) { throw invalid("member", member) }
        guard path == nil || pathNamespace == nil, text.utf8.count <= Self.longest else {
            throw BusError(.invalidArgs, "the bus does not take the match rule \(text)")
        }
    }

    /// DBUS_MAXIMUM_MATCH_RULE_LENGTH of the reference implementation.
    private static let longest = 1_024

    private func invalid(_ key: String, _ name: String) -> BusError {
        BusError(.invalidArgs, "“\(name)” is no \(key) that a match rule can have")
    }

    /// The rule as the bus reads it.
    var text: String {
        var text = "type='signal'"
        let keys: [(String, String?)] = [
            ("sender", sender), ("path", path?.text), ("path_namespace", pathNamespace?.text),
            ("interface", interface), ("member", member), ("arg0", argument0),
            // With a slash at its end it is what the argument begins with.
            ("arg0path", argument0Below?.prefix),
        ]
        for case (let key, let value?) in keys {
            // Inside quotes only the quote itself needs care: it is closed, escaped and opened.
            let quoted = value.withoutNUL.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: "'\\''")
            text += ",\(key)='\(quoted)'"
        }
        return text
    }
}

extension MatchRule {
    /// Whether a signal is one that the rule wants, apart from its sender. Compares in place: most
    /// signals of a busy bus are not wanted by most rules.
    borrowing func matches(_ message: borrowing Message) -> Bool {
        // The member first: of the signals that reach us it tells most apart.
        if let member, !message.hasMember(member) { return false }
        if let interface, !message.hasInterface(interface) { return false }
        if let path, !message.hasPath(path.text) { return false }
        if let pathNamespace, !message.lies(in: pathNamespace) { return false }
        if let argument0Below, !message.begins(below: argument0Below) { return false }
        guard let argument0 else { return true }
        return message.begins(with: argument0)
    }
}

extension Message {
    /// Whether the first argument is this text.
    fileprivate borrowing func begins(with text: String) -> Bool {
        var iterator = unsafe DBusMessageIter()
        guard unsafe dbus_message_iter_init(pointer, &iterator) != 0,
            unsafe dbus_message_iter_get_arg_type(&iterator) == Code.string
        else { return false }
        var start: UnsafePointer<CChar>?
        unsafe dbus_message_iter_get_basic(&iterator, &start)
        guard let start = unsafe start else { return false }
        return unsafe text.withCString { unsafe strcmp(start, $0) } == 0
    }

    /// Whether the first argument is the path of something below an object.
    fileprivate borrowing func begins(below object: ObjectPath) -> Bool {
        var iterator = unsafe DBusMessageIter()
        guard unsafe dbus_message_iter_init(pointer, &iterator) != 0,
            unsafe dbus_message_iter_get_arg_type(&iterator) == Code.objectPath
        else { return false }
        var start: UnsafePointer<CChar>?
        unsafe dbus_message_iter_get_basic(&iterator, &start)
        guard let start = unsafe start else { return false }
        let prefix = object.prefix
        return unsafe prefix.withCString { unsafe strncmp(start, $0, prefix.utf8.count) } == 0
    }

    /// Whether the path is that of an object or of something below it.
    fileprivate borrowing func lies(in namespace: ObjectPath) -> Bool {
        if namespace.text == "/" { return true }
        guard var byte = unsafe dbus_message_get_path(pointer) else { return false }
        for expected in namespace.text.utf8 {
            // The end of the shorter path is a NUL, which no path contains.
            guard unsafe UInt8(bitPattern: byte.pointee) == expected else { return false }
            unsafe byte += 1
        }
        return unsafe byte.pointee == 0 || UInt8(bitPattern: byte.pointee) == UInt8(ascii: "/")
    }
}

/// Signals that are being delivered to somebody.
@Hub
public final class Subscription {
    let rule: MatchRule
    /// Follows a well-known sender; nil when the sender's name is unique or does not matter.
    let owner: NameWatch?
    private let body: (borrowing Message) -> Void
    private weak var connection: Connection?
    private var isActive = true
    /// Whether this connection's bus knows the rule.
    var isInstalled = false

    init(
        _ rule: MatchRule, _ owner: NameWatch?, _ connection: Connection,
        _ body: @escaping (borrowing Message) -> Void
    ) {
        self.rule = rule
        self.owner = owner
        self.connection = connection
        self.body = body
    }

    /// Ends the delivery; nothing comes afterwards. A second call does nothing.
    public func cancel() {
        isActive = false
        owner?.cancel()
        connection?.remove(self)
        connection = nil
    }

    /// What became of a signal.
    enum Outcome {
        case unwanted, delivered, forged
    }

    /// Delivers a signal that matches and comes from whom it should.
    ///
    /// The bus compares the sender too, but only for what our rules let through: anybody may send
    /// a signal straight to our unique name, with any path and interface. What the sender cannot
    /// choose is the unique name that the bus writes into the message.
    func take(_ message: borrowing Message) -> Outcome {
        guard isActive, rule.matches(message) else { return .unwanted }
        if let sender = rule.sender {
            let expected = owner.map(\.owner) ?? sender
            guard let expected, message.hasSender(expected)
            else { return .forged }
        }
        body(message)
        return .delivered
    }
}
