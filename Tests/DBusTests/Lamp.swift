import DBus
import EventLoop
import Testing

/// A small service with one member of each kind, for the tests.
@Hub
final class Lamp {
    static let path: ObjectPath = "/org/example/lamp"
    static let interface = "org.example.Lamp1"

    let connection: Connection
    var isLit = false
    var brightness: UInt32 = 50
    var blinks: [Int64] = []
    private var held: [CheckedContinuation<Void, Never>] = []

    init(_ bus: Bus, gatekeeper: any Gatekeeper = OwnerGatekeeper()) {
        connection = Connection(bus, root: "/org/example", gatekeeper: gatekeeper)
        connection.export([table], at: Self.path)
    }

    /// Puts the service on its bus under its name.
    @discardableResult
    func start(as name: String? = "org.example") async throws -> Connection {
        let connected = Signpost()
        connection.stay(as: name) { state in
            if case .connected = state { connected.reach() }
        }
        try await connected.wait()
        return connection
    }

    /// Lets the calls of `Hold` return.
    func release() {
        let waiting = held
        held = []
        for continuation in waiting { continuation.resume() }
    }

    var heldCount: Int { held.count }

    var table: Interface {
        Interface("org.example.Lamp1", "One lamp & its \"switch\" <here>.") {
            Method("Blink", in: ["times": "u"], out: ["total": "x"], needs: .manage, "Blinks.") {
                [unowned self] call throws(BusError) in
                let times = try call.integer(0)
                guard times > 0 else { throw BusError(.init("org.example.Error.Dark"), "no light") }
                blinks.append(times)
                return [.int64(blinks.reduce(0, +))]
            }
            Method("Echo", in: ["value": "v"], out: ["value": "v"], needs: .read) {
                call throws(BusError) in [try call.value(0)]
            }
            Method("Hold", needs: .read) { [unowned self] _ in
                await withCheckedContinuation { held.append($0) }
                return []
            }
            Method(
                "Import", in: ["text": "s"], out: ["size": "u"], needs: .read,
                limits: Limits(bytes: 1 << 20)
            ) { call throws(BusError) in [.uint32(UInt32(try call.string(0).utf8.count))] }
            Method("Lie", out: ["number": "u"], needs: .read) { _ in [.string("no number")] }
            Property("Lit", "b", needs: .read, "Whether it shines.") { [unowned self] in
                .bool(isLit)
            }
            Property(
                "Brightness", "u", needs: .read,
                get: { [unowned self] in .uint32(brightness) },
                changeNeeds: .manage,
                set: { [unowned self] value, _ throws(BusError) in
                    guard let percent = value.integer, percent <= 100 else {
                        throw BusError(.invalidArgs, "brightness is a percentage")
                    }
                    brightness = UInt32(percent)
                })
            Property("Code", "s", needs: .manage, notice: .invalidates) { .string("secret") }
            Property("Maker", "s", needs: .read, notice: .const) { .string("Examples Inc.") }
            Signal("BurntOut", ["hours": "u"], "The end.")
        }
    }
}

/// Something that a test waits for, with a deadline.
@Hub
final class Signpost {
    private var waiting: CheckedContinuation<Bool, Never>?
    private(set) var count = 0

    /// Notes that it happened once more.
    func reach() {
        count += 1
        waiting.take()?.resume(returning: true)
    }

    /// Waits until it has happened so many times in all.
    func wait(
        for wanted: Int = 1, within limit: Duration = .seconds(20),
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let deadline = Hub.loop.now.advanced(by: limit)
        while count < wanted {
            var timer: EventLoop.Timer?
            let reached = await withCheckedContinuation { continuation in
                guard count < wanted else { return continuation.resume(returning: true) }
                waiting = continuation
                timer = Hub.loop.schedule(at: deadline) {
                    self.waiting.take()?.resume(returning: false)
                }
            }
            timer?.cancel()
            try #require(
                reached, "happened \(count) times in \(limit), not \(wanted)",
                sourceLocation: location)
        }
    }
}
