#!/usr/bin/env python3
"""Fills the disk, or the quota, and looks who gives way.

usage: full_disk.py RIG DISK.so FOLDER disk|quota|mount|both

disk is a simulation that needs no rights; mount is a file system of 3 MiB in memory, in
a mount namespace of its own, and the same as disk for those who may not mount. both is a store that has used up its quota, is
started again, and finds the disk full: the space that is kept back lets it go on.

A sink that cannot be written keeps everything undelivered. Presence gives way to value,
oldest first, and each dropped event is counted and named; then value is refused, never
lost. When there is space again, it is taken within five seconds.
"""

import os
import subprocess
import sys

from console import Store

SMALL, LARGE = 3 << 20, 20 << 20


def mount(folder, options):
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", os.path.join(folder, "state")],
        check=True)


def may_mount(folder):
    """Enters a mount namespace of its own, which takes its mounts with it."""
    if os.environ.get("RIG_NAMESPACE"):
        return True
    if os.geteuid() != 0 or subprocess.run(
            ["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
        return False
    os.environ["RIG_NAMESPACE"] = "1"
    os.makedirs(os.path.join(folder, "state"), exist_ok=True)
    os.execvp("unshare", ["unshare", "-m", sys.executable] + sys.argv)


def both(rig, disk, folder):
    def start():
        return Store(rig, disk, folder, RIG_SINK="/nonexistent/events.jsonl",
                     RIG_QUOTA=str(1 << 20))

    store, kept, posted = start(), 0, 0
    while not store.do("status")["shed"]:
        # Every second event is of value.
        posted += store.do("post 1 300")["posted"]
        kept += store.do("value 1 300")["stored"]
    store.close()
    store = start()
    there = sum(entry.stat().st_size for entry in os.scandir(store.folder))
    store.allow(there)
    answer = store.do("value 5 300")
    assert answer["stored"] == 5, f"refused, though space was kept back: {answer}"
    kept += 5
    store.allow(LARGE)
    store.until(5, "status", lambda answer: answer["state"] == "well")
    while (answer := store.do("value 50 300"))["stored"]:
        kept += answer["stored"]
    content = store.close()
    assert content.integrity == "ok", content.integrity
    assert len(content.values) == kept, f"{kept} were acknowledged, {len(content.values)} are kept"
    assert content.dropped("no room") + len(content.presence) == posted
    assert len(content.presence) < posted // 20, f"presence is left: {len(content.presence)}"
    assert not content.unexplained(), content.unexplained()[:10]
    print(f"both: kept {kept} of value, {len(content.presence)} of {posted} of presence")


def main():
    rig, disk, folder, kind = sys.argv[1:5]
    if kind == "both":
        return both(rig, disk, folder)
    limits = {"quota": {"RIG_QUOTA": str(1 << 20)}, "disk": {"budget": SMALL}, "mount": {}}[kind]
    if kind == "mount" and may_mount(folder):
        mount(folder, f"size={SMALL}")
    elif kind == "mount":
        limits = {"budget": SMALL}
    store = Store(rig, disk, folder, RIG_SINK="/nonexistent/events.jsonl", **limits)

    posted = 0
    for _ in range(15):
        # Value in between commits what was posted, so nothing is dropped before it is stored.
        posted += store.do("post 100 300")["posted"]
        assert store.do("value 1 300")["refused"] == 0
    kept = 15
    while True:
        answer = store.do("value 100 300")
        kept += answer["stored"]
        if answer["refused"]:
            assert answer["full"] == "full" if "full" in answer else True
            break
        assert kept < 100_000, "the disk is never full"
    state = store.do("status")
    assert state["state"] == "full", state
    assert state["shed"] == posted, f"presence is left: {state} of {posted}"
    # It is refused again and again, and reading goes on.
    refused = store.do("value 50 300")
    assert refused["stored"] <= 5, refused
    kept += refused["stored"]
    # Presence without room is dropped and counted, never stored in the place of value.
    store.do("post 70 300")
    after, _ = store.until(5, "status", lambda answer: answer["dropped"] >= 70)
    assert after["dropped"] == 70, after

    if kind != "quota":
        if os.environ.get("RIG_NAMESPACE"):
            mount(folder, f"remount,size={LARGE}")
        store.allow(LARGE)
        _, taken = store.until(5, "value 1 300", lambda answer: answer["stored"] == 1)
        kept += 1
        print(f"accepts again after {taken:.2f} s")
        store.until(5, "status", lambda answer: answer["state"] == "well")
    content = store.close()

    assert content.integrity == "ok", content.integrity
    assert len(content.values) == kept, f"{kept} were acknowledged, {len(content.values)} are kept"
    assert not content.presence
    assert content.dropped("no room") == posted
    assert not content.unexplained(), content.unexplained()[:10]
    if kind != "quota":
        assert content.dropped("overload") == 70, content.notices[-2:]
    print(f"{kind}: kept {kept} of value, dropped {posted} + 70 of presence, all explained")


main()
