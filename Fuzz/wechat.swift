// modules: BeaconScanner HardwareHub
import BeaconScanner
import HardwareHub

/// Whatever happens to a connection, in any order: the machines of the AirSync, WeChat Sport and
/// card reader drivers.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzWeChat(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var rest = unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))[...]
    func byte() -> UInt8 { rest.popFirst() ?? 0 }
    func bytes() -> [UInt8] {
        let bytes = [UInt8](rest.prefix(Int(byte())))
        rest = rest.dropFirst(bytes.count)
        return bytes
    }

    let kind = byte()
    // A cipher that only pads reaches everything behind the real one.
    let open = AirSyncCrypto(
        encryptCBC: { text, _, _ in
            let padding = 16 - text.count % 16
            return text + [UInt8](repeating: UInt8(padding), count: padding)
        }, decryptCBC: { text, _, _ in text }, md5: { _ in [UInt8](repeating: 0, count: 16) })
    let drivers: [any DeviceDriver] = [AirSyncDriver(), WeChatSportDriver(), ETCReaderDriver()]
    let driver = drivers[Int(kind) % drivers.count]
    let device = DeviceContext(
        id: "x", kind: driver.kinds[0], address: DeviceAddress(bits: 0, kind: .public),
        deviceType: kind & 0x10 == 0 ? nil : "t", deviceID: kind & 0x60 == 0 ? nil : "x",
        key: kind & 0x40 == 0 ? nil : [UInt8](repeating: 0, count: 16),
        memory: kind & 0x80 == 0 ? [:] : ["steps": bytes(), "airsync.proof": bytes()],
        crypto: open, random: { [UInt8](repeating: 1, count: $0) })
    guard var machine = try? driver.machine(for: device) else { return 0 }

    var clock = DeviceClock(
        boot: BootTime(nanoseconds: 0), unixSeconds: 1_795_492_800, utcOffset: 28_800,
        isSynchronized: true)
    var answers: [DeviceEvent] = []
    var sequence: UInt16 = 0
    var isOver = false

    func handle(_ event: DeviceEvent) {
        guard !isOver else { return }
        let actions = machine.handle(event, at: clock)
        precondition(actions.count < 200, "\(actions.count) actions for one event")
        for action in actions {
            precondition(!isOver, "\(action) after the end")
            switch action {
            case .read(let handle): answers.append(.read(handle: handle, []))
            case .subscribe(let handle): answers.append(.subscribed(handle: handle))
            case .write(let handle, let value):
                precondition(!value.isEmpty && value.count <= 60, "\(value.count) bytes to write")
                answers.append(.written(handle: handle))
            case .keep(let token, _, _): answers.append(.kept(token: token))
            case .finish: isOver = true
            case .unsubscribe, .note, .report: break
            }
        }
        precondition(!isOver || machine.deadline == nil, "a deadline after the end")
        precondition(answers.count < 1000, "\(answers.count) things asked at once")
    }

    /// A packet with a right header in values of 60 bytes.
    func packet(_ command: UInt16, _ body: [UInt8]) {
        sequence &+= 1
        guard
            let packet = AirSyncPacket(
                command: AirSyncCommand(rawValue: command), sequence: sequence, body: body)
        else { return }
        for value in packet.fragments(of: 60) { handle(.value(handle: 12, value)) }
    }

    let characteristics: [(UInt16, GATTUUID, GATTCharacteristic.Properties)] = [
        (10, 0xfec7, .write), (12, 0xfec8, .indicate), (15, 0xfec9, .read),
        (20, 0xfea1, kind & 8 == 0 ? [.read, .notify] : .read),
        (22, 0xfea2, [.read, .write, .indicate]),
    ]
    let handles = characteristics.map(\.0)
    let table = GATTTable(
        characteristics.map {
            GATTCharacteristic(handle: $0.0, service: 0xfee7, uuid: $0.1, properties: $0.2)
        })
    handle(.connected(table, longestWrite: 60))
    while !rest.isEmpty, !isOver {
        let operation = byte()
        let place = handles[Int(operation >> 4) % handles.count]
        switch operation & 15 {
        case 0, 1, 2: if !answers.isEmpty { handle(answers.removeFirst()) }
        case 3: handle(.value(handle: place, bytes()))
        case 4:
            let command = UInt16(byte())
            packet(command < 4 ? 10000 + command : command << 8 | 17, bytes())
        case 5:
            // A frame with the right check byte, as the reader sends it.
            let control = byte()
            let data = bytes()
            guard
                let frame = ReaderFrame(
                    number: 1, isFirst: control & 0x80 != 0, remaining: control & 0x7f, data: data)
            else { continue }
            packet(10002, AirSyncData(data: frame.bytes, type: .manufacturer).body)
        case 6: packet(10001, AuthRequest(method: .macAddress, of: bytes()).body)
        case 7: handle(.read(handle: place, bytes()))
        case 8: handle(.push(bytes()))
        case 9: handle(.failed(handle: place, operation >> 4 == 0 ? .disconnected : .noAnswer))
        case 10: handle(.refused(token: UInt32(byte()), reason: "full"))
        case 11: handle(.kept(token: UInt32(byte())))
        case 12:
            clock.boot.nanoseconds &+= Int64(byte()) &* 200_000_000
            clock.unixSeconds &+= Int64(byte())
        case 13:
            clock.unixSeconds &+= Int64(Int8(bitPattern: byte())) &* 50_000
            clock.isSynchronized = operation & 0x10 == 0
        case 14:
            if let deadline = machine.deadline { clock.boot = max(clock.boot, deadline) }
            handle(.deadline)
            // One that is over must not come again at once, for ever.
            for _ in 0..<20 where !isOver {
                guard let deadline = machine.deadline, deadline <= clock.boot else { break }
                handle(.deadline)
            }
            precondition(
                isOver || machine.deadline.map { $0 > clock.boot } ?? true, "a deadline that stays")
        default: handle(.ending)
        }
    }
    return 0
}

extension AuthRequest {
    /// A request whose address is that of the device, or anything.
    fileprivate init(method: Method, of bytes: [UInt8]) {
        self.init(method: method)
        macAddress = bytes.count == 6 ? bytes : [UInt8](repeating: 0, count: 6)
    }
}
