#!/usr/bin/env python3
"""Plays beacons, and does to them and to the box's adapter what it is told.

    beacons.py BEACONS SOCKET

BEACONS is a JSON file: a list of {"id", "address", "interval": seconds, "rssi": dBm} and, if it tells
its battery, "millivolts". An address that ends with /P is public, others are random.

SOCKET is where the orders come in, one a line, each answered with "done" or the reason why not:

    stop ID…           these beacons stop; start ID… lets them go on
    silence            nothing is on the air any more; speak ends that
    deafen             the adapter reports nothing, without any error; others do. cure ends that
    copy ID ADDRESS    somebody set a second device to the same id; start at once
    remove             the adapter is pulled out; return puts it in again
    add ADDRESS        another adapter is put in, which gets the next number and hears as well
    refuse COMMAND…    the adapter answers these HCI commands, such as HCI_LE_SET_SCAN_ENABLE_COMMAND,
                       with "command disallowed"; accept ends that
    sends HEX          not an order but a question: does the adapter advertise this, and nothing else
"""

import asyncio
import dataclasses
import json
import random
import sys
from typing import Callable

from air import ADV_NONCONN_IND, Adapter, Heard, open_adapter
from bumble import hci
from payloads import payload_of, with_telemetry

ADAPTER = "00:00:5E:00:53:FE"  # set aside for documentation (RFC 7042)


@dataclasses.dataclass
class Beacon:
    id: str
    address: hci.Address
    interval: float
    rssi: int
    payload: Callable[[], bytes]
    is_on: bool = True


class Air:
    def __init__(self):
        self.adapter: Adapter | None = None
        self.others: list[Adapter] = []
        self.beacons: list[Beacon] = []
        self.is_silent = False
        self.is_deaf = False
        self.dice = random.Random(20261121)
        self.tasks: set[asyncio.Task] = set()

    def add(self, id: str, address: str, interval: float, rssi: int, millivolts: int | None = None):
        payload = payload_of(id)
        if millivolts is None:
            payloads = lambda: payload  # noqa: E731
        else:
            payloads = with_telemetry(payload, millivolts, interval)
        beacon = Beacon(id, hci.Address(address), interval, rssi, payloads)
        self.beacons.append(beacon)
        self.tasks.add(asyncio.create_task(self.advertise(beacon)))

    async def advertise(self, beacon: Beacon):
        await asyncio.sleep(self.dice.uniform(0, beacon.interval))
        while True:
            if beacon.is_on and not self.is_silent:
                payload = beacon.payload()
                for adapter in self.hearing():
                    rssi = beacon.rssi + round(self.dice.gauss(0, 1.5))
                    adapter.hear(Heard(beacon.address, payload, rssi, ADV_NONCONN_IND))
            # The standard adds 0–10 ms of chance (Core 5.4, Vol 6, Part B, 4.4.2.2.1).
            await asyncio.sleep(beacon.interval + self.dice.uniform(0, 0.010))

    def hearing(self) -> list[Adapter]:
        return self.others + ([] if self.adapter is None or self.is_deaf else [self.adapter])

    async def obey(self, order: str, words: list[str]):
        match order, words:
            case ("stop" | "start"), ids:
                for id in ids:
                    for beacon in self.named(id):
                        beacon.is_on = order == "start"
            case ("silence" | "speak"), []:
                self.is_silent = order == "silence"
            case ("deafen" | "cure"), []:
                self.is_deaf = order == "deafen"
            case "copy", [id, address]:
                original = self.named(id)[0]
                self.add(id, address, original.interval, original.rssi)
            case "remove", []:
                adapter, self.adapter = self.adapter, None
                adapter.kernel.close()
            case "return", []:
                self.adapter = await open_adapter(ADAPTER)
            case "add", [address]:
                self.others.append(await open_adapter(address))
            case "refuse", commands:
                self.adapter.refused = set(commands)
            case "sends", [data]:
                sender = self.adapter.le_legacy_advertiser
                # The host gives all 31 bytes, those behind the data zeros.
                sent = sender.advertising_data.hex()
                if not sender.enabled or sent.rstrip("0") != data.rstrip("0"):
                    raise ValueError(f"enabled {sender.enabled}: {sent}")
            case "accept", []:
                self.adapter.refused = set()
            case _:
                raise ValueError(f"unknown order: {order} {words}")

    def named(self, id: str) -> list[Beacon]:
        found = [beacon for beacon in self.beacons if beacon.id == id]
        if not found:
            raise ValueError(f"no beacon {id}")
        return found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        while line := await reader.readline():
            print(line.decode().rstrip(), flush=True)
            order, *words = line.decode().split()
            try:
                await self.obey(order, words)
                answer = "done"
            except Exception as error:  # told to whoever gave the order
                answer = f"{type(error).__name__}: {error}"
            writer.write(f"{answer}\n".encode())
            await writer.drain()


async def main(beacons_path: str, socket_path: str):
    air = Air()
    air.adapter = await open_adapter(ADAPTER)
    with open(beacons_path) as file:
        for beacon in json.load(file):
            air.add(**beacon)
    server = await asyncio.start_unix_server(air.serve, socket_path)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
