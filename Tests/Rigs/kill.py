#!/usr/bin/env python3
"""Kills the store at random instants, and looks whether anything acknowledged is lost.

usage: kill.py RIG FOLDER KILLS SEED
"""

import os
import random
import select
import signal
import subprocess
import sys
import time

from state import Opener, problems


def run_and_kill(rig, folder, rng):
    """One life of the writer; the last it acknowledged."""
    process = subprocess.Popen([rig, "write", folder, "1000000"], stdout=subprocess.PIPE)
    output = b""
    # One in four is killed in its first instants, while it opens and recovers.
    early = rng.random() < 0.25
    delay = rng.uniform(0.002, 0.030)
    limit = time.monotonic() + (delay if early else 30)
    ready = False
    while True:
        left = limit - time.monotonic()
        if left <= 0:
            break
        if select.select([process.stdout], [], [], left)[0]:
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                break
            output += chunk
            if not ready and not early and b"ready\n" in output:
                ready = True
                limit = time.monotonic() + delay
    process.send_signal(signal.SIGKILL)
    output += process.stdout.read()
    process.wait()
    acks = [line.split() for line in output.split(b"\n")[:-1] if line.startswith(b"acked ")]
    return (int(acks[-1][1]), int(acks[-1][2])) if acks else (0, -1)


def main():
    rig, folder, kills, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    rng = random.Random(seed)
    opener = Opener(rig)
    acked, batch, bad = 0, -1, 0
    for number in range(kills):
        seen, at = run_and_kill(rig, folder, rng)
        acked, batch = max(acked, seen), max(batch, at)
        report = opener.open(folder)
        found = problems(folder, report, acked, batch)
        if found:
            bad += 1
            print(f"seed {seed} kill {number}: {'; '.join(found)}")
            if bad >= 10:
                break
    opener.end()
    print(f"kills {kills} acknowledged {acked} bad {bad}")
    sys.exit(1 if bad else 0)


main()
