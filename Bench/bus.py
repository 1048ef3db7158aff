"""What an advertisement costs hubd on its way through D-Bus, beside a C client of sd-bus.

usage: bus.py HUBD HUBCTL BLUEZ_REPLAY BUS_LIMIT [COUNT]

In turn, three times, and the best of each: the machine is shared. CPU time of the whole process,
libdbus or sd-bus and kernel included, from the start of discovery to the last advertisement.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={0}</listen><policy context="default">
<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"""

UUID = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825"


class Bus:
    """A private bus with a replaying bluetoothd."""

    def __init__(self, folder, replay, count):
        path = os.path.join(folder, "bus")
        with open(os.path.join(folder, "bus.conf"), "w", encoding="ascii") as file:
            file.write(BUS.format(path))
        self.address = f"unix:path={path}"
        self.environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": self.address}
        self.daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--nopidfile"],
            stderr=subprocess.DEVNULL)
        while not os.path.exists(path):
            time.sleep(0.01)
        self.replay = subprocess.Popen(
            [replay, str(count)], env=self.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.expect("ready")

    def expect(self, word):
        line = self.replay.stdout.readline()
        if not line.startswith(word):
            raise SystemExit(f"the replay said {line!r} and not {word!r}")
        return line

    def close(self):
        self.replay.stdin.close()
        self.replay.wait()
        self.daemon.terminate()
        self.daemon.wait()


def used(pid):
    """CPU seconds of a process: utime and stime of /proc/PID/stat (proc(5))."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ours(hubd, hubctl, replay, count):
    folder = tempfile.mkdtemp()
    bus = Bus(folder, replay, count)
    beacons = ",".join(f'{{ id: "{UUID}/10001/{minor}", zone: "z" }}' for minor in range(0, 400, 2))
    with open(f"{folder}/catalog.json5", "w", encoding="ascii") as file:
        file.write(f'{{ zones: [{{ id: "z", kind: "mall" }}], beacons: [{beacons}] }}')
    with open(f"{folder}/hubd.json5", "w", encoding="ascii") as file:
        file.write('{ radios: [{ kind: "bluez", adapter: "hci0" }], catalog: "catalog.json5", '
                   'store: { path: "hubd.db" } }')
    process = subprocess.Popen(
        [hubd, "--config", f"{folder}/hubd.json5", "--bus", bus.address, "--bluez-bus",
         bus.address], stderr=subprocess.DEVNULL)
    bus.expect("started")
    before = used(process.pid)
    wall = float(bus.expect("sent").split()[1])
    heard = 0
    while heard < count:
        time.sleep(0.2)
        status = subprocess.run(
            [hubctl, "status", "--json", f"--bus={bus.address}"], capture_output=True, text=True,
            check=False).stdout
        heard = json.loads(status)["reports"]
    cost = used(process.pid) - before
    process.terminate()
    process.wait()
    bus.close()
    shutil.rmtree(folder)
    return cost * 1e6 / count, count / wall


def limit(program, replay, count):
    folder = tempfile.mkdtemp()
    bus = Bus(folder, replay, count)
    run = subprocess.run(
        [program, str(count)], env=bus.environment, capture_output=True, text=True, check=True)
    bus.close()
    shutil.rmtree(folder)
    return float(run.stdout.split()[0])


def main():
    hubd, hubctl, replay, program = (os.path.abspath(word) for word in sys.argv[1:5])
    count = int(sys.argv[5]) if len(sys.argv) > 5 else 200_000
    mine, theirs, rate = [], [], []
    for _ in range(3):
        theirs.append(limit(program, replay, count))
        cost, speed = ours(hubd, hubctl, replay, count)
        mine.append(cost)
        rate.append(speed)
    best, bound = min(mine), min(theirs)
    print(f"  hubd {best:.1f} us of CPU an advertisement, sd-bus in C {bound:.1f} us: "
          f"ratio {best / bound:.2f} (at most 1.2); the bus took {max(rate):,.0f}/s")


main()
