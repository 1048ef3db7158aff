"""A blood-pressure meter (Blood Pressure Service 1810): indicates what it has stored to whoever
subscribes, forgets what was confirmed, and disconnects."""

import asyncio

from bumble.gatt import Service

from .common import Clock, battery, device_information
from .fields import date_time, flags, maybe, present, sfloat, u8, u16
from .peripheral import Peripheral

# As a person measured three times: mmHg with everything, mmHg without a year and with an irregular
# pulse, kPa.
STORED = [
    {"systolic": 128, "diastolic": 83, "mean": 98, "time": "2026-11-20T07:30:05", "pulse": 66, "user": 1, "status": 0},
    {"systolic": 138, "diastolic": 88, "mean": 120, "time": "0000-04-17T20:41:59", "pulse": 60, "user": 1, "status": 0x27},
    {"systolic": "18.9", "diastolic": "11", "mean": "15.9", "unit": "kPa", "pulse": 60, "status": 0x12},
]


def measurement(
    systolic, diastolic, mean, unit="mmHg", time=None, pulse=None, user=None, status=None
) -> bytes:
    """2A35 or 2A36. Flags: 0 kPa, 1 time, 2 pulse, 3 user, 4 status."""
    head = flags(unit == "kPa", time, pulse, user, status)
    return present(
        u8(head),
        sfloat(systolic),
        sfloat(diastolic),
        sfloat(mean),
        maybe(date_time, time),
        maybe(sfloat, pulse),
        maybe(u8, user),
        maybe(u16, status),
    )


class BloodPressureMeter(Peripheral):
    """Options: `stored`, a list of the arguments of `measurement`; `keeps`, so that it sends them again
    at each connection, as meters do that nobody told to forget; `linger`, seconds until it hangs up."""

    kind = "blood-pressure"
    advertised = ("1810",)
    triggers = ("2A35", "2A36")

    def __init__(self, stored: list[dict] = STORED, keeps: bool = False, linger: float = 3, **rest):
        super().__init__(**rest)
        self.stored = [measurement(**each) for each in stored]
        self.keeps, self.linger = keeps, linger
        self.clock = Clock()

    def services(self) -> list[Service]:
        meter = Service(
            "1810",
            [
                self.characteristic("2A35", "indicate"),
                self.characteristic("2A36", "notify"),
                # Movement, cuff fit, irregular pulse, range and position are told.
                self.characteristic("2A49", "read", u16(0x1F)),
            ],
        )
        return [meter, battery(self), device_information(self, "Guest", "BP-7"), self.clock.service(self)]

    async def session(self):
        if await self.wait_for_subscription("2A36", 0):
            # The cuff while it is pumped up: no diastolic pressure and no mean yet.
            for pressure in (60, 120, 160):
                await self.notify("2A36", measurement(pressure, "NaN", "NaN"))
        if await self.wait_for_subscription("2A35", self.linger):
            for value in list(self.stored):
                await self.indicate("2A35", value)
                if not self.keeps:
                    self.stored.remove(value)
        await asyncio.sleep(self.linger)
        await self.hang_up()

    def flood_value(self) -> tuple[str, bytes]:
        return "2A36", measurement(120, "NaN", "NaN")

    async def obey(self, order: str, words: list[str]):
        """measure SYSTOLIC DIASTOLIC MEAN PULSE: somebody measures; kept for the next connection."""
        match order, words:
            case "measure", [systolic, diastolic, mean, pulse]:
                self.stored.append(measurement(systolic, diastolic, mean, pulse=pulse, user=1, status=0))
            case _:
                await super().obey(order, words)

    def seen(self) -> dict:
        return {"stored": len(self.stored)} | self.clock.seen()
