internal import CLinux
internal import Glibc

/// What the kernel is to let through to us: advertising reports, and what becomes of adapters.
///
/// The monitor channel shows everything, also the keys of a pairing and whatever other programs
/// send over the air. hubd wants none of that, neither to know nor to pay for, so the kernel drops
/// it at the socket (SO_ATTACH_FILTER, socket(7); it needs no right). The program is of the classic
/// Berkeley packet filter; offsets are those of `MonitorFrame`, and a load behind the end of a frame
/// drops it.
enum MonitorFilter {
    /// Puts the filter on a socket, before it is bound.
    ///
    /// - Returns: 0, or the error number.
    static func attach(to socket: Int32) -> Int32 {
        var program = instructions
        return unsafe program.withUnsafeMutableBufferPointer { code in
            var filter = unsafe sock_fprog(len: UInt16(code.count), filter: code.baseAddress)
            let length = unsafe socklen_t(MemoryLayout<sock_fprog>.size)
            let result = unsafe setsockopt(
                socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, length)
            return result == 0 ? 0 : errno
        }
    }

    private static let loadByte = BPF_LD | BPF_B | BPF_ABS
    private static let jumpIfEqual = BPF_JMP | BPF_JEQ | BPF_K
    private static let jumpIfAtLeast = BPF_JMP | BPF_JGE | BPF_K
    private static let verdict = BPF_RET | BPF_K

    private static var instructions: [sock_filter] {
        [
            /* 00 */ op(loadByte, 1),  // opcode, higher byte
            /* 01 */ op(jumpIfEqual, 0, yes: 0, no: 10),
            /* 02 */ op(loadByte, 0),  // opcode, lower byte
            /* 03 */ op(jumpIfEqual, 3, yes: 3, no: 0),  // HCI event
            /* 04 */ op(jumpIfAtLeast, 11, yes: 7, no: 0),
            /* 05 */ op(jumpIfAtLeast, 8, yes: 7, no: 0),  // open, close, index info
            /* 06 */ op(jumpIfAtLeast, 2, yes: 5, no: 6),  // new index, deleted index
            /* 07 */ op(loadByte, 6),  // event code
            /* 08 */ op(jumpIfEqual, 0x3e, yes: 0, no: 3),  // LE Meta (Core 5.4, 4.E §7.7.65)
            /* 09 */ op(loadByte, 8),  // subevent
            /* 10 */ op(jumpIfEqual, 0x02, yes: 2, no: 0),  // LE Advertising Report
            /* 11 */ op(jumpIfEqual, 0x0d, yes: 1, no: 0),  // LE Extended Advertising Report
            /* 12 */ op(verdict, 0),
            /* 13 */ op(verdict, .max),
        ]
    }

    private static func op(
        _ code: Int32, _ value: UInt32, yes: UInt8 = 0, no: UInt8 = 0
    ) -> sock_filter {
        sock_filter(code: UInt16(truncatingIfNeeded: code), jt: yes, jf: no, k: value)
    }
}
