internal import MQTT

/// What a broker's reason codes mean for the events that were sent (MQTT 5.0, §2.4); the table for
/// people is in docs/Delivery.md.
struct MQTTVerdict {
    let host: String

    /// A connection that was not taken.
    func refused(_ answer: ConnectAnswer, clientID: String) -> SinkFault {
        let said = said("does not take the connection", answer.reason, answer.text)
        return switch answer.reason {
        case .badUserNameOrPassword, .notAuthorized, .badAuthenticationMethod, .banned:
            SinkFault(.denied, said + ": check username, passwordFile and the broker's rules")
        case .clientIDNotValid:
            SinkFault(.setting, said + ": it does not like \(clientID), set another clientId")
        case .serverUnavailable, .serverBusy, .quotaExceeded, .connectionRateExceeded:
            SinkFault(.throttled, said)
        case .retainNotSupported:
            SinkFault(.setting, said + ": set stateTopic to null")
        case .qosNotSupported: SinkFault(.setting, said + ": set qos to 1")
        case .useAnotherServer, .serverMoved:
            SinkFault(.serverError, said + ": name the new address")
        default: SinkFault(.serverError, said)
        }
    }

    /// Throws when a broker does not serve a topic (MQTT 5.0, §3.9.3).
    func check(_ answer: SubscribeAnswer, topic: String) throws(SinkFault) {
        guard answer.reason.isFailure else { return }
        let said = said("does not let the hub subscribe to \(topic)", answer.reason, answer.text)
        throw switch answer.reason {
        case .quotaExceeded: SinkFault(.throttled, said)
        case .topicFilterInvalid: SinkFault(.setting, said + ": name another topic")
        default: SinkFault(.denied, said + ": give this hub the right to read there")
        }
    }

    /// A connection that the broker ended, with what is known of no event.
    func ended(_ reason: ReasonCode, _ text: String) -> SinkFault {
        let said = said("ended the connection", reason, text)
        return switch reason {
        case .sessionTakenOver:
            SinkFault(
                .denied, said + ": another client uses the same id, give each its own clientId")
        case .notAuthorized, .banned, .badUserNameOrPassword:
            SinkFault(.denied, said + ": check the broker's rules for this hub")
        case .serverBusy, .quotaExceeded, .messageRateTooHigh, .connectionRateExceeded:
            SinkFault(.throttled, said)
        case .topicNameInvalid, .payloadFormatInvalid: SinkFault(.rejected, said)
        case .packetTooLarge: SinkFault(.tooLarge, said)
        case .qosNotSupported: SinkFault(.setting, said + ": set qos to 1")
        case .retainNotSupported: SinkFault(.setting, said + ": set stateTopic to null")
        case .useAnotherServer, .serverMoved:
            SinkFault(.serverError, said + ": name the new address")
        case .success: SinkFault(.reset, said)
        default: SinkFault(.serverError, said)
        }
    }

    /// What follows for a delivery during which the broker ended the connection.
    func delivery(ended reason: ReasonCode, _ text: String) -> Delivery {
        let fault = ended(reason, text)
        return switch reason {
        case .topicNameInvalid, .payloadFormatInvalid, .packetTooLarge: .rejected(fault)
        case .notAuthorized: .denied(fault)
        case let reason where Self.isUnexplained(reason): .denied(fault)
        default: .failed(fault, after: nil)
        }
    }

    /// Reasons that may speak of an event as well as of the broker: `DeliveryMachine` asks it for
    /// another event before it believes either.
    private static func isUnexplained(_ reason: ReasonCode) -> Bool {
        [.unspecified, .malformedPacket, .protocolError, .implementationSpecific].contains(reason)
    }

    /// An acknowledgement of a message that the broker has given to nobody, not even to a session
    /// that is away (MQTT 5.0, §3.4.2.1).
    func unheard(topic: String) -> Delivery {
        .failed(
            SinkFault(
                .noSubscriber,
                "\(host) has no subscriber for \(topic): the sync service must subscribe with a "
                    + "session that stays; until then events wait here"), after: nil)
    }

    /// What follows from an acknowledgement that reports a failure.
    func delivery(refused reason: ReasonCode, _ text: String, topic: String) -> Delivery {
        let said = said("does not take an event for \(topic)", reason, text)
        return switch reason {
        case .notAuthorized:
            .denied(SinkFault(.denied, said + ": give this hub the right to publish there"))
        case .quotaExceeded: .failed(SinkFault(.throttled, said), after: nil)
        case .payloadFormatInvalid, .topicNameInvalid: .rejected(SinkFault(.rejected, said))
        case .packetTooLarge: .rejected(SinkFault(.tooLarge, said))
        case let reason where Self.isUnexplained(reason):
            .denied(SinkFault(.serverError, said))
        default: .failed(SinkFault(.serverError, said), after: nil)
        }
    }

    private func said(_ what: String, _ reason: ReasonCode, _ text: String) -> String {
        "\(host) \(what): \(reason)\(HTTPVerdict.quote(Array(text.utf8)))"
    }
}
