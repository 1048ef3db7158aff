"""What all devices share: they advertise, let one central connect, and count what it does.

A real peripheral stops advertising while somebody is connected and starts again afterwards (Core 5.4,
Vol 3, Part C, 9.3.4). Its session begins when the central has subscribed to what it waits for, and
ends with the connection.
"""

import asyncio
import collections
import contextlib
from typing import Callable

from bumble import att, hci
from bumble.core import AdvertisingData
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service

from .lock import Lock

Properties = Characteristic.Properties
Permissions = Characteristic.Permissions

# How many writes and violations are kept, so that a flood does not fill the memory.
KEPT = 500
# Service Changed over all handles (Core 5.4, Vol 3, Part G, 7.1).
ALL_HANDLES = bytes.fromhex("0100ffff")


class Peripheral:
    """A device; kinds override `services`, `session` and what else they have."""

    kind = ""
    # Which services it advertises, as 16-bit UUIDs.
    advertised: tuple[str, ...] = ()
    # Subscribing to any of these begins the session.
    triggers: tuple[str, ...] = ()
    # Between two advertisements.
    interval_ms = 300
    # What `fault` can bring about in every device; kinds add theirs.
    faults: dict[str, str] = {
        "none": "behaves again",
        "silent": "lets subscribe, and never says a word",
        "disconnect": "disconnects after N more values (1)",
        "flood": "N values a second without end (300), as notifications where it can",
        "change-services": "another service comes and goes N times a second (5), each time indicated",
        "half": "the next value is cut in half, then silence",
        "lying-length": "the next values claim to hold more than they do",
    }

    def __init__(
        self, id: str, address: str, name: str = "", appears: bool = True, pairing: dict | None = None
    ):
        """`pairing`: None where it lets everybody subscribe; else a `Lock`'s options."""
        self.id, self.address, self.name = id, address, name
        self.lock = None if pairing is None else Lock(**pairing)
        self.appears = appears  # whether it advertises while nobody is connected
        self.device: Device | None = None
        self.connection: Connection | None = None
        self.characteristics: dict[str, Characteristic] = {}
        self.fault, self.fault_argument = "none", None
        self.tasks: set[asyncio.Task] = set()
        self.lasting: set[asyncio.Task] = set()
        self.subscribed: dict[str, asyncio.Event] = collections.defaultdict(asyncio.Event)
        self.notifies: dict[str, bool] = {}  # what the central subscribed to: else indications
        self.is_in_session = False
        self.is_dead = False  # half a value was sent; silence follows
        self.connections = self.hung_up = 0
        self.sent: collections.Counter = collections.Counter()
        self.confirmed: collections.Counter = collections.Counter()
        self.reads: collections.Counter = collections.Counter()
        self.writes: collections.Counter = collections.Counter()
        self.subscriptions: collections.Counter = collections.Counter()
        self.written: list[list[str]] = []
        self.violations: list[str] = []

    # What kinds override

    def services(self) -> list[Service]:
        return []

    def manufacturer_data(self) -> bytes | None:
        return None

    async def session(self):
        """Runs from the first subscription to a trigger until the connection ends."""

    def reset(self):
        """A connection begins: nothing of the one before counts."""

    async def obey(self, order: str, words: list[str]):
        raise ValueError(f"{self.kind} knows no order {order}")

    def seen(self) -> dict:
        """What a kind adds to `state`."""
        return {}

    # On the air

    async def start(self, device: Device):
        self.device = device
        for service in self.services():
            device.add_service(service)
        device.on("connection", self._on_connection)
        await device.power_on()
        if self.lock is not None:
            self.lock.put_on(device)
        if self.appears:
            await self.appear()

    def advertisement(self) -> bytes:
        """Flags (general discoverable, no BR/EDR), services, manufacturer data, name."""
        services = b"".join(bytes.fromhex(uuid)[::-1] for uuid in self.advertised)
        structures = [
            (AdvertisingData.FLAGS, b"\x06"),
            (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, services),
        ]
        if (data := self.manufacturer_data()) is not None:
            structures.append((AdvertisingData.MANUFACTURER_SPECIFIC_DATA, data))
        if self.name:
            structures.append((AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode()))
        payload = bytes(AdvertisingData(structures))
        if len(payload) > 31:
            raise ValueError(f"{self.id}: {len(payload)} bytes do not fit into an advertisement; shorten the name")
        return payload

    async def appear(self):
        self.appears = True
        if self.connection is None:
            await self.device.start_advertising(
                advertising_data=self.advertisement(),
                scan_response_data=b"",
                advertising_interval_min=self.interval_ms,
                advertising_interval_max=self.interval_ms,
            )

    async def disappear(self):
        self.appears = False
        await self.device.stop_advertising()

    def _on_connection(self, connection: Connection):
        self.connections += 1
        self.connection = connection
        self.is_in_session = self.is_dead = False
        for event in self.subscribed.values():
            event.clear()
        self.reset()
        connection.on("disconnection", self._on_disconnection)
        if self.fault == "change-services":
            self.spawn(self._change_services())

    def _on_disconnection(self, reason: int):
        self.connection = None
        self.is_in_session = False
        for task in self.tasks:
            task.cancel()
        if self.appears:
            self.spawn_lasting(self.appear())

    async def hang_up(self):
        """Disconnects, as devices do that have said what they had to say."""
        if self.connection is not None:
            self.hung_up += 1
            # Not in a task of the connection, which its end cancels.
            connection = self.connection
            closing = asyncio.ensure_future(
                connection.disconnect(hci.HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR)
            )
            with contextlib.suppress(Exception):
                await asyncio.shield(closing)

    def spawn(self, work):
        """Work that ends with the connection."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._on_done)

    def spawn_lasting(self, work):
        """Work that goes on when the connection ends. (The loop alone does not keep it.)"""
        task = asyncio.get_running_loop().create_task(work)
        self.lasting.add(task)
        task.add_done_callback(self.lasting.discard)

    def _on_done(self, task: asyncio.Task):
        self.tasks.discard(task)
        # A link that is gone in the middle of sending is no fault of ours.
        if not task.cancelled() and task.exception() and self.connection is not None:
            self.violation(f"device broke: {task.exception()!r}")

    # Services

    def characteristic(
        self,
        uuid: str,
        properties: str,
        read: bytes | Callable[[], bytes] = b"",
        write: Callable[[bytes], None] | None = None,
    ) -> Characteristic:
        """One that counts; `properties` such as "read indicate"."""

        def on_read(connection) -> bytes:
            if "read" not in properties:
                raise att.ATT_Error(att.ATT_READ_NOT_PERMITTED_ERROR)
            self.reads[uuid] += 1
            return read() if callable(read) else read

        def on_write(connection, value: bytes):
            if write is None:
                raise att.ATT_Error(att.ATT_WRITE_NOT_PERMITTED_ERROR)
            self.writes[uuid] += 1
            if len(self.written) < KEPT:
                self.written.append([uuid, value.hex()])
            write(value)

        flags = Properties(0)
        for word in properties.split():
            flags |= Properties[word.upper()]
        allowed = Permissions(0)
        if "read" in properties:
            allowed |= Permissions.READABLE
        if write is not None:
            allowed |= Permissions.WRITEABLE
        made = Characteristic(uuid, flags, allowed, CharacteristicValue(read=on_read, write=on_write))

        def on_subscription(bearer, notify: bool, indicate: bool):
            self.notifies[uuid] = notify
            if notify and "notify" not in properties or indicate and "indicate" not in properties:
                self.violation(f"subscribed to {uuid} in a way that it does not have")
            self._on_subscription(uuid, notify or indicate)

        made.on("subscription", on_subscription)
        self.characteristics[uuid] = made
        return made

    def _on_subscription(self, uuid: str, is_on: bool):
        if not is_on:
            self.subscribed[uuid].clear()
            return
        self.subscriptions[uuid] += 1
        self.subscribed[uuid].set()
        if uuid not in self.triggers or self.is_in_session:
            return
        self.is_in_session = True
        if self.fault == "flood":
            self.spawn(self._flood(uuid))
        elif self.fault != "silent":
            self.spawn(self.session())

    async def wait_for_subscription(self, uuid: str, within: float) -> bool:
        if self.subscribed[uuid].is_set():
            return True
        try:
            await asyncio.wait_for(self.subscribed[uuid].wait(), within)
        except TimeoutError:
            return False
        return True

    # Values

    async def indicate(self, uuid: str, value: bytes):
        """Returns when the central has confirmed it (Core 5.4, Vol 3, Part G, 4.11.1)."""
        if not self.subscribed[uuid].is_set():
            return
        value = await self._spoil(uuid, value)
        self.sent[uuid] += 1
        connection = self.connection
        await self.device.indicate_subscriber(connection, self.characteristics[uuid], value)
        self.confirmed[uuid] += 1
        self.ends_with(connection)
        await self._after_value()

    def ends_with(self, connection: Connection | None):
        """Ends the task if the connection has ended. (asyncio.wait_for of Python 3.11 swallows a
        cancellation that comes together with what it waits for.)"""
        if self.connection is not connection:
            raise asyncio.CancelledError

    async def notify(self, uuid: str, value: bytes):
        if not self.subscribed[uuid].is_set():
            return
        value = await self._spoil(uuid, value)
        self.sent[uuid] += 1
        await self.device.notify_subscriber(self.connection, self.characteristics[uuid], value)
        await self._after_value()

    async def say(self, uuid: str, value: bytes):
        """As the central subscribed to it."""
        if self.notifies.get(uuid):
            await self.notify(uuid, value)
        else:
            await self.indicate(uuid, value)

    def say_soon(self, uuid: str, value: bytes):
        """For who must not wait for the central; nobody hears it when nobody listens."""
        if uuid not in self.characteristics:
            raise ValueError(f"{self.id} has no {uuid}")
        if self.connection is not None:
            self.spawn(self.say(uuid, value))

    async def _spoil(self, uuid: str, value: bytes) -> bytes:
        """The fault that is on, done to a value."""
        if self.is_dead or self.fault == "silent":
            await asyncio.Event().wait()  # until the connection ends
        if self.fault == "half":
            value = self.halved(uuid, value)
        elif self.fault == "lying-length":
            value = self.lied(uuid, value)
        if len(value) > self.connection.att_mtu - 3:
            raise ValueError(f"{len(value)} bytes of {uuid} do not fit into an MTU of {self.connection.att_mtu}")
        return value

    def halved(self, uuid: str, value: bytes) -> bytes:
        self.is_dead = True
        return value[: len(value) // 2]

    def lied(self, uuid: str, value: bytes) -> bytes:
        """Flags that claim every field: how long a value must be follows from them."""
        return b"\xff" + value[1:]

    async def _after_value(self):
        if self.fault != "disconnect":
            return
        left = (1 if self.fault_argument is None else self.fault_argument) - 1
        self.fault_argument = left
        if left <= 0:
            self.fault = "none"
            await self.hang_up()
            await asyncio.Event().wait()

    def flood_value(self) -> tuple[str, bytes]:
        """What a flood consists of."""
        return self.triggers[0], b"\x00" * 3

    async def _flood(self, trigger: str):
        pause = 1 / (self.fault_argument or 300)
        uuid, value = self.flood_value()
        if not await self.wait_for_subscription(uuid, 1):
            uuid = trigger
        while self.fault == "flood":
            await self.say(uuid, value)
            await asyncio.sleep(pause)

    async def _change_services(self):
        """Adds a service behind the others and takes it away again."""
        server = self.device.gatt_server
        changed = next((a for a in server.attributes if a.type.to_hex_str() == "2A05"), None)
        end = len(server.attributes)
        services = len(server.services)
        number = 0
        try:
            while self.fault == "change-services":
                await asyncio.sleep(1 / (self.fault_argument or 5))
                number += 1
                if number % 2:
                    extra = Characteristic("FFF1", Properties.READ, Permissions.READABLE, b"here")
                    server.add_service(Service("FFF0", [extra]))
                else:
                    self._cut(server, end, services)
                self.sent["2A05"] += 1
                if changed is not None and self.connection is not None:
                    await self.device.indicate_subscriber(self.connection, changed, ALL_HANDLES)
        finally:
            self._cut(server, end, services)

    def _cut(self, server, attributes: int, services: int):
        del server.attributes[attributes:]
        del server.services[services:]
        server.attributes_by_handle.clear()

    # Orders

    async def order(self, order: str, words: list[str]) -> str:
        """Carries out an order, or answers a question."""
        match order, words:
            case "fault", [name]:
                self.set_fault(name, None)
            case "fault", [name, argument]:
                self.set_fault(name, int(argument))
            case "appear", []:
                await self.appear()
            case "disappear", []:
                await self.disappear()
            case "drop", []:
                await self.hang_up()
            case "unbond", [] if self.lock:
                self.lock.forget()
            case "send", [uuid, data]:
                self.say_soon(uuid.upper(), bytes.fromhex(data))
            case _:
                await self.obey(order, words)
        return "done"

    def set_fault(self, name: str, argument: int | None):
        if name not in self.faults:
            raise ValueError(f"{self.kind} has no fault {name}, only {' '.join(self.faults)}")
        was, self.fault, self.fault_argument = self.fault, name, argument
        if self.connection is None or was == name:
            return
        if name == "change-services":
            self.spawn(self._change_services())
        elif name == "flood" and self.is_in_session:
            self.spawn(self._flood(self.triggers[0]))

    def violation(self, what: str):
        """The central did what it must not do."""
        print(f"{self.id}: {what}", flush=True)
        if len(self.violations) < KEPT:
            self.violations.append(what)

    def state(self) -> dict:
        sent, confirmed = dict(self.sent), dict(self.confirmed)
        return {
            "id": self.id,
            "kind": self.kind,
            "connections": self.connections,
            "connected": self.connection is not None,
            "mtu": self.connection.att_mtu if self.connection else None,
            "advertising": self.device.is_advertising,
            "hungUp": self.hung_up,
            "subscribed": sorted(uuid for uuid, event in self.subscribed.items() if event.is_set()),
            "subscriptions": dict(self.subscriptions),
            "sent": sent,
            "confirmed": confirmed,
            "reads": dict(self.reads),
            "writes": dict(self.writes),
            "written": self.written,
            "encrypted": bool(self.connection and self.connection.encryption),
            "pairings": self.lock.pairings if self.lock else [],
            "fault": self.fault,
            "violations": self.violations,
        } | self.seen()
