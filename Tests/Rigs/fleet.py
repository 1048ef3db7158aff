#!/usr/bin/env python3
"""Many hubs behind one broker, several workers and one database; all of them are killed.

usage: fleet.py PROGRAMS HUBS EVENTS KILLS SEED

Five real hubd and so many light hubs publish over TLS to mosquitto, each under a name and password of
its own; three workers share the events and store them in PostgreSQL.

First workers and hubs are killed with kill -9, PostgreSQL crashes, and mosquitto restarts in order,
while each light hub makes so many events: the service then has each event of each hub once.

Then mosquitto itself is killed with kill -9 so many times while as many events again are under way.
What it loses of what it acknowledged is counted. The numbers tell of each loss; the hubs that have one
deliver again what they still keep, and the service has each event of each hub once.

With RIG_SPOIL=loss one light hub counts an event as delivered that it has never sent.
"""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import receipt
from hub import Bus, Hub, configure
from light_hubs import LightHub, event
from reference import Mosquitto, PostgreSQL, Process, Service, wait_for

RIGS = os.path.dirname(os.path.abspath(__file__))
REAL, WORKERS = 5, 3
#: Seconds between the events of a light hub: the workers keep up.
PACE = 0.6
TICK = 0.25
SPOIL = os.environ.get("RIG_SPOIL")
#: Seconds without anything new at the service after which what is missing counts as lost; it is for
#: hangs only, but where a loss is to be seen.
PATIENCE = 5 if SPOIL else 60
PASSWORD = "a-password-of-the-rig"
NEAR = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6@-58"


class RealHub:
    """A hubd with a sink of kind mqtt, and somebody who shakes."""

    def __init__(self, programs, folder, name, port):
        self.name, self.folder = name, os.path.join(folder, name)
        os.makedirs(self.folder)
        configure(self.folder, name, [
            {"kind": "mqtt", "url": f"mqtts://localhost:{port}", "topic": "hubs/{hub}/events",
             "username": name, "passwordFile": "../password", "caFile": "../ca.pem"}])
        self.bus = Bus(self.folder)
        self.hub = Hub(programs, self.folder, self.bus)
        self.shakes, self.acknowledged = 0, []
        self.start()

    def start(self):
        self.hub.start()
        self.hub.wait()

    def kill(self):
        self.hub.kill()
        self.start()

    def end(self):
        self.hub.process.kill()
        self.hub.process.wait()
        self.bus.end()

    def shake(self):
        """An event; noted when hubd has acknowledged it."""
        self.shakes += 1
        own = f"0D15EA5E-0000-4000-8000-000000000000/0/{self.shakes}@-70"
        done = subprocess.run(
            [os.path.join(self.hub.programs, "hubctl"), "shake", "--beacon=" + NEAR,
             "--beacon=" + own, "--bus=" + self.bus.address], capture_output=True)
        if done.returncode == 0:
            self.acknowledged.append(self.shakes)

    def begin_again(self, first):
        """Delivers what it keeps once more, as an operator would have it."""
        self.hub.ask("outbox", "again", "mqtt", f"--from={first}")


class Broker(Mosquitto):
    """mosquitto as docs/Fleet.md has it: TLS, a password and a part of the topics for each hub."""

    def __init__(self, folder, names):
        super().__init__(lambda own: self.prepared(own, folder, names))

    @staticmethod
    def prepared(own, folder, names):
        for name in ("valid.crt", "valid.key"):
            shutil.copy(os.path.join(folder, name), own)
        with open(os.path.join(own, "passwords"), "w", encoding="ascii") as file:
            file.writelines(f"{name}:{PASSWORD}\n" for name in [*names, "sync"])
        subprocess.run(["mosquitto_passwd", "-U", os.path.join(own, "passwords")], check=True)
        with open(os.path.join(own, "acl"), "w", encoding="ascii") as file:
            file.write("pattern write hubs/%u/#\nuser sync\ntopic read hubs/+/events\n")
        for name in ("valid.crt", "valid.key", "passwords", "acl"):
            # mosquitto runs as another user when root starts it.
            os.chmod(os.path.join(own, name), 0o644)
        return [f"certfile {own}/valid.crt", f"keyfile {own}/valid.key",
                f"password_file {own}/passwords", f"acl_file {own}/acl"]


class Fleet:
    """All of it."""

    def __init__(self, programs, hubs, folder, undo):
        light = [f"light-{number:04}" for number in range(1, hubs + 1)]
        real = [f"store-{number:04}" for number in range(1, REAL + 1)]
        subprocess.run(["sh", os.path.join(RIGS, "certificates.sh"), folder], check=True)
        with open(os.path.join(folder, "password"), "w", encoding="ascii") as file:
            file.write(PASSWORD)
        self.folder = folder
        self.taken, self.taken_at = 0, time.monotonic()
        self.database = PostgreSQL()
        undo.callback(self.database.remove)
        self.broker = Broker(folder, light + real)
        undo.callback(self.broker.remove)
        self.service = Service(folder, self.database.address())
        undo.callback(self.service.process.kill)
        self.workers = [self.worker(number) for number in range(WORKERS)]
        undo.callback(lambda: [worker.kill() for worker in self.workers])
        self.light = [LightHub(name, self.broker.port, PASSWORD, os.path.join(folder, "ca.pem"))
                      for name in light]
        if SPOIL:
            self.light[0].events += [event(light[0], 1)] * 2
        for hub in self.light:
            hub.start()
        self.real = []
        undo.callback(lambda: [hub.end() for hub in self.real])
        for name in real:
            self.real.append(RealHub(programs, folder, name, self.broker.port))

    def worker(self, number):
        return Process(
            "sync_worker.py", "--broker", f"mqtts://localhost:{self.broker.port}",
            "--ca-file", os.path.join(self.folder, "ca.pem"), "--username", "sync",
            "--password-file", os.path.join(self.folder, "password"), "--share", "sync",
            "--name", f"worker-{number}", "--database", self.database.address(), ready="taking")

    def kill_worker(self, number):
        self.workers[number].kill()
        self.workers[number] = self.worker(number)

    def crash_database(self):
        self.database.stop()
        self.database.start()

    def produce(self, events, faults):
        """Each light hub makes so many events, a few real ones, while the faults happen in turn."""
        todo, ticks = list(faults), round(events * PACE / TICK)
        for tick in range(ticks):
            began = time.monotonic()
            for hub in self.light:
                hub.produce(events * (tick + 1) // ticks - events * tick // ticks)
            shaking = [threading.Thread(target=hub.shake) for hub in self.real]
            for thread in shaking:
                thread.start()
            while len(todo) * ticks > len(faults) * (ticks - tick - 1):
                todo.pop(0)()
            for thread in shaking:
                thread.join()
            time.sleep(max(0, began + TICK - time.monotonic()))

    def last_numbers(self):
        """The last number of each hub, when the broker has acknowledged everything."""
        if any(hub.cursor < len(hub.events) for hub in self.light):
            return None
        last = {hub.name: hub.hub.last() for hub in self.real}
        if None in last.values():
            return None
        return last | {hub.hub: len(hub.events) for hub in self.light}

    def delivered(self):
        """Waits for that."""
        return wait_for(self.last_numbers, "the hubs to deliver everything", 3_600)

    def behind(self, last):
        """How many numbers the service misses of each hub that has more."""
        told = self.service.hubs()
        missing = {name: number - told.get(name, {"stored": 0})["stored"]
                   for name, number in last.items()}
        return {name: count for name, count in missing.items() if count > 0}

    def all_stored(self):
        """Waits until the service has everything; what is wrong then."""
        found = []

        def is_over():
            # An event may come between one question and the next: what is wrong is wrong twice.
            nonlocal found
            before, last = found, self.delivered()
            if self.behind(last) and not self.is_settled(PATIENCE):
                return False
            found = self.faults(last)
            return not found or found == before and self.is_settled(PATIENCE)

        wait_for(is_over, "the service to store everything", 3_600)
        return found

    def faults(self, last):
        """What is wrong with what the service has."""
        found, told = [], self.service.hubs()
        acknowledged = {hub.name: hub.acknowledged for hub in self.real}
        for name, number in last.items():
            has = receipt.read(self.service.ask, name)
            for fault in has.faults(acknowledged.get(name, []), number, told[name]):
                found.append(f"{name}: {fault}")
        return found

    def is_settled(self, seconds):
        """Whether no worker has stored anything for so long."""
        taken = sum(hub["stored"] + hub["duplicates"] for hub in self.service.hubs().values())
        if taken != self.taken:
            self.taken, self.taken_at = taken, time.monotonic()
        return time.monotonic() - self.taken_at > seconds


def proved(fleet, events, rng):
    """Everything but the broker is killed: nothing is lost."""
    faults = [lambda n=n: fleet.kill_worker(n) for n in range(WORKERS)] * 2
    faults += [hub.kill for hub in fleet.real] + [fleet.crash_database, fleet.broker.restart]
    faults *= max(1, events // 20)
    rng.shuffle(faults)
    fleet.produce(events, faults)
    found = fleet.all_stored()
    last = fleet.delivered()
    print(f"{sum(last.values())} events of {len(last)} hubs: {len(found)} faults")
    return found


def measured(fleet, events, kills):
    """The broker is killed: what it forgets is named by the numbers, and comes again."""
    before = sum(fleet.delivered().values())
    fleet.produce(events, [fleet.broker.kill] * kills)
    fleet.delivered()
    wait_for(lambda: fleet.is_settled(5), "the workers to store what there is", 3_600)
    last = fleet.delivered()
    behind = fleet.behind(last)
    told = fleet.service.hubs()
    print(f"mosquitto killed {kills} times: {sum(behind.values())} of "
          f"{sum(last.values()) - before} acknowledged events lost, of {len(behind)} hubs")
    for name in sorted(behind)[:1]:
        print(f"the service says of one: {json.dumps(told[name])}")
    found = []
    for name, missing in behind.items():
        place = told[name]
        if place["contiguous"] == last[name] or \
                missing != place["missing"] + last[name] - place["highest"]:
            found.append(f"{name}: {missing} are missing, the service says {place}")
    for hub in fleet.light:
        if hub.hub in behind:
            hub.begin_again(told[hub.hub]["contiguous"] + 1)
    for hub in fleet.real:
        # Whether it has lost some or not: what an operator is told to do has to work.
        hub.begin_again(told[hub.name]["contiguous"] + 1 if hub.name in behind else 1)
    found += fleet.all_stored()
    duplicates = sum(hub["duplicates"] for hub in fleet.service.hubs().values())
    print(f"after they were delivered again: {len(found)} faults, {duplicates} came twice in all")
    return found


def main():
    programs = os.path.abspath(sys.argv[1])
    hubs, events, kills, seed = (int(word) for word in sys.argv[2:6])
    start = time.monotonic()
    with contextlib.ExitStack() as undo:
        folder = tempfile.mkdtemp(prefix="hubd-fleet-")
        undo.callback(shutil.rmtree, folder)
        fleet = Fleet(programs, hubs, folder, undo)
        found = proved(fleet, events, random.Random(seed))
        if not found:
            found = measured(fleet, events, kills)
    for fault in found[:20]:
        print(f"seed {seed}: {fault}")
    print(f"hubs {hubs + REAL} bad {len(found)}, in {time.monotonic() - start:.0f} s")
    sys.exit(1 if found else 0)


main()
