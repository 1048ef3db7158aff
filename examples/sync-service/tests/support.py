"""What the tests stand on: the programs themselves, a real PostgreSQL and a real mosquitto."""

import base64
import contextlib
import gzip
import hashlib
import hmac
import http.client
import itertools
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid

EXAMPLE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(os.path.dirname(EXAMPLE))
SCHEMAS = os.path.join(ROOT, "docs", "schemas")
sys.path.insert(0, EXAMPLE)

KEY = bytes(range(32))
TOKEN = "operator-token-0123456789"
_serial = itertools.count(1)


def secret(key=KEY):
    """A key as a secret file has it."""
    return "whsec_" + base64.b64encode(key).decode()


def event(sequence, hub="store-0042", **more):
    """A CloudEvent as hubd writes it."""
    return {
        "specversion": "1.0", "id": str(uuid.uuid4()), "sequence": sequence,
        "source": "urn:hubd:" + hub, "type": "org.hubd.hub.degraded.v1",
        "time": "2026-11-22T14:03:07.123+08:00",
        "hubboot": "5b0ff1a6-6f6f-4f62-9a12-0f2ba2a5c5aa", "hubmonotonic": "123",
        "hubclock": "synchronised", "datacontenttype": "application/json",
        "data": {"part": "store", "problem": f"n {next(_serial)}"}, **more}


def events(numbers, hub="store-0042"):
    """Events with these numbers."""
    return [event(number, hub) for number in numbers]


def signed(body, key=KEY, at=None, name="msg_1"):
    """The headers of Standard Webhooks, written here once more, on their own."""
    at = int(time.time()) if at is None else at
    code = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": name, "webhook-timestamp": str(at),
            "webhook-signature": "v1," + base64.b64encode(code).decode()}


def packed(batch):
    """A batch as hubd sends it."""
    content = batch if isinstance(batch, bytes) else json.dumps(batch).encode()
    return gzip.compress(content, mtime=0)


class Answer:
    """What came back."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


class Process:
    """A program of the example that says a line when it is ready."""

    def __init__(self, program, *arguments, ready):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(EXAMPLE, program), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline()
        if ready not in self.line:
            self.process.kill()
            raise AssertionError(f"{program} said {self.line!r}: {self.process.communicate()[1]}")

    def kill(self):
        """Ends it at once, without a chance to tidy up."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def stop(self):
        """Ends it as a service manager does."""
        self.process.terminate()
        out, err = self.process.communicate(timeout=20)
        if self.process.returncode != 0 or "ended" not in out:
            raise AssertionError(f"ended with {self.process.returncode}: {out}{err}")
        return err


class Service(Process):
    """A sync service, and a connection to it that is kept."""

    def __init__(self, folder, *more, database=None, port=0):
        self.folder = folder
        self.connections = []
        for name, text in (("secrets", secret()), ("token", TOKEN)):
            path = os.path.join(folder, name)
            if not os.path.exists(path):
                with open(path, "w") as file:
                    file.write(text)
        super().__init__(
            "sync_service.py", "--listen", f"127.0.0.1:{port}",
            "--database", database or os.path.join(folder, "events.db"),
            "--secret-file", os.path.join(folder, "secrets"),
            "--token-file", os.path.join(folder, "token"), *more, ready="listening")
        self.port = int(self.line.rpartition(":")[2])
        self.connection = self.connected()

    def connected(self):
        """Another connection; it is closed with the service."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.connections.append(connection)
        return connection

    def kill(self):
        """Ends it at once, without a chance to tidy up."""
        for connection in self.connections:
            connection.close()
        super().kill()

    def ask(self, method, target, body=None, headers=None, connection=None):
        """One request."""
        connection = connection or self.connection
        try:
            connection.request(method, target, body, headers or {})
            return Answer(connection.getresponse())
        except BaseException:
            connection.close()
            raise

    def post(self, batch, connection=None, key=KEY, at=None, **headers):
        """Sends a batch as hubd does."""
        body = packed(batch)
        sent = {"Content-Type": "application/cloudevents-batch+json", "Content-Encoding": "gzip",
                **signed(body, key, at)}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.ask("POST", "/v1/events", body, sent, connection)

    def operate(self, method, target, body=None, **headers):
        """One request of the operator."""
        sent = {"Authorization": "Bearer " + TOKEN}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return self.ask(method, target, body, sent)

    def hub(self, name="store-0042"):
        """What the service says of a hub."""
        return self.operate("GET", "/v1/hubs/" + name).json

    def all_events(self, hub="store-0042"):
        """Every event of a hub, page by page."""
        found, after = [], 0
        while True:
            page = self.operate("GET", f"/v1/events?hub={hub}&after={after}&limit=1000").json
            if not page["events"]:
                return found
            found += page["events"]
            after = page["after"]


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, seconds=60):
    """Waits until something is so; the time is for hangs only."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)
    return found


def _as_nobody(path):
    """How to run a program that refuses root: as nobody, who gets the folder."""
    if os.getuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    os.chown(path, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class PostgreSQL:
    """A server of its own on 127.0.0.1, in a folder that goes with it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="hubsync-postgresql-")
        self.runner = _as_nobody(self.folder)
        self.programs = sorted(
            os.path.join("/usr/lib/postgresql", version, "bin")
            for version in os.listdir("/usr/lib/postgresql"))[-1]
        self.port = free_port()
        self.data = os.path.join(self.folder, "data")
        self._run("initdb", "-D", self.data, "-U", "hubd", "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8")
        self.process = None
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "hubd", "sync")

    def _run(self, program, *arguments):
        done = subprocess.run([os.path.join(self.programs, program), *arguments], text=True,
                              capture_output=True, cwd=self.folder, **self.runner)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)

    def start(self):
        """Starts it and waits until it answers."""
        log = os.open(os.path.join(self.folder, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.process = subprocess.Popen(
            [os.path.join(self.programs, "postgres"), "-D", self.data, "-h", "127.0.0.1",
             "-p", str(self.port), "-k", ""],
            stdout=log, stderr=log, cwd=self.folder, **self.runner)
        os.close(log)
        wait_for(lambda: subprocess.run(
            [os.path.join(self.programs, "pg_isready"), "-q", "-h", "127.0.0.1", "-p",
             str(self.port)]).returncode == 0, "PostgreSQL")

    def address(self, name="sync"):
        """Where the programs find a database."""
        return f"postgresql://hubd@127.0.0.1:{self.port}/{name}"

    def database(self):
        """The address of a new database."""
        name = f"sync{next(_serial)}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "hubd", name)
        return self.address(name)

    def stop(self):
        """Ends it at once: connections break."""
        self.process.send_signal(3)
        self.process.wait()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder)


class Mosquitto:
    """A broker on 127.0.0.1 that keeps what waits on the disk, and drops nothing.

    `prepare` is given its folder and gives the lines of mosquitto.conf that say who may do what.
    """

    keeping = ("persistence true", "max_queued_messages 0", "autosave_interval 1",
               "autosave_on_changes true")

    def __init__(self, prepare=lambda folder: ["allow_anonymous true"]):
        self.folder = tempfile.mkdtemp(prefix="hubsync-mosquitto-")
        self.runner = _as_nobody(self.folder)
        self.port = free_port()
        self.configuration = os.path.join(self.folder, "mosquitto.conf")
        lines = [f"listener {self.port} 127.0.0.1", *prepare(self.folder), *self.keeping,
                 f"persistence_location {self.folder}/"]
        with open(self.configuration, "w") as file:
            file.write("\n".join(lines) + "\n")
        self.start()

    def start(self):
        """Starts it and waits until it listens."""
        self.process = subprocess.Popen(
            ["/usr/sbin/mosquitto", "-c", self.configuration], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, **self.runner)
        wait_for(self._answers, "mosquitto")

    def restart(self):
        """Ends it and starts it again."""
        self.process.terminate()
        self.process.wait()
        self.start()

    def kill(self):
        """kill -9, and again."""
        self.process.kill()
        self.process.wait()
        self.start()

    def _answers(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        return False

    def remove(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)
