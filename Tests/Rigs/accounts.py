#!/usr/bin/env python3
"""Kills a store that loses events in all the ways there are, and looks whether it knows of each.

usage: accounts.py RIG FOLDER KILLS SEED

The quota is small, so presence and telemetry are dropped for room; the service refuses some
events for good, is away at times, and takes no old presence. After each kill what came in
equals what is there and what went, counted here from the rows. In the end the service has
every event of value that was acknowledged, but for those that it refused.
"""

import gzip
import http.server
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading

from state import uneven_accounts

rig, folder, kills, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rng = random.Random(seed)
have, refused = set(), set()


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        sequences = [event["sequence"] for event in json.loads(gzip.decompress(body))]
        guilty = [sequence for sequence in sequences if sequence % 97 == 0]
        if rng.random() < 0.2:
            status = 503
        elif guilty:
            status = 422
            if len(sequences) == 1:
                refused.update(guilty)
        else:
            status = 200
            have.update(sequences)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
environment = dict(
    os.environ, RIG_QUOTA=str(1 << 20), RIG_HURRY="1",
    RIG_SINK=f"http://127.0.0.1:{server.server_port}/")


def live(acks):
    """One life of the store, which ends after so many acknowledgements."""
    # A flood leaves little that could grow old: what grows old does so in lives without one.
    age, loose = rng.choice([("1", "2"), ("10000", "40")])
    process = subprocess.Popen(
        [rig, "churn", folder], env=dict(environment, RIG_MAX_AGE=age, RIG_LOOSE=loose),
        text=True, stdout=subprocess.PIPE)
    acked = []
    for line in process.stdout:
        words = line.split()
        if words[0] == "failed":
            sys.exit(line)
        if words[0] == "acked":
            acked.append(int(words[1]))
        if len(acked) >= acks:
            break
    process.send_signal(signal.SIGKILL)
    acked += [int(line.split()[1]) for line in process.stdout if line.startswith("acked ")]
    process.wait()
    return acked


def database():
    return sqlite3.connect(os.path.join(folder, "hubd.db"))


def unseen():
    """The ways of losing an event in which none was lost so far."""
    base = database()
    tally = dict(base.execute("SELECT name, count FROM tally"))
    confirmed, expired = base.execute(
        "SELECT confirmed, expired FROM sink WHERE name LIKE 'http:%'").fetchone()
    rejected = base.execute("SELECT count(*) FROM rejected").fetchone()[0]
    base.close()
    shed = tally.get("shedPresence", 0) + tally.get("shedTelemetry", 0)
    return [name for name, amount in [("shed", shed), ("rejected", rejected),
                                      ("expired", expired), ("confirmed", confirmed)]
            if not amount]


auditor = subprocess.Popen(
    [rig, "audit"], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
bad, values, number = 0, set(), 0
# A busy machine needs more lives until each way was seen.
while number < kills or unseen() and number < 10 * kills:
    for last in live(rng.randint(1, 60)):
        values.update(range(last - 2, last + 1))
    number += 1
    auditor.stdin.write(folder + "\n")
    auditor.stdin.flush()
    answer = auditor.stdout.readline()
    found = uneven_accounts(os.path.join(folder, "hubd.db"))
    if not answer.startswith("ok ") or not answer.endswith(" ledger even\n") or found:
        bad += 1
        print(f"seed {seed} kill {number}: {answer.strip()} {found}")
        if bad >= 5:
            break
auditor.stdin.close()
auditor.wait()

base = database()
tally = dict(base.execute("SELECT name, count FROM tally"))
account = base.execute(
    "SELECT confirmed, shed, expired FROM sink WHERE name LIKE 'http:%'").fetchone()
rejected = base.execute("SELECT count(*) FROM rejected").fetchone()[0]
cursor, express = base.execute(
    "SELECT cursor, express FROM sink WHERE name LIKE 'http:%'").fetchone()
base.close()
# What the store says the service has, it has; value in front of the cursors was not passed over.
missing = {value for value in values if value <= max(cursor, express)} - have - refused
if missing:
    bad += 1
    print(f"the service never got {sorted(missing)[:10]}")
for name in unseen():
    bad += 1
    print(f"no event was {name}: the rig does not do what it is for")
print(f"kills {number} bad {bad}: {tally} {account} rejected {rejected}")
sys.exit(1 if bad else 0)
