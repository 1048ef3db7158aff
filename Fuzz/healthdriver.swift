// modules: BeaconScanner HardwareHub
import BeaconScanner
import HardwareHub

/// Every health machine, driven by events that the input chooses: values, answers that fit and that
/// do not, the store's, deadlines. The first byte chooses the kind, the next two what is remembered.
///
/// Checked besides: nothing follows the end, and tokens are new.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHealthDriver(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = unsafe FuzzInput(Array(UnsafeBufferPointer(start: start, count: count)))
    let driver = HealthDriver()
    let kind = driver.kinds[Int(input.byte()) % driver.kinds.count]
    var memory: [String: [UInt8]] = [:]
    for connection in 0..<3 {
        if connection == 0, input.byte() & 1 == 1 {
            for key in ["seen", "seen.0", "glucose.last", "glucose.next", "glucose.0"] {
                memory[key] = input.bytes(Int(input.byte()))
            }
        }
        guard run(driver, kind, &memory, &input) else { break }
    }
    return 0
}

/// One connection.
///
/// - Returns: whether there is input left.
private func run(
    _ driver: HealthDriver, _ kind: String, _ memory: inout [String: [UInt8]],
    _ input: inout FuzzInput
) -> Bool {
    let context = DeviceContext(
        id: "fuzz", kind: kind, address: DeviceAddress(bits: 1, kind: .public), memory: memory,
        crypto: AirSyncCrypto(
            encryptCBC: { _, _, _ in nil }, decryptCBC: { _, _, _ in nil }, md5: { _ in [] }),
        random: { [UInt8](repeating: 0, count: $0) })
    guard var machine = try? driver.machine(for: context) else { return false }
    let uuids: [(GATTUUID, GATTUUID)] = [
        (0x1810, 0x2a35), (0x1810, 0x2a36), (0x1810, 0x2a49), (0x181d, 0x2a9d), (0x181d, 0x2a9e),
        (0x181b, 0x2a9c), (0x181b, 0x2a9b), (0x1808, 0x2a18), (0x1808, 0x2a34), (0x1808, 0x2a51),
        (0x1808, 0x2a52), (0x1809, 0x2a1c), (0x1809, 0x2a1e), (0x1809, 0x2a1d), (0x1822, 0x2a5e),
        (0x1822, 0x2a5f), (0x1822, 0x2a60), (0x180d, 0x2a37), (0x1814, 0x2a53), (0x1814, 0x2a54),
        (0x180f, 0x2a19), (0x180a, 0x2a24), (0x1805, 0x2a2b), (0x1805, 0x2a0f),
    ]
    let table = GATTTable(
        uuids.enumerated().map {
            GATTCharacteristic(
                handle: UInt16($0.offset), service: $0.element.0, uuid: $0.element.1,
                properties: [.read, .write, .notify, .indicate])
        })
    var now = DeviceClock(
        boot: BootTime(nanoseconds: 0), unixSeconds: 1_795_514_400, utcOffset: 28_800,
        isSynchronized: true)
    var asked: [DeviceAction] = []
    var tokens: [(UInt32, [String: [UInt8]?])] = []
    var highest: UInt32 = 0
    var isOver = false
    func hand(_ event: DeviceEvent) {
        let actions = machine.handle(event, at: now)
        for action in actions {
            precondition(!isOver, "\(action) follows the end")
            switch action {
            case .subscribe, .read, .write: asked.append(action)
            case .keep(let token, _, let change):
                precondition(token > highest, "token \(token) was used before")
                highest = token
                tokens.append((token, change))
            case .finish: isOver = true
            case .unsubscribe, .note, .report: break
            }
        }
    }
    hand(.connected(table, longestWrite: 20))
    while !input.isEmpty {
        switch input.byte() % 16 {
        case 0..<5:
            let handle = UInt16(input.byte()) % UInt16(uuids.count)
            hand(.value(handle: handle, input.bytes(Int(input.byte() % 40))))
        case 5..<9:
            guard !asked.isEmpty else { continue }
            switch asked.removeFirst() {
            case .subscribe(let handle): hand(.subscribed(handle: handle))
            case .read(let handle): hand(.read(handle: handle, input.bytes(Int(input.byte() % 24))))
            case .write(let handle, _): hand(.written(handle: handle))
            default: break
            }
        case 9:
            guard !asked.isEmpty else { continue }
            asked.removeFirst()
            hand(.failed(handle: UInt16(input.byte()) % 24, .noAnswer))
        case 10, 11:
            guard !tokens.isEmpty else { continue }
            let (token, change) = tokens.removeFirst()
            for (key, value) in change { memory[key] = value }
            hand(.kept(token: token))
        case 12:
            guard !tokens.isEmpty, input.byte() & 1 == 1 else { continue }
            hand(.refused(token: tokens.removeFirst().0, reason: "full"))
        case 13:
            let seconds = Int64(input.byte())
            now.boot = BootTime(nanoseconds: now.boot.nanoseconds + seconds * 1_000_000_000)
            now.unixSeconds += seconds
            if let deadline = machine.deadline, deadline <= now.boot { hand(.deadline) }
        case 14: now.unixSeconds = Int64(bitPattern: input.number())
        default:
            guard input.byte() & 3 == 0 else { return true }
            hand(.ending)
        }
    }
    return false
}

/// Bytes that are used up from the front; zeros behind the end.
private struct FuzzInput {
    private let content: [UInt8]
    private var position = 0

    init(_ content: [UInt8]) { self.content = content }

    var isEmpty: Bool { position >= content.count }

    mutating func byte() -> UInt8 {
        guard position < content.count else { return 0 }
        defer { position += 1 }
        return content[position]
    }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in byte() } }

    mutating func number() -> UInt64 { bytes(8).reduce(0) { $0 << 8 | UInt64($1) } }
}
