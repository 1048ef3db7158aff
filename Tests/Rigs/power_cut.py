#!/usr/bin/env python3
"""Cuts the power of a recorded disk at random places, and looks what is left.

usage: power_cut.py RIG DISK.so FOLDER CUTS SEED

The writer runs once, with disk.c recording. For each cut, the folder is built as a
disk might leave it: what was synchronized is there; of what was not, each write is
there whole (45 %), torn at a sector (10 %) or not at all (45 %), in any combination;
of the names that were not synchronized, those up to some point.
"""

import os
import random
import shutil
import struct
import subprocess
import sys

from state import Opener, mark, problems

SECTOR = 512


def record(rig, disk, folder, log):
    environment = dict(os.environ, LD_PRELOAD=disk, RIG_DIR=folder, RIG_LOG=log)
    # Two lives: the second opens what the first closed, and needs a second block of numbers.
    for batches in ("250", "250"):
        subprocess.run(
            [rig, "write", folder, batches], env=environment, check=True,
            stdout=subprocess.DEVNULL)


def operations(log):
    with open(log, "rb") as file:
        content = file.read()
    place = 0
    while place + 21 <= len(content):
        op, inode, offset, length = struct.unpack_from("<cQQI", content, place)
        yield op, inode, offset, content[place + 21:place + 21 + length]
        place += 21 + length


class Disk:
    """What is on the disk for certain, and what may be."""

    def __init__(self):
        self.files, self.pending = {}, {}  # inode -> bytes, inode -> operations
        self.names, self.pending_names = {}, []  # name -> inode, operations
        self.acked, self.batch = 0, -1

    def apply(self, op, inode, offset, data):
        if op == b"C":
            # The inode of a removed file may have come again.
            self.files[inode], self.pending[inode] = bytearray(), []
            self.pending_names.append(("create", data, inode))
        elif op == b"R":
            self.pending_names.append(("rename", *data.split(b"\0")))
        elif op == b"U":
            self.pending_names.append(("unlink", data))
        elif op == b"D":
            for change in self.pending_names:
                rename(self.names, change)
            self.pending_names = []
        elif op in (b"W", b"T"):
            self.pending[inode].append((op, offset, data))
        elif op == b"S":
            for change in self.pending[inode]:
                write(self.files[inode], *change)
            self.pending[inode] = []
        elif op == b"A":
            for line in data.split(b"\n"):
                if line.startswith(b"acked "):
                    _, acked, batch = line.split()
                    self.acked, self.batch = int(acked), int(batch)

    def cut(self, folder, rng):
        names = dict(self.names)
        for change in self.pending_names[:rng.randint(0, len(self.pending_names))]:
            rename(names, change)
        for name, inode in names.items():
            content = bytearray(self.files[inode])
            for op, offset, data in self.pending[inode]:
                fate = rng.random()
                if fate < 0.45:
                    write(content, op, offset, data)
                elif fate < 0.55 and op == b"W":
                    tear(content, offset, data, rng)
            with open(os.path.join(folder, name.decode()), "wb") as file:
                file.write(content)


def rename(names, change):
    if change[0] == "create":
        names[change[1]] = change[2]
    elif change[0] == "unlink":
        names.pop(change[1], None)
    elif change[1] in names:
        names[change[2]] = names.pop(change[1])


def write(content, op, offset, data):
    if op == b"T":
        if offset < len(content):
            del content[offset:]
        else:
            content.extend(bytes(offset - len(content)))
        return
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset:offset + len(data)] = data


def tear(content, offset, data, rng):
    """Some sectors of a write reach the disk."""
    place = 0
    while place < len(data):
        end = min(len(data), place + SECTOR - (offset + place) % SECTOR)
        if rng.random() < 0.5:
            write(content, b"W", offset + place, data[place:end])
        place = end


def main():
    rig, disk, folder, cuts, seed = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
    rng = random.Random(seed)
    # The folder is rebuilt where it was recorded: a sink is known by its path.
    state, log = os.path.join(folder, "state"), os.path.join(folder, "log")
    os.mkdir(state)
    record(rig, disk, state, log)
    recorded = list(operations(log))
    places = sorted(rng.randrange(len(recorded)) for _ in range(cuts))
    opener, model, done = Opener(rig), Disk(), 0
    lost = damaged = 0
    for place in places:
        while done <= place:
            model.apply(*recorded[done])
            done += 1
        shutil.rmtree(state)
        os.mkdir(state)
        model.cut(state, rng)
        reserved = mark(os.path.join(state, "hubd.db-mark"))
        found = problems(state, opener.open(state), model.acked, model.batch)
        if reserved < model.acked:
            found.append(f"mark: {model.acked} was acknowledged, {reserved} is reserved")
        if not found:
            continue
        only_lost = all(text.startswith(("lost", "state")) for text in found)
        lost, damaged = lost + only_lost, damaged + (not only_lost)
        if lost + damaged <= 10:
            print(f"seed {seed} cut at {place}: {'; '.join(found)}")
    opener.end()
    print(f"operations {len(recorded)} cuts {cuts} lost {lost} damaged {damaged}")
    sys.exit(1 if lost or damaged else 0)


main()
