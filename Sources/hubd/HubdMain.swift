import Campaigns
import Configuration
import EventLoop
import Glibc
import Outbox

/// hubd: the daemon. What it does is told at `Daemon`; here it starts and ends.
@main
enum HubdMain {
    static func main() {
        // A closed 0, 1 or 2 would be taken by the next file or socket, and written into.
        for descriptor in 0...2 where fcntl(Int32(descriptor), F_GETFD) < 0 {
            _ = unsafe open("/dev/null", O_RDWR)
        }
        // Before any thread: each one inherits what is blocked.
        UnixSignal.block()
        let options: CommandLineOptions
        do throws(CommandLineOptions.Fault) {
            options = try CommandLineOptions(Array(CommandLine.arguments.dropFirst()))
        } catch {
            complain("\(error.text); see hubd --help")
            exit(EX_USAGE)
        }
        if options.wantsHelp { end(saying: CommandLineOptions.usage) }
        if options.wantsVersion { end(saying: "hubd \(Daemon.version)") }
        let loaded: Loaded
        do throws(Problems) {
            loaded = try Loaded(config: options.config)
        } catch {
            // For --check the problems are the result, otherwise they are the reason of the end.
            if options.isCheck { print("\(error)") } else { refuse(error) }
            exit(EX_CONFIG)
        }
        if options.isCheck {
            end(
                saying: "\(options.config): no problems; \(loaded.catalog.zones.count) zones, "
                    + "\(loaded.catalog.beacons.count) beacons, "
                    + "\(loaded.catalog.campaigns.count) campaigns")
        }
        // Before any thread: the C library's zone belongs to the whole process.
        WallClock.setZone(loaded.settings.hub.timezone)
        exit(Hub.run { await run(loaded, options) })
    }

    @Hub
    private static func run(_ loaded: Loaded, _ options: CommandLineOptions) async -> Int32 {
        let journal = Journal()
        let daemon: Daemon
        do throws(OutboxError) {
            daemon = try await Daemon(
                loaded, config: options.config, bus: options.bus, bluezBus: options.bluezBus,
                journal: journal)
            try await daemon.start()
        } catch {
            let mend = error.code == .locked ? "; is another hubd running?" : ""
            journal.error("store \(loaded.settings.store.path): \(error)\(mend)")
            return error.code == .locked ? EX_TEMPFAIL : EX_CANTCREAT
        }
        ServiceManager.ready("\(loaded.catalog.beacons.count) beacons")
        do throws(SystemError) {
            try await untilEnd(daemon)
        } catch {
            journal.error("signals: \(error)")
            return EX_OSERR
        }
        await daemon.stop()
        return EX_OK
    }

    /// Answers signals until one of them asks for the end.
    @Hub
    private static func untilEnd(_ daemon: Daemon) async throws(SystemError) {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let signals = try Hub.loop.onSignal { signal in
            switch signal {
            case .hangUp: Task { @Hub in await daemon.reload() }
            case .interrupt, .terminate: end.yield()
            }
        }
        let jumps = try Hub.loop.onWallClockJump {
            Hub.assumeIsolated { daemon.clockJumped() }
        }
        for await _ in ends { break }
        signals.cancel()
        jumps.cancel()
    }

    private static func refuse(_ problems: Problems) {
        let journal = Journal()
        for problem in problems.list { journal.error("\(problem)", .configurationRefused) }
        if problems.omitted > 0 { journal.error("and \(problems.omitted) more problems") }
    }

    private static func end(saying text: String) -> Never {
        print(text)
        exit(EX_OK)
    }

    private static func complain(_ text: String) {
        let bytes = Array("hubd: \(text)\n".utf8)
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }
}
