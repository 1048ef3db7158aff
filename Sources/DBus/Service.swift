internal import EventLoop

/// Answers the calls that others make: finds the method, checks limits, types and permission, runs
/// it, and sends what it returns or throws.
@Hub
final class Service {
    var objects: ObjectTree
    private let gatekeeper: any Gatekeeper
    private var quota = ClientQuota()
    private weak var connection: Connection?
    /// Calls that wait until the bus has told whose they are, by client.
    private var asking: [String: [CheckedContinuation<Void, Never>]] = [:]
    /// Stands for clients whose user the bus does not tell, most of them because they have left:
    /// no user has this number ((uid_t)-1, chown(2)).
    private static let nobody = UInt32.max

    init(root: ObjectPath, gatekeeper: any Gatekeeper, connection: Connection) {
        objects = ObjectTree(root: root)
        self.gatekeeper = gatekeeper
        self.connection = connection
    }

    /// Takes a method call that came over a link; the answer goes back over the same link only,
    /// because on a later one the sender's name may belong to somebody else.
    func take(_ message: consuming Message, from link: Link) {
        guard let sender = message.sender, let path = message.path, let member = message.member
        else { return }
        // Without memory for a few bytes there is none for an answer either.
        guard let header = try? message.withoutArguments() else { return }
        let answer = Answer(header, link)
        var place: ClientQuota.Place
        do {
            place = try quota.admit(sender, at: Hub.loop.now)
        } catch {
            connection?.counters.refusedCalls += 1
            answer.send(.failure(error))
            return
        }
        do {
            let method = try objects.method(member, of: answer.interface, at: path)
            let arguments = try Self.arguments(of: method, in: message)
            try quota.hold(arguments.reduce(0) { $0 + $1.weight }, &place)
            let held = place
            let call = Call(
                sender: sender, path: path, arguments: arguments, service: self, answer: answer)
            // Tasks start in the order of the calls, so answers that need not wait keep it.
            Hub.start { [self] in await work(on: call, of: method, at: held) }
        } catch {
            if error.code == .limitsExceeded { connection?.counters.refusedCalls += 1 }
            quota.finished(place)
            answer.send(.failure(error))
        }
    }

    private func work(on call: Call, of method: Method, at held: ClientQuota.Place) async {
        var place = held
        do throws(BusError) {
            if place.user == nil {
                try quota.settle(&place, as: await user(of: call))
            }
            call.answer.send(await result(of: method, call))
        } catch {
            connection?.counters.refusedCalls += 1
            call.answer.send(.failure(error))
        }
        quota.finished(place)
    }

    /// Whose a call is. The bus is asked once for each client; its other calls wait meanwhile, and
    /// go on in their order.
    private func user(of call: Call) async -> UInt32 {
        let sender = call.sender
        if let known = quota.user(of: sender) { return known }
        if asking[sender] != nil {
            await withCheckedContinuation { asking[sender]?.append($0) }
            return quota.user(of: sender) ?? Self.nobody
        }
        asking[sender] = []
        let answer = try? await connection?.user(of: sender, timeout: .seconds(1))
        // An answer of a bus that is lost by now says nothing about the clients of the next.
        let user = call.answer.canBeSent ? answer : nil
        if let user { quota.note(user, of: sender) }
        for waiting in asking.removeValue(forKey: sender) ?? [] { waiting.resume() }
        return user ?? Self.nobody
    }

    /// The link is lost, and with it the names of all clients.
    func linkLost() { quota.forgetUsers() }

    /// The arguments, after their types have been compared as a whole.
    private static func arguments(
        of method: Method, in message: borrowing Message
    ) throws(BusError) -> [BusValue] {
        let expected = method.input.signature
        guard message.signature == expected else {
            throw BusError(
                .invalidArgs,
                "\(method.name) takes (\(expected)), the call has (\(message.signature))")
        }
        return try message.arguments(limits: method.limits)
    }

    private func result(of method: Method, _ call: Call) async -> Result<[BusValue], BusError> {
        do throws(BusError) {
            try await check(method.needs, for: call)
            let results = try await method.body(call)
            let types = call.answer.descriptorTypes + results.map(\.type.text).joined()
            guard types == method.output.signature.text else {
                throw BusError(
                    .failed, "internal error: \(method.name) gave \(types) for its results")
            }
            return .success(results)
        } catch {
            return .failure(error)
        }
    }

    // MARK: Permission

    /// Asks the gatekeeper.
    func check(_ need: Need, for call: Call) async throws(BusError) {
        let request = AccessRequest(
            sender: call.sender, need: need, mayAskPerson: call.answer.allowsInteraction)
        switch await verdict(on: request) {
        case .allowed: break
        case .refused(let reason):
            connection?.counters.deniedCalls += 1
            throw BusError(.accessDenied, reason)
        case .personNeeded(let reason):
            connection?.counters.deniedCalls += 1
            throw BusError(.interactionRequired, reason)
        }
        // The bus was lost meanwhile: the caller has been told that nobody knows what became of
        // the call, so let nothing become of it.
        guard call.answer.canBeSent else { throw BusError(.disconnected, "the caller is gone") }
    }

    private func verdict(on request: AccessRequest) async -> Verdict {
        guard let connection else { return .refused("the service is ending") }
        return await gatekeeper.verdict(on: request, from: connection)
    }

    // MARK: Properties

    /// The present value of a property.
    func value(of property: Property) throws(BusError) -> BusValue {
        let value = try property.get()
        guard value.type == property.type else {
            throw BusError(.failed, "internal error: \(property.name) is a \(value.type)")
        }
        return value
    }

    /// The properties of an interface that a caller may read and that have a value, as `a{sv}`.
    func readable(_ table: Interface, for sender: String) async -> BusValue {
        var answers: [Need: Bool] = [:]
        var values: [(String, BusValue)] = []
        for property in table.properties {
            if answers[property.needs] == nil {
                // Nobody is asked for a password to see what could be left out.
                let request = AccessRequest(sender: sender, need: property.needs)
                answers[property.needs] = await verdict(on: request) == .allowed
            }
            // The specification leaves out what cannot be read, instead of failing for all.
            guard answers[property.needs] == true, let value = try? value(of: property) else {
                continue
            }
            values.append((property.name, value))
        }
        return .options(values)
    }

    /// The same for several interfaces, as `a{sa{sv}}`.
    func readable(_ tables: [Interface], for sender: String) async -> BusValue {
        var entries: [BusValue.Entry] = []
        for table in tables {
            entries.append(BusValue.Entry(.string(table.name), await readable(table, for: sender)))
        }
        return .dictionary(key: "s", value: "a{sv}", entries)
    }

    /// What everybody may read, as `a{sa{sv}}`: for signals, which reach everybody.
    func open(_ tables: [Interface]) -> BusValue {
        let entries = tables.map { table in
            let open = table.properties.filter { $0.needs == .read }
            let values = open.compactMap { property in
                (try? value(of: property)).map { (property.name, $0) }
            }
            return BusValue.Entry(.string(table.name), .options(values))
        }
        return .dictionary(key: "s", value: "a{sv}", entries)
    }
}

/// A call and the way back to its caller.
@Hub
final class Answer {
    private let message: Message
    private let link: Link
    private var descriptor: Descriptor?

    init(_ message: consuming Message, _ link: Link) {
        self.message = message
        self.link = link
    }

    /// Sends a descriptor along, in front of the results.
    func pass(_ new: consuming Descriptor) { descriptor = consume new }

    /// The types of the descriptors that go along.
    var descriptorTypes: String { descriptor == nil ? "" : "h" }

    var interface: String? { message.interface }

    /// Whether the caller waits while a person is asked.
    var allowsInteraction: Bool { message.allowsInteraction }

    /// Whether the way back is still there.
    var canBeSent: Bool { link.isConnected }

    /// Sends the outcome, unless nobody waits for it or the link is gone.
    func send(_ outcome: Result<[BusValue], BusError>) {
        guard message.expectsReply else { return }
        do throws(BusError) {
            switch outcome {
            case .success(let values):
                let reply = try message.reply()
                if let number = descriptor?.number {
                    try reply.write { (writer) throws(BusError) in
                        try writer.descriptor(number)
                    }
                }
                try reply.append(values)
                _ = try link.send(reply, isAnswer: true)
            case .failure(let error):
                _ = try link.send(message.reply(error), isAnswer: true)
            }
        } catch {
            // Results that are too large or a bus that takes nothing: the caller gets at least
            // the reason, or, when that cannot be sent either, the timeout of its own side.
            if let reply = try? message.reply(error) {
                _ = try? link.send(reply, isAnswer: true)
            }
        }
    }
}
