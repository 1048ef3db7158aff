import BlueZ
import TestSupport

/// Frames as the kernel sends them.
enum Frames {
    static let address: [UInt8] = [0xfe, 0x53, 0x00, 0x5e, 0x00, 0x00]  // 00:00:5E:00:53:FE

    static func frame(_ opcode: UInt16, _ adapter: UInt16 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        word(opcode) + word(adapter) + word(UInt16(payload.count)) + payload
    }

    /// New Index: a primary controller on a virtual bus.
    static func added(
        _ adapter: UInt16 = 0, address: [UInt8] = address, name: String? = nil
    ) -> [UInt8] {
        let bytes = Array((name ?? "hci\(adapter)").utf8)
        let padded = bytes + [UInt8](repeating: 0, count: 8 - bytes.count)
        return frame(0, adapter, [0, 0] + address + padded)
    }

    static func removed(_ adapter: UInt16 = 0) -> [UInt8] { frame(1, adapter) }
    static func opened(_ adapter: UInt16 = 0) -> [UInt8] { frame(8, adapter) }
    static func closed(_ adapter: UInt16 = 0) -> [UInt8] { frame(9, adapter) }

    /// Index Info; 05f1 is the Linux Foundation.
    static func identified(_ adapter: UInt16 = 0, address: [UInt8] = address) -> [UInt8] {
        frame(10, adapter, address + [0xf1, 0x05])
    }

    /// An LE Advertising Report of an iBeacon at -63 dBm.
    static let report: [UInt8] =
        hex("3e2a020103016655443322111e")
        + hex("02011a1aff4c000215fda50693a4e24fb1afcfc6eb0764782527114a3fc5") + [0xc1]

    static func event(_ adapter: UInt16 = 0, _ event: [UInt8] = report) -> [UInt8] {
        frame(3, adapter, event)
    }

    private static func word(_ value: UInt16) -> [UInt8] {
        [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
    }
}
