public import DBus
import Foundation
import Glibc

/// A private dbus-daemon; it ends with this process, even when that is killed.
public final class PrivateBus {
    private let folder: URL
    private var process = Process()
    private var life = Pipe()

    /// Where it listens.
    public var address: String { "unix:path=\(folder.path)/bus" }
    /// The same as a bus.
    public var bus: Bus { .address(address) }

    /// A bus that does not start.
    public struct NoBus: Error {}

    /// Starts it; returns when it listens.
    public init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "bluez-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let configuration = """
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>session</type><listen>\(address)</listen>
            <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/>
            <allow own="*"/></policy></busconfig>
            """
        try Data(configuration.utf8).write(to: folder.appending(path: "bus.conf"))
        try start()
    }

    /// Starts it again after `kill`, at the same address.
    public func start() throws {
        process = Process()
        life = Pipe()
        // Foundation leaves it open in the children that others start, and while one of them has it
        // the shell below does not see its end: whoever waits for that would wait for them.
        _ = fcntl(life.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        try? FileManager.default.removeItem(at: folder.appending(path: "bus"))
        // No `wait`: the shell inherits a signal mask that may block SIGCHLD.
        let script = """
            dbus-daemon --config-file="$1" --nofork --nopidfile --print-address=1 &
            read nothing
            kill -9 $!
            """
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, "sh", folder.appending(path: "bus.conf").path]
        process.standardInput = life
        process.standardOutput = output
        try process.run()
        // Its address, written when it listens.
        guard !output.fileHandleForReading.availableData.isEmpty else { throw NoBus() }
    }

    /// Kills it without warning.
    public func kill() {
        try? life.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }
}
