internal import EventLoop

// How a connection hears signals and follows names.
extension Connection {
    /// Hears signals.
    ///
    /// When it returns, the bus knows the rule: no signal that is sent later is missed. Without a
    /// bus it returns at once, and the rule is put in place with the next connection.
    ///
    /// - Parameters:
    ///   - rule: which signals; with a sender, others' forgeries are dropped and counted.
    ///   - body: is called for each.
    /// - Returns: what ends the subscription.
    /// - Throws: what the bus says against the rule.
    @discardableResult
    public func subscribe(
        _ rule: MatchRule, _ body: @escaping (borrowing Message) -> Void
    ) async throws(BusError) -> Subscription {
        try rule.check()
        var owner: NameWatch?
        if let sender = rule.sender, sender != Self.busName, !sender.hasPrefix(":") {
            owner = try await watch(sender) { _ in }
        }
        let subscription = Subscription(rule, owner, self, body)
        subscriptions.append(subscription)
        do {
            try await install(subscription)
        } catch  where error.code != .disconnected {
            subscription.cancel()
            throw error
        }
        return subscription
    }

    /// Follows who owns a name.
    ///
    /// When it returns, `owner` is known, unless there is no bus.
    ///
    /// - Parameters:
    ///   - name: well-known, or a unique name whose end matters.
    ///   - onChange: is called after every change, also when the bus is lost.
    /// - Returns: the watch.
    /// - Throws: what the bus says against it.
    public func watch(
        _ name: String, _ onChange: @escaping (NameWatch) -> Void
    ) async throws(BusError) -> NameWatch {
        guard Name.isBus(name) else { throw BusError(.invalidArgs, "“\(name)” is no bus name") }
        let watch = NameWatch(name, self, onChange)
        nameWatches.append(watch)
        do {
            try await install(watch)
        } catch  where error.code != .disconnected {
            watch.cancel()
            throw error
        }
        return watch
    }

    func install(_ subscription: Subscription) async throws(BusError) {
        guard isGreeted, !subscription.isInstalled else { return }
        subscription.isInstalled = true
        _ = try await callBus("AddMatch", [.string(subscription.rule.text)])
    }

    func install(_ watch: NameWatch) async throws(BusError) {
        guard isGreeted, !watch.isInstalled else { return }
        watch.isInstalled = true
        // In this order: a change after the question is then heard as a signal.
        _ = try await callBus("AddMatch", [.string(watch.rule.text)])
        do {
            watch.set(try await callBus("GetNameOwner", [.string(watch.name)]).first?.string)
        } catch  where error.code == .nameHasNoOwner {
            watch.set(nil)
        }
    }

    func remove(_ subscription: Subscription) {
        subscriptions.removeAll { $0 === subscription }
        if subscription.isInstalled { removeMatch(subscription.rule) }
    }

    func remove(_ watch: NameWatch) {
        nameWatches.removeAll { $0 === watch }
        if watch.isInstalled { removeMatch(watch.rule) }
    }

    /// Tells the bus to forget a rule; when that fails, the connection is lost and the rule with it.
    private func removeMatch(_ rule: MatchRule) {
        guard isGreeted,
            let message = try? Message.methodCall(
                Self.busName, Self.busPath, Self.busName, "RemoveMatch")
        else { return }
        message.expectsReply = false
        guard (try? message.append([.string(rule.text)])) != nil else { return }
        try? send(message)
    }
}
