#!/usr/bin/env python3
"""Writes a deterministic stream of advertising reports: the load that `make bench` measures with.

    adverts.py [--reports N] [--addresses N] [--seed N] [--ext] OUTPUT.btsnoop

The air of a big mall: by default 200,000 reports from 1,000 addresses, half of them beacons, the
rest what people carry, and a few that are broken. The file is btsnoop with datalink 1002 (HCI
packets with their UART byte), one report to an event: LE Advertising Report, or with --ext LE
Extended Advertising Report with the same payloads.

Everything is computed with integers from one generator, so the same arguments give the same bytes
on every machine; the SHA-256 of the file is printed to prove it.
"""

import argparse
import hashlib
import json
import struct
import uuid

MASK = (1 << 64) - 1


class Dice:
    """SplitMix64: small, and the same everywhere."""

    def __init__(self, seed):
        self.state = seed & MASK

    def word(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        mixed = self.state
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & MASK
        return mixed ^ mixed >> 31

    def below(self, limit):
        return self.word() * limit >> 64

    def bytes(self, count):
        words = (count + 7) // 8
        return b"".join(self.word().to_bytes(8, "little") for _ in range(words))[:count]

    def bell(self):
        """About normal, mean 0, deviation 4: the sum of six dice."""
        word = self.word()
        return sum((word >> 8 * index & 0xFF) % 6 for index in range(6)) - 15


# Payloads. Each maker takes the device, the number of its report and the dice, and returns the
# advertising data; what never changes is made once, in `Device`.


def structure(kind, data):
    return bytes((len(data) + 1, kind)) + data


FLAGS = structure(0x01, b"\x06")
PHONE_FLAGS = structure(0x01, b"\x1a")
# 摇一摇周边, and two of other chains.
WECHAT = uuid.UUID("FDA50693-A4E2-4FB1-AFCF-C6EB07647825").bytes
CHAINS = (
    uuid.UUID("6F1C7A52-3D0B-4C59-9E57-0A2B4D81C3F6").bytes,
    uuid.UUID("A9F2D4C0-17B6-4E0D-8B55-3C60F18E72A4").bytes,
)


def ibeacon(proximity, major, minor):
    numbers = struct.pack(">HHb", major, minor, -59)
    return FLAGS + structure(0xFF, b"\x4c\x00\x02\x15" + proximity + numbers)


def eddystone(frame):
    return FLAGS + structure(0x03, b"\xaa\xfe") + structure(0x16, b"\xaa\xfe" + frame)


def wechat_ibeacon(device, count, dice):
    return ibeacon(WECHAT, 10000 + device.number % 7, device.number)


def other_ibeacon(device, count, dice):
    return ibeacon(CHAINS[device.number % 2], device.number % 40, device.number)


def eddystone_uid(device, count, dice):
    return eddystone(b"\x00\xee" + device.body[:16] + b"\x00\x00")


def eddystone_uid_and_tlm(device, count, dice):
    if count % 4 != 3:
        return eddystone_uid(device, count, dice)
    battery = max(2000, 3100 - count)
    return eddystone(b"\x20\x00" + struct.pack(">HHII", battery, 0x1600, count, count * 7))


def eddystone_url(device, count, dice):
    return eddystone(b"\x10\xee\x03" + b"t.cn/%05d" % device.number)


def eddystone_eid(device, count, dice):
    return eddystone(b"\x30\xee" + device.body[:7] + bytes([count >> 6 & 0xFF]))


def altbeacon(device, count, dice):
    return FLAGS + structure(0xFF, b"\x18\x01\xbe\xac" + device.body[:20] + b"\xc5\x00")


def sensor(device, count, dice):
    temperature = struct.pack("<h", 2000 + count % 300)
    humidity = struct.pack("<H", 4000 + count % 900)
    return FLAGS + structure(0x16, b"\xd2\xfc\x40\x02" + temperature + b"\x03" + humidity)


def band(device, count, dice):
    owner = structure(0xFF, b"\x01\x3a" + device.address)
    return FLAGS + structure(0x03, b"\xe7\xfe") + owner + structure(0x09, b"Band")


def scale(device, count, dice):
    weight = struct.pack("<H", 11000 + count % 2000)
    return FLAGS + structure(0x03, b"\x1d\x18") + structure(0x16, b"\x1d\x18\x22" + weight)


def blood_pressure(device, count, dice):
    return FLAGS + structure(0x03, b"\x10\x18") + structure(0x09, b"BP %04d" % device.number)


def iphone(device, count, dice):
    if device.number % 3 == 0:  # offline finding fills the packet and leaves no room for flags
        return structure(0xFF, b"\x4c\x00\x12\x19\x10" + device.body[:24])
    if device.number % 3 == 1:
        return PHONE_FLAGS + structure(0xFF, b"\x4c\x00\x10\x05\x1b\x1c" + dice.bytes(3))
    handoff = b"\x0c\x0e\x00" + struct.pack("<H", count & 0xFFFF) + device.body[:11]
    return PHONE_FLAGS + structure(0xFF, b"\x4c\x00" + handoff)


def android(device, count, dice):
    return structure(0x03, b"\x2c\xfe") + structure(0x16, b"\x2c\xfe" + dice.bytes(3 + count % 12))


def computer(device, count, dice):
    return structure(0xFF, b"\x06\x00\x01\x09\x20\x22" + device.body[:20])


def maker_data(device, count, dice):
    company = struct.pack("<H", 0x0100 + device.number)
    return FLAGS + structure(0xFF, company + dice.bytes(2 + device.number % 20))


def only_flags(device, count, dice):
    return FLAGS


def name(device, count, dice):
    if is_scan_response(device, count):
        return structure(0x09, b"Speaker number %05d" % device.number)
    return FLAGS + structure(0x08, b"Speaker")


def long_uuid(device, count, dice):
    return FLAGS + structure(0x07, device.body[:16]) + structure(0x0A, b"\x04")


def malformed(device, count, dice):
    cut = FLAGS + b"\x1a\xff\x4c\x00\x02\x15" + WECHAT[:9]
    return (
        cut,  # a structure longer than what is left
        FLAGS + b"\x00\x1a\xff\x4c\x00\x02\x15",  # something after the end mark
        FLAGS + structure(0xFF, b"\x4c\x00\x02\x15" + WECHAT),  # an iBeacon without numbers
        FLAGS + structure(0x16, b"\xaa"),  # service data without a service
        b"\xfe" + device.body,  # a first length beyond everything
        FLAGS + structure(0x16, b"\xaa\xfe\x00"),  # an Eddystone UID without an id
        b"",
    )[count % 7]


# Event types of the legacy report, and of the same packet in an extended one.
CONNECTABLE, NONCONNECTABLE, SCAN_RESPONSE = 0, 3, 4
EXTENDED = {CONNECTABLE: 0x13, NONCONNECTABLE: 0x10, SCAN_RESPONSE: 0x1B}


def is_scan_response(device, count):
    return device.kind == "name" and count % 3 == 2


# (kind, maker, addresses of 1,000, weight of one address, random address?, event type)
MIX = (
    ("wechat-ibeacon", wechat_ibeacon, 220, 20, False, CONNECTABLE),
    ("other-ibeacon", other_ibeacon, 100, 20, False, NONCONNECTABLE),
    ("eddystone-uid", eddystone_uid, 50, 15, True, NONCONNECTABLE),
    ("eddystone-uid-tlm", eddystone_uid_and_tlm, 40, 15, True, NONCONNECTABLE),
    ("eddystone-url", eddystone_url, 40, 15, True, NONCONNECTABLE),
    ("eddystone-eid", eddystone_eid, 20, 10, True, NONCONNECTABLE),
    ("altbeacon", altbeacon, 40, 10, False, NONCONNECTABLE),
    ("sensor", sensor, 110, 7, False, NONCONNECTABLE),
    ("band-fee7", band, 40, 9, True, CONNECTABLE),
    ("scale", scale, 20, 4, False, CONNECTABLE),
    ("blood-pressure", blood_pressure, 20, 4, False, CONNECTABLE),
    ("iphone", iphone, 120, 10, True, CONNECTABLE),
    ("android", android, 50, 10, True, CONNECTABLE),
    ("computer", computer, 20, 10, True, NONCONNECTABLE),
    ("maker-data", maker_data, 40, 7, True, CONNECTABLE),
    ("only-flags", only_flags, 15, 5, True, CONNECTABLE),
    ("name", name, 20, 5, True, CONNECTABLE),
    ("long-uuid", long_uuid, 15, 5, True, CONNECTABLE),
    ("malformed", malformed, 20, 6, True, CONNECTABLE),
)


class Device:
    """One address: what it is, what it always sends, how strong it arrives."""

    def __init__(self, number, kind, dice):
        self.number = number
        self.kind, self.maker, _, weight, self.random, self.event_type = kind
        self.body = dice.bytes(28)
        self.count = 0
        address = bytearray(dice.bytes(6))  # in display order
        if self.random:
            # Static, or resolvable for what hides its owner (Core 5.4, Vol 6, Part B, 1.3.2).
            top = 0x40 if self.kind in ("iphone", "android") else 0xC0
            address[0] = address[0] & 0x3F | top
        self.address = bytes(address)
        self.level = -90 + dice.below(46)
        # Some speak four times as often as others of their kind.
        self.weight = weight * (1 + dice.below(4))

    def report(self, dice):
        """Event type, advertising data and RSSI of the next report."""
        data = self.maker(self, self.count, dice)
        assert len(data) <= 31, self.kind  # what a legacy packet holds
        event_type = SCAN_RESPONSE if is_scan_response(self, self.count) else self.event_type
        self.count += 1
        return event_type, data, max(-105, min(-25, self.level + dice.bell()))


def make_devices(count, dice):
    kinds = [kind for kind in MIX for _ in range(kind[2])]
    assert len(kinds) == 1000
    return [Device(number, kinds[number * 1000 // count % 1000], dice) for number in range(count)]


def legacy_event(device, event_type, data, rssi):
    """LE Advertising Report (Core 5.4, Vol 4, Part E, 7.7.65.2), one report."""
    head = struct.pack("<BBBB", 0x02, 1, event_type, device.random)
    return head + device.address[::-1] + bytes([len(data)]) + data + struct.pack("b", rssi)


def extended_event(device, event_type, data, rssi):
    """LE Extended Advertising Report (7.7.65.13), one report of a legacy packet on 1M."""
    head = struct.pack("<BBHB", 0x0D, 1, EXTENDED[event_type], device.random)
    # Primary 1M, no secondary, no set, no TX power, RSSI, not periodic, no target.
    rest = struct.pack("<BBBbbHB6xB", 1, 0, 0xFF, 127, rssi, 0, 0, len(data))
    return head + device.address[::-1] + rest + data


# Microseconds from the year 0 to 2026-11-21 06:00 UTC: btsnoop counts from there.
START = 0x00DCDDB30F2F8000 + 1_795_240_800_000_000
# A controller hands over about 2,000 reports a second at most.
MEAN_GAP = 500


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=200_000)
    parser.add_argument("--addresses", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--ext", action="store_true", help="extended advertising reports")
    parser.add_argument("output")
    wanted = parser.parse_args()

    dice = Dice(wanted.seed)
    devices = make_devices(wanted.addresses, dice)
    # Each device as often in the hat as it weighs.
    hat = [device for device in devices for _ in range(device.weight)]
    make_event = extended_event if wanted.ext else legacy_event

    counts = {kind[0]: 0 for kind in MIX}
    digest = hashlib.sha256()
    time = START
    with open(wanted.output, "wb") as file:

        def write(data):
            digest.update(data)
            file.write(data)

        write(struct.pack(">8sII", b"btsnoop\0", 1, 1002))
        for _ in range(wanted.reports):
            device = hat[dice.below(len(hat))]
            event = make_event(device, *device.report(dice))
            packet = b"\x04\x3e" + bytes([len(event)]) + event
            # Flags 3: an event, from controller to host.
            write(struct.pack(">IIIIQ", len(packet), len(packet), 3, 0, time) + packet)
            counts[device.kind] += 1
            time += dice.below(2 * MEAN_GAP)
    heard = sum(device.count > 0 for device in devices)
    summary = {
        "reports": wanted.reports,
        "addresses": heard,
        "counts": counts,
        "sha256": digest.hexdigest(),
    }
    print(json.dumps(summary, indent=2))


main()
