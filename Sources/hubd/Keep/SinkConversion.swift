import Configuration
import Outbox

extension Sink {
    /// The sink as the outbox takes it.
    var outboxSettings: SinkSettings {
        switch kind {
        case .file(let path, let maxSize, let keep):
            .file(
                FileSinkSettings(path: path, rotateAt: maxSize ?? .max, kept: keep ?? .max))
        case .http(let url, let secretFile, let caFile):
            .http(
                HTTPSinkSettings(
                    url: url, secretFile: secretFile.map(Credential.path), caFile: caFile))
        case .mqtt(let mqtt):
            .mqtt(
                MQTTSinkSettings(
                    url: mqtt.url, topic: mqtt.topic, stateTopic: mqtt.stateTopic,
                    isExactlyOnce: mqtt.qos == 2, clientID: mqtt.clientID, username: mqtt.username,
                    passwordFile: mqtt.passwordFile.map(Credential.path), caFile: mqtt.caFile,
                    certFile: mqtt.certFile, keyFile: mqtt.keyFile.map(Credential.path)))
        }
    }

    var kindName: String {
        switch kind {
        case .file: "file"
        case .http: "http"
        case .mqtt: "mqtt"
        }
    }
}
