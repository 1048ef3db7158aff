#!/usr/bin/env python3
"""Kills the whole hubd at random instants, over a line that fails, and asks the service for everything.

usage: hub_kill.py PROGRAMS KILLS SEED [sqlite|postgresql]

hubd runs as in a shop: a recording of beacons, an HTTPS sink with a signing secret and a CA file, the
reference sync service behind it. `shake` makes 1,000 events a second over D-Bus; acknowledged is an
event whose caller has the reply. The service is killed at times, too. In the end the line is well, and
the service must have every acknowledged event once, and every number once, up to the hub's last.

RIG_SPOIL makes a run that must fail, to show that losses are seen: `lie` has somebody take events
for the service and store nothing; `eager` counts events as acknowledged that were under way when
hubd was killed, as if it answered before it has kept them.
"""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import receipt
from hub import Bus, Hub, configure, http_sink
from reference import PostgreSQL, Service, wait_for
from rough_line import FATES, RoughLine

RIGS = os.path.dirname(os.path.abspath(__file__))
RATE = 1_000


class Customers:
    """`shake`, and the numbers that were acknowledged."""

    def __init__(self, folder, bus):
        program = os.path.join(folder, "shake")
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libsystemd"], check=True,
                               capture_output=True, text=True).stdout.split()
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", program,
                        os.path.join(RIGS, "shake.c"), *flags], check=True)
        environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": bus.address}
        if os.environ.get("RIG_SPOIL") == "eager":
            environment["RIG_EAGER"] = "1"
        self.process = subprocess.Popen(
            [program, str(RATE)], env=environment, text=True, stdout=subprocess.PIPE)
        self.acknowledged = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.acknowledged.append(int(line))

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()


class Storm:
    """The lives of a hub, each of which ends with kill -9."""

    def __init__(self, hub, line, service, rng):
        self.hub, self.line, self.service, self.rng = hub, line, service, rng

    def life(self, number):
        """One of them."""
        refuses = self.rng.random() < 0.15
        if refuses:
            self.line.close()
        self.hub.start()
        if self.rng.random() < 0.25:
            # While it opens the store, plays the recording or takes its name on the bus.
            time.sleep(self.rng.uniform(0.0005, 0.03))
        else:
            self.hub.wait()
            time.sleep(self.rng.uniform(0, 0.6))
            self.line.open()
            time.sleep(self.rng.uniform(0, 0.6))
            if number % 20 == 10:
                self.service.restart()
        self.hub.kill()
        self.line.open()

    def lull(self):
        """A life in which the hub comes near its end of the queue, so that lives stay comparable."""
        self.line.fate = "good"
        self.hub.start()
        self.hub.wait()
        wait_for(lambda: self.hub.ask("outbox")["sinks"][0]["waiting"] < 1_000,
                 "the queue to shrink", 300)
        self.hub.kill()
        self.line.fate = None


def verdict(hub, customers, service, seed):
    """Waits until everything is delivered; what is wrong then."""
    hub.start()
    hub.wait()
    last = wait_for(hub.last, "the hub to deliver everything", 600)
    rejected, even = hub.ask("outbox")["rejected"], hub.ask("ledger")["even"]
    place = service.hub("store-0042")
    hub.stop()
    received = receipt.read(service.ask, "store-0042")
    found = received.faults(customers.acknowledged, last, place)
    if rejected:
        found.append(f"{len(rejected)} events were rejected: {rejected[0]}")
    if not even:
        found.append("the hub's ledger is not even")
    if not found:
        found += [f"the rig does not see {spot}" for spot in
                  received.blind_spots(customers.acknowledged, last, place)]
    print(f"{len(customers.acknowledged)} acknowledged, {place['stored']} stored of {last} numbers, "
          f"{place['dropped']} announced as dropped, {place['duplicates']} came twice")
    return found


def run(programs, kills, seed, kind, folder, undo):
    """All of it; what is wrong in the end."""
    rng = random.Random(seed)
    subprocess.run(["sh", os.path.join(RIGS, "certificates.sh"), folder], check=True)
    database = os.path.join(folder, "events.db")
    if kind == "postgresql":
        server = PostgreSQL()
        undo.callback(server.remove)
        database = server.address()
    service = Service(folder, database)
    undo.callback(lambda: service.process.kill())
    line = RoughLine(service.port, os.path.join(folder, "valid.pem"), random.Random(seed))
    configure(folder, "store-0042", [http_sink(line.port)])
    bus = Bus(folder)
    undo.callback(bus.end)
    hub = Hub(programs, folder, bus)
    undo.callback(lambda: hub.process.kill() if hub.process else None)
    customers = Customers(folder, bus)
    undo.callback(customers.end)
    storm = Storm(hub, line, service, rng)
    for number in range(kills):
        if os.environ.get("RIG_SPOIL") == "lie":
            line.fate = "200" if number >= kills // 2 else None
        storm.life(number)
        if number % 50 == 49:
            storm.lull()
    customers.end()
    line.fate = "good"
    found = verdict(hub, customers, service, seed)
    print(f"connections: {line.seen}")
    unseen = [fate for fate in FATES if not line.seen[fate]]
    if kills >= 200 and unseen:
        found.append(f"the line never did {unseen}: the rig does not do what it is for")
    return found


def main():
    programs, kills, seed = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    kind = sys.argv[4] if len(sys.argv) > 4 else "sqlite"
    start = time.monotonic()
    with contextlib.ExitStack() as undo:
        folder = tempfile.mkdtemp(prefix="hubd-kill-")
        undo.callback(shutil.rmtree, folder)
        found = run(programs, kills, seed, kind, folder, undo)
    for fault in found:
        print(f"seed {seed}: {fault}")
    print(f"kills {kills} bad {len(found)}, in {time.monotonic() - start:.0f} s")
    sys.exit(1 if found else 0)


main()
