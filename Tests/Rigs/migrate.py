#!/usr/bin/env python3
"""Kills the migration of an older store at random instants: it is the old one or the new one.

usage: migrate.py RIG FOLDER KILLS SEED ROWS [QUOTA]

The old store is made here, from the words of version 1, and has a sink, a rejected event and
events that are gone. Says how long the last migration took.
"""

import os
import random
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time
import zlib

from state import uneven_accounts

VERSION_1 = """
CREATE TABLE event (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL, class INTEGER NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
  time INTEGER NOT NULL, utc_offset INTEGER NOT NULL, synchronized INTEGER NOT NULL,
  boot BLOB NOT NULL, monotonic INTEGER NOT NULL, hub INTEGER NOT NULL,
  data BLOB NOT NULL, checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE hub (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE sink (
  name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, place INTEGER NOT NULL
) STRICT;
CREATE TABLE rejected (
  sequence INTEGER NOT NULL, sink TEXT NOT NULL, reason TEXT NOT NULL,
  time INTEGER NOT NULL, retry INTEGER NOT NULL, PRIMARY KEY (sequence, sink)
) STRICT;
CREATE TABLE state (
  key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;
"""


def row(sequence):
    identity, boot, kind, subject = os.urandom(16), bytes(16), "org.hubd.beacon.left.v1", "b"
    data = b'{"n":%d,"p":"%s"}' % (sequence, b"x" * 120)
    number, now = sequence % 3, 1_795_356_187_000_000_000 + sequence
    check = struct.pack("<Q", sequence)
    check += struct.pack("<QQ", *struct.unpack(">QQ", identity))
    check += struct.pack("<QqqQ", number, now, 0, 1) + bytes(16) + struct.pack("<q", sequence)
    check += kind.encode() + b"\0" + subject.encode() + b"\0" + data
    return (sequence, identity, number, kind, subject, now, 0, 1, boot, sequence, 1, data,
            zlib.crc32(check))


def build(path, rows):
    base = sqlite3.connect(path)
    base.executescript("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;" + VERSION_1)
    base.execute("INSERT INTO hub VALUES (1, 'rig')")
    # The first hundred are gone.
    base.executemany(
        "INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (row(sequence) for sequence in range(101, rows + 101)))
    base.execute("INSERT INTO sink VALUES ('http:http://localhost/', 150, 0)")
    base.execute("INSERT INTO rejected VALUES (120, 'http:http://localhost/', '400', 1, 0)")
    base.execute("PRAGMA user_version = 1")
    base.commit()
    base.close()


def look(path):
    base = sqlite3.connect(path)
    try:
        return (base.execute("PRAGMA user_version").fetchone()[0],
                base.execute("PRAGMA integrity_check").fetchone()[0],
                base.execute("SELECT count(*) FROM event").fetchone()[0])
    finally:
        base.close()


def main():
    rig, folder, kills, seed, rows = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:6])
    os.environ["RIG_QUOTA"] = sys.argv[6] if len(sys.argv) > 6 else str(128 << 20)
    # A store that has used up its quota deletes what the sink has, but for what it would not have.
    kept = rows - 49 if len(sys.argv) > 6 else rows
    rng = random.Random(seed)
    original = os.path.join(folder, "old.db")
    build(original, rows)
    state = os.path.join(folder, "state")
    path = os.path.join(state, "hubd.db")

    def start():
        shutil.rmtree(state, ignore_errors=True)
        os.mkdir(state)
        shutil.copy(original, path)
        begin = time.monotonic()
        process = subprocess.Popen(
            [rig, "audit"], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(state + "\n")
        process.stdin.flush()
        return process, begin

    def finish(process, begin):
        answer = process.stdout.readline()
        taken = time.monotonic() - begin
        process.stdin.close()
        process.wait()
        assert answer == f"ok count {kept} last {rows + 100} ledger even\n", answer
        assert look(path) == (2, "ok", kept), look(path)
        assert not uneven_accounts(path), uneven_accounts(path)
        assert look(path + ".schema-1") == (1, "ok", rows)
        return taken

    taken = finish(*start())
    seen = {1: 0, 2: 0}
    for _ in range(kills):
        process, _ = start()
        time.sleep(rng.uniform(0, taken * 1.2))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.close()
        version, integrity, count = look(path)
        assert version in (1, 2) and integrity == "ok", (version, integrity)
        assert count == rows or version == 2 and kept <= count, count
        seen[version] += 1
        # What was interrupted is done the next time.
        begin = time.monotonic()
        process = subprocess.Popen(
            [rig, "audit"], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(state + "\n")
        process.stdin.flush()
        finish(process, begin)
    print(f"rows {rows} kills {kills} old {seen[1]} new {seen[2]} seconds {taken:.2f}")


main()
