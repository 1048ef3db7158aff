"""A store in a process of its own, with a disk under control."""

import json
import os
import sqlite3
import subprocess
import time


class Store:
    """`outbox-rig serve`, with disk.c in front of the folder."""

    def __init__(self, rig, disk, folder, budget=None, **environment):
        self.folder = os.path.join(folder, "state")
        os.makedirs(self.folder, exist_ok=True)
        self.budget, self.sync = os.path.join(folder, "budget"), os.path.join(folder, "sync")
        self.allow(budget)
        self.synchronize(0, 0)
        self.process = subprocess.Popen(
            [rig, "serve", self.folder], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=dict(os.environ, LD_PRELOAD=disk, RIG_DIR=self.folder, RIG_BUDGET=self.budget,
                     RIG_SYNC=self.sync, **environment))
        answer = self.process.stdout.readline()
        if answer != "ready\n":
            raise RuntimeError(answer)

    def allow(self, size):
        """The bytes the folder may take; None for any."""
        write(self.budget, "" if size is None else str(size))

    def synchronize(self, errno, milliseconds):
        """What fsync does from now on."""
        write(self.sync, f"{errno} {milliseconds}")

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self):
        words = self.process.stdout.readline().split()
        if not words:
            raise RuntimeError(f"the store ended with {self.process.wait()}")
        return {key: int(value) if value.lstrip("-").isdigit() else value
                for key, value in zip(words[::2], words[1::2])}

    def do(self, line):
        self.send(line)
        return self.answer()

    def until(self, seconds, line, wanted):
        """Repeats until the answer is wanted; it, and how long it took."""
        start = time.monotonic()
        while True:
            answer = self.do(line)
            taken = time.monotonic() - start
            if wanted(answer):
                return answer, taken
            if taken > seconds:
                raise AssertionError(f"{line} still says {answer} after {taken:.1f} s")
            time.sleep(0.05)

    def close(self):
        self.send("close")
        assert self.process.stdout.readline() == "closed\n"
        self.process.wait()
        return Content(os.path.join(self.folder, "hubd.db"))


class Content:
    """What is in a closed database."""

    def __init__(self, path):
        base = sqlite3.connect(path)
        self.integrity = base.execute("PRAGMA integrity_check").fetchone()[0]
        self.events = base.execute(
            "SELECT sequence, class, type, data FROM event ORDER BY sequence").fetchall()
        base.close()
        self.notices = [json.loads(data) for _, _, kind, data in self.events
                        if kind == "org.hubd.event.dropped.v1"]
        self.values = [s for s, c, kind, _ in self.events
                       if c == 0 and kind != "org.hubd.event.dropped.v1"]
        self.presence = [s for s, c, _, _ in self.events if c == 1]
        self.last = self.events[-1][0] if self.events else 0

    def unexplained(self):
        """Sequence numbers that are neither there nor in a notice."""
        there = {sequence for sequence, *_ in self.events}
        for notice in self.notices:
            for first, last in notice.get("ranges", []):
                there.update(range(first, last + 1))
        return [n for n in range(1, self.last + 1) if n not in there]

    def dropped(self, reason):
        return sum(notice["count"] for notice in self.notices if notice["reason"] == reason)


def write(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)
