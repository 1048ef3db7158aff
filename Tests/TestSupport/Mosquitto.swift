public import Foundation
import Synchronization

/// A process of mosquitto, with a configuration of its own in a folder.
public final class Mosquitto {
    /// Where it listens, on the loopback.
    public let port: Int
    private let configuration: URL
    private var process: Process?

    /// It did not start.
    public struct Fault: Error {}

    /// Starts one, with lines of mosquitto.conf(5) beside those of the listener.
    public init(in folder: URL, _ lines: [String] = ["allow_anonymous true"]) throws {
        configuration = folder.appending(path: "mosquitto.conf")
        port = Self.freePort()
        // As root it would become another user, who may not read the folder.
        let text =
            ["listener \(port) 127.0.0.1", "user \(NSUserName())", "connection_messages false"]
            + lines
        try Data((text.joined(separator: "\n") + "\n").utf8).write(to: configuration)
        try start()
    }

    deinit { kill() }

    /// Starts it again, and waits until it listens.
    public func start() throws {
        let process = Process()
        // A child of a thread of Swift's pool begins with all signals blocked, also SIGTERM.
        let script =
            "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); "
            + "os.execv('/usr/sbin/mosquitto', ['mosquitto', '-c', sys.argv[1]])"
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script, configuration.path]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
        while process.isRunning, !Self.answers(port) { usleep(2_000) }
        guard process.isRunning else { throw Fault() }
    }

    /// kill -9.
    public func kill() {
        guard let process, process.isRunning else { return }
        _ = Glibc.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Ends it as an operator does.
    public func stop() {
        guard let process else { return }
        process.terminate()
        process.waitUntilExit()
    }

    /// A port below those that the kernel gives away by itself, another with each call.
    private static func freePort() -> Int {
        let number = taken.withLock {
            $0 += 1
            return $0
        }
        return 10_000 + (Int(getpid()) * 64 + number) % 22_000
    }

    private static let taken = Mutex(0)

    private static func answers(_ port: Int) -> Bool {
        let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(number) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe connect(number, raw, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
