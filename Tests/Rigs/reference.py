"""The reference sync service, with what its own tests stand on: PostgreSQL, mosquitto, workers."""

import base64
import json
import os
import ssl
import sys
import urllib.request

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../examples/sync-service")
sys.path.insert(0, EXAMPLE)
from tests.support import Mosquitto, PostgreSQL, Process, free_port, wait_for  # noqa: E402, F401

TOKEN = "operator-token-0123456789"


class Service:
    """The reference sync service over TLS, which may be killed."""

    def __init__(self, folder, database):
        self.folder, self.database, self.port = folder, database, free_port()
        for name, text in (("token", TOKEN),
                           ("secret", "whsec_" + base64.b64encode(os.urandom(32)).decode())):
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)
        self.trust = ssl.create_default_context(cafile=os.path.join(folder, "ca.pem"))
        self.start()

    def start(self):
        path = lambda name: os.path.join(self.folder, name)
        self.process = Process(
            "sync_service.py", "--listen", f"127.0.0.1:{self.port}", "--database", self.database,
            "--secret-file", path("secret"), "--token-file", path("token"),
            "--tls-cert", path("valid.pem"), "--tls-key", path("valid.key"), ready="listening")

    def restart(self):
        """kill -9, and again."""
        self.process.kill()
        self.start()

    def ask(self, address):
        """What it answers its operator."""
        request = urllib.request.Request(
            f"https://localhost:{self.port}{address}", headers={"Authorization": "Bearer " + TOKEN})
        with urllib.request.urlopen(request, context=self.trust, timeout=60) as answer:
            return answer.read()

    def hub(self, name):
        """What it says of a hub."""
        return json.loads(self.ask("/v1/hubs/" + name))

    def hubs(self):
        """What it says of each hub, by name."""
        return {hub["hub"]: hub for hub in json.loads(self.ask("/v1/hubs"))["hubs"]}
