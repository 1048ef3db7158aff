import EventLoop
import Glibc
import Testing

private func isOpen(_ number: Int32) -> Bool { fcntl(number, F_GETFD) != -1 }

private func freshDescriptor() -> Int32 {
    // High numbers: other tests of the process do not get them by chance.
    fcntl(0, F_DUPFD_CLOEXEC, Int32.random(in: 500..<900))
}

@Suite("A descriptor is closed exactly once")
struct DescriptorTests {
    @Test("at the end of its owner")
    func scope() {
        let number = freshDescriptor()
        do {
            let descriptor = Descriptor(owning: number)
            #expect(isOpen(descriptor.number))
        }
        #expect(!isOpen(number))
    }

    @Test("by close, which reports what the kernel says")
    func close() throws {
        let number = freshDescriptor()
        try Descriptor(owning: number).close()
        #expect(!isOpen(number))
        #expect(throws: SystemError(code: EBADF, call: "close")) {
            try Descriptor(owning: number).close()
        }
    }

    @Test("by the new owner after release")
    func release() {
        let number = freshDescriptor()
        let released = Descriptor(owning: number).release()
        #expect(released == number)
        #expect(isOpen(number))
        Glibc.close(number)
    }
}
