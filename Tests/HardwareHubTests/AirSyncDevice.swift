import HardwareHub
import TestSupport

/// An AirSync device as the fact sheet describes one: introduces itself when it is subscribed to,
/// begins, and sends data. Its packets are put together here, byte by byte, and not by the code that
/// is tested.
struct AirSyncDevice: ScriptedDevice {
    enum Way { case mac, md5, key }

    static let key = [UInt8](0..<16)
    static let type = "gh_1bafe245c2cb"
    static let id = "WeChatBluetoothDevice"

    var way: Way
    var fragment: Int
    /// What AuthRequest says; made from `way` when nil.
    var introduction: [UInt8]?
    var proofSequence: UInt32
    var beginning: [UInt8]?
    /// Data to send, one after the other, each when the last was answered.
    var data: [[UInt8]] = []
    var macAddress: [UInt8]? = [0x00, 0x1a, 0x7d, 0xda, 0x71, 0x13]

    private(set) var authResponses: [AuthResponse] = []
    private(set) var initResponses: [InitResponse] = []
    private(set) var dataResponses: [(sequence: UInt16, response: SendDataResponse)] = []
    private(set) var pushes: [AirSyncMessage] = []
    private(set) var decodeErrors = 0
    private(set) var commands: [UInt16] = []
    var sequence: UInt16 = 0
    private var sessionKey: [UInt8]?
    private var incoming: [UInt8] = []

    init(
        way: Way = .mac, fragment: Int = 20, introduction: [UInt8]? = nil,
        proofSequence: UInt32 = 1, beginning: [UInt8]? = hex("0a001a0411223344")
    ) {
        self.way = way
        self.fragment = fragment
        self.introduction = introduction
        self.proofSequence = proofSequence
        self.beginning = beginning
    }

    var table: GATTTable {
        var list = [
            GATTCharacteristic(handle: 10, service: 0xfee7, uuid: 0xfec7, properties: .write),
            GATTCharacteristic(handle: 12, service: 0xfee7, uuid: 0xfec8, properties: .indicate),
        ]
        if macAddress != nil {
            list.append(
                GATTCharacteristic(handle: 15, service: 0xfee7, uuid: 0xfec9, properties: .read))
        }
        return GATTTable(list)
    }

    mutating func asked(_ action: DeviceAction) -> [DeviceEvent] {
        switch action {
        case .read(let handle): return [.read(handle: handle, macAddress ?? [])]
        case .subscribe(let handle):
            return [.subscribed(handle: handle)]
                + send(10001, introduction ?? introduces())
        case .write(let handle, let value): return [.written(handle: handle)] + written(value)
        default: return []
        }
    }

    /// The body of AuthRequest.
    func introduces() -> [UInt8] {
        let tail: [UInt8] = [0x18, 0x84, 0x80, 0x04, 0x20, 0x01]
        switch way {
        case .mac: return [0x0a, 0] + tail + [0x28, 2, 0x3a, 6] + (macAddress ?? [])
        case .md5: return [0x0a, 0, 0x12, 16] + digest + tail + [0x28, 1]
        case .key:
            let proof = AirSyncProof(
                random: 0x1122_3344, sequence: proofSequence, deviceID: Self.id)
            let coded = AirSyncCrypto.openSSL.encrypt(proof.plain, key: Self.key) ?? []
            return [0x0a, 0, 0x12, 16] + digest + tail + [0x28, 1, 0x32, 16] + coded
        }
    }

    private var digest: [UInt8] {
        AirSyncCrypto.openSSL.digest(deviceType: Self.type, deviceID: Self.id)
    }

    /// A packet, cut, each piece a value.
    mutating func send(
        _ command: UInt16, _ body: [UInt8], sequence: UInt16? = nil
    ) -> [DeviceEvent] {
        self.sequence &+= 1
        let number = sequence ?? self.sequence
        var body = body
        if let sessionKey, command != 10001 {
            body = AirSyncCrypto.openSSL.encrypt(body, key: sessionKey) ?? []
        }
        let length = UInt16(body.count + 8)
        let packet =
            [0xfe, 1]
            + [length, command, number].flatMap {
                [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)]
            } + body
        return stride(from: 0, to: packet.count, by: fragment).map {
            .value(handle: 12, Array(packet[$0..<min($0 + fragment, packet.count)]))
        }
    }

    /// A SendDataRequest with this data.
    mutating func sendData(_ bytes: [UInt8], sequence: UInt16? = nil) -> [DeviceEvent] {
        send(10002, AirSyncData(data: bytes, type: .manufacturer).body, sequence: sequence)
    }

    private mutating func written(_ value: [UInt8]) -> [DeviceEvent] {
        incoming += value
        guard incoming.count >= 8 else { return [] }
        let length = Int(incoming[2]) << 8 | Int(incoming[3])
        guard incoming.count >= length else { return [] }
        let command = UInt16(incoming[4]) << 8 | UInt16(incoming[5])
        let number = UInt16(incoming[6]) << 8 | UInt16(incoming[7])
        var body = Array(incoming[8..<length])
        incoming = []
        commands.append(command)
        if command == 29999 {
            decodeErrors += 1
            return []
        }
        if let sessionKey, command != 20001 {
            body = AirSyncCrypto.openSSL.decrypt(body, key: sessionKey) ?? []
        }
        guard let message = try? AirSyncMessage(AirSyncCommand(rawValue: command), body.span) else {
            return []
        }
        return answered(message, number)
    }

    private mutating func answered(_ message: AirSyncMessage, _ number: UInt16) -> [DeviceEvent] {
        switch message {
        case .authResponse(let response):
            authResponses.append(response)
            guard response.outcome.code == 0 else { return [] }
            if way == .key {
                sessionKey = AirSyncCrypto.openSSL.sessionKey(
                    from: response.sessionKey, deviceKey: Self.key)
            }
            return beginning.map { send(10003, $0) } ?? nextData()
        case .initResponse(let response):
            initResponses.append(response)
            return response.outcome.code == 0 ? nextData() : []
        case .sendDataResponse(let response):
            dataResponses.append((number, response))
            return response.outcome.code == 0 ? nextData() : []
        default:
            pushes.append(message)
            return []
        }
    }

    private mutating func nextData() -> [DeviceEvent] {
        data.isEmpty ? [] : sendData(data.removeFirst())
    }
}
