"""Fields of the characteristics of health devices, as bytes (IEEE 11073-20601; Bluetooth GATT
Specification Supplement)."""

import datetime
from decimal import Decimal

# Register values of what is not a number (IEEE 11073-20601, SFLOAT-Type and FLOAT-Type).
SFLOAT_SPECIAL = {"NaN": 0x07FF, "NRes": 0x0800, "+INF": 0x07FE, "-INF": 0x0802, "RFU": 0x0801}
FLOAT_SPECIAL = {
    "NaN": 0x007FFFFF,
    "NRes": 0x00800000,
    "+INF": 0x007FFFFE,
    "-INF": 0x00800002,
    "RFU": 0x00800001,
}

Number = int | str | Decimal


def u8(number: int) -> bytes:
    return number.to_bytes(1, "little")


def u16(number: int) -> bytes:
    return number.to_bytes(2, "little")


def s16(number: int) -> bytes:
    return number.to_bytes(2, "little", signed=True)


def u24(number: int) -> bytes:
    return number.to_bytes(3, "little")


def u32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def _mantissa_and_exponent(number: Number) -> tuple[int, int]:
    """As many decimal places as it is written with: "37.60" is 3760 hundredths."""
    sign, digits, exponent = Decimal(number).as_tuple()
    mantissa = int("".join(map(str, digits)))
    return -mantissa if sign else mantissa, exponent


def sfloat(number: Number) -> bytes:
    """16 bits: exponent in the high 4, mantissa in the low 12, both in two's complement."""
    if number in SFLOAT_SPECIAL:
        return u16(SFLOAT_SPECIAL[number])
    mantissa, exponent = _mantissa_and_exponent(number)
    while not -2048 < mantissa < 2046:  # the values beyond are special ones
        if mantissa % 10:
            raise ValueError(f"{number} has too many digits for an SFLOAT")
        mantissa, exponent = mantissa // 10, exponent + 1
    if not -8 <= exponent <= 7:
        raise ValueError(f"{number} is out of the range of an SFLOAT")
    return u16((exponent & 0xF) << 12 | mantissa & 0xFFF)


def float32(number: Number) -> bytes:
    """32 bits: exponent in the high 8, mantissa in the low 24, both in two's complement."""
    if number in FLOAT_SPECIAL:
        return u32(FLOAT_SPECIAL[number])
    mantissa, exponent = _mantissa_and_exponent(number)
    return u32((exponent & 0xFF) << 24 | mantissa & 0xFFFFFF)


def date_time(when: str) -> bytes:
    """Date Time 2A08 of an ISO time such as 2012-12-05T11:50:27; "0000-04-17T20:41:59" has no year."""
    date, _, time = when.partition("T")
    year, month, day = map(int, date.split("-"))
    hour, minute, second = map(int, time.split(":"))
    return u16(year) + bytes([month, day, hour, minute, second])


def current_time(when: datetime.datetime, fraction: int = 0, reason: int = 0) -> bytes:
    """Current Time 2A2B: Date Time, day of the week from Monday 1, 1/256 s, adjust reason."""
    day = date_time(when.strftime("%Y-%m-%dT%H:%M:%S"))
    return day + bytes([when.isoweekday(), fraction, reason])


def flags(*present: object) -> int:
    """A flags field: bit n is set when the nth thing is there."""
    return sum(1 << bit for bit, thing in enumerate(present) if thing is not None and thing is not False)


def present(*parts: bytes | None) -> bytes:
    """The fields that are there, in their order."""
    return b"".join(part for part in parts if part is not None)


def maybe(encode, thing):
    """The field of this thing, or nothing when there is no such thing."""
    return None if thing is None else encode(thing)
