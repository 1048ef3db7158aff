#!/usr/bin/env python3
"""Plays devices that can be connected to, and does to them and to the box's adapter what it is told.

    peripherals.py DEVICES SOCKET

DEVICES is a JSON file: a list of {"kind", "id", "address", "name"} and what the class of the kind in
`devices/` names as its options. Addresses are random ones (static: C0:… to FF:…). Kinds:

    blood-pressure weight-scale glucose thermometer pulse-oximeter heart-rate running-speed
    sport-band airsync etc-reader

A "beacon" in the list is one as beacons.py plays it, on the same adapter.

SOCKET is where the orders come in, one a line. Each is answered with one line: "done", the reason why
not, or, where it is a question, with JSON.

    state [ID]              what the device saw, or a list of all; see `Peripheral.state`
    faults ID               the faults that it can have
    fault ID NAME [N]       from now on it behaves like this; `fault ID none` ends that
    appear ID               it advertises while nobody is connected; disappear ID ends that
    drop ID                 it disconnects now
    send ID UUID HEX        it notifies or indicates this value, whatever it is
    measure ID …            blood-pressure: SYSTOLIC DIASTOLIC MEAN PULSE; glucose: SEQUENCE TIME MOL/L
    step-on ID KG [OHMS]    weight-scale: somebody steps on; KG may be "unsuccessful"
    walk ID N               sport-band: so many steps more; midnight ID and reset ID: none any more
    target ID N             sport-band: the target is changed on the band
    data ID HEX             airsync: data of its maker, now or in the next session
    pull ID [N]             etc-reader: the card is pulled out, now or before the N+1st APDU
    insert ID               etc-reader: and put in again
    balance ID FEN          etc-reader: what the card holds
    stop BEACON…            these beacons stop; start BEACON… lets them go on
    remove                  the adapter is pulled out; return puts it in again
"""

import asyncio
import json
import sys

from air import Adapter, add_device, open_adapter
from beacons import Air
from bumble import hci
from devices.kinds import make
from devices.peripheral import Peripheral

# Set aside for documentation (RFC 7042); not that of beacons.py, which may play beside this.
ADAPTER = "00:00:5E:00:53:FD"


class House:
    def __init__(self):
        self.adapter: Adapter | None = None
        self.beacons = Air()
        self.controllers: list = []
        self.devices: dict[str, Peripheral] = {}

    async def open(self, descriptions: list[dict]):
        self.beacons.adapter = self.adapter = await open_adapter(ADAPTER)
        for description in descriptions:
            if description["kind"] == "beacon":
                self.beacons.add(**{name: value for name, value in description.items() if name != "kind"})
                continue
            peripheral = make(**description)
            if peripheral.id in self.devices:
                raise ValueError(f"two devices have the id {peripheral.id}")
            self.devices[peripheral.id] = peripheral
            await peripheral.start(add_device(self.adapter, peripheral.name or peripheral.id, peripheral.address))
        self.controllers = [each for each in self.adapter.link.controllers if each is not self.adapter]

    def remove(self):
        """The devices notice that the link is gone (Core 5.4, Vol 6, Part B, 4.5.2)."""
        adapter, self.adapter, self.beacons.adapter = self.adapter, None, None
        adapter.kernel.close()
        for each in self.controllers:
            for connection in list(each.le_connections.values()):
                each.on_le_disconnected(connection, hci.HCI_CONNECTION_TIMEOUT_ERROR)

    async def put_back(self):
        self.beacons.adapter = self.adapter = await open_adapter(ADAPTER)
        for each in self.controllers:
            each.link = self.adapter.link
            each.link.add_controller(each)

    async def obey(self, order: str, words: list[str]) -> str:
        match order, words:
            case "remove", []:
                self.remove()
            case "return", []:
                await self.put_back()
            case ("stop" | "start"), _:
                await self.beacons.obey(order, words)
            case "state", []:
                return json.dumps([each.state() for each in self.devices.values()])
            case "state", [id]:
                return json.dumps(self.named(id).state())
            case "faults", [id]:
                return json.dumps(self.named(id).faults)
            case _, [id, *rest]:
                return await self.named(id).order(order, rest)
            case _:
                raise ValueError(f"unknown order: {order}")
        return "done"

    def named(self, id: str) -> Peripheral:
        if id not in self.devices:
            raise ValueError(f"no device {id}, only {' '.join(self.devices)}")
        return self.devices[id]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        while line := await reader.readline():
            print(line.decode().rstrip(), flush=True)
            try:
                order, *words = line.decode().split()
                answer = await self.obey(order, words)
            except Exception as error:  # told to whoever gave the order
                answer = f"{type(error).__name__}: {error}"
            writer.write(f"{answer}\n".encode())
            await writer.drain()


async def main(devices_path: str, socket_path: str):
    with open(devices_path) as file:
        descriptions = json.load(file)
    house = House()
    await house.open(descriptions)
    server = await asyncio.start_unix_server(house.serve, socket_path)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
