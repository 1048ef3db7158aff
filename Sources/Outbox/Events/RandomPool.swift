internal import Glibc

/// Random numbers from the kernel, fetched 32 at a time: a call of the kernel takes longer than all
/// else about an id.
struct RandomPool: RandomNumberGenerator {
    /// getentropy(3) gives at most 256 bytes.
    private static let size = 32
    private var numbers: [UInt64] = []

    mutating func next() -> UInt64 {
        if numbers.isEmpty { fill() }
        return numbers.removeLast()
    }

    private mutating func fill() {
        numbers = [UInt64](repeating: 0, count: Self.size)
        let length = Self.size * MemoryLayout<UInt64>.size
        guard unsafe getentropy(&numbers, length) != 0 else { return }
        // Only a kernel without getrandom(2) comes here; Swift's own generator knows others.
        var system = SystemRandomNumberGenerator()
        for index in numbers.indices { numbers[index] = system.next() }
    }
}
