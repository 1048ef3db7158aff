import EventLoop
import Glibc
import Testing

@testable import BlueZ

@Suite("Each refusal of the monitor channel names what is missing and the mend")
struct MonitorErrorTests {
    @Test(
        arguments: [
            (.socket, EAFNOSUPPORT, ["modprobe bluetooth", "RestrictAddressFamilies="], false),
            (.socket, EPROTONOSUPPORT, ["CONFIG_BT"], false),
            (.socket, EPERM, ["filter of system calls"], false),
            (.socket, EMFILE, ["LimitNOFILE="], true),
            (.socket, ENFILE, ["fs.file-max"], true),
            (.socket, ENOBUFS, ["memory"], true),
            (.bind, EPERM, ["AmbientCapabilities=CAP_NET_RAW", "PrivateUsers=no"], false),
            (.bind, EINVAL, ["older than 3.4"], false),
            (.preparation, ENOPROTOOPT, ["setsockopt", "Protocol not available"], false),
            (.reading, ENETDOWN, ["Network is down", "recvmmsg"], true),
            (.reading, 0, ["closed by the kernel"], true),
        ] as [(MonitorError.Step, Int32, [String], Bool)])
    func words(step: MonitorError.Step, code: Int32, words: [String], isTemporary: Bool) {
        let error = MonitorError(step, code: code)
        #expect(error.description.contains("the kernel's HCI monitor channel"))
        for word in words { #expect(error.description.contains(word), "\(error)") }
        #expect(error.isTemporary == isTemporary)
    }

    /// The test's machine decides which of the answers comes, but one of the three must.
    @Test("the real channel opens, or says why not")
    func real() throws {
        let family = socket(31, Int32(SOCK_RAW.rawValue), 1)
        let refusal = errno
        if family >= 0 { Glibc.close(family) }
        let loop = try EventLoop(time: .manual(startingAt: .init(nanoseconds: 0)))
        do throws(MonitorError) {
            let socket = try MonitorSocket(on: loop, owner: .init { _, _, _ in })
            #expect(family >= 0)
            #expect(socket.bufferSize > 0)
        } catch {
            // Without a family of sockets the same errno; with it, only the right can be missing.
            #expect(
                error
                    == (family < 0
                        ? MonitorError(.socket, code: refusal) : MonitorError(.bind, code: EPERM)))
        }
    }
}
