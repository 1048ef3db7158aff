import DBus
import Foundation
import Glibc
import Synchronization

/// A private dbus-daemon at an address of its own.
///
/// It lives as long as this process holds its standard input open, so it ends with the test even
/// when the test process is killed.
final class TestBus: Sendable {
    let directory: String
    private let daemon = Mutex<(child: Child, process: pid_t)?>(nil)

    /// Where it listens; stays the same over a restart.
    var address: String { "unix:path=\(directory)/bus" }
    var bus: Bus { .address(address) }

    /// Starts a bus, with `<limit>` elements for its configuration.
    init(limits: String = #"<limit name="max_replies_per_connection">50000</limit>"#) throws {
        directory =
            FileManager.default.temporaryDirectory
            .appending(path: "bus-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        let configuration = """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>session</type>
              <listen>\(address)</listen>
              <auth>EXTERNAL</auth>
              <policy context="default">
                <allow send_destination="*" eavesdrop="true"/>
                <allow receive_sender="*" eavesdrop="true"/>
                <allow own="*"/>
                <allow user="*"/>
              </policy>
              \(limits)
            </busconfig>
            """
        try configuration.write(
            toFile: directory + "/bus.conf", atomically: true, encoding: .utf8)
        try start()
    }

    /// Starts the daemon; returns when it listens.
    func start() throws {
        let script = """
            dbus-daemon --config-file="$1" --nofork --nopidfile --print-address=1 --print-pid=1 &
            read nothing
            kill -9 $!
            wait
            """
        let child = try Child(["sh", "-c", script, "sh", directory + "/bus.conf"])
        guard child.readLine()?.hasPrefix("unix:") == true,
            let process = child.readLine().flatMap(pid_t.init)
        else {
            throw BusError(.noServer, "dbus-daemon does not start: \(child.finish().output)")
        }
        daemon.withLock { $0 = (child, process) }
    }

    /// Kills the daemon without warning.
    func kill() {
        let running = daemon.withLock { $0.take() }
        _ = running?.child.finish()
    }

    /// Stops the daemon from running, as a debugger or an overloaded machine does.
    func freeze() { signal(SIGSTOP) }

    /// Lets it run again.
    func thaw() { signal(SIGCONT) }

    private func signal(_ number: Int32) {
        if let process = daemon.withLock({ $0?.process }) { Glibc.kill(process, number) }
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(atPath: directory)
    }
}
