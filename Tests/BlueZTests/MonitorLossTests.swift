import EventLoop
import Glibc
import TestSupport
import Testing

@testable import BlueZ

/// Two sockets of UDP on the loopback: unlike a pair within one machine they lose datagrams when the
/// reader is slow, as the monitor channel does, and they can fail.
private struct LossyPair: ~Copyable {
    var reading: Descriptor?
    let writing: Descriptor

    init(readingBuffer: Int32) throws {
        let reader = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        reading = Descriptor(owning: reader)
        writing = Descriptor(owning: socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0))
        var size = readingBuffer
        try #require(
            unsafe setsockopt(
                reader, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
                == 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let writer = writing.number
        let results = unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                [
                    unsafe bind(reader, $0, length), unsafe getsockname(reader, $0, &length),
                    unsafe connect(writer, $0, length),
                ]
            }
        }
        try #require(results == [0, 0, 0])
    }

    mutating func takeReading() throws -> Descriptor {
        guard let taken = reading.take() else { throw Gone() }
        return taken
    }

    struct Gone: Error {}
}

@Suite("A monitor that is slower than the air counts what it loses and keeps its turns short")
struct MonitorLossTests {
    @Test("a turn takes a bounded number, and the next ones take the rest")
    func bounded() throws {
        var pair = try LossyPair(readingBuffer: 1 << 20)
        let writer = pair.writing.number
        let loop = try EventLoop(time: .manual(startingAt: .init(nanoseconds: 0)))
        let turns = Turns()
        var owner = MonitorSocket.Owner { _, _, _ in turns.frames[turns.frames.count - 1] += 1 }
        owner.onTurn = { turns.frames.append(0) }
        let monitor = try MonitorSocket(
            adopting: try pair.takeReading(), on: loop, batchesInTurn: 2, owner: owner)
        let frame = Frames.event()
        for _ in 0..<300 { _ = unsafe Glibc.send(writer, frame, frame.count, 0) }
        var tries = 0
        while monitor.counts.frames < 300, tries < 100_000 {
            tries += 1
            loop.turn()
        }
        #expect(turns.frames.reduce(0, +) == 300)
        #expect(turns.frames.max() == 128)
    }

    @Test("each frame sent is received or counted as dropped")
    func drops() throws {
        var pair = try LossyPair(readingBuffer: 16_384)
        let writer = pair.writing.number
        let loop = try EventLoop(time: .manual(startingAt: .init(nanoseconds: 0)))
        let monitor = try MonitorSocket(
            adopting: try pair.takeReading(), on: loop,
            owner: .init { _, _, _ in })
        let frame = Frames.event()
        func send() { _ = unsafe Glibc.send(writer, frame, frame.count, 0) }
        var sent: UInt64 = 500
        for _ in 0..<sent { send() }
        // The kernel may deliver late what it was given; each turn asks anew.
        repeat {
            sent += 1
            send()
            loop.turn()
        } while monitor.counts.frames + monitor.counts.dropped < sent && sent < 100_000
        #expect(monitor.counts.frames + monitor.counts.dropped == sent)
        #expect(monitor.counts.dropped > 0 && monitor.counts.frames > 0)
        #expect(monitor.bufferSize >= 16_384)
    }

    @Test("a refusal while reading closes the channel and names the errno")
    func fails() throws {
        var pair = try LossyPair(readingBuffer: 16_384)
        let writer = pair.writing.number
        let loop = try EventLoop(time: .manual(startingAt: .init(nanoseconds: 0)))
        let failures = Failures()
        var owner = MonitorSocket.Owner { _, _, _ in }
        owner.onFailure = { failures.all.append($0) }
        let monitor = try MonitorSocket(
            adopting: Descriptor(owning: dup(writer)), on: loop, owner: owner)
        // Nobody listens on the port any more: a datagram to it brings a refusal back.
        pair.reading = nil
        var tries = 0
        repeat {
            tries += 1
            _ = unsafe Glibc.send(writer, [0 as UInt8], 1, 0)
            loop.turn()
        } while failures.all.isEmpty && tries < 100_000
        #expect(failures.all == [MonitorError(.reading, code: ECONNREFUSED)])
        #expect(monitor.bufferSize == 0, "closed")
    }
}

private final class Failures {
    var all: [MonitorError] = []
}

private final class Turns {
    var frames = [0]
}
