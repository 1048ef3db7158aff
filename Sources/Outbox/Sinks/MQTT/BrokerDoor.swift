internal import MQTT

/// Connects to a broker with MQTT 5, and with MQTT 3.1.1 when it has no more.
struct BrokerDoor {
    let address: BrokerAddress
    let settings: MQTTSinkSettings
    /// The longest message that is taken; nil for a client that subscribes to nothing.
    var longestMessage: Int?

    private var verdict: MQTTVerdict { MQTTVerdict(host: address.host) }

    init(_ settings: MQTTSinkSettings, longestMessage: Int? = nil) throws(SinkFault) {
        address = try BrokerAddress(settings.url)
        self.settings = settings
        self.longestMessage = longestMessage
    }

    /// Connects and introduces the hub, until an instant of the boot clock.
    func open(
        _ packet: Connect, until limit: Int64, _ deadline: Deadline
    ) throws(SinkFault) -> BrokerLink {
        do throws(Closed) {
            return try open(.v5, packet, until: limit, deadline)
        } catch {
            if case .fault(let fault) = error { throw fault }
        }
        do throws(Closed) {
            return try open(.v311, packet, until: limit, deadline)
        } catch {
            throw error.fault
        }
    }

    /// Why a connection was not made.
    private enum Closed: Error {
        /// Perhaps because the broker does not know the version.
        case version(SinkFault)
        /// For another reason.
        case fault(SinkFault)

        var fault: SinkFault {
            switch self {
            case .version(let fault), .fault(let fault): fault
            }
        }
    }

    private func open(
        _ version: Version, _ packet: Connect, until limit: Int64, _ deadline: Deadline
    ) throws(Closed) -> BrokerLink {
        var link: BrokerLink
        do throws(SinkFault) {
            guard let connection = BrokerConnection(address, settings) else {
                throw SinkFault(.setting, "no memory for a connection")
            }
            try connection.open(within: max(1, limit - BootClock.now()), deadline: deadline)
            link = BrokerLink(
                connection, version, host: address.host, longestMessage: longestMessage)
        } catch {
            throw .fault(error)
        }
        let answer: ConnectAnswer
        do throws(SinkFault) {
            answer = try link.connect(packet, until: limit, deadline: deadline)
        } catch {
            throw error.code == .reset ? .version(error) : .fault(error)
        }
        guard !answer.reason.isFailure else {
            let fault = verdict.refused(answer, clientID: packet.clientID)
            throw answer.reason == .unsupportedVersion ? .version(fault) : .fault(fault)
        }
        return link
    }

    /// Puts the user and the password, as it is in its file now, into a packet.
    func sign(_ packet: inout Connect) throws(SinkFault) {
        packet.username = settings.username
        guard let path = settings.passwordFile else { return }
        var password = try SettingFile(setting: "passwordFile", path: path, code: .secret)
            .read(4_096)
        while let last = password.last, last == 0x0a || last == 0x0d { password.removeLast() }
        packet.password = password
    }
}
