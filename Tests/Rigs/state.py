"""What the crash rigs check in a state folder, in their own words.

Nothing here uses hubd's code: SQLite through Python's module, the event file
as text.
"""

import glob
import os
import re
import sqlite3
import subprocess
import sys
import zlib

SEQUENCE = re.compile(rb'^\{"specversion":"1\.0","id":"([0-9a-f-]{36})","sequence":(\d+),.*\}$')


class Opener:
    """A process of the rig that opens one folder after the other."""

    def __init__(self, rig):
        self.process = subprocess.Popen(
            [rig, "open"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def open(self, folder):
        """Opens the folder, lets the sink finish, closes; the rig's words."""
        try:
            self.process.stdin.write(folder + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            sys.exit(f"the rig ended with {self.process.wait()}")
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] == "failed":
            return {"failed": " ".join(answer)}
        report = dict(zip(answer[1::2], answer[2::2]))
        report["integrity"] = answer[0]
        return report

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def problems(folder, report, acked, batch):
    """What is wrong in a folder of which `acked` events and `batch` are known to be durable."""
    if "failed" in report:
        return ["cannot be opened: " + report["failed"]]
    found = []
    last = int(report["last"])
    if report["integrity"] != "ok":
        found.append("integrity: " + report["integrity"])
    if last < acked:
        found.append(f"lost: {acked} was acknowledged, {last} is the last")
    if int(report["count"]) != last:
        found.append(f"gap: {report['count']} events up to {last}")
    if batch >= 0 and int(report.get("batch", -1)) < batch:
        found.append(f"state: batch {batch} was acknowledged, {report.get('batch')} is kept")
    if report.get("ledger") != "even":
        found.append("ledger: " + str(report.get("ledger")))
    found += torn_batches(os.path.join(folder, "hubd.db"))
    found += uneven_accounts(os.path.join(folder, "hubd.db"))
    found += file_problems(folder, last)
    return found


def mark(path):
    """How many numbers the mark says are reserved: the most of its slots that are whole."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return 0
    reserved = 0
    for slot in (content[:512], content[512:1024]):
        match = re.match(rb"(reserved (\d+) oldest \d+ checksum )(\d+)\n", slot)
        if match and zlib.crc32(match[1]) == int(match[3]):
            reserved = max(reserved, int(match[2]))
    return reserved


def uneven_accounts(path):
    """What came in and what became of it, counted from the rows and compared with the counts."""
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        tally = dict(base.execute("SELECT name, count FROM tally"))
        kept = base.execute("SELECT count(*) FROM event").fetchone()[0]
        last = base.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
        sinks = base.execute(
            "SELECT name, cursor, max(cursor, express), base, confirmed, given_up, shed, expired "
            "FROM sink").fetchall()
        waiting = {
            name: base.execute(
                "SELECT count(*) FROM event WHERE sequence > ? AND (class > 0 OR sequence > ?)",
                (cursor, express)).fetchone()[0]
            for name, cursor, express, *_ in sinks}
        rejected = dict(base.execute("SELECT sink, count(*) FROM rejected GROUP BY sink"))
    finally:
        base.close()
    count = lambda *names: sum(tally.get(name, 0) for name in names)
    committed = count("committedValue", "committedPresence", "committedTelemetry")
    found = []
    used = last[0] if last else 0
    if used != committed + count("earlier", "skipped"):
        found.append(f"numbers: {used} used, {tally}")
    gone = count("retired", "shedPresence", "shedTelemetry", "lost")
    if committed + count("mended") != gone + kept:
        found.append(f"store: {kept} kept, {tally}")
    for name, _, _, start, confirmed, given_up, shed, expired in sinks:
        became = confirmed + given_up + shed + expired + waiting[name] + rejected.get(name, 0)
        if start + committed != became:
            found.append(f"{name}: {start + committed} were due, {became} are accounted for")
    return found


def torn_batches(path):
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = base.execute(
            "SELECT json_extract(data, '$.batch') AS b, count(*) FROM event "
            "WHERE b >= 0 GROUP BY b HAVING count(*) != 8").fetchall()
    finally:
        base.close()
    return [f"torn: batch {b} has {n} of 8" for b, n in rows]


def file_problems(folder, last):
    """Every event exactly once and in order, in the files from the oldest to the newest."""
    files = sorted(
        glob.glob(os.path.join(folder, "events.jsonl*")),
        key=lambda name: -int(name.rpartition(".")[2]) if name[-1].isdigit() else 0)
    expected = 1
    for name in files:
        with open(name, "rb") as file:
            content = file.read()
        lines = content.split(b"\n")
        if lines.pop() != b"":
            return [f"file: {name} ends within a line"]
        for line in lines:
            match = SEQUENCE.match(line)
            if not match:
                return [f"file: not an event in {name}: {line[:80]!r}"]
            if int(match[2]) != expected:
                return [f"file: {int(match[2])} where {expected} belongs, in {name}"]
            expected += 1
    return [] if expected == last + 1 else [f"file: ends before {expected}, the store has {last}"]
