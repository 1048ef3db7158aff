"""A line to a service that fails in all the ways lines and services do.

Bytes go through untouched, so TLS stays between the hub and the service. Each connection has a
fate; what a service would answer is answered by a stand-in with the service's own certificate,
that stores nothing.
"""

import socket
import ssl
import struct
import threading
import time

#: What may become of a connection, and how often beside the others.
FATES = {
    "good": 6, "cut on the way there": 3, "cut on the way back": 3, "hang": 1, "drip": 1, "die": 1,
    "413": 1, "429": 1, "500": 1, "503": 1,
}
REASONS = {"413": "Content Too Large", "429": "Too Many Requests", "500": "Internal Server Error",
           "503": "Service Unavailable", "200": "OK"}


class RoughLine:
    """Listens on a port of its own and leads to another; `rng` chooses the fates."""

    def __init__(self, target, certificate, rng):
        self.target = target
        self.rng = rng
        #: While it is set every connection has this fate.
        self.fate = None
        self.seen = dict.fromkeys(FATES, 0)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.listener = None
        self.port = 0
        self.open()

    def open(self):
        """Listens; on the same port as before."""
        if self.listener is None:
            self.listener = socket.create_server(("127.0.0.1", self.port))
            self.port = self.listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def close(self):
        """Refuses connections until it is opened again."""
        if self.listener is not None:
            # Closing alone would not end the thread that waits in accept.
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            fate = self.fate or self.rng.choices(list(FATES), FATES.values())[0]
            self.seen[fate] = self.seen.get(fate, 0) + 1
            threading.Thread(target=self._meet, args=(client, fate), daemon=True).start()

    def _meet(self, client, fate):
        try:
            if fate == "die":
                reset(client)
            elif fate in REASONS:
                self._stand_in(client, fate)
            else:
                self._carry(client, fate)
        except OSError:
            client.close()

    def _carry(self, client, fate):
        """Carries bytes both ways until the fate is due."""
        # A body of 256 events is some 15 KB; an answer, behind the handshake, some 300 bytes.
        there = self.rng.randrange(60_000) if fate in ("cut on the way there", "hang") else None
        back = self.rng.randrange(6_000) if fate == "cut on the way back" else None
        server = socket.create_connection(("127.0.0.1", self.target))
        way_back = threading.Thread(target=pump, args=(server, client, back), daemon=True)
        way_back.start()
        pump(client, server, there, is_slow=fate == "drip", hangs=fate == "hang")
        way_back.join()
        server.close()
        client.close()

    def _stand_in(self, client, status):
        """Takes a request and answers for the service; closes the connection."""
        client.settimeout(10)
        with self.context.wrap_socket(client, server_side=True) as wrapped:
            content = b""
            while b"\r\n\r\n" not in content:
                content += received(wrapped)
            head, _, body = content.partition(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                          if line.lower().startswith(b"content-length:"))
            while len(body) < length:
                body += received(wrapped)
            wait = b"Retry-After: 1\r\n" if status in ("429", "503") else b""
            wrapped.sendall(f"HTTP/1.1 {status} {REASONS[status]}\r\n".encode() + wait
                            + b"Content-Length: 0\r\nConnection: close\r\n\r\n")


def received(peer):
    """The next bytes; their end is a fault here."""
    data = peer.recv(65_536)
    if not data:
        raise ConnectionError("the hub ended the connection")
    return data


def reset(peer):
    """Ends a connection with RST, as a router does that has forgotten it."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def pump(source, target, budget=None, is_slow=False, hangs=False):
    """Carries bytes one way to their end; beyond the budget none, and the connection breaks."""
    try:
        while data := source.recv(200 if is_slow else 65_536):
            if budget is not None and len(data) > budget:
                target.sendall(data[:budget])
                while hangs and source.recv(65_536):
                    pass
                break
            if budget is not None:
                budget -= len(data)
            target.sendall(data)
            if is_slow:
                time.sleep(0.05)
        else:
            budget = None
    except OSError:
        pass
    for peer in (source, target):
        if budget is not None:
            # Closed like this, later and by whoever is the last to use it, it is reset.
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            # Wakes the other way, if it waits here.
            peer.shutdown(socket.SHUT_RD)
        except OSError:
            pass
