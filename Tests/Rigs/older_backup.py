#!/usr/bin/env python3
"""A sync service that goes back to a backup, and the hub that has delivered more than is in it.

usage: older_backup.py PROGRAMS

The service has acknowledged every event, then its database is replaced by an older copy. With the next
event the hub has to name what is missing and the command that mends it; that command has to mend it.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

import receipt
from hub import Bus, Hub, configure, http_sink
from reference import Service, wait_for

RIGS = os.path.dirname(os.path.abspath(__file__))
NAME, EVENTS = "store-0042", 40
NEAR = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6@-58"


def shake(hub, number):
    """An event; it is acknowledged when this returns."""
    own = f"0D15EA5E-0000-4000-8000-000000000000/0/{number}@-70"
    subprocess.run([os.path.join(hub.programs, "hubctl"), "shake", "--beacon=" + NEAR,
                    "--beacon=" + own, "--bus=" + hub.bus.address], check=True,
                   stdout=subprocess.DEVNULL)


def problem(hub):
    """What the hub says of its sink; None when all is well."""
    return next((text for text in hub.ask("status")["problems"] if text.startswith("sink ")), None)


def told(hub, fields=("service", "missed")):
    """What the hub tells of its service."""
    sink = hub.ask("outbox")["sinks"][0]
    return {name: sink.get(name) for name in fields}


def run(programs, folder, undo):
    """All of it; what is wrong in the end."""
    subprocess.run(["sh", os.path.join(RIGS, "certificates.sh"), folder], check=True)
    database, backup = (os.path.join(folder, name) for name in ("events.db", "backup.db"))
    service = Service(folder, database)
    undo.callback(lambda: service.process.kill())
    configure(folder, NAME, [http_sink(service.port)])
    bus = Bus(folder)
    undo.callback(bus.end)
    hub = Hub(programs, folder, bus)
    hub.start()
    undo.callback(lambda: hub.process.kill())
    hub.wait()
    wait_for(hub.last, "the hub to deliver everything")
    # A service that has ended leaves one file.
    service.process.stop()
    shutil.copy(database, backup)
    service.start()
    for number in range(1, EVENTS + 1):
        shake(hub, number)
    before = wait_for(hub.last, "the hub to deliver everything")
    if problem(hub) or told(hub)["service"]["contiguous"] != before:
        return [f"all was well, and the hub says {problem(hub)}, {told(hub)}"]

    service.process.stop()
    shutil.copy(backup, database)
    service.start()
    shake(hub, EVENTS + 1)
    said = wait_for(lambda: problem(hub), "the hub to name what is missing")
    print(said)
    missing = service.hub(NAME)["missing"]
    command = re.search(r"hubctl (outbox again http --from=\d+)$", said)
    if not command or missing < EVENTS or told(hub)["missed"] != missing:
        return [f"{missing} events are missing, and the hub says {said}, {told(hub)}"]
    acknowledged = list(range(1, EVENTS + 2))
    has = receipt.read(service.ask, NAME)
    if not has.faults(acknowledged, hub.last(), service.hub(NAME)):
        return ["the rig does not see what is missing"]

    print(hub.ask(*command[1].split()))
    wait_for(lambda: not problem(hub) and hub.last(), "the hub to be well again")
    has, place = receipt.read(service.ask, NAME), service.hub(NAME)
    found = has.faults(acknowledged, hub.last(), place)
    if not hub.ask("ledger")["even"]:
        found.append("the hub's ledger is not even")
    print(f"{place['stored']} stored, {place['duplicates']} came twice")
    return found


def main():
    with contextlib.ExitStack() as undo:
        folder = tempfile.mkdtemp(prefix="hubd-backup-")
        undo.callback(shutil.rmtree, folder)
        found = run(os.path.abspath(sys.argv[1]), folder, undo)
    for fault in found:
        print(fault)
    print(f"backup bad {len(found)}")
    sys.exit(1 if found else 0)


main()
