"""As much of protocol buffers (proto2) as AirSync needs: varints and length-delimited fields."""

VARINT, BYTES = 0, 2


class Malformed(ValueError):
    """Bytes that are no message."""


def varint(number: int) -> bytes:
    """Little groups of 7 bits first; a negative number as 64 bits, which takes 10 bytes."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def encode(*fields: tuple[int, int | bytes | None]) -> bytes:
    """Fields as (number, value) in the order given; one whose value is None is left out."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3 | VARINT) + varint(value)
        elif value is not None:
            out += varint(number << 3 | BYTES) + varint(len(value)) + value
    return out


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise Malformed("a varint does not end")
        number |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return number, at
    raise Malformed("a varint of more than 10 bytes")


def decode(data: bytes) -> dict[int, int | bytes]:
    """Field number → value; of a field that comes twice, the last."""
    fields: dict[int, int | bytes] = {}
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        match key & 7:
            case 0:
                fields[key >> 3], at = read_varint(data, at)
            case 2:
                length, at = read_varint(data, at)
                if at + length > len(data):
                    raise Malformed(f"field {key >> 3} is longer than the message")
                fields[key >> 3] = data[at : at + length]
                at += length
            case other:
                raise Malformed(f"wire type {other}")
    return fields


def signed(number: int) -> int:
    """What an int32 field means."""
    number &= 0xFFFFFFFF
    return number - (1 << 32) if number & 0x80000000 else number
