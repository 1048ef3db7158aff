import EventLoop
import Glibc
import JSON

/// `hubctl watch`: beacons and devices, live.
enum WatchVerb: Verb {
    static let name = "watch"
    static let summary = "a live table of beacons and devices"
    static let options: [Arguments.Option] = [
        .init("--zone", "ZONE", "only beacons in this zone and those inside it")
    ]
    static let details = [
        "On a terminal: a table that is refreshed once a second. Missing beacons stand first, then",
        "those that are present, each by its zone. Devices stand below, those that are connected",
        "first; not with --zone, as they move. q or Ctrl-C quits, ↑ ↓ j k space b g move.",
        "In a pipe: a line for each beacon and device, and then one for each change of its state,",
        "zone, proximity, link or measurement. With --json: one object a second, with the keys of",
        "status, beacons and devices: time, state, beacons, devices.",
        "A restart of hubd is told of and waited for.",
        "",
        "Exit: 0 quit, 3 hubd did not run at the start.",
    ]

    /// How often the hub is asked.
    private static let interval = Duration.seconds(1)
    /// How often the terminal's size is looked at.
    private static let sizeInterval = Duration.milliseconds(250)

    /// What the loop waits for.
    private enum Happening {
        case answer(WatchFeed.Answer)
        case keys([Key])
        case resize
        case end
    }

    static func run(_ arguments: Arguments, _ output: Output) async throws(Failure) -> ExitCode {
        try expect(arguments.words, 0...0)
        let feed = WatchFeed(arguments)
        // Asked before the terminal is taken: without a hub there is nothing to be watched.
        let first: WatchView.Sample
        switch await feed.ask() {
        case .sample(let sample): first = sample
        case .away(let failure), .refused(let failure): throw failure
        }
        let (happenings, tell) = AsyncStream.makeStream(of: Happening.self)
        let signals: EventLoop.Watch
        do throws(SystemError) {
            signals = try Hub.loop.onSignal { _ in tell.yield(.end) }
        } catch {
            throw Failure(.software, "signals: \(error)")
        }
        var isAsking = false
        let timer = Hub.loop.schedule(every: interval) {
            guard !isAsking else { return }
            isAsking = true
            Hub.start {
                let answer = await feed.ask()
                isAsking = false
                tell.yield(.answer(answer))
            }
        }
        defer {
            timer.cancel()
            signals.cancel()
        }
        if output.terminal.width == nil || output.wantsJSON {
            return try await stream(first, happenings, output)
        }
        return try await table(first, happenings, tell, output)
    }

    // MARK: On a terminal

    @Hub
    private static func table(
        _ first: WatchView.Sample, _ happenings: AsyncStream<Happening>,
        _ tell: AsyncStream<Happening>.Continuation, _ output: Output
    ) async throws(Failure) -> ExitCode {
        let terminal = RawTerminal()
        defer { terminal.restore() }
        let keys = terminal.hasKeys ? keys(tell) : nil
        var size = RawTerminal.size
        let sizes = Hub.loop.schedule(every: sizeInterval) {
            // No signal tells of it that would not have to be blocked in every thread.
            guard RawTerminal.size != size else { return }
            size = RawTerminal.size
            tell.yield(.resize)
        }
        defer {
            keys?.cancel()
            sizes.cancel()
        }
        var view = WatchView(sample: first)
        var screen = Screen()
        try output.write(Array(Screen.enter.utf8))
        let outcome: Result<ExitCode, Failure>
        do throws(Failure) {
            try draw(view, &screen, size, output)
            outcome = .success(
                try await follow(happenings) { (happening) throws(Failure) in
                    switch happening {
                    case .answer(let answer): try take(answer, &view)
                    case .keys(let keys):
                        for key in keys {
                            if key == .redraw { screen.forget() }
                            view.move(key, size)
                        }
                        if keys.contains(.quit) { return .ok }
                    case .resize: break
                    case .end: return .ok
                    }
                    try draw(view, &screen, size, output)
                    return nil
                })
        } catch {
            outcome = .failure(error)
        }
        try output.write(Array(Screen.leave.utf8))
        return try outcome.get()
    }

    private static func take(
        _ answer: WatchFeed.Answer, _ view: inout WatchView
    ) throws(Failure) {
        switch answer {
        case .sample(let sample):
            view.sample = sample
            view.notice = nil
        case .away(let failure): view.notice = notice(failure)
        case .refused(let failure): throw failure
        }
    }

    private static func notice(_ failure: Failure) -> String {
        "\(failure.lines.first ?? "hubd is away"); waiting for it"
    }

    private static func draw(
        _ view: WatchView, _ screen: inout Screen, _ size: Screen.Size, _ output: Output
    ) throws(Failure) {
        let text = screen.draw(view.lines(size, hasColor: output.terminal.hasColor), size)
        if !text.isEmpty { try output.write(Array(text.utf8)) }
    }

    @Hub
    private static func keys(
        _ tell: AsyncStream<Happening>.Continuation
    ) -> EventLoop.Watch? {
        try? Hub.loop.watch(STDIN_FILENO, for: .readable) { _ in
            guard let bytes = RawTerminal.typed() else {
                tell.yield(.end)
                return
            }
            tell.yield(.keys(Key.read(bytes)))
        }
    }

    // MARK: In a pipe

    @Hub
    private static func stream(
        _ first: WatchView.Sample, _ happenings: AsyncStream<Happening>, _ output: Output
    ) async throws(Failure) -> ExitCode {
        var changes = WatchChanges()
        var isAway = false
        func show(_ sample: WatchView.Sample) throws(Failure) {
            isAway = false
            if output.wantsJSON {
                try output.write(Array(document(sample).bytes(.compact)) + [UInt8(ascii: "\n")])
            } else {
                try output.print(changes.lines(sample))
            }
        }
        try show(first)
        return try await follow(happenings) { (happening) throws(Failure) in
            switch happening {
            case .answer(.sample(let sample)): try show(sample)
            case .answer(.away(let failure)):
                if output.wantsJSON {
                    try output.write(Array("{\"state\":\"not running\"}\n".utf8))
                } else if !isAway {
                    Output.complain([notice(failure)])
                }
                isAway = true
            case .answer(.refused(let failure)): throw failure
            case .keys, .resize: break
            case .end: return .ok
            }
            return nil
        }
    }

    static func document(_ sample: WatchView.Sample) -> JSONValue {
        [
            "time": sample.status["clock"]?["time"] ?? .null,
            "state": sample.status["state"] ?? .null, "beacons": .array(sample.rows),
            "devices": .array(sample.devices),
        ]
    }

    /// Takes what happens, until something ends it.
    @Hub
    private static func follow(
        _ happenings: AsyncStream<Happening>,
        _ body: (Happening) throws(Failure) -> ExitCode?
    ) async throws(Failure) -> ExitCode {
        for await happening in happenings {
            if let code = try body(happening) { return code }
        }
        return .ok
    }
}
