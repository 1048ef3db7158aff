#!/usr/bin/env python3
"""A sync service that gives a hub its catalog, and that can behave badly.

usage: catalog_server.py CERTIFICATE KEY CATALOG CONTROL

CERTIFICATE is a PEM file with a key, or - for plain HTTP. KEY is an Ed25519 key in PEM; the body is
signed with openssl. CATALOG is the file that is served, read anew with each request. CONTROL is a
file whose text says how to behave, read anew with each request too:

  good       200 with ETag and signature, or 304      forged    the signature of another text
  unsigned   200 without a signature                   flipped   one byte of the body changed
  huge       an endless body                           slow      a byte of the body each second
  garbage    what is not HTTP                          redirect  302 to the same catalog elsewhere
  refused    401                                       gone      404
  broken     503 with Retry-After 1                    cut       an end within the body
  hang       never answers

Says `port N` first, then a line of JSON for each request.
"""

import base64
import hashlib
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

certificate, key, catalog, control = sys.argv[1:5]
signatures = {}


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def read(path):
    with open(path, "rb") as file:
        return file.read()


def sign(body):
    """openssl signs files only: Ed25519 reads what it signs twice."""
    if body not in signatures:
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            signatures[body] = subprocess.run(
                ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file.name],
                check=True, capture_output=True).stdout
    return "ed25519=" + base64.b64encode(signatures[body]).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        behaviour = read(control).decode().strip()
        body = read(catalog)
        etag = '"' + hashlib.sha256(body).hexdigest() + '"'
        known = self.headers.get("if-none-match")
        say(json.dumps({
            "behaviour": behaviour, "path": self.path, "etag": known,
            "authorization": self.headers.get("authorization"),
            "agent": self.headers.get("user-agent")}))
        plain = {"refused": 401, "gone": 404, "broken": 503, "redirect": 302}
        if behaviour in plain:
            self.send_response(plain[behaviour])
            if behaviour == "broken":
                self.send_header("Retry-After", "1")
            if behaviour == "redirect":
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif behaviour == "hang":
            time.sleep(3600)
        elif behaviour == "garbage":
            self.wfile.write(b"220 mail.example ESMTP\r\n\x00\xff" * 20)
            self.close_connection = True
        elif behaviour == "good" and known == etag:
            self.send_response(304)
            self.send_header("ETag", etag)
            self.end_headers()
        else:
            self.document(behaviour, body, etag)

    def document(self, behaviour, body, etag):
        self.send_response(200)
        self.send_header("ETag", etag)
        if behaviour == "forged":
            self.send_header("Hubd-Signature", sign(body + b" "))
        elif behaviour != "unsigned":
            self.send_header("Hubd-Signature", sign(body))
        self.close_connection = behaviour != "good"
        if behaviour == "flipped":
            body = body[:-1] + bytes([body[-1] ^ 1])
        if behaviour == "huge":
            self.end_headers()
            return self.endless(b"/" * 65536, 0)
        if behaviour == "slow":
            self.end_headers()
            return self.endless(b"/", 1)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if behaviour == "cut":
            self.wfile.write(body[:len(body) // 2])
            self.wfile.flush()
            self.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return self.connection.close()
        self.wfile.write(body)

    def endless(self, data, pause):
        sent = 0
        try:
            while True:
                self.wfile.write(data)
                self.wfile.flush()
                sent += len(data)
                time.sleep(pause)
        except OSError:
            say(json.dumps({"behaviour": "ended", "bytes": sent}))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    address_family = socket.AF_INET

    def finish_request(self, request, address):
        if certificate == "-":
            return super().finish_request(request, address)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        request.settimeout(10)
        with context.wrap_socket(request, server_side=True) as wrapped:
            wrapped.settimeout(None)
            super().finish_request(wrapped, address)

    def handle_error(self, request, address):
        say(json.dumps({"behaviour": "failed", "error": type(sys.exc_info()[1]).__name__}))


server = Server(("127.0.0.1", int(os.environ.get("PORT", "0"))), Handler)
say(f"port {server.server_port}")
threading.Thread(target=server.serve_forever, daemon=True).start()
# Ends with the test that started it.
sys.stdin.read()
