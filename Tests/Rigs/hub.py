"""The whole hubd as a user runs it, on a bus of its own."""

import json
import os
import socket
import subprocess
import time

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>{0}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/>
<allow own="*"/></policy></busconfig>"""


ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def configure(folder, name, sinks, **more):
    """Writes the hubd.json5 of a hub in the sample mall; `more` beside that."""
    with open(os.path.join(folder, "hubd.json5"), "w", encoding="utf-8") as file:
        json.dump({
            "hub": {"id": name, "timezone": "Asia/Shanghai"},
            "radios": [{"kind": "capture", "path": f"{ROOT}/Samples/mall/mall.btsnoop",
                        "speed": "max"}],
            "catalog": f"{ROOT}/Samples/mall/catalog.json5", "store": {"path": "hubd.db"},
            "sinks": sinks, **more}, file)


def http_sink(port):
    """A sync service of this folder's certificate and key."""
    return {"kind": "http", "url": f"https://localhost:{port}/v1/events",
            "secretFile": "./secret", "caFile": "./ca.pem"}


class Bus:
    """A dbus-daemon in a folder."""

    def __init__(self, folder):
        path = os.path.join(folder, "bus")
        self.address = "unix:path=" + path
        configuration = os.path.join(folder, "bus.conf")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(BUS.format(self.address))
        self.process = subprocess.Popen(
            ["dbus-daemon", "--config-file=" + configuration, "--nofork", "--nopidfile"],
            stderr=subprocess.DEVNULL)
        while not os.path.exists(path):
            time.sleep(0.01)

    def end(self):
        self.process.kill()
        self.process.wait()


class Hub:
    """A hubd in a folder with its hubd.json5; `programs` is where hubd and hubctl are."""

    def __init__(self, programs, folder, bus):
        self.programs, self.folder, self.bus = programs, folder, bus
        self.process = None
        self.ready = None

    def start(self):
        """Starts it, and does not wait for it."""
        # The rig is its service manager (sd_notify(3)); no run may meet the machine's bluetoothd.
        path = os.path.join(self.folder, "notify")
        if os.path.exists(path):
            os.unlink(path)
        self.ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ready.bind(path)
        with open(os.path.join(self.folder, "journal"), "ab") as journal:
            self.process = subprocess.Popen(
                [os.path.join(self.programs, "hubd"), "--config",
                 os.path.join(self.folder, "hubd.json5"), "--bus", self.bus.address,
                 "--bluez-bus", self.bus.address],
                env={**os.environ, "NOTIFY_SOCKET": path, "SWIFT_BACKTRACE": "enable=no"},
                stderr=journal)

    def wait(self):
        """Waits until it says that it is ready; the time is for hangs only."""
        self.ready.settimeout(60)
        try:
            while b"READY=1" not in self.ready.recv(4_096):
                pass
        except TimeoutError:
            raise SystemExit(f"hubd did not get ready; its journal:\n{self.journal()}")
        # What it tells its manager later would wait here unread, and hubd for it.
        self.ready.close()

    def kill(self):
        """kill -9."""
        self.process.kill()
        if self.process.wait() != -9:
            raise SystemExit(f"hubd ended by itself; its journal:\n{self.journal()}")

    def stop(self):
        """Ends it as a service manager does."""
        self.process.terminate()
        if self.process.wait(60) != 0:
            raise SystemExit(f"hubd ended with {self.process.returncode}:\n{self.journal()}")

    def journal(self):
        with open(os.path.join(self.folder, "journal"), encoding="utf-8") as file:
            return file.read()[-4_000:]

    def ask(self, *words):
        """What hubctl says, as JSON."""
        done = subprocess.run(
            [os.path.join(self.programs, "hubctl"), *words, "--json", "--bus=" + self.bus.address],
            text=True, capture_output=True, timeout=60)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise SystemExit(f"hubctl {words}: {done.stdout}{done.stderr}\n{self.journal()}")

    def last(self):
        """The number of its newest event, when every sink has everything; None before."""
        outbox = self.ask("outbox")
        waiting = sum(sink["waiting"] for sink in outbox["sinks"])
        return None if waiting else outbox["lastSequence"]
