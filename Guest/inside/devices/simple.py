"""Devices that only say their values: thermometer, pulse oximeter, heart-rate belt, running sensor.

They differ in a table. A spot value is indicated once to each connection, or as often as somebody
measures; a stream is notified at its interval for as long as somebody listens.
"""

import asyncio
import dataclasses

from bumble.gatt import Service

from .common import battery, device_information
from .fields import date_time, flags, float32, maybe, present, sfloat, u8, u16, u24, u32
from .peripheral import Peripheral


def temperature(celsius, time=None, type=None, fahrenheit=False) -> bytes:
    """2A1C or 2A1E. Flags: 0 Fahrenheit, 1 time, 2 type."""
    head = flags(fahrenheit, time, type)
    return present(u8(head), float32(celsius), maybe(date_time, time), maybe(u8, type))


def spot_oximetry(saturation, pulse, time=None, status=None, sensor=None, amplitude=None) -> bytes:
    """2A5E. Flags: 0 time, 1 measurement status, 2 sensor status, 3 pulse amplitude index."""
    head = flags(time, status, sensor, amplitude)
    return present(
        u8(head),
        sfloat(saturation),
        sfloat(pulse),
        maybe(date_time, time),
        maybe(u16, status),
        maybe(u24, sensor),
        maybe(sfloat, amplitude),
    )


def continuous_oximetry(saturation, pulse, fast=None, slow=None, status=None) -> bytes:
    """2A5F. Flags: 0 fast pair, 1 slow pair, 2 measurement status."""
    parts = [u8(flags(fast, slow, status)), sfloat(saturation), sfloat(pulse)]
    for pair in (fast, slow):
        if pair is not None:
            parts += [sfloat(pair[0]), sfloat(pair[1])]
    return b"".join(parts) + (u16(status) if status is not None else b"")


def heart_rate(bpm, contact=None, energy=None, intervals=None, wide=False) -> bytes:
    """2A37. Flags: 0 rate of 16 bits, 1 and 2 contact, 3 energy, 4 RR intervals of 1/1024 s, to the end."""
    head = (
        wide
        | {None: 0, False: 0b10, True: 0b11}[contact] << 1
        | (energy is not None) << 3
        | (intervals is not None) << 4
    )
    return present(
        u8(head), (u16 if wide else u8)(bpm), maybe(u16, energy), *(u16(each) for each in intervals or [])
    )


def running(speed, cadence, stride=None, distance=None, is_running=False) -> bytes:
    """2A53. Flags: 0 stride, 1 distance, 2 running. Speed in 1/256 m/s, stride in cm, distance in dm."""
    head = flags(stride, distance, is_running)
    return present(u8(head), u16(speed), u8(cadence), maybe(u16, stride), maybe(u32, distance))


@dataclasses.dataclass
class Sort:
    """One row: what a sort of device advertises, has and says."""

    service: str
    model: str
    spot: str | None
    stream: str | None
    readable: dict[str, bytes]
    spots: list[bytes]
    streamed: list[bytes]
    interval: float = 1


SORTS = {
    "thermometer": Sort(
        "1809",
        "HT-2",
        "2A1C",
        "2A1E",
        # Temperature type (3 ear) and measurement interval (0: not periodic).
        {"2A1D": u8(3), "2A21": u16(0)},
        [temperature("37.60", "2026-11-24T06:50:27", 3), temperature("98.4", fahrenheit=True)],
        [temperature(each) for each in ("36.1", "36.9", "37.4")],
    ),
    "pulse-oximeter": Sort(
        "1822",
        "PO-5",
        "2A5E",
        "2A5F",
        {"2A60": u16(0)},
        # Fully qualified and from the store, then one that means nothing: the sensor is off the finger.
        [spot_oximetry(97, 72, "2026-11-24T06:55:00", 1 << 8 | 1 << 9), spot_oximetry("NaN", "NaN", status=1 << 15)],
        [continuous_oximetry(97, 72), continuous_oximetry(96, 74, slow=(97, 73), status=1 << 5)],
    ),
    "heart-rate": Sort(
        "180D",
        "HR-1",
        None,
        "2A37",
        {"2A38": u8(1)},  # chest
        [],
        [heart_rate(72, True, intervals=[853, 861]), heart_rate(74, True, energy=12), heart_rate(75, False)],
    ),
    "running-speed": Sort(
        "1814",
        "RS-1",
        None,
        "2A53",
        {"2A54": u16(0x07), "2A5D": u8(1)},  # stride, distance, walking or running; top of shoe
        [],
        [running(768, 170, 110, 1000, True), running(512, 150, is_running=True), running(256, 110)],
    ),
}


class SimpleDevice(Peripheral):
    """Options: `interval`, seconds between two values of the stream; `linger`, seconds after which a device
    without a listened-to stream hangs up; `spots` and `streamed`, other values as hex."""

    def __init__(
        self,
        kind: str,
        interval: float | None = None,
        linger: float = 5,
        spots: list[str] | None = None,
        streamed: list[str] | None = None,
        **rest,
    ):
        super().__init__(**rest)
        sort = SORTS[kind]
        self.kind, self.sort = kind, sort
        self.advertised = (sort.service,)
        self.triggers = tuple(uuid for uuid in (sort.stream, sort.spot) if uuid)
        self.interval, self.linger = interval or sort.interval, linger
        self.spots = sort.spots if spots is None else [bytes.fromhex(each) for each in spots]
        self.streamed = sort.streamed if streamed is None else [bytes.fromhex(each) for each in streamed]

    def services(self) -> list[Service]:
        has = [self.characteristic(uuid, "read", value) for uuid, value in self.sort.readable.items()]
        if self.sort.spot:
            has.append(self.characteristic(self.sort.spot, "indicate"))
        if self.sort.stream:
            has.append(self.characteristic(self.sort.stream, "notify"))
        return [Service(self.sort.service, has), battery(self), device_information(self, "Guest", self.sort.model)]

    async def session(self):
        if self.sort.spot and await self.wait_for_subscription(self.sort.spot, 1):
            for value in self.spots:
                await self.indicate(self.sort.spot, value)
        if self.sort.stream and await self.wait_for_subscription(self.sort.stream, self.linger):
            number = 0
            while self.subscribed[self.sort.stream].is_set():
                await self.notify(self.sort.stream, self.streamed[number % len(self.streamed)])
                number += 1
                await asyncio.sleep(self.interval)
        await asyncio.sleep(self.linger)
        await self.hang_up()

    def flood_value(self) -> tuple[str, bytes]:
        return (self.sort.stream, self.streamed[0]) if self.sort.stream else (self.sort.spot, self.spots[0])
