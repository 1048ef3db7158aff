import BeaconScanner
import Configuration
import Crypto
import HardwareHub

/// The keys of devices: files with 32 hexadecimal digits, white space ignored.
enum DeviceKey {
    /// Reads a key; the text of a fault never shows what is in the file.
    ///
    /// - Parameter name: a path, or the name of a credential.
    /// - Returns: its 16 bytes.
    /// - Throws: why it cannot be read.
    static func read(_ name: String) throws(DeviceFault) -> [UInt8] {
        let path = Credential.path(of: name)
        do throws(Problem) {
            let file = try SourceFile(reading: path, limit: 4_096)
            let digits = file.bytes.filter { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
            guard let key = Hex.bytes(digits), key.count == 16 else {
                throw Problem(
                    file: path, found: "\(digits.count) characters",
                    expected: "32 hexadecimal digits, the device's key")
            }
            return key
        } catch {
            throw DeviceFault(.authentication, "its key cannot be read", mend: "\(error)")
        }
    }
}

/// What drivers may remember of one device.
enum DeviceMemory {
    /// Most bytes of all keys and values together: fingerprints and counters take a tenth of it.
    static let longest = 16_384
    /// Most keys.
    static let mostKeys = 64

    static func isWithinLimits(_ memory: [String: [UInt8]]) -> Bool {
        memory.count <= mostKeys
            && memory.reduce(0) { $0 + $1.key.utf8.count + $1.value.count } <= longest
            && memory.keys.allSatisfy { !$0.isEmpty && $0.utf8.count <= 64 }
    }
}

extension AirSyncCrypto {
    /// OpenSSL's ciphers.
    static let system = AirSyncCrypto(
        encryptCBC: { AES128.encryptCBC($0, key: $1, vector: $2) },
        decryptCBC: { AES128.decryptCBC($0, key: $1, vector: $2) }, md5: { Digest.md5($0) })
}
