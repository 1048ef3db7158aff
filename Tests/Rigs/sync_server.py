#!/usr/bin/env python3
"""A sync service that can behave badly.

usage: sync_server.py SECRET CERTIFICATE BEHAVIOUR…

SECRET is base64, or - to check no signature. CERTIFICATE is a PEM file with a key,
- for plain HTTP, or plain-on-tls to answer HTTP where TLS is expected; behind a comma the
authorities of the clients that are let in. Each request
takes the next behaviour; the last one stays:

  200, 400, …       that status            413:N      413 beyond N events, else 200
  429:N, 503:N      with Retry-After N     poison:N   400 when an event's n is N, else 200
                                           poison:N:S the same with status S
  hang              never answers          reset      RST instead of an answer
  midbody           RST within the body    drip       a byte of the answer each second
  garbage           an answer not of HTTP  huge:N     status N and an endless body
  headers           an endless header      continue   endless 100 (Continue)
  redirect          302 to another place   close      ends without an answer

Says `port N` first, then a line of JSON for each request. The signature is checked
with Python's own hmac over the bytes as they came.
"""

import base64
import gzip
import hashlib
import hmac
import http.server
import json
import socket
import ssl
import struct
import sys
import threading
import time

secret, certificate, behaviours = sys.argv[1], sys.argv[2], sys.argv[3:]
lock = threading.Lock()
served = 0


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def signatures(headers):
    return headers.get("webhook-signature", "").split()


def signature_of(headers, body):
    if secret == "-":
        return "unchecked"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    code = hmac.new(base64.b64decode(secret), signed, hashlib.sha256).digest()
    good = "v1," + base64.b64encode(code).decode() in signatures(headers)
    return "good" if good else "bad"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        global served
        body = self.rfile.read(int(self.headers["content-length"]))
        events = json.loads(gzip.decompress(body))
        with lock:
            behaviour = behaviours[min(served, len(behaviours) - 1)]
            served += 1
        verb, _, number = behaviour.partition(":")
        status = self.status(verb, number, events)
        say(json.dumps({
            "behaviour": behaviour, "status": status, "signature": signature_of(self.headers, body),
            "sequences": [event["sequence"] for event in events], "at": time.monotonic(),
            "signatures": len(signatures(self.headers)), "client": self.client_address[1],
            "ids": [event["id"] for event in events], "webhook": self.headers["webhook-id"],
            "timestamp": int(self.headers["webhook-timestamp"]),
            "type": self.headers["content-type"], "encoding": self.headers["content-encoding"]}))
        self.answer(verb, number, status)

    def do_GET(self):
        say(json.dumps({"behaviour": "followed"}))

    def status(self, verb, number, events):
        if verb == "poison":
            number, _, status = number.partition(":")
            guilty = any(event["data"].get("n") == int(number) for event in events)
            return int(status or 400) if guilty else 200
        if verb == "413" and number:
            return 413 if len(events) > int(number) else 200
        if verb == "huge":
            return int(number)
        return int(verb) if verb.isdigit() else 0

    def answer(self, verb, number, status):
        if verb == "huge":
            self.raw(f"HTTP/1.1 {status} X\r\n\r\n".encode())
            self.endless(b"x" * 65536)
        elif verb == "headers":
            self.raw(b"HTTP/1.1 200 OK\r\n")
            self.endless(b"x-header: " + b"y" * 1000 + b"\r\n")
        elif verb == "continue":
            self.endless(b"HTTP/1.1 100 Continue\r\n\r\n")
        elif verb == "garbage":
            self.raw(b"220 mail.example ESMTP\r\n\x00\xff\xfe" * 20)
            self.close_connection = True
        elif verb == "hang":
            time.sleep(3600)
        elif verb == "drip":
            self.endless(b"H", pause=1)
        elif verb == "reset":
            self.reset()
        elif verb == "midbody":
            self.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc")
            self.reset()
        elif verb == "close":
            self.close_connection = True
        else:
            self.plain(verb, number, status)

    def plain(self, verb, number, status):
        status = 302 if verb == "redirect" else status
        text = b"an event is \x1b[31mbad\x1b[0m" if status >= 400 else b""
        self.send_response(status)
        if verb in ("429", "503") and number:
            self.send_header("Retry-After", number)
        if verb == "redirect":
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def raw(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def endless(self, data, pause=0):
        sent = 0
        try:
            while True:
                self.raw(data)
                sent += len(data)
                time.sleep(pause)
        except OSError:
            say(json.dumps({"behaviour": "ended", "bytes": sent}))
        self.close_connection = True

    def reset(self):
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET

    def handle_error(self, request, address):
        # A client that turns away during the handshake, or tells us less than we hoped.
        say(json.dumps({"behaviour": "failed", "error": type(sys.exc_info()[1]).__name__}))


class TLSServer(Server):
    def finish_request(self, request, address):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own, _, clients = certificate.partition(",")
        context.load_cert_chain(own)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
        request.settimeout(10)
        with context.wrap_socket(request, server_side=True) as wrapped:
            wrapped.settimeout(None)
            super().finish_request(wrapped, address)


class PlainServer(Server):
    def finish_request(self, request, address):
        first = request.recv(65536)
        say(json.dumps({"behaviour": "plain", "bytes": len(first), "post": b"POST" in first}))
        request.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")


kind = {"-": Server, "plain-on-tls": PlainServer}.get(certificate, TLSServer)
server = kind(("127.0.0.1", 0), Handler)
say(f"port {server.server_port}")
threading.Thread(target=server.serve_forever, daemon=True).start()
# Ends with the test that started it.
sys.stdin.read()
