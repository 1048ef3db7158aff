#!/usr/bin/env python3
"""Becomes any program that plays the air, without the 10 s that importing bumble takes under
emulation: it imports it once, and then forks.

    air_server.py FIFO

Each line read from FIFO names a file with the order, a line each: the control group that the
program belongs to, where its output goes, and the program with its arguments.
"""

import os
import runpy
import signal
import sys

import air  # noqa: F401  what the programs use


def become(group: str, output: str, program: list[str]):
    with open(f"/sys/fs/cgroup{group}/cgroup.procs", "w") as procs:
        procs.write("0")  # whoever writes it
    log = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout.reconfigure(line_buffering=True)
    sys.argv = program
    sys.path.insert(0, os.path.dirname(program[0]))
    runpy.run_path(program[0], run_name="__main__")


def main(fifo: str):
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    print("ready", flush=True)
    # Opened for both, so that it stays open when a writer goes.
    with open(os.open(fifo, os.O_RDWR)) as orders:
        for order in orders:
            with open(order.rstrip("\n")) as lines:
                group, output, *program = lines.read().splitlines()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                become(group, output, program)
                return


main(sys.argv[1])
