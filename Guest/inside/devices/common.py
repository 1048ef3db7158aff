"""Services that devices of all kinds have: battery, device information, current time."""

import datetime

from bumble.gatt import Service

from .fields import current_time
from .peripheral import Peripheral


def battery(peripheral: Peripheral, percent: int = 80) -> Service:
    """180F with 2A19, 0 to 100."""
    return Service("180F", [peripheral.characteristic("2A19", "read notify", bytes([percent]))])


def device_information(peripheral: Peripheral, maker: str, model: str, serial: str = "") -> Service:
    """180A: maker 2A29, model 2A24, serial number 2A25, firmware 2A26. The model ends with a NUL, as
    some devices pad their strings."""
    serial = serial or peripheral.address.removesuffix("/P").replace(":", "")
    strings = {"2A29": maker, "2A24": model + "\0", "2A25": serial, "2A26": "1.0"}
    return Service(
        "180A",
        [peripheral.characteristic(uuid, "read", text.encode()) for uuid, text in strings.items()],
    )


class Clock:
    """1805 with 2A2B: a clock that stands still until somebody sets it, so that a test is not about
    when it ran."""

    def __init__(self, stands_at: str = "2000-01-01T00:00:00"):
        self.value = current_time(datetime.datetime.fromisoformat(stands_at))
        self.settings: list[str] = []
        self.refused: list[str] = []

    def service(self, peripheral: Peripheral) -> Service:
        def write(value: bytes):
            if len(value) != 10 or not (1 <= value[2] <= 12 and 1 <= value[3] <= 31 and value[4] < 24):
                self.refused.append(value.hex())
                peripheral.violation(f"no current time: {value.hex()}")
                return
            self.value = value
            self.settings.append(value.hex())

        return Service("1805", [peripheral.characteristic("2A2B", "read write notify", lambda: self.value, write)])

    def seen(self) -> dict:
        return {"clock": self.value.hex(), "clockSet": self.settings}
