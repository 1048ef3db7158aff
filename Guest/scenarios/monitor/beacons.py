#!/usr/bin/env python3
"""Twelve beacons, heard three times a second each, and between them as many packets of phones, each
from another random address. Tells how the adapter is asked to scan: "scan active" or "scan passive"."""

import asyncio
import random

from air import ACTIVE_SCAN, Heard, open_adapter
from bumble import hci

BEACONS = 12
UUID = bytes.fromhex("fda50693a4e24fb1afcfc6eb07647825")
IBEACON = bytes.fromhex("020106 1aff4c000215")
PHONE = bytes.fromhex("02011a 0aff4c001005")


async def main():
    adapter = await open_adapter("00:00:5E:00:53:FE")
    print("ready", flush=True)
    dice = random.Random(7)
    told = None
    while True:
        if adapter.le_scan_enable:
            scan = "active" if adapter.le_scan_type == ACTIVE_SCAN else "passive"
            if scan != told:
                print(f"scan {scan}", flush=True)
                told = scan
        for minor in range(BEACONS):
            address = hci.Address(f"C0:DE:00:00:00:{minor:02X}")
            payload = IBEACON + UUID + bytes([0, 1, 0, minor, 0xC5])
            adapter.hear(Heard(address, payload, -60 - minor))
            # 00 in the two highest bits: a private address that nobody can resolve.
            phone = hci.Address(dice.randbytes(5) + bytes([dice.randrange(0x40)]))
            adapter.hear(Heard(phone, PHONE + dice.randbytes(5), -80))
        await asyncio.sleep(0.3)


asyncio.run(main())
