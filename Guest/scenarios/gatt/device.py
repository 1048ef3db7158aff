#!/usr/bin/env python3
"""A blood-pressure meter that indicates 120/80 (mean 93) mmHg to whoever subscribes."""

import asyncio

from air import add_device, open_adapter
from bumble.core import AdvertisingData
from bumble.gatt import Characteristic, Service

BLOOD_PRESSURE = "1810"
MEASUREMENT = "2A35"
# Flags 0: mmHg, nothing optional; then three SFLOAT with exponent 0.
VALUE = bytes.fromhex("00 7800 5000 5d00")


async def main():
    adapter = await open_adapter("00:00:5E:00:53:FE")
    meter = add_device(adapter, "BP-7", "C0:00:00:01:00:01")
    measurement = Characteristic(
        MEASUREMENT, Characteristic.Properties.INDICATE, Characteristic.Permissions(0), b""
    )
    meter.add_service(Service(BLOOD_PRESSURE, [measurement]))
    await meter.power_on()
    name = (AdvertisingData.COMPLETE_LOCAL_NAME, b"BP-7")
    service = (AdvertisingData.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, b"\x10\x18")
    flags = (AdvertisingData.FLAGS, b"\x06")
    await meter.start_advertising(
        advertising_data=bytes(AdvertisingData([flags, service, name])),
        advertising_interval_min=500,
        advertising_interval_max=500,
        auto_restart=True,
    )
    print("ready", flush=True)
    while True:
        await asyncio.sleep(1)
        await meter.indicate_subscribers(measurement, VALUE)


asyncio.run(main())
