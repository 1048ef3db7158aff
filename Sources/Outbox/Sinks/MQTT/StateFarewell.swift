/// What a sink of kind mqtt says at its state topics when it ends.
///
/// A broker keeps a retained message for ever: what nobody will write any more is taken away by an
/// empty one (MQTT 5.0, §3.3.1.3), or a hub would seem to be there under a name that it has given up.
struct StateFarewell: Sendable, Equatable {
    /// What becomes of the hub's own state.
    enum Hub: Sendable {
        /// It is offline.
        case offline
        /// Nothing: another sink serves the same topic.
        case stays
        /// It is taken away.
        case goes
    }

    /// What becomes of the hub's own state.
    let hub: Hub
    /// Whether the states of things are taken away as well.
    let thingsGo: Bool

    /// hubd stops.
    static let stop = StateFarewell(hub: .offline, thingsGo: false)

    private init(hub: Hub, thingsGo: Bool) {
        self.hub = hub
        self.thingsGo = thingsGo
    }

    /// A sink is not wanted any more, or not as it was.
    ///
    /// - Parameters:
    ///   - gone: the sink.
    ///   - kept: the sinks that go on as they are.
    ///   - added: the sinks that begin when it has ended, and publish everything then.
    ///   - name: the hub's id.
    init(of gone: SinkSettings, kept: [SinkSettings], added: [SinkSettings], hub name: String) {
        guard let place = StatePlace(gone, hub: name) else {
            self = .stop
            return
        }
        let others = kept.compactMap { StatePlace($0, hub: name) }
        let next = added.compactMap { StatePlace($0, hub: name) }
        self.init(
            hub: others.contains(place) ? .stays : next.contains(place) ? .offline : .goes,
            thingsGo: !(others + next).contains { $0.hasThings(of: place) })
    }
}

/// Where a sink of kind mqtt keeps the states.
private struct StatePlace: Equatable {
    let broker: String
    let levels: [Substring]

    /// Nil for a sink that keeps none.
    init?(_ sink: SinkSettings, hub: String) {
        guard case .mqtt(let mqtt) = sink, let topic = mqtt.stateTopic, let broker = sink.broker
        else { return nil }
        self.broker = broker
        levels = StateQueue.topic(topic, hub: hub)
            .split(separator: "/", omittingEmptySubsequences: false)
    }

    func hasThings(of other: StatePlace) -> Bool {
        broker == other.broker && levels.dropLast() == other.levels.dropLast()
    }
}

extension SinkSettings {
    /// The broker's address, with its port; nil for another kind of sink.
    fileprivate var broker: String? {
        guard case .mqtt(let mqtt) = self else { return nil }
        return (try? BrokerAddress(mqtt.url))?.endpoint.url ?? mqtt.url
    }

    /// Whether this sink may not begin before the other has ended: both write to one file, or one
    /// would say that the hub is offline when the other has said that it is not.
    func isInTheWay(of other: SinkSettings) -> Bool {
        if name == other.name { return true }
        guard let broker else { return false }
        return broker == other.broker
    }
}
