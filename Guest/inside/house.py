"""What scenarios written in Python share: checks, the real daemons, the air, hubd and its events.

All times are seconds of time.monotonic(), which is the guest's clock.
"""

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Self

from bus import Bus, BusError

GUEST, PROJECT, RESULTS, PARTS = (
    Path(os.environ[name]) for name in ("GUEST", "PROJECT", "RESULTS", "PARTS")
)
WECHAT = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825"
ADAPTER = "00:00:5E:00:53:FE"  # that of beacons.py
# Nothing takes so long unless it hangs.
HANG = 60.0


def tell(line: str):
    print(line, flush=True)
    with open("/dev/ttyS1", "w") as host:
        host.write(line + "\n")


def check(promise: str, kept: object, found: object = "") -> bool:
    """Reports the promise as kept or broken, and what was found instead."""
    if kept:
        tell(f"ok {promise}")
    else:
        print(f"found for the next: {found}")
        tell(f"not ok {promise}" + (f": {found}"[:300] if found != "" else ""))
    return bool(kept)


def wait(condition: Callable[[], object], within: float = HANG, pause: float = 0.1) -> bool:
    """True as soon as the condition is, false when the time is over."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(pause)
    return True


class Program:
    """A program that runs beside the scenario; what it says is kept in the results folder, and in
    `lines` with the time at which it came."""

    def __init__(self, name: str, *command: str | Path):
        self.lines: list[tuple[float, str]] = []
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.log = open(RESULTS / f"{name}.log", "a")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            now = time.monotonic()
            self.lines.append((now, line.rstrip("\n")))
            self.log.write(f"{now:9.3f} {line}")
            self.log.flush()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def said(self, text: str, since: float = 0) -> float | None:
        """When it first said a line with this text."""
        return next((at for at, line in self.lines if at >= since and text in line), None)

    def count(self, text: str, since: float = 0) -> int:
        return sum(at >= since and text in line for at, line in self.lines)

    def type(self, *lines: str):
        for line in lines:
            self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self, how: int = signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()


def run(*command: str | Path, within: float = HANG) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=within)


# The neighbors


def load_bluetooth():
    subprocess.run(["sh", "-c", '. "$GUEST/inside/lib.sh" && load_bluetooth'], check=True)


def start_bus() -> Program:
    os.makedirs("/run/dbus", exist_ok=True)
    daemon = Program("dbus-daemon", "dbus-daemon", "--system", "--nofork", "--nopidfile")
    assert wait(lambda: is_listening("/run/dbus/system_bus_socket"), pause=0.01)
    return daemon


def is_listening(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def start_bluetoothd() -> Program:
    """Where it keeps what it learned stays as it is."""
    return Program("bluetoothd", "/usr/libexec/bluetooth/bluetoothd", "-n")


class Player:
    """A program in `inside/` that plays what a list describes, and takes orders."""

    def __init__(self, program: str, name: str, things: list[dict]):
        description = Path(f"/run/{name}.json")
        description.write_text(json.dumps(things))
        log = RESULTS / f"{name}.log"
        group = Path("/proc/self/cgroup").read_text().strip().removeprefix("0::")
        words = [group, log, GUEST / "inside" / program, description, f"/run/{name}"]
        order = Path(f"/run/{name}.order")
        order.write_text("".join(f"{word}\n" for word in words))
        with open(os.environ["AIRS"], "w") as airs:
            airs.write(f"{order}\n")
        assert wait(lambda: log.exists() and "ready" in log.read_text()), log.read_text()
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(f"/run/{name}")
        self.stream = connection.makefile("rw")

    def answer(self, order: str) -> str:
        self.stream.write(order + "\n")
        self.stream.flush()
        return self.stream.readline().rstrip("\n")

    def tell(self, order: str) -> float:
        """Gives an order; when it was carried out."""
        answer = self.answer(order)
        assert answer == "done", f"{order}: {answer}"
        return time.monotonic()


class Air(Player):
    """beacons.py, which plays these beacons: see there."""

    def __init__(self, beacons: list[dict]):
        super().__init__("beacons.py", "air", beacons)


class Devices(Player):
    """peripherals.py, which plays these devices: see there."""

    def __init__(self, devices: list[dict]):
        super().__init__("peripherals.py", "devices", devices)

    def state(self, id: str) -> dict:
        """What the device has seen so far."""
        return json.loads(self.answer(f"state {id}"))


def adapter_is(bus: Bus, property: str, name: str = "hci0") -> bool:
    return bus.property("org.bluez", f"/org/bluez/{name}", "org.bluez.Adapter1", property) is True


# hubd


class Hub:
    """hubd as the package installs it: its own user, the bus's policy, the system bus."""

    folder = Path("/run/hub")

    @staticmethod
    def install():
        """Before the bus is started, which reads the policy."""
        run("systemd-sysusers", PROJECT / "systemd/hubd.sysusers").check_returncode()
        shutil.copy(PROJECT / "systemd/org.hubd.conf", "/usr/share/dbus-1/system.d/org.hubd.conf")
        for name, folder in ("hubd", "/usr/libexec"), ("hubctl", "/usr/bin"):
            if not os.path.exists(f"{folder}/{name}"):
                shutil.copy(PROJECT / ".build/release" / name, folder)

    def __init__(self, bus: Bus, catalog: dict, *adapters: str, settings: dict | None = None):
        self.bus = bus
        self.folder.mkdir()
        shutil.chown(self.folder, "hubd", "hubd")
        config = {
            "hub": {"id": "guest", "timezone": "Asia/Shanghai"},
            "radios": [{"kind": "bluez", "adapter": name} for name in adapters or ("hci0",)],
            "catalog": "catalog.json5",
            "store": {"path": str(self.folder / "hubd.db")},
            "sinks": [{"kind": "file", "path": str(self.folder / "events.jsonl")}],
        } | (settings or {})
        (self.folder / "catalog.json5").write_text(json.dumps(catalog))
        (self.folder / "hubd.json5").write_text(json.dumps(config))
        self.delivered: list[dict] = []
        self.read = 0
        self.start_again()

    def start_again(self):
        """With the same files, after it has ended."""
        # Not by sudo or su, which would stand between.
        as_hubd = ("setpriv", "--reuid=hubd", "--regid=hubd", "--init-groups", "--")
        self.program = Program("hubd", *as_hubd, "/usr/libexec/hubd", "--config", self.folder / "hubd.json5")

    def events(self, kind: str = "", since: float = 0) -> list[dict]:
        """Those delivered so far, such as `beacon.entered`; `at` is when they happened."""
        path = self.folder / "events.jsonl"
        with open(path, "rb") if path.exists() else io.BytesIO() as file:
            file.seek(self.read)
            lines = file.readlines()
        for line in lines:
            if not line.endswith(b"\n"):
                break  # its end is still to come
            self.read += len(line)
            event = json.loads(line)
            event["at"] = int(event["hubmonotonic"]) / 1e9
            self.delivered.append(event)
        return [
            event
            for event in self.delivered
            if event["at"] >= since and event["type"].startswith(f"org.hubd.{kind}")
        ]

    def beacons_of(self, kind: str, since: float = 0) -> list[str]:
        """Which beacons an event tells of, in its order."""
        return [event["data"]["beacon"] for event in self.events(kind, since)]

    def status(self) -> dict:
        """What `hubctl status` shows; empty when hubd does not answer."""
        try:
            return self.bus.call("org.hubd", "/org/hubd", "org.hubd.Hub1", "Status")
        except BusError:
            return {}

    def radio(self, number: int = 0) -> dict:
        return self.status().get("radios", [{}] * (number + 1))[number]

    def state(self, number: int = 0) -> str:
        return self.radio(number).get("state", "")

    def reports(self, number: int = 0) -> int:
        return self.radio(number).get("reports", 0)

    def hears(self, number: int = 0, within: float = HANG) -> bool:
        """Whether one more report comes from this radio."""
        before = self.reports(number)
        return wait(lambda: self.reports(number) > before, within, pause=0.01)

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.program.pid}/fd"))

    def resident_bytes(self) -> int:
        return self.memory("VmRSS:")

    def own_bytes(self) -> int:
        """Without the pages of its program, which come as they are used."""
        return self.memory("RssAnon:")

    def memory(self, kind: str) -> int:
        for line in Path(f"/proc/{self.program.pid}/status").read_text().splitlines():
            if line.startswith(kind):
                return int(line.split()[1]) * 1024
        raise RuntimeError("hubd has ended")


def hubctl(*words: str) -> tuple[int, object]:
    """Its exit code and what it printed as JSON."""
    ended = run("hubctl", *words, "--json")
    try:
        return ended.returncode, json.loads(ended.stdout)
    except json.JSONDecodeError:
        return ended.returncode, ended.stdout + ended.stderr


class Pulse:
    """Asks hubd for its version five times a second, and keeps the longest that it took to answer."""

    def __init__(self, bus: Bus):
        self.longest = 0.0
        self.failures: list[str] = []
        self.count = 0
        self.bus = bus
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._ask, daemon=True)
        self.thread.start()

    def _ask(self):
        while not self.is_over.wait(0.2):
            since = time.monotonic()
            try:
                self.bus.call(
                    "org.hubd", "/org/hubd", "org.freedesktop.DBus.Properties", "Get", "org.hubd.Hub1", "Version"
                )
            except BusError as error:
                self.failures.append(str(error))
            self.longest = max(self.longest, time.monotonic() - since)
            self.count += 1

    def end(self):
        self.is_over.set()
        self.thread.join()


# A small shop, and a house that stands


def shop(count: int = 30) -> tuple[list[dict], dict]:
    """So many beacons as beacons.py plays them, of every kind, and the catalog that knows them. Their
    ids are written as hubd writes them."""
    beacons = []
    for number in range(1, count + 1):
        id = f"{WECHAT}/10001/{number}"
        if number % 10 == 4:
            id = f"eddystone:8b0ca750095477cb3e77/{number:012x}"
        if number % 10 == 7:
            id = f"altbeacon:{WECHAT.replace('-', '').lower()}2712{number:04x}"
        public = number % 2
        beacons.append(
            {
                "id": id,
                "address": f"00:00:5E:00:53:{number:02X}/P" if public else f"C0:00:00:02:00:{number:02X}",
                "interval": (0.4, 0.5, 0.7, 1.0)[number % 4],
                "rssi": -50 - number,
            }
        )
    catalog = {
        "zones": [{"id": "shop", "kind": "shop", "label": "Shop"}],
        "beacons": [{"id": beacon["id"], "zone": "shop"} for beacon in beacons],
        "merchants": [],
        "campaigns": [],
    }
    return beacons, catalog


@dataclass
class House:
    """Everything up: the system bus, bluetoothd, the air, and hubd, which has seen all beacons enter."""

    daemon: Program
    bus: Bus
    bluetoothd: Program
    air: Air
    hub: Hub
    ids: list[str]

    @classmethod
    def open(
        cls,
        count: int = 30,
        adapters: tuple[str, ...] = ("hci0",),
        behind: str = "",
        settings: dict | None = None,
    ) -> Self:
        """With so many beacons; with a radio for each adapter; `behind` is the address of another
        adapter that is plugged in as well; with further settings of hubd."""
        load_bluetooth()
        Hub.install()
        daemon = start_bus()
        bus = Bus()
        bus.watch("org.bluez")
        beacons, catalog = shop(count)
        air = Air(beacons)
        if behind:
            air.tell(f"add {behind}")
        bluetoothd = start_bluetoothd()
        hub = Hub(bus, catalog, *adapters, settings=settings)
        house = cls(daemon, bus, bluetoothd, air, hub, [b["id"] for b in beacons])
        absent = lambda: set(house.ids) - set(house.hub.beacons_of("beacon.entered"))  # noqa: E731
        check("every beacon enters", wait(lambda: not absent()), absent())
        return house
