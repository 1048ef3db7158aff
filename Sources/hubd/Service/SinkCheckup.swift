import Checkup
import Configuration
import EventLoop
import Outbox

/// Looks at the sinks with the daemon's own rights, name server and authorities.
@Hub
enum SinkCheckup {
    /// What all sinks together may take, below the time that a caller waits (25 s).
    private static let patience = Duration.seconds(20)
    /// What the name and the port of one may take.
    private static let forTheWay = Duration.seconds(8)
    /// What its TLS may take.
    private static let forTLS = Duration.seconds(5)

    static func checks(_ sinks: [Sink]) async -> [Check] {
        let deadline = Hub.loop.now.advanced(by: patience)
        var checks: [Check] = []
        for sink in sinks {
            if Hub.loop.now >= deadline {
                checks.append(.unknown("sink", sink.name, "no time was left: the others took it"))
            } else {
                checks += await self.checks(sink, until: deadline)
            }
        }
        return checks
    }

    private static func checks(
        _ sink: Sink, until deadline: EventLoop.Instant
    ) async -> [Check] {
        let name = sink.name
        func left(_ limit: Duration) -> Duration {
            max(.zero, min(limit, Hub.loop.now.duration(to: deadline)))
        }
        let late = Check.failed(
            "sink", name, "no answer in time",
            mend: "is the name server reachable? see resolv.conf(5)")
        if case .file(let path, _, _) = sink.kind {
            // A folder may be on a file system that hangs.
            let check = await Sideline.run(limit: left(forTheWay)) {
                SinkFile.check(path, sink: name)
            }
            return [check ?? late]
        }
        guard let place = sink.endpoint else {
            return [.unknown("sink", name, "its address is not understood")]
        }
        let http: HTTPSinkSettings? =
            if case .http(let http) = sink.outboxSettings { http } else { nil }
        var checks: [Check] = []
        // Behind a proxy there need be no other way; the probe goes through it.
        if http?.proxy == nil {
            let reach = await Sideline.run(limit: left(forTheWay)) {
                Way.reach(host: place.host, port: place.port)
            }
            guard let reach else { return [late] }
            checks = Way.check(reach, sink: name, host: place.host, port: place.port)
            guard case .connected = reach else { return checks }
        }
        for file in http.map({ ($0.secretFile.map { [$0] } ?? []) + $0.secretFiles }) ?? [] {
            guard let fault = SinkProbe.fault(secretFile: file) else { continue }
            checks.append(.failed("sink", name, fault.text, mend: "let user hubd read the file"))
        }
        let settings = sink.outboxSettings
        if case .mqtt(let broker) = settings {
            checks += SinkProbe.faults(ofFilesIn: broker).map {
                .failed("sink", name, $0.text, mend: "let user hubd read the file")
            }
        }
        guard place.isEncrypted else { return checks }
        let limit = left(forTLS)
        let probe = await Sideline.run(limit: limit + .seconds(1)) {
            if case .mqtt(let broker) = settings {
                return SinkProbe.connect(to: broker, within: limit)
            }
            return SinkProbe.connect(
                host: place.host, port: place.port, isEncrypted: true, caFile: place.caFile,
                as: http, within: limit)
        }
        guard let probe else { return checks + [late] }
        return checks + [
            Certificate.check(
                sink: name, host: place.host, port: place.port, fault: probe.fault?.text,
                expires: probe.expires,
                now: WallClock.now().unixSeconds)
        ]
    }
}
