import Configuration
import Outbox

extension Sink {
    /// The sink as the outbox takes it; nil for a kind that this version cannot serve.
    var outboxSettings: SinkSettings? {
        switch kind {
        case .file(let path, let maxSize, let keep):
            .file(
                FileSinkSettings(path: path, rotateAt: maxSize ?? .max, kept: keep ?? .max))
        case .http(let url, let secretFile, let caFile):
            .http(
                HTTPSinkSettings(
                    url: url, secretFile: secretFile.map(Credential.path), caFile: caFile))
        case .mqtt: nil
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
