#!/usr/bin/env python3
"""Twelve beacons of the sample's UUID, ten reports a second each, and a phone's noise between them."""

import asyncio
import random

from air import Heard, open_adapter
from bumble import hci

BEACONS = 12
UUID = bytes.fromhex("fda50693a4e24fb1afcfc6eb07647825")
PREFIX = bytes.fromhex("020106 1aff4c000215")


async def main():
    adapter = await open_adapter("00:00:5E:00:53:FE")
    print("ready", flush=True)
    dice = random.Random(7)
    while True:
        for minor in range(BEACONS):
            address = hci.Address(f"C0:DE:00:00:00:{minor:02X}")
            payload = PREFIX + UUID + bytes([0, 1, 0, minor, 0xC5])
            adapter.hear(Heard(address, payload, -60 - minor))
            noise = dice.randbytes(6)
            phone = hci.Address(bytes([*noise[:5], noise[5] & 0x3F]))
            adapter.hear(Heard(phone, bytes.fromhex("02011a0aff4c001005") + dice.randbytes(5), -80))
        await asyncio.sleep(0.1)


asyncio.run(main())
