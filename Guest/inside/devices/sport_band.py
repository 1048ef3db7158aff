"""A step counter of WeChat Sport's simple protocol (service FEE7)."""

from bumble.gatt import Service

from .common import battery, device_information
from .fields import flags, maybe, present, u8, u24
from .peripheral import Peripheral


def mac_of(address: str) -> bytes:
    """In the order in which it is written."""
    return bytes.fromhex(address.removesuffix("/P").replace(":", ""))


def steps_value(steps: int, distance: int | None = None, calories: int | None = None) -> bytes:
    """FEA1. Flags: 0 steps, 1 distance in m, 2 calories; each 24 bits."""
    head = flags(steps, distance, calories)
    return present(u8(head), u24(steps), maybe(u24, distance), maybe(u24, calories))


class SportBand(Peripheral):
    """Options: `steps` so far today; `target`; `fields`, 1 for steps alone, 2 with distance, 3 with
    calories; `announces`, "notify", "indicate" or both; `company`, two bytes before the MAC as hex."""

    kind = "sport-band"
    advertised = ("FEE7",)
    triggers = ("FEA1",)

    def __init__(
        self,
        steps: int = 1200,
        target: int = 8000,
        fields: int = 3,
        announces: str = "notify indicate",
        company: str = "3302",
        **rest,
    ):
        super().__init__(**rest)
        self.steps, self.target, self.fields, self.announces = steps, target, fields, announces
        self.company = bytes.fromhex(company)
        self.targets_written: list[int] = []

    def services(self) -> list[Service]:
        band = Service(
            "FEE7",
            [
                self.characteristic("FEA1", "read " + self.announces, self.value),
                self.characteristic("FEA2", "read write indicate", lambda: steps_value(self.target), self._on_target),
                self.characteristic("FEC9", "read", mac_of(self.address)),
            ],
        )
        return [band, battery(self), device_information(self, "Guest", "SB-1")]

    def manufacturer_data(self) -> bytes:
        """At least 8 bytes, of which the last 6 are the MAC."""
        return self.company + mac_of(self.address)

    def value(self) -> bytes:
        """A step is 0.7 m; 25 steps burn a calorie."""
        more = (self.steps * 7 // 10, self.steps // 25)[: self.fields - 1]
        return steps_value(self.steps, *more)

    def _on_target(self, value: bytes):
        if len(value) < 4 or not value[0] & 1:
            self.violation(f"no target: {value.hex()}")
            return
        self.target = int.from_bytes(value[1:4], "little")
        self.targets_written.append(self.target)

    async def session(self):
        await self.say("FEA1", self.value())

    def flood_value(self) -> tuple[str, bytes]:
        return "FEA1", self.value()

    async def obey(self, order: str, words: list[str]):
        """walk N; midnight; reset; target N: as if done on the band itself. What changed is told to
        whoever listens."""
        match order, words:
            case "walk", [count]:
                self.steps += int(count)
            case ("midnight" | "reset"), []:
                self.steps = 0
            case "target", [count]:
                # The device must indicate a target that was changed on it.
                self.target = int(count)
                self.say_soon("FEA2", steps_value(self.target))
                return
            case _:
                await super().obey(order, words)
        self.say_soon("FEA1", self.value())

    def seen(self) -> dict:
        return {"steps": self.steps, "target": self.target, "targetsWritten": self.targets_written}
