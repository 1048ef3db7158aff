"""What beacons put into their advertisements, written from the public descriptions of the formats."""

import itertools
import struct
import uuid
from typing import Callable

# At 1 m: what the beacons say of themselves.
MEASURED_POWER = -59


def structure(kind: int, data: bytes) -> bytes:
    """One advertising structure: length, type, data (Core 5.4, Vol 3, Part C, 11)."""
    return bytes([len(data) + 1, kind]) + data


FLAGS = structure(0x01, b"\x06")


def frame(beacon_id: str) -> tuple[str, bytes]:
    """What kind of frame carries this id of a catalog, and the id's bytes on air."""
    kind, _, rest = beacon_id.rpartition(":")
    if kind == "eddystone" or kind == "altbeacon" and "-" not in rest:
        return kind, bytes.fromhex(rest.replace("/", ""))
    kind, beacon_id = kind or "ibeacon", rest
    proximity, major, minor = beacon_id.split("/")
    numbers = int(major).to_bytes(2, "big") + int(minor).to_bytes(2, "big")
    return kind, uuid.UUID(proximity).bytes + numbers


def payload_of(beacon_id: str) -> bytes:
    """What a beacon with this id advertises."""
    kind, identifier = frame(beacon_id)
    power = struct.pack("b", MEASURED_POWER)
    if kind == "ibeacon":
        return FLAGS + structure(0xFF, b"\x4c\x00\x02\x15" + identifier + power)
    if kind == "altbeacon":
        return FLAGS + structure(0xFF, b"\x18\x01\xbe\xac" + identifier + power + b"\x00")
    # Eddystone gives the power at 0 m, which is 41 dB more.
    at_source = struct.pack("b", MEASURED_POWER + 41)
    return eddystone(b"\x00" + at_source + identifier + b"\x00\x00")


def eddystone(body: bytes) -> bytes:
    return FLAGS + structure(0x03, b"\xaa\xfe") + structure(0x16, b"\xaa\xfe" + body)


def with_telemetry(payload: bytes, millivolts: int, interval: float) -> Callable[[], bytes]:
    """Every fifth packet an Eddystone TLM frame instead: battery, 21.5 °C, counters."""
    counter = itertools.count(1_204_000)

    def next_payload() -> bytes:
        count = next(counter)
        if count % 5:
            return payload
        tenths = int(count * interval * 10)
        return eddystone(b"\x20\x00" + struct.pack(">HHII", millivolts, 0x1580, count, tenths))

    return next_payload
