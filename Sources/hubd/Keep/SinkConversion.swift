import Configuration
import Outbox

extension Sink {
    /// The sink as the outbox takes it.
    var outboxSettings: SinkSettings {
        switch kind {
        case .file(let path, let maxSize, let keep):
            .file(
                FileSinkSettings(path: path, rotateAt: maxSize ?? .max, kept: keep ?? .max))
        case .http(let url, let secretFile, let caFile, let more):
            .http(
                HTTPSinkSettings(
                    url: url, secretFile: secretFile.map(Credential.path), caFile: caFile
                ).with(more))
        case .mqtt(let mqtt): .mqtt(mqtt.outboxSettings)
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

extension Sink.MQTT {
    /// The broker as the outbox reaches it.
    var outboxSettings: MQTTSinkSettings {
        var settings = MQTTSinkSettings(
            url: url, topic: topic, stateTopic: stateTopic, isExactlyOnce: qos == 2,
            clientID: clientID, username: username,
            passwordFile: passwordFile.map(Credential.path), caFile: caFile, certFile: certFile,
            keyFile: keyFile.map(Credential.path))
        settings.maxAge = maxAge
        return settings
    }
}

extension HTTPSinkSettings {
    /// With what else the configuration says.
    fileprivate func with(_ more: Sink.HTTP) -> Self {
        var settings = self
        settings.secretFiles = more.secretFiles.map(Credential.path)
        settings.certFile = more.certFile
        settings.keyFile = more.keyFile.map(Credential.path)
        settings.pin = more.pin
        settings.proxy = more.proxy
        settings.maxRate = more.maxRate
        settings.maxAge = more.maxAge
        return settings
    }
}
