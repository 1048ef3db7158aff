"""What a service has of a hub, held against what the hub promised. Nothing here is hubd's code."""

import json
import re

#: The UUID of the beacons that `shake` counts with.
SHAKE = re.compile(r"0D15EA5E-0000-4000-8000-000000000000/(\d+)/(\d+)$")


class Receipt:
    """What the service has."""

    def __init__(self):
        self.numbers = []
        #: The numbers of the shakes, as their callers know them.
        self.shakes = []
        #: The ranges that the hub says will never come, and how many numbers they hold.
        self.dropped = []

    def add(self, event):
        """Takes an event down."""
        self.numbers.append(event["sequence"])
        if event["type"] == "org.hubd.shake.resolved.v1":
            major, minor = SHAKE.match(event["data"]["spot"][-1]["beacon"]).groups()
            self.shakes.append(int(major) << 16 | int(minor))
        elif event["type"] == "org.hubd.event.dropped.v1":
            self.dropped += event["data"].get("ranges", [])

    def faults(self, acknowledged, last, place):
        """What is wrong, when `acknowledged` were and `last` is the hub's last number.

        `place` is what the service itself says of the hub.
        """
        found = []
        came = counted(self.shakes)
        missing = [shake for shake in acknowledged if not came.get(shake)]
        if missing:
            found.append(f"{len(missing)} acknowledged events are missing: {missing[:10]}")
        twice = [shake for shake, count in came.items() if count > 1]
        if twice:
            found.append(f"{len(twice)} events are there more than once: {twice[:10]}")
        numbers = counted(self.numbers)
        for first, end in self.dropped:
            for number in range(first, end + 1):
                numbers[number] = numbers.get(number, 0) + 1
        gaps = [number for number in range(1, last + 1) if number not in numbers]
        if gaps:
            found.append(f"{len(gaps)} numbers are missing: {gaps[:10]}")
        again = [number for number, count in numbers.items() if count > 1]
        if again:
            found.append(f"{len(again)} numbers are used twice: {again[:10]}")
        expected = {
            "contiguous": last, "highest": last, "missing": 0, "gaps": [], "renumbered": 0,
            "stored": len(self.numbers),
            "dropped": sum(end - first + 1 for first, end in self.dropped)}
        said = {key: place[key] for key in expected}
        if said != expected:
            found.append(f"the service says {said}, expected {expected}")
        return found

    def blind_spots(self, acknowledged, last, place):
        """Spoils what the service has in each way; the ways that are not seen as faults."""
        blind = []
        shake, number = self.shakes[-1], self.numbers[-1]
        spoilt = [
            ("an acknowledged event less", self.numbers, self.shakes[:-1], place),
            ("an event twice", self.numbers, self.shakes + [shake], place),
            ("a number less", self.numbers[:-1], self.shakes, place),
            ("a number twice", self.numbers + [number], self.shakes, place),
            ("a gap", self.numbers, self.shakes, {**place, "contiguous": number - 1}),
        ]
        for name, numbers, shakes, said in spoilt:
            other = Receipt()
            other.numbers, other.shakes, other.dropped = numbers, shakes, self.dropped
            if not other.faults(set(acknowledged) | {shake}, last, said):
                blind.append(name)
        return blind


def counted(numbers):
    counts = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    return counts


def read(ask, hub):
    """The receipt of a hub; `ask` gets what the service answers for an address."""
    receipt, after = Receipt(), 0
    while True:
        page = json.loads(ask(f"/v1/events?hub={hub}&after={after}&limit=1000"))
        if not page["events"]:
            return receipt
        for item in page["events"]:
            receipt.add(item["event"])
        after = page["after"]
