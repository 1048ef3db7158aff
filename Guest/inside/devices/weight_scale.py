"""A weight scale (Weight Scale Service 181D, Body Composition Service 181B): on the air for seconds
after somebody stepped on, sends one measurement, disconnects and is gone."""

import asyncio
from decimal import Decimal

from bumble.gatt import Service

from .common import battery, device_information
from .fields import date_time, flags, maybe, present, u8, u16, u32
from .peripheral import Peripheral

UNSUCCESSFUL = 0xFFFF


def scaled(number, resolution: str) -> bytes:
    """So many times the resolution, exactly; ffff when the measurement was unsuccessful."""
    if number == "unsuccessful":
        return u16(UNSUCCESSFUL)
    steps = Decimal(number) / Decimal(resolution)
    if steps != int(steps):
        raise ValueError(f"{number} is no multiple of {resolution}")
    return u16(int(steps))


def mass(number, imperial: bool) -> bytes:
    return scaled(number, "0.01" if imperial else "0.005")


def length(number, imperial: bool) -> bytes:
    return scaled(number, "0.1" if imperial else "0.001")


def weight(weight, imperial=False, time=None, user=None, bmi=None, height=None) -> bytes:
    """2A9D. Flags: 0 imperial, 1 time, 2 user, 3 BMI and height."""
    has_height = bmi is not None
    return present(
        u8(flags(imperial, time, user, has_height)),
        mass(weight, imperial),
        maybe(date_time, time),
        maybe(u8, user),
        scaled(bmi, "0.1") if has_height else None,
        length(height, imperial) if has_height else None,
    )


def composition(
    fat,
    imperial=False,
    time=None,
    user=None,
    basal=None,
    muscle_percent=None,
    muscle=None,
    fat_free=None,
    soft_lean=None,
    water=None,
    impedance=None,
    weight=None,
    height=None,
) -> bytes:
    """2A9C: 16 bits of flags and the body fat, then the fields of the flags from bit 1 on."""
    head = flags(
        imperial, time, user, basal, muscle_percent, muscle, fat_free, soft_lean, water, impedance, weight, height
    )
    return present(
        u16(head),
        scaled(fat, "0.1"),
        maybe(date_time, time),
        maybe(u8, user),
        maybe(u16, basal),
        None if muscle_percent is None else scaled(muscle_percent, "0.1"),
        *(None if each is None else mass(each, imperial) for each in (muscle, fat_free, soft_lean, water)),
        None if impedance is None else scaled(impedance, "0.1"),
        None if weight is None else mass(weight, imperial),
        None if height is None else length(height, imperial),
    )


class WeightScale(Peripheral):
    """Options: `weight`, the kilograms of somebody who stands on it already; `seconds` on the air after
    a step (10)."""

    kind = "weight-scale"
    advertised = ("181D", "181B")
    triggers = ("2A9D", "2A9C")

    def __init__(self, weight: str | None = None, seconds: float = 10, linger: float = 1, **rest):
        super().__init__(appears=False, **rest)
        self.first, self.seconds, self.linger = weight, seconds, linger
        self.measured: tuple[str, str | None] | None = None
        self.steps = self.lost = 0

    def services(self) -> list[Service]:
        # Feature 2A9E: time, several users, BMI.
        scale = Service("181D", [self.characteristic("2A9D", "indicate"), self.characteristic("2A9E", "read", u32(0x07))])
        body = Service("181B", [self.characteristic("2A9C", "indicate"), self.characteristic("2A9B", "read", u32(0x0F))])
        return [scale, body, battery(self), device_information(self, "Guest", "WS-1")]

    async def start(self, device):
        await super().start(device)
        if self.first is not None:
            await self.step_on(self.first)

    async def step_on(self, kilograms: str, impedance: str | None = None):
        if self.measured is not None:
            self.lost += 1
        self.measured = (kilograms, impedance)
        self.steps += 1
        await self.appear()
        asyncio.get_running_loop().call_later(self.seconds, self._turn_off, self.steps)

    def _turn_off(self, step: int):
        """Nobody came: the display goes dark, and the measurement is gone."""
        if step != self.steps or not self.appears:
            return
        if self.connection is not None:
            self.appears = False  # it stays for as long as it is connected to
            return
        self.lost += self.measured is not None
        self.measured = None
        self.spawn_lasting(self.disappear())

    async def session(self):
        if self.measured is not None:
            kilograms, impedance = self.measured
            if await self.wait_for_subscription("2A9D", self.linger):
                value = weight(kilograms, time="2026-11-24T07:00:00", user=1, bmi="22.9", height="1.750")
                await self.indicate("2A9D", value)
                self.measured = None
            if await self.wait_for_subscription("2A9C", self.linger):
                fat = "21.3" if kilograms != "unsuccessful" else kilograms
                await self.indicate("2A9C", composition(fat, user=1, impedance=impedance, weight=kilograms))
                self.measured = None
        await asyncio.sleep(self.linger)
        # Still there for another try, if nothing was sent.
        self.appears = self.appears and self.measured is not None
        await self.hang_up()

    def flood_value(self) -> tuple[str, bytes]:
        return "2A9D", weight("70")

    async def obey(self, order: str, words: list[str]):
        """step-on KG [OHMS]: somebody steps on; KG may be "unsuccessful"."""
        match order, words:
            case "step-on", [kilograms]:
                await self.step_on(kilograms)
            case "step-on", [kilograms, impedance]:
                await self.step_on(kilograms, impedance)
            case _:
                await super().obey(order, words)

    def seen(self) -> dict:
        return {"steps": self.steps, "lost": self.lost, "waiting": self.measured is not None}
