"""What an ETC reader says inside AirSync's data: frames that begin with 33, and the TLVs in them."""

START = 0x33
# Of a frame's data; apps stay below, and a length up to 127 is one byte in protocol buffers.
LONGEST_DATA = 92


def bcc(data: bytes) -> int:
    """XOR of everything from SN to the last byte of the data; the start is not in it."""
    check = 0
    for byte in data:
        check ^= byte
    return check


def frame(serial: int, control: int, data: bytes) -> bytes:
    """33, SN, CTL, LEN, data, BCC."""
    body = bytes([serial, control, len(data)]) + data
    return bytes([START]) + body + bytes([bcc(body)])


def frames(data: bytes, serial: int, longest: int = LONGEST_DATA) -> list[bytes]:
    """The message in as many frames as it needs. CTL of the first one is 80 plus how many follow, then
    it counts down to 0."""
    parts = [data[at : at + longest] for at in range(0, len(data), longest)] or [b""]
    last = len(parts) - 1
    return [
        frame(serial, 0x80 + last if number == 0 else last - number, part) for number, part in enumerate(parts)
    ]


class FrameAssembler:
    """Puts messages together by CTL; SN means nothing for the order."""

    def __init__(self):
        self.data = b""
        self.left: int | None = None  # frames still to come

    def feed(self, raw: bytes) -> bytes | None:
        """The message that this frame completes. ValueError when it is none."""
        if len(raw) < 5 or raw[0] != START:
            raise self._error("no frame")
        length = raw[3]
        if len(raw) != length + 5:
            raise self._error(f"a frame of {len(raw)} bytes with LEN {length}")
        if length > 95:
            raise self._error(f"LEN {length}")
        if raw[-1] != bcc(raw[1:-1]):
            raise self._error(f"BCC {raw[-1]:02x} instead of {bcc(raw[1:-1]):02x}")
        control = raw[2]
        if control & 0x80:
            if self.left is not None:
                raise self._error("a message begins before the last one ended")
            self.data, self.left = b"", control & 0x7F
        else:
            if self.left is None or control != self.left - 1:
                raise self._error(f"CTL {control:02x} out of turn")
            self.left = control
        self.data += raw[4:-1]
        if self.left:
            return None
        whole, self.data, self.left = self.data, b"", None
        return whole

    def _error(self, what: str) -> ValueError:
        self.data, self.left = b"", None
        return ValueError(what)


def length_of(number: int, order: str = "big") -> bytes:
    """Up to 80 in one byte; 81 xx; 82 and two bytes, of which makers disagree on the order."""
    if number <= 0x80:
        return bytes([number])
    if number <= 0xFF:
        return bytes([0x81, number])
    return b"\x82" + number.to_bytes(2, order)


def read_length(data: bytes) -> tuple[int, bytes]:
    """The length and what is behind it."""
    if not data:
        raise ValueError("no length")
    if data[0] <= 0x80:
        return data[0], data[1:]
    if data[0] == 0x81 and len(data) > 1:
        return data[1], data[2:]
    if data[0] == 0x82 and len(data) > 2:
        return int.from_bytes(data[1:3], "big"), data[3:]
    raise ValueError(f"no length: {data[:3].hex()}")


def requests(tlv: bytes) -> list[tuple[int, bool, bytes]]:
    """(index, whether its data is wanted, APDU) of each item behind the tag 80. Bit 8 of an item's tag:
    the data is not wanted, unless the command fails."""
    if not tlv or tlv[0] != 0x80:
        raise ValueError("a request does not begin with the tag 80")
    length, rest = read_length(tlv[1:])
    if len(rest) != length:
        raise ValueError(f"{len(rest)} bytes of TLV with length {length}")
    items = []
    while rest:
        tag = rest[0]
        size, rest = read_length(rest[1:])
        if size > len(rest):
            raise ValueError("an item is longer than its TLV")
        items.append((tag & 0x7F, not tag & 0x80, rest[:size]))
        rest = rest[size:]
    if not items:
        raise ValueError("no item")
    return items


def replies(items: list[tuple[int, bytes]], order: str = "big") -> bytes:
    """The tag 81 with (index, data and status word) of each item."""
    body = b"".join(bytes([index]) + length_of(len(answer), order) + answer for index, answer in items)
    return b"\x81" + length_of(len(body), order) + body
