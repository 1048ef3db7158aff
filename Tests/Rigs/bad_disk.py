#!/usr/bin/env python3
"""A disk that fails, and one that does not answer.

usage: bad_disk.py RIG DISK.so FOLDER eio|full|slow

eio: while fsync fails, value is refused, presence waits; when the disk works again, the
file is opened anew, nothing acknowledged is lost, nothing is there twice.
full: fsync fails once while a full store makes room; what is acknowledged is there.
slow: after five seconds without an answer the store says so; what does not fit in the
queue is dropped, counted to the last, and told of.
"""

import errno
import sys

from console import Store


def eio(store):
    kept = store.do("value 10 300")["stored"]
    for _ in range(3):
        store.synchronize(errno.EIO, 0)
        answer = store.do("value 3 300")
        assert answer["stored"] == 0, answer
        assert store.do("health")["state"] == "failed"
        store.do("post 20 300")
        store.synchronize(0, 0)
        # It is tried again after 1 s, 2 s, 4 s at most.
        _, taken = store.until(10, "value 1 300", lambda answer: answer["stored"] == 1)
        kept += 1
        assert store.do("health")["state"] == "well"
        print(f"works again after {taken:.2f} s")
    content = store.close()
    # What was refused while its fate was unknown may have taken place; not more than that.
    assert kept <= len(content.values) <= kept + 9, (kept, len(content.values))
    assert len(content.presence) == 60, len(content.presence)
    return content


def full(store):
    kept = 0
    while not store.do("status")["shed"]:
        store.do("post 20 300")
        kept += store.do("value 1 300")["stored"]
    for _ in range(3):
        store.synchronize(-errno.EIO, 0)
        kept += store.do("value 1 200000")["stored"]
        kept += store.do("value 1 300")["stored"]
    content = store.close()
    assert len(content.values) == kept, (kept, len(content.values))
    return content


def slow(store):
    kept = store.do("value 10 300")["stored"]
    store.synchronize(0, 6000)
    store.do("post 100 300")
    answer, taken = store.until(7, "health", lambda answer: answer["state"] == "slow")
    print(f"slow after {taken:.2f} s: {answer}")
    store.synchronize(0, 0)
    store.do("post 5000 10")
    assert store.do("health")["waiting"] <= 4096
    after = store.do("status")
    dropped = answer["waiting"] + 5000 - 4096
    assert after["dropped"] == dropped, after
    # A value that comes while the queue is still full would take the place of one more.
    store.until(
        10, "health", lambda answer: answer["state"] == "well" and answer["waiting"] == 0)
    kept += store.do("value 1 300")["stored"]
    content = store.close()
    assert len(content.values) == kept
    assert len(content.presence) == 5100 - dropped, len(content.presence)
    assert content.dropped("overload") == dropped
    return content


def main():
    rig, disk, folder, kind = sys.argv[1:5]
    limits = {"RIG_QUOTA": str(1 << 20)} if kind == "full" else {}
    store = Store(rig, disk, folder, RIG_SINK="/nonexistent/events.jsonl", **limits)
    content = {"eio": eio, "full": full, "slow": slow}[kind](store)
    assert content.integrity == "ok"
    assert not content.unexplained(), content.unexplained()
    print(f"{kind}: {len(content.values)} of value, {len(content.presence)} of presence")


main()
