internal import Glibc

extension Settings {
    /// Files that the settings name and that are not there: certificates, secrets, captures.
    ///
    /// For `hubd --check` only. At a start they are states of their parts, not reasons to stay
    /// down: the sink says that its secret is missing, and everything else works. One that is there
    /// and not for the caller to read is no problem here.
    ///
    /// - Parameter config: the configuration's file, for the problems.
    /// - Returns: a problem for each.
    public func missingFiles(_ config: String) -> [Problem] {
        namedFiles.compactMap { keyPath, name in
            let path = Credential.path(of: name)
            guard unsafe access(path, F_OK) != 0, errno == ENOENT || errno == ENOTDIR else {
                return nil
            }
            return Problem(
                file: config, keyPath: keyPath, found: Decoding.quoted(path),
                expected: "a file that is there")
        }
    }

    private var namedFiles: [(keyPath: String, name: String)] {
        var files: [(String, String?)] = []
        for (index, radio) in radios.enumerated() {
            if case .capture(let path, _, _) = radio.kind {
                files.append(("radios[\(index)].path", path))
            }
        }
        for (index, sink) in sinks.enumerated() {
            let place = "sinks[\(index)]"
            switch sink.kind {
            case .file: break
            case .http(_, let secret, let authorities, let more):
                files += [
                    (place + ".secretFile", secret), (place + ".caFile", authorities),
                    (place + ".certFile", more.certFile), (place + ".keyFile", more.keyFile),
                ]
                for (number, file) in more.secretFiles.enumerated() {
                    files.append((place + ".secretFiles[\(number)]", file))
                }
            case .mqtt(let mqtt):
                files += [
                    (place + ".passwordFile", mqtt.passwordFile), (place + ".caFile", mqtt.caFile),
                    (place + ".certFile", mqtt.certFile), (place + ".keyFile", mqtt.keyFile),
                ]
            }
        }
        if let service = catalogService {
            files += [
                ("catalog.publicKeyFile", service.publicKeyFile),
                ("catalog.secretFile", service.secretFile), ("catalog.caFile", service.caFile),
                ("catalog.certFile", service.certFile), ("catalog.keyFile", service.keyFile),
            ]
            if case .broker(let broker) = service.place, !isSink(broker) {
                let place = "catalog.mqtt"
                files += [
                    (place + ".passwordFile", broker.passwordFile),
                    (place + ".caFile", broker.caFile),
                    (place + ".certFile", broker.certFile), (place + ".keyFile", broker.keyFile),
                ]
            }
        }
        for (index, device) in devices.enumerated() {
            files.append(("devices[\(index)].keyFile", device.keyFile))
        }
        return files.compactMap { keyPath, name in name.map { (keyPath, $0) } }
    }

    /// Whether a broker's files are those of a sink, which names them already.
    private func isSink(_ broker: Sink.MQTT) -> Bool {
        sinks.contains { sink in
            guard case .mqtt(let mqtt) = sink.kind else { return false }
            return mqtt.url == broker.url && mqtt.passwordFile == broker.passwordFile
                && mqtt.caFile == broker.caFile && mqtt.certFile == broker.certFile
                && mqtt.keyFile == broker.keyFile
        }
    }
}
