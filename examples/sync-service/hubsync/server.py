"""HTTP/1.1 with keep-alive, over TCP or TLS, a thread for each connection."""

import contextlib
import http.server
import socket
import sys
import threading
import time

from .api import Request
from .problems import Problem

#: A body that is refused is still read up to this size: a peer that is writing would else get a
#: reset and never see the answer.
_MOST_DISCARDED = 16 << 20


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # The longest silence of a peer, also between requests.
    timeout = 60
    # An answer leaves in one piece, and at once.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def handle_any(self):
        """Answers one request of any method."""
        with self.server.counting():
            try:
                request = Request(self.command, self.path, self.headers, self._body())
                answer = self.server.api.answer(request)
            except Problem as problem:
                self.close_connection = True
                answer = self.server.api.problem(problem)
            except OSError:
                raise
            except Exception as error:
                # 500 makes a hub keep what it sent; the reason is for the operator alone.
                print(f"error: {self.command} {self.path!r}: {error!r}", file=sys.stderr)
                answer = self.server.api.problem(Problem(500, "fault", "the service has a fault"))
            self._send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = handle_any

    def handle_expect_100(self):
        """The word to go on must not stay in the buffer."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def _body(self):
        if self.headers.get("transfer-encoding"):
            raise Problem(411, "length", "send the body with Content-Length")
        lengths = self.headers.get_all("content-length", ["0"])
        text = lengths[0]
        if len(lengths) > 1 or not (text.isascii() and text.isdigit() and len(text) < 16):
            raise Problem(400, "length", "Content-Length is no number")
        length, limit = int(text), self.server.api.limits.body
        if length > limit:
            self._discard(length)
            raise Problem(413, "too-large", f"a body of {length} bytes, {limit} are taken")
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("the body was cut off")
        return body

    def _discard(self, length):
        left = length if length <= _MOST_DISCARDED else 0
        while left > 0 and (piece := self.rfile.read(min(left, 1 << 16))):
            left -= len(piece)

    def _send(self, answer):
        if self.server.is_ending:
            self.close_connection = True
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Type", answer.type)
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def version_string(self):
        """What stands in `Server`."""
        return "hubsync"

    def log_message(self, *_):
        """Answers are counted, not logged."""


class Server(http.server.ThreadingHTTPServer):
    """Listens until it is told to end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address, api, tls=None, connections=256, reuse_port=False):
        host, port = address
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.allow_reuse_port = reuse_port
        self.api = api
        self.tls = tls
        self.is_ending = False
        self._room = threading.BoundedSemaphore(connections)
        self._served = threading.Condition()
        self._count = 0
        super().__init__((host, port), Handler)

    def process_request(self, request, client_address):
        """Serves a connection in a thread, or turns it away when there are too many."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        with contextlib.suppress(OSError):
            if self.tls is None:
                request.sendall(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
                                b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        self.shutdown_request(request)

    def process_request_thread(self, request, client_address):
        """Gives the room back at the end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def finish_request(self, request, client_address):
        """Shakes hands in the thread of the connection, where a slow peer holds up nobody."""
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(10)
        with self.tls.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request, client_address):
        """A peer that turns away is no fault of ours; anything else is told."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            print(f"error: {client_address[0]}: {error!r}", file=sys.stderr)

    @contextlib.contextmanager
    def counting(self):
        """Around a request that is being answered."""
        with self._served:
            self._count += 1
        try:
            yield
        finally:
            with self._served:
                self._count -= 1
                self._served.notify_all()

    def end(self, patience=10.0):
        """Takes no more connections, and waits for the answers that are due."""
        self.is_ending = True
        self.shutdown()
        self.server_close()
        deadline = time.monotonic() + patience
        with self._served:
            self._served.wait_for(lambda: self._count == 0, deadline - time.monotonic())
