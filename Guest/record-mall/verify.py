#!/usr/bin/env python3
"""Reads a recording of the sample mall with a parser of its own and compares it with the catalog.

    verify.py MALL.BTSNOOP CATALOG

Prints a table of what was heard of each beacon, then every difference; exit 1 when there is one.
"""

import collections
import datetime
import itertools
import re
import struct
import sys

import catalog
import payloads
from mall_facts import COPIED, LEAVES, LOW_BATTERY, SILENT, STRANGER, WALKS

# btsnoop counts microseconds from the year 0; this many lie before 1970.
EPOCH = 0x00DCDDB30F2F8000
MONITOR = 2001
EVENT, SYSTEM_NOTE, CONTROL_EVENT = 3, 12, 17
LE_META, ADVERTISING_REPORT = 0x3E, 0x02

Report = collections.namedtuple("Report", "time address data rssi event_type")


def records(raw):
    """(seconds since 1970, opcode, bytes) of each record."""
    magic, version, datalink = struct.unpack_from(">8sII", raw)
    if (magic, version, datalink) != (b"btsnoop\0", 1, MONITOR):
        raise ValueError(f"not a monitor recording: {magic!r} version {version} type {datalink}")
    at = 16
    while at < len(raw):
        original, included, flags, drops, time = struct.unpack_from(">IIIIQ", raw, at)
        if original != included or drops or at + 24 + included > len(raw):
            raise ValueError(f"record at byte {at} is not whole")
        yield (time - EPOCH) / 1e6, flags & 0xFFFF, raw[at + 24 : at + 24 + included]
        at += 24 + included


def reports(raw):
    for time, opcode, data in records(raw):
        if opcode != EVENT or data[0] != LE_META or data[2] != ADVERTISING_REPORT:
            continue
        if data[1] != len(data) - 2:
            raise ValueError(f"event at {time} has a wrong length")
        at = 4
        for _ in range(data[3]):
            event_type, _, address, size = struct.unpack_from("<BB6sB", data, at)
            body = data[at + 9 : at + 9 + size]
            (rssi,) = struct.unpack_from("b", data, at + 9 + size)
            yield Report(time, address[::-1].hex(":"), body, rssi, event_type)
            at += 10 + size
        if at != len(data):
            raise ValueError(f"event at {time} has {len(data) - at} bytes too many")


def structures(body):
    at = 0
    while at < len(body) and body[at]:
        yield body[at + 1], body[at + 2 : at + 1 + body[at]]
        at += 1 + body[at]


def identity(body):
    """(kind, id) of the beacon whose frame this is, or ("tlm", frame), ("fee7", …), or None."""
    for kind, data in structures(body):
        if kind == 0xFF and data[:4] == b"\x4c\x00\x02\x15" and len(data) == 25:
            return "ibeacon", data[4:24]
        if kind == 0xFF and data[2:4] == b"\xbe\xac" and len(data) == 26:
            return "altbeacon", data[4:24]
        if kind == 0x16 and data[:3] == b"\xaa\xfe\x00" and len(data) == 22:
            return "eddystone", data[4:20]
        if kind == 0x16 and data[:4] == b"\xaa\xfe\x20\x00" and len(data) == 16:
            return "tlm", data[2:]
        if kind == 0x03 and b"\xe7\xfe" in data:
            return "fee7", body
    return None


def main(path, catalog_path):
    with open(path, "rb") as file:
        raw = file.read()
    wrong = []

    def expect(condition, text):
        if not condition:
            wrong.append(text)

    heard = collections.defaultdict(list)
    everything = list(reports(raw))
    for report in everything:
        heard[identity(report.data)].append(report)
    first, last = everything[0].time, everything[-1].time
    length = last - first

    beacons = {entry["id"]: entry for entry in catalog.read(catalog_path)["beacons"]}
    print(f"{'reports':>7} {'from':>5} {'to':>5} {'RSSI':>9}  beacon")
    for identifier, entry in beacons.items():
        found = heard[payloads.frame(identifier)]
        if identifier == SILENT:
            expect(not found, f"{identifier} should be silent")
            print(f"{0:>7} {'':>5} {'':>5} {'':>9}  {identifier} {entry['label']}")
            continue
        if not found:
            wrong.append(f"{identifier} was never heard")
            continue
        begins, ends = found[0].time - first, found[-1].time - first
        weakest, strongest = min(r.rssi for r in found), max(r.rssi for r in found)
        print(
            f"{len(found):>7} {begins:>5.0f} {ends:>5.0f} {weakest:>4}…{strongest:<4}"
            f"  {identifier} {entry['label']}"
        )
        expect(len(found) >= 40, f"{identifier} was heard only {len(found)} times")
        expect(begins < 15, f"{identifier} was heard only after {begins:.0f} s")
        if identifier == LEAVES:
            expect(0.4 < ends / length < 0.6, f"{identifier} left after {ends:.0f} s, not halfway")
        else:
            expect(ends > length - 15, f"{identifier} was lost after {ends:.0f} s")
        addresses = {r.address for r in found}
        copies = 2 if identifier == COPIED else 1
        expect(len(addresses) == copies, f"{identifier} came from {sorted(addresses)}")
        if identifier == WALKS:
            expect(strongest - weakest >= 20, f"{identifier} did not walk")
        else:
            expect(strongest > weakest, f"{identifier} has a constant RSSI")

    known = {payloads.frame(identifier) for identifier in beacons} | {payloads.frame(STRANGER)}
    expect(heard[payloads.frame(STRANGER)], "the unknown beacon was not heard")
    strays = [key for key in heard if key and key[0] in ("ibeacon", "altbeacon", "eddystone")]
    expect(set(strays) <= known, "there is a beacon nobody planned")
    low = {r.address for r in heard[payloads.frame(LOW_BATTERY)]}
    telemetry = [(r, key) for key, found in heard.items() if key and key[0] == "tlm" for r in found]
    expect(telemetry, "no Eddystone TLM")
    for report, (_, frame) in telemetry:
        expect(report.address in low, "a TLM frame from another address")
        expect(frame[2:4] == (2310).to_bytes(2, "big"), "a TLM frame with another voltage")
    expect(any(key and key[0] == "fee7" for key in heard), "no wrist band")
    people = {r.address for r in heard[None] if int(r.address[:2], 16) >> 6 == 1}
    expect(len(people) >= 12, f"only {len(people)} passers-by")

    written = list(records(raw))
    date = datetime.datetime.fromtimestamp(written[0][0], datetime.timezone.utc)
    expect(date.strftime("%F %H") == "2026-11-21 06", f"recorded on {date}")
    times = [report.time for report in everything]
    expect(times == sorted(times), "the reports are not in order")
    # A packet is stamped on arrival and written when the kernel has handled it: records of other
    # kinds may overtake it.
    back = max(before - after for (before, *_), (after, *_) in itertools.pairwise(written))
    expect(back < 0.1, f"time went back by {back:.3f} s")
    expect(60 <= length <= 180, f"{length:.0f} s of air")
    expect(len(raw) <= 2_000_000, f"{len(raw)} bytes")
    with open("/etc/hostname", encoding="utf-8") as file:
        host = file.read().strip().encode()
    for _, opcode, data in written:
        # What came over the air is ours, and long enough to contain a short name by chance.
        if opcode not in (EVENT, CONTROL_EVENT):
            expect(not re.search(rb"\b%b\b" % re.escape(host), data), f"host's name in {data}")
        if opcode == SYSTEM_NOTE:
            print("note:", data.rstrip(b"\0").decode())

    print(
        f"{len(raw)} bytes, {len(written)} records, {len(everything)} reports in {length:.1f} s,"
        f" {len(telemetry)} TLM, {len(people)} addresses of passers-by"
    )
    for line in wrong:
        print("WRONG:", line)
    return 1 if wrong else 0


sys.exit(main(*sys.argv[1:]))
