#!/usr/bin/env python3
"""An afternoon in the sample mall, as one box at the service desk hears it.

Plays every beacon of the catalog and the people passing by on the guest's adapter, from the moment
the host starts to scan, for the given number of seconds. Everything but the exact times follows
from the seed.

    mall.py CATALOG SECONDS [SEED]

Prints "ready" when the kernel may use the adapter, and "done" when the show is over.
"""

import asyncio
import dataclasses
import heapq
import itertools
import math
import random
import sys
from typing import Callable

import catalog
from air import ADV_IND, ADV_NONCONN_IND, Heard, open_adapter
from bumble import hci
from mall_facts import COPIED, LEAVES, LOW_BATTERY, SILENT, STRANGER, WALKS
from payloads import FLAGS, MEASURED_POWER, payload_of, structure, with_telemetry

# Where the box stands: meters from the south-west corner of the ground floor.
BOX = (45.0, 15.0)
STOREY = 5.0  # meters
# The atrium is open: signal falls slower than in free space, and a floor costs little.
PATH_LOSS_EXPONENT = 1.7
FLOOR_LOSS = 3.5  # dB
FLOORS = {"b1": -1, "f1": 0, "f2": 1, "f3": 2}

# Seconds and meters: from the main gate round the ground floor, past the desk, out of the east gate.
WALK = [(0, 40, 1), (20, 30, 14), (45, 38, 21), (70, 44, 16), (80, 46, 15), (105, 56, 18), (150, 79, 20)]


@dataclasses.dataclass
class Transmitter:
    """Something that advertises: its packets, its rhythm, and how strong it arrives when."""

    address: hci.Address
    interval: float  # seconds
    payload: Callable[[], bytes]
    strength: Callable[[float], float]  # dBm at a time
    event_type: int = ADV_NONCONN_IND
    scan_response: bytes = b""
    since: float = 0.0
    until: float = math.inf
    fading: float = 0.0

    def hear(self, now, dice):
        """The packet as it arrives; None when it is lost in the noise."""
        # Slow fading: an autoregressive walk of about 3 dB; and 1.5 dB from packet to packet.
        self.fading = 0.9 * self.fading + dice.gauss(0, 1.3)
        rssi = self.strength(now) + self.fading + dice.gauss(0, 1.5)
        # One packet in ten meets another one; below the receiver's limit of -98 dBm few survive.
        heard = 0.9 / (1 + math.exp((-98 - rssi) / 1.5))
        if dice.random() > heard:
            return None
        rssi = max(-104, min(-30, round(rssi)))
        return Heard(self.address, self.payload(), rssi, self.event_type, self.scan_response)


def strength_at(x, y, floor=0):
    distance = math.hypot(x - BOX[0], y - BOX[1], floor * STOREY)
    loss = 10 * PATH_LOSS_EXPONENT * math.log10(max(distance, 0.3))
    return MEASURED_POWER - loss - FLOOR_LOSS * abs(floor)


def strength_walking(now):
    for (t0, x0, y0), (t1, x1, y1) in itertools.pairwise(WALK):
        if now < t1:
            part = (now - t0) / (t1 - t0)
            return strength_at(x0 + part * (x1 - x0), y0 + part * (y1 - y0))
    return strength_at(*WALK[-1][1:])


def public_address(number):
    """00:00:5E:00:53:xx is set aside for documentation (RFC 7042)."""
    return hci.Address(f"00:00:5E:00:53:{number:02X}/P")


def random_address(dice, top_bits):
    octets = bytearray(dice.randbytes(6))
    octets[5] = octets[5] & 0x3F | top_bits << 6
    return hci.Address(bytes(octets), hci.Address.RANDOM_DEVICE_ADDRESS)


STATIC, RESOLVABLE = 0b11, 0b01


def floor_of(zone, parents):
    while zone is not None and zone not in FLOORS:
        zone = parents.get(zone)
    return FLOORS.get(zone, 0)


def beacons(mall, seconds, dice):
    """One transmitter for each beacon of the catalog that works."""
    parents = {zone["id"]: zone.get("parent") for zone in mall["zones"]}
    for number, beacon in enumerate(mall["beacons"], start=1):
        identifier = beacon["id"]
        interval = dice.choice([0.35, 0.5, 0.5, 0.7, 1.0])
        public = dice.random() < 0.5
        static = random_address(dice, STATIC)
        name = b"WT-%04d" % number
        if identifier == SILENT:
            continue
        payload = payload_of(identifier)
        level = strength_at(
            beacon.get("x", 30.0), beacon.get("y", 17.0), floor_of(beacon.get("zone"), parents)
        )
        transmitter = Transmitter(
            address=public_address(number) if public else static,
            interval=interval,
            payload=lambda payload=payload: payload,
            strength=lambda now, level=level: level,
        )
        # Some can be connected to, for setting up, and tell their name to those who ask.
        if number % 3 == 0:
            transmitter.event_type = ADV_IND
            transmitter.scan_response = structure(0x09, name)
        if identifier == LOW_BATTERY:
            transmitter.payload = with_telemetry(payload, 2310, interval)
        if identifier == WALKS:
            transmitter.interval = 0.35
            transmitter.strength = strength_walking
        if identifier == LEAVES:
            transmitter.until = seconds / 2
        yield transmitter


def strangers(dice):
    """Beacons that the catalog does not have, or not here."""
    for identifier, x, y in ((COPIED, 60.0, 6.0), (STRANGER, 50.0, 8.0)):
        payload = payload_of(identifier)
        level = strength_at(x, y)
        yield Transmitter(
            address=random_address(dice, STATIC),
            interval=0.7,
            payload=lambda payload=payload: payload,
            strength=lambda now, level=level: level,
        )


def band(dice):
    """A wrist band that speaks WeChat's protocol: service FEE7, its address in the maker's data."""
    address = random_address(dice, STATIC)
    display_order = bytes(reversed(bytes(address)))
    payload = (
        FLAGS + structure(0x03, b"\xe7\xfe") + structure(0xFF, b"\x01\x3a" + display_order)
    )
    return Transmitter(
        address=address,
        interval=1.0,
        payload=lambda: payload,
        strength=lambda now: strength_at(43.0, 13.0),
        event_type=ADV_IND,
        scan_response=structure(0x09, b"Band 5A"),
    )


def phone_payload(dice):
    """What phones and earphones in people's pockets say."""
    noise = dice.randbytes
    return dice.choice(
        [
            structure(0x01, b"\x1a") + structure(0xFF, b"\x4c\x00\x10\x05\x1b\x1c" + noise(3)),
            structure(0x01, b"\x1a") + structure(0xFF, b"\x4c\x00\x0c\x0e\x00" + noise(13)),
            structure(0xFF, b"\x4c\x00\x12\x19\x10" + noise(24)),
            structure(0x01, b"\x1a") + structure(0xFF, b"\x75\x00\x42\x04\x01\x80" + noise(18)),
            structure(0x03, b"\x2c\xfe") + structure(0x16, b"\x2c\xfe" + noise(6)),
            structure(0xFF, b"\x06\x00\x01\x09\x20\x22" + noise(20)),
        ]
    )


def passers_by(seconds, dice, people=18):
    """People who come, walk past the desk and go; every fourth changes its address on the way."""
    for number in range(people):
        enters = dice.uniform(0, seconds - 20)
        leaves = min(seconds, enters + dice.uniform(20, 80))
        nearest = dice.uniform(2, 25)
        middle = (enters + leaves) / 2
        moments = [enters, middle, leaves] if number % 4 == 0 else [enters, leaves]

        def strength(now, middle=middle, nearest=nearest):
            walked = 1.2 * (now - middle)  # meters, at 1.2 m/s
            return strength_at(BOX[0] + math.hypot(nearest, walked), BOX[1])

        for since, until in itertools.pairwise(moments):
            payload = phone_payload(dice)
            yield Transmitter(
                address=random_address(dice, RESOLVABLE),
                interval=dice.choice([0.6, 0.9, 1.3]),
                payload=lambda payload=payload: payload,
                strength=strength,
                event_type=ADV_IND,
                since=since,
                until=until,
            )


async def play(adapter, transmitters, seconds, dice):
    """Lets each transmitter speak in its rhythm, with the 0–10 ms of chance that the standard adds."""
    clock = asyncio.get_running_loop().time
    start = clock()
    order = itertools.count()
    queue = []
    for transmitter in transmitters:
        first = transmitter.since + dice.uniform(0, transmitter.interval)
        heapq.heappush(queue, (first, next(order), transmitter))
    while queue and queue[0][0] < seconds:
        at, _, transmitter = heapq.heappop(queue)
        if at >= transmitter.until:
            continue
        await asyncio.sleep(max(0.0, start + at - clock()))
        heard = transmitter.hear(at, dice)
        if heard is not None:
            adapter.hear(heard)
        at += transmitter.interval + dice.uniform(0, 0.010)
        heapq.heappush(queue, (at, next(order), transmitter))


async def main(catalog_path, seconds, seed=20261121):
    dice = random.Random(seed)
    mall = catalog.read(catalog_path)
    transmitters = [
        *beacons(mall, seconds, dice),
        *strangers(dice),
        band(dice),
        *passers_by(seconds, dice),
    ]
    adapter = await open_adapter("00:00:5E:00:53:FE")
    print("ready", flush=True)
    while not adapter.le_scan_enable:
        await asyncio.sleep(0.1)
    await play(adapter, transmitters, seconds, dice)
    print("done", flush=True)
    await asyncio.get_running_loop().create_future()


asyncio.run(main(sys.argv[1], float(sys.argv[2]), *map(int, sys.argv[3:])))
