internal import EventLoop

/// What a caller needs to be allowed to do.
///
/// A service adds its own in an extension; a gatekeeper that does not know one refuses it to all
/// but root and the service's own user.
public struct Need: Hashable, Sendable, CustomStringConvertible {
    /// The name, as documentation and authorization rules write it.
    public let name: String

    /// Makes a need.
    public init(_ name: String) { self.name = name }

    /// To look: state, lists, counters.
    public static let read = Need("read")
    /// To change something.
    public static let manage = Need("manage")

    /// The name.
    public var description: String { name }
}

/// Named arguments in order: `["id": "s", "options": "a{sv}"]`.
public struct Arguments: ExpressibleByDictionaryLiteral, Sendable {
    /// Name and type of each.
    public let list: [(name: String, type: Signature)]

    /// Makes a list in the order written.
    public init(dictionaryLiteral elements: (String, Signature)...) {
        self.init(elements)
    }

    /// Makes a list of names and types.
    public init(_ elements: [(String, Signature)]) {
        list = elements.map { (name: $0.0, type: $0.1) }
        precondition(list.allSatisfy { $0.type.types.count == 1 }, "an argument has one type")
    }

    /// All types together.
    public var signature: Signature { Signature(checked: list.map(\.type.text).joined()) }
}

/// A method of an interface: its types, who may call it, and what it does.
public struct Method: Sendable {
    /// What a method does: returns the results, or throws the error that the caller gets.
    public typealias Body = @Hub @Sendable (Call) async throws(BusError) -> [BusValue]

    let name: String
    let input: Arguments
    let output: Arguments
    let needs: Need
    let limits: Limits
    let summary: String
    let body: Body

    /// Makes a method.
    ///
    /// - Parameters:
    ///   - name: its name on the bus.
    ///   - input: the arguments; a call with other types does not reach `body`.
    ///   - output: the results; `body` has to return values of just these types.
    ///   - needs: what the caller must be allowed to do. There is no default on purpose.
    ///   - limits: how large the arguments may be.
    ///   - summary: one sentence for people.
    ///   - body: runs on the Hub, after all checks.
    public init(
        _ name: StaticString, in input: Arguments = [:], out output: Arguments = [:],
        needs: Need, limits: Limits = .call, _ summary: String = "", _ body: @escaping Body
    ) {
        self.name = "\(name)"
        self.input = input
        self.output = output
        self.needs = needs
        self.limits = limits
        self.summary = summary
        self.body = body
        precondition(Name.isMember(self.name), "\(name) is no method name")
    }
}

/// A property of an interface: its type, who may read and change it, and how.
public struct Property: Sendable {
    /// Gives the present value.
    public typealias Getter = @Hub @Sendable () throws(BusError) -> BusValue
    /// Takes a new value of the right type, or throws why not.
    public typealias Setter = @Hub @Sendable (BusValue, Call) async throws(BusError) -> Void

    /// What watchers are told when the value changes (D-Bus specification, annotation
    /// EmitsChangedSignal).
    public enum Notice: String, Sendable {
        /// The new value.
        case value = "true"
        /// That it has changed.
        case invalidates
        /// Nothing: it never changes while the object is there.
        case const
        /// Nothing: ask for it.
        case never = "false"
    }

    let name: String
    let type: Signature
    let needs: Need
    let notice: Notice
    let summary: String
    let get: Getter
    let change: (needs: Need, set: Setter)?

    /// Makes a property that can only be read.
    ///
    /// - Parameters:
    ///   - name: its name on the bus.
    ///   - type: one single type.
    ///   - needs: what the reader must be allowed to do.
    ///   - notice: what `Connection.propertiesChanged` tells.
    ///   - summary: one sentence for people.
    ///   - get: gives the present value, at once.
    public init(
        _ name: StaticString, _ type: Signature, needs: Need, notice: Notice = .value,
        _ summary: String = "", get: @escaping Getter
    ) {
        self.init(name, type, needs, notice, summary, get, nil)
    }

    /// Makes a property that can be read and changed.
    ///
    /// - Parameters:
    ///   - name: its name on the bus.
    ///   - type: one single type.
    ///   - needs: what the reader must be allowed to do.
    ///   - notice: what `Connection.propertiesChanged` tells.
    ///   - summary: one sentence for people.
    ///   - get: gives the present value, at once.
    ///   - changeNeeds: what the writer must be allowed to do.
    ///   - set: takes the new value.
    public init(
        _ name: StaticString, _ type: Signature, needs: Need, notice: Notice = .value,
        _ summary: String = "", get: @escaping Getter, changeNeeds: Need, set: @escaping Setter
    ) {
        self.init(name, type, needs, notice, summary, get, (changeNeeds, set))
    }

    private init(
        _ name: StaticString, _ type: Signature, _ needs: Need, _ notice: Notice,
        _ summary: String, _ get: @escaping Getter, _ change: (needs: Need, set: Setter)?
    ) {
        self.name = "\(name)"
        self.type = type
        self.needs = needs
        self.notice = notice
        self.summary = summary
        self.get = get
        self.change = change
        precondition(Name.isMember(self.name), "\(name) is no property name")
        precondition(type.types.count == 1, "a property has one type, not “\(type)”")
    }
}

/// A signal of an interface.
public struct Signal: Sendable {
    let name: String
    let arguments: Arguments
    let summary: String

    /// Makes a signal.
    public init(_ name: StaticString, _ arguments: Arguments = [:], _ summary: String = "") {
        self.name = "\(name)"
        self.arguments = arguments
        self.summary = summary
        precondition(Name.isMember(self.name), "\(name) is no signal name")
    }
}

/// One interface as a table: everything that is known about it is read from here, by dispatch, by
/// introspection, by the documentation and by the authorization test, so they cannot disagree.
///
/// ```swift
/// Interface("org.example.Lamp1", "One lamp.") {
///     Method("Blink", in: ["times": "u"], needs: .manage, "Blinks.") { call in … }
///     Property("Lit", "b", needs: .read) { .bool(lamp.isLit) }
///     Signal("BurntOut")
/// }
/// ```
public struct Interface: Sendable {
    /// Its name on the bus, with the version at the end.
    public let name: String
    /// One sentence for people.
    public let summary: String
    let methods: [Method]
    let properties: [Property]
    let signals: [Signal]

    /// Makes a table; names that break D-Bus's rules or appear twice trap.
    public init(_ name: StaticString, _ summary: String = "", @TableBuilder _ rows: () -> [Row]) {
        self.name = "\(name)"
        self.summary = summary
        let rows = rows()
        methods = rows.compactMap { if case .method(let row) = $0 { row } else { nil } }
        properties = rows.compactMap { if case .property(let row) = $0 { row } else { nil } }
        signals = rows.compactMap { if case .signal(let row) = $0 { row } else { nil } }
        precondition(Name.isInterface(self.name), "\(name) is no interface name")
        for names in [methods.map(\.name), properties.map(\.name), signals.map(\.name)] {
            precondition(Set(names).count == names.count, "\(name) names a member twice")
        }
    }

    /// A row of the table.
    public enum Row: Sendable {
        /// A method.
        case method(Method)
        /// A property.
        case property(Property)
        /// A signal.
        case signal(Signal)
    }

    func method(_ name: String) -> Method? { methods.first { $0.name == name } }

    func property(_ name: String) throws(BusError) -> Property {
        if let property = properties.first(where: { $0.name == name }) { return property }
        throw BusError(.unknownProperty, "\(self.name) has no property \(name)")
    }

    /// One line of the authorization matrix.
    public struct Permission: Hashable, Sendable {
        /// What is done with the member.
        public enum Access: String, Hashable, Sendable {
            /// A method is called.
            case call
            /// A property is read.
            case get
            /// A property is changed.
            case set
        }

        /// The interface.
        public let interface: String
        /// The method or property.
        public let member: String
        /// What is done with it.
        public let access: Access
        /// What that needs.
        public let needs: Need
    }

    /// Everything that can be done through this interface, and what it needs.
    public var permissions: [Permission] {
        let calls = methods.map {
            Permission(interface: name, member: $0.name, access: .call, needs: $0.needs)
        }
        let reads = properties.map {
            Permission(interface: name, member: $0.name, access: .get, needs: $0.needs)
        }
        let changes = properties.compactMap { property in
            property.change.map {
                Permission(interface: name, member: property.name, access: .set, needs: $0.needs)
            }
        }
        return calls + reads + changes
    }
}

/// Collects the rows of an interface.
@resultBuilder
public enum TableBuilder {
    /// A method becomes a row.
    public static func buildExpression(_ row: Method) -> [Interface.Row] { [.method(row)] }
    /// A property becomes a row.
    public static func buildExpression(_ row: Property) -> [Interface.Row] { [.property(row)] }
    /// A signal becomes a row.
    public static func buildExpression(_ row: Signal) -> [Interface.Row] { [.signal(row)] }
    /// Rows follow each other.
    public static func buildBlock(_ rows: [Interface.Row]...) -> [Interface.Row] {
        rows.flatMap(\.self)
    }
}
