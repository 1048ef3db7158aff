"""AirSync's packets: header, pieces, commands, and what the device proves and checks."""

import dataclasses
import hashlib
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MAGIC, VERSION = 0xFE, 0x01
HEADER = 8
# Longest packet that is taken; no public description sets a limit.
LONGEST = 4096
# In both directions the stream is cut into values of this many bytes.
PIECE = 20

AUTH_REQUEST, AUTH_RESPONSE = 10001, 20001
DATA_REQUEST, DATA_RESPONSE = 10002, 20002
INIT_REQUEST, INIT_RESPONSE = 10003, 20003
DATA_PUSH, VIEW_PUSH, BACKGROUND_PUSH = 30001, 30002, 30003
# In the command field: the peer could not decode.
DECODE_ERROR = 29999

PROTOCOL_VERSION = 0x010004
MD5, MAC = 1, 2  # wire values of AuthMethod


@dataclasses.dataclass
class Packet:
    command: int
    sequence: int
    body: bytes = b""

    def __bytes__(self) -> bytes:
        """Header: magic, version, length of the whole, command, sequence number; all big-endian."""
        fields = HEADER + len(self.body), self.command, self.sequence
        return bytes([MAGIC, VERSION]) + b"".join(f.to_bytes(2, "big") for f in fields) + self.body


def pieces(packet: bytes, size: int, pads: bool = False) -> list[bytes]:
    """The packet as values of `size` bytes; with `pads` the last one is filled with zeros."""
    cut = [packet[at : at + size] for at in range(0, len(packet), size)]
    if pads:
        cut[-1] = cut[-1].ljust(size, b"\0")
    return cut


class Assembler:
    """Puts packets together. A packet begins at an empty buffer; what the last value holds beyond it
    is dropped."""

    def __init__(self):
        self.buffer = b""

    def feed(self, value: bytes) -> Packet | None:
        """The packet that this value completes. ValueError when it cannot be one; then the buffer is
        empty again."""
        self.buffer += value
        start = self.buffer[:2]
        if start != bytes([MAGIC, VERSION])[: len(start)]:
            raise self._error(f"no packet begins with {start.hex()}")
        if len(self.buffer) < 4:
            return None
        length = int.from_bytes(self.buffer[2:4], "big")
        if not HEADER <= length <= LONGEST:
            raise self._error(f"length {length}")
        if len(self.buffer) < length:
            return None
        whole, self.buffer = self.buffer[:length], b""
        command, sequence = (int.from_bytes(whole[at : at + 2], "big") for at in (4, 6))
        return Packet(command, sequence, whole[HEADER:])

    def _error(self, what: str) -> ValueError:
        self.buffer = b""
        return ValueError(what)


def encrypt(key: bytes, plain: bytes) -> bytes:
    """AES-128-CBC, the key itself as the initialization vector, PKCS #7."""
    fill = 16 - len(plain) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key)).encryptor()
    return encryptor.update(plain + bytes([fill]) * fill) + encryptor.finalize()


def decrypt_raw(key: bytes, data: bytes) -> bytes:
    """With whatever padding there is."""
    if not data or len(data) % 16:
        raise ValueError(f"{len(data)} bytes are no AES blocks")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def decrypt(key: bytes, data: bytes) -> bytes:
    plain = decrypt_raw(key, data)
    fill = plain[-1]
    if not 1 <= fill <= 16 or plain[-fill:] != bytes([fill]) * fill:
        raise ValueError("wrong padding")
    return plain[:-fill]


def identity_md5(device_type: str, device_id: str) -> bytes:
    """Field 2 of AuthRequest: both texts without anything between."""
    return hashlib.md5((device_type + device_id).encode()).digest()


def proof(key: bytes, device_id: str, random: bytes, sequence: int, crc_error: int = 0) -> bytes:
    """AesSign, field 6 of AuthRequest: random number, a sequence number that grows, and the CRC-32 of
    the device id and both, encrypted with the device's key."""
    head = random + sequence.to_bytes(4, "big")
    crc = zlib.crc32(device_id.encode() + head) ^ crc_error
    return encrypt(key, head + crc.to_bytes(4, "big"))


def session_key(key: bytes, field: bytes) -> bytes:
    """From field 2 of AuthResponse: its first 16 bytes, whether it came with padding (32) or not (16)."""
    if len(field) not in (16, 32):
        raise ValueError(f"a session key of {len(field)} bytes")
    return decrypt_raw(key, field)[:16]
