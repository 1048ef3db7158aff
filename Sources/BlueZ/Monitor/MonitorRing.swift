internal import CLinux
internal import Glibc

/// The memory that frames are received into: allocated once, filled by one system call a batch.
///
/// `@safe`: the pointers never leave the type, and every index is checked against what the kernel
/// filled.
@safe
struct MonitorRing: ~Copyable {
    /// What a batch came to.
    enum Batch: Equatable {
        /// So many frames; fewer than `slots` when the socket is empty now.
        case frames(Int)
        /// Nothing waits.
        case empty
        /// The error number.
        case failed(Int32)
    }

    /// One received frame.
    struct Slot {
        /// Bytes that were received.
        var count: Int
        /// Whether the frame was longer than a slot.
        var isTruncated: Bool
        /// The kernel's time stamp in ns since 1970, if it gave one.
        var stamp: Int64?
    }

    /// Frames of a batch.
    static let slots = 64
    /// Bytes of a slot. An event has at most 257 and a header; what is longer is data, which nobody
    /// here wants.
    static let slotLength = 1_536

    /// A control message's header and the two words of a time stamp (CMSG_SPACE of a timespec).
    private static let controlLength = MemoryLayout<cmsghdr>.size + MemoryLayout<timespec>.size

    private let frames: UnsafeMutableRawPointer
    private let controls: UnsafeMutableRawPointer
    private let vectors: UnsafeMutablePointer<iovec>
    private let headers: UnsafeMutablePointer<mmsghdr>
    private var filled = 0

    init() {
        unsafe frames = .allocate(byteCount: Self.slots * Self.slotLength, alignment: 16)
        unsafe controls = .allocate(
            byteCount: Self.slots * Self.controlLength, alignment: MemoryLayout<cmsghdr>.alignment)
        unsafe vectors = .allocate(capacity: Self.slots)
        unsafe headers = .allocate(capacity: Self.slots)
        unsafe frames.initializeMemory(
            as: UInt8.self, repeating: 0, count: Self.slots * Self.slotLength)
        unsafe controls.initializeMemory(
            as: UInt8.self, repeating: 0, count: Self.slots * Self.controlLength)
        for index in 0..<Self.slots {
            unsafe (vectors + index).initialize(
                to: iovec(
                    iov_base: frames + index * Self.slotLength, iov_len: Self.slotLength))
            unsafe (headers + index).initialize(to: mmsghdr())
            unsafe headers[index].msg_hdr.msg_iov = vectors + index
            unsafe headers[index].msg_hdr.msg_iovlen = 1
            unsafe headers[index].msg_hdr.msg_control = controls + index * Self.controlLength
            unsafe headers[index].msg_hdr.msg_controllen = Self.controlLength
        }
    }

    deinit {
        unsafe headers.deallocate()
        unsafe vectors.deallocate()
        unsafe controls.deallocate()
        unsafe frames.deallocate()
    }

    /// Receives what waits, without waiting; the last batch is gone then.
    mutating func receive(from socket: Int32) -> Batch {
        // The kernel shortens this to what it wrote.
        for index in 0..<filled {
            unsafe headers[index].msg_hdr.msg_controllen = Self.controlLength
        }
        filled = 0
        var count: Int32
        repeat {
            count = unsafe recvmmsg(
                socket, headers, UInt32(Self.slots), Int32(MSG_DONTWAIT), nil)
        } while count < 0 && errno == EINTR
        guard count >= 0 else {
            return errno == EAGAIN || errno == EWOULDBLOCK ? .empty : .failed(errno)
        }
        filled = Int(count)
        return .frames(filled)
    }

    /// Shows one frame of the last batch; the bytes are valid during the call.
    func withFrame<Result>(_ index: Int, _ body: (Slot, Span<UInt8>) -> Result) -> Result {
        precondition(index < filled)
        let header = unsafe headers[index]
        let count = min(Int(unsafe header.msg_len), Self.slotLength)
        let slot = unsafe Slot(
            count: count, isTruncated: header.msg_hdr.msg_flags & Int32(MSG_TRUNC) != 0,
            stamp: stamp(index, length: header.msg_hdr.msg_controllen))
        let bytes = unsafe UnsafeRawBufferPointer(
            start: frames + index * Self.slotLength, count: count)
        return unsafe bytes.withMemoryRebound(to: UInt8.self) { unsafe body(slot, $0.span) }
    }

    /// The time stamp of a frame: the only control message that was asked for.
    private func stamp(_ index: Int, length: Int) -> Int64? {
        guard length >= Self.controlLength else { return nil }
        let control = unsafe controls + index * Self.controlLength
        let header = unsafe control.load(as: cmsghdr.self)
        guard header.cmsg_level == SOL_SOCKET, header.cmsg_type == SO_TIMESTAMPNS else {
            return nil
        }
        let time = unsafe control.load(
            fromByteOffset: MemoryLayout<cmsghdr>.size, as: timespec.self)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
