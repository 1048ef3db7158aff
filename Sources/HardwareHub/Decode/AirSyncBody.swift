/// How a packet's body is to be read: in the clear, or with a key.
///
/// A packet does not say whether its body is encrypted. A body in the clear that is whole blocks
/// looks the same from outside, and ciphertext may begin with any byte. So both readings are
/// tried, and one counts only when it holds: `AirSyncMessage.accounts(for:)`.
enum AirSyncBody {
    /// A message in the clear.
    case plain(AirSyncMessage)
    /// A message that a key opened: the one given, or a published one.
    case opened(AirSyncMessage, plain: [UInt8], PublishedKey?)
    /// Ciphertext that no key at hand opens.
    case sealed

    /// Reads a body.
    ///
    /// - Throws: `MalformedValue` for a body that is in the clear and broken; positions count from
    ///   the start of the body.
    init(_ packet: AirSyncPacket, _ aids: DecodeAids) throws(MalformedValue) {
        let mayBeSealed =
            packet.command.isEncryptedInSession && packet.command != .decodeError
            && !packet.body.isEmpty && packet.body.count % 16 == 0
        // A key that was given is meant: it comes first.
        if mayBeSealed, let key = aids.key,
            let opened = Self.open(packet, aids.crypto, key, published: nil)
        {
            self = opened
            return
        }
        let fault: MalformedValue
        do throws(MalformedValue) {
            let message = try AirSyncMessage(packet.command, packet.body.span)
            if !mayBeSealed || message.accounts(for: packet.body) {
                self = .plain(message)
                return
            }
            fault = .invalid("the body is neither a message nor whole blocks", at: 0)
        } catch {
            fault = error
        }
        guard mayBeSealed, !Self.beginsInTheClear(packet.body) else { throw fault }
        for key in PublishedKey.all(for: .session) where aids.key == nil {
            if let opened = Self.open(packet, aids.crypto, key.bytes, published: key) {
                self = opened
                return
            }
        }
        self = .sealed
    }

    private static func open(
        _ packet: AirSyncPacket, _ crypto: AirSyncCrypto?, _ key: [UInt8], published: PublishedKey?
    ) -> AirSyncBody? {
        guard let plain = crypto?.decrypt(packet.body, key: key),
            let message = try? AirSyncMessage(packet.command, plain.span),
            message.accounts(for: plain)
        else { return nil }
        return .opened(message, plain: plain, published)
    }

    /// Whether a body begins with the empty base message of requests and pushes: ciphertext does
    /// so once in 65,536, and a broken message in the clear must be called broken.
    private static func beginsInTheClear(_ body: [UInt8]) -> Bool { body.starts(with: [0x0a, 0]) }
}

extension AirSyncMessage {
    /// Whether a body holds this message and hardly anything else: it begins with the base message
    /// or, where that was left out, has no byte that is not of a known field.
    ///
    /// Nearly any bytes pass for a message whose fields are all optional, being junk behind no
    /// field at all; so that alone proves nothing.
    func accounts(for body: [UInt8]) -> Bool {
        if case .unknown = self { return true }
        // Fields may come in any order, so lengths are compared. The base message has two bytes.
        let written = self.body
        return body.starts(with: written.prefix(2)) || body.count &+ 2 == written.count
    }
}
