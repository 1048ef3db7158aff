import MQTT
import Testing

@testable import Outbox

@Suite("The board keeps the latest of each thing, and no more than there is room for")
struct StateBoardTests {
    private let board = StateBoard()

    private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func topics(_ queue: inout StateQueue) -> [String] {
        var list: [String] = []
        while let message = queue.next(at: someTime) {
            list.append(message.topic + " " + String(decoding: message.payload, as: UTF8.self))
        }
        return list
    }

    private static let online =
        #"h/x/state {"state":"online","time":"2026-11-22T22:03:07.123+08:00""#

    @Test func latestOnly() {
        var queue = StateQueue(hubTopic: "h/x/state", board: board)
        board.set("devices/a/state", text("1"))
        #expect(topics(&queue) == [])
        queue.begin(isServed: true, longest: .max)
        #expect(queue.isWaiting)
        board.set("devices/b/state", text("1"))
        board.set("devices/a/state", text("2"))
        #expect(
            topics(&queue) == [
                Self.online + "}", "h/x/devices/b/state 1", "h/x/devices/a/state 2",
            ])
        #expect(!queue.isWaiting)
        // The same again is no change.
        board.set("devices/a/state", text("2"))
        #expect(!queue.isWaiting)
        board.setHub(text(#""version":"1""#))
        board.set("devices/a/state", nil)
        board.set("devices/never/state", nil)
        #expect(topics(&queue) == [Self.online + #","version":"1"}"#, "h/x/devices/a/state "])
        // After a new connection everything, also what was taken back.
        queue.begin(isServed: true, longest: .max)
        #expect(topics(&queue).count == 3)
        queue.begin(isServed: false, longest: .max)
        #expect(topics(&queue) == [])
        #expect(!queue.isWaiting)
    }

    /// What changes while it waits is published once, as it is then.
    @Test func changesWhileWaiting() {
        var queue = StateQueue(hubTopic: "state", board: board)
        for number in 1...3 { board.set("\(number)", text("old")) }
        queue.begin(isServed: true, longest: .max)
        _ = queue.next(at: someTime)
        #expect(queue.next(at: someTime).map(\.topic) == "1")
        board.set("3", text("new"))
        let rest = topics(&queue)
        #expect(rest.first == "2 old")
        #expect(rest.last == "3 new")
    }

    @Test func bounds() {
        #expect(!board.set("", text("x")))
        #expect(!board.set("a/+", text("x")))
        #expect(!board.set("a/#", text("x")))
        #expect(!board.set(String(repeating: "a", count: 257), text("x")))
        let longest = [UInt8](repeating: 0x20, count: StateBoard.longest)
        #expect(board.set("long", longest))
        #expect(!board.set("long", longest + [0x20]))
        #expect(!board.setHub(longest + [0x20]))
        #expect(board.refused == 6)
        for number in 2...StateBoard.mostTopics { #expect(board.set("\(number)", text("x"))) }
        #expect(!board.set("one more", text("x")))
        #expect(board.set("2", text("y")))
        // What was taken back makes room.
        board.set("7", nil)
        #expect(board.set("one more", text("x")))
        #expect(!board.set("two more", text("x")))
        #expect(board.document("7") == nil)
        #expect(board.document("2") == text("y"))
    }
}
