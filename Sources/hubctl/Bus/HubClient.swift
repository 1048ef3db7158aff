import DBus
import EventLoop
import Glibc
import JSON

/// hubctl's way to the daemon: calls over D-Bus, with every failure turned into words and a code.
@Hub
struct HubClient {
    private static let name = "org.hubd"
    private nonisolated static let root: ObjectPath = "/org/hubd"

    let connection: Connection

    /// Connects to the bus that the command line names.
    init(_ arguments: Arguments) async throws(Failure) {
        connection = Connection(Bus(arguments.value("--bus") ?? "system"))
        do throws(BusError) {
            try await connection.connect()
        } catch {
            throw Self.failure(error)
        }
    }

    /// Calls a method of the hub. When it is not for everybody and a person sits at a terminal, polkit
    /// may ask for a password, and is given the time that this takes; at least two minutes.
    func call(
        _ member: String, of interface: String, _ arguments: [BusValue] = [],
        at path: ObjectPath = root, mayAsk: Bool = false, timeout: Duration = .seconds(25)
    ) async throws(Failure) -> [BusValue] {
        let mayAskPerson = mayAsk && isatty(STDIN_FILENO) == 1
        do throws(BusError) {
            return try await connection.call(
                member, of: "org.hubd.\(interface)", at: Self.name, path, arguments,
                starting: false, mayAskPerson: mayAskPerson,
                timeout: mayAskPerson ? max(timeout, .seconds(120)) : timeout)
        } catch {
            throw Self.failure(error)
        }
    }

    /// A call whose one result is a document.
    func document(
        _ member: String, of interface: String, _ arguments: [BusValue] = [],
        at path: ObjectPath = root, mayAsk: Bool = false
    ) async throws(Failure) -> JSONValue {
        try await call(member, of: interface, arguments, at: path, mayAsk: mayAsk).first?.json
            ?? .null
    }

    /// The object of a device.
    static func device(_ id: String) -> ObjectPath { ("/org/hubd/devices" as ObjectPath).child(id) }

    /// Calls a method of a device; one that is not there is named with those that are like it.
    func device(
        _ id: String, _ member: String, _ arguments: [BusValue] = [], mayAsk: Bool = false,
        timeout: Duration = .seconds(25)
    ) async throws(Failure) -> JSONValue {
        let mayAskPerson = mayAsk && isatty(STDIN_FILENO) == 1
        do throws(BusError) {
            return try await connection.call(
                member, of: "org.hubd.Device1", at: Self.name, Self.device(id), arguments,
                starting: false, mayAskPerson: mayAskPerson,
                timeout: mayAskPerson ? max(timeout, .seconds(120)) : timeout
            ).first?.json ?? .null
        } catch {
            guard error.code == .unknownObject else { throw Self.failure(error) }
            let known = try await document("List", of: "Devices1").elements ?? []
            let near =
                nearest(id, among: known.map { Show.text($0["id"]) })
                .map { "; did you mean \($0)?" } ?? ""
            throw Failure(
                .dataError, "no device \(quoted(id))\(near) — hubctl devices lists them")
        }
    }

    /// Hears one of the hub's signals.
    func subscribe(
        _ member: String, of interface: String, _ body: @escaping ([BusValue]) -> Void
    ) async throws(Failure) {
        do throws(BusError) {
            try await connection.subscribe(
                MatchRule(
                    sender: Self.name, path: Self.root, interface: "org.hubd.\(interface)",
                    member: member)
            ) { message in
                if let arguments = try? message.arguments(limits: .reply) { body(arguments) }
            }
        } catch {
            throw Self.failure(error)
        }
    }

    /// Calls when the daemon leaves the bus, or the bus is lost.
    func whenDaemonIsGone(_ body: @escaping () -> Void) async throws(Failure) {
        do throws(BusError) {
            _ = try await connection.watch(Self.name) { watch in
                if watch.owner == nil { body() }
            }
        } catch {
            throw Self.failure(error)
        }
    }

    /// The bus itself cannot be reached, or was lost.
    private static let noBus: [BusError.Code] = [
        .disconnected, .noServer, .fileNotFound, .badAddress, .authFailed,
    ]

    private static func failure(_ error: BusError) -> Failure {
        if error.meansNotRunning {
            return Failure(
                .notRunning,
                ["hubd does not run", "start it with: systemctl start hubd"])
        }
        if noBus.contains(error.code) { return Failure(.notRunning, error.message) }
        switch error.code {
        case .accessDenied, .interactionRequired:
            return Failure(
                .noPermission,
                [
                    "not allowed: \(error.message)",
                    "run it as root, or join the operators: adduser NAME hubd, and log in again",
                ])
        case .noReply:
            return Failure(.unavailable, "hubd did not answer in time; see journalctl -u hubd")
        case .invalidArgs, .init("org.hubd.Error.Invalid"): return Failure(.usage, error.message)
        case .init("org.hubd.Error.NotFound"), .init("org.hubd.Error.Exists"),
            .init("org.hubd.Error.Configured"):
            return Failure(.dataError, error.message)
        default: return Failure(.unavailable, error.message)
        }
    }
}

extension BusValue {
    /// The value as JSON: an `a{sv}` becomes an object, numbers become numbers.
    var json: JSONValue {
        switch self {
        case .bool(let value): .bool(value)
        case .byte(let value): .integer(value)
        case .int16(let value): .integer(value)
        case .uint16(let value): .integer(value)
        case .int32(let value): .integer(value)
        case .uint32(let value): .integer(value)
        case .int64(let value): .integer(value)
        case .uint64(let value): .integer(value)
        case .double(let value): .double(value)
        case .string(let text): .string(text)
        case .objectPath(let path): .string(path.text)
        case .signature(let signature): .string(signature.text)
        case .bytes(let bytes): .array(bytes.map { .integer($0) })
        case .array(_, let elements), .structure(let elements): .array(elements.map(\.json))
        case .dictionary(_, _, let entries):
            .object(entries.map { .init($0.key.string ?? "", $0.value.json) })
        case .variant(let value): value.json
        }
    }
}
