"""Starts hubd on a sample ten times and tells how long it takes to say READY, and what it weighs.

usage: ready.py HUBD SAMPLE_FOLDER

It plays the service manager: a datagram socket in NOTIFY_SOCKET (sd_notify(3)), and a bus of its own.
"""
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={0}</listen><policy context="default">
<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"""


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


def main():
    hubd, sample = sys.argv[1], os.path.abspath(sys.argv[2])
    folder = tempfile.mkdtemp()
    for name in os.listdir(sample):
        if os.path.isfile(os.path.join(sample, name)):
            shutil.copy(os.path.join(sample, name), folder)
    bus = os.path.join(folder, "bus")
    with open(os.path.join(folder, "bus.conf"), "w", encoding="ascii") as file:
        file.write(BUS.format(bus))
    daemon = subprocess.Popen(
        ["dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--nopidfile"])
    while not os.path.exists(bus):
        time.sleep(0.01)
    times, weights = [], []
    for _ in range(10):
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(folder, "notify")
        if os.path.exists(path):
            os.unlink(path)
        notify.bind(path)
        start = time.monotonic()
        process = subprocess.Popen(
            [hubd, "--config", f"{folder}/hubd.json5", "--bus", f"unix:path={bus}"],
            env={**os.environ, "NOTIFY_SOCKET": path}, stderr=subprocess.DEVNULL)
        while b"READY=1" not in notify.recv(4096):
            pass
        times.append((time.monotonic() - start) * 1000)
        # The recording is played in well under a second; then hubd idles.
        time.sleep(1.5)
        weights.append(resident(process.pid))
        process.terminate()
        process.wait()
        notify.close()
    daemon.terminate()
    daemon.wait()
    shutil.rmtree(folder)
    print(f"  ready after {statistics.median(times):.0f} ms, median of ten (at most 100); "
          f"{max(weights) / 1024:.1f} MiB resident, the most of ten (at most 20)")


main()
