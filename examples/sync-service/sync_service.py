#!/usr/bin/python3
"""The reference sync service of hubd: takes events over HTTP, stores each once, serves catalogs.

Example:

  sync_service.py --listen 127.0.0.1:8480 --database events.db --secret-file secrets
"""

import argparse
import os
import signal
import ssl
import sys
import threading

from hubsync.api import API, Limits
from hubsync.catalogs import Catalogs, Signer
from hubsync.database import open_database
from hubsync.ledger import Ledger
from hubsync.problems import Problem
from hubsync.server import Server
from hubsync.signature import SecretFile, Verifier


def options(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(
        description="The reference sync service of hubd. See README.md beside it.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:8480", metavar="HOST:PORT", type=address,
                        help="where to listen; port 0 for any that is free")
    parser.add_argument("--database", default="sync.db", metavar="FILE|ADDRESS",
                        help="a file for SQLite, or postgresql://…")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--secret-file", metavar="FILE",
                     help="signing secrets, one a line: whsec_… or HUB whsec_…; read again when "
                          "it changes")
    who.add_argument("--no-signature", action="store_true",
                     help="take events from anybody; on this machine only")
    parser.add_argument("--tolerance", type=positive, default=300, metavar="SECONDS",
                        help="how far the clock of a hub may be off")
    parser.add_argument("--token-file", metavar="FILE", help="the operator's token")
    parser.add_argument("--signing-key", metavar="FILE",
                        help="Ed25519 key in PEM that signs catalogs")
    parser.add_argument("--tls-cert", metavar="FILE", help="certificate chain in PEM; read again "
                        "at SIGHUP")
    parser.add_argument("--tls-key", metavar="FILE", help="its key")
    limits = Limits()
    parser.add_argument("--body-limit", type=positive, default=limits.body, metavar="BYTES",
                        help="the largest body, as it is sent")
    parser.add_argument("--unpacked-limit", type=positive, default=limits.unpacked,
                        metavar="BYTES", help="the largest body, unpacked")
    parser.add_argument("--events-limit", type=positive, default=limits.events, metavar="COUNT",
                        help="the most events in a batch")
    parser.add_argument("--connections", type=positive, default=256, metavar="COUNT",
                        help="the most connections at a time")
    parser.add_argument("--reuse-port", action="store_true",
                        help="several processes share the port")
    given = parser.parse_args(arguments)
    if bool(given.tls_cert) != bool(given.tls_key):
        parser.error("--tls-cert and --tls-key belong together")
    if given.no_signature and given.listen[0] not in ("127.0.0.1", "::1", "localhost"):
        parser.error("--no-signature is for 127.0.0.1 only: anybody could send events")
    return given


def address(text):
    """HOST:PORT, with an IPv6 address in brackets."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no HOST:PORT")
    return host.strip("[]") or "0.0.0.0", int(port)


def positive(text):
    """A whole number from 1 on."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on")
    return int(text)


def read_token(path):
    """The token in a file; a short one could be guessed."""
    with open(path, "rb") as file:
        token = file.read(4096).strip()
    if len(token) < 16:
        raise ValueError(f"{path}: a token has 16 bytes or more: openssl rand -hex 16 makes one")
    return token


def tls_context(given):
    """TLS 1.2 or later; None for plain HTTP."""
    if not given.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(given.tls_cert, given.tls_key)
    return context


def make_server(given):
    """The service as the command line wants it."""
    os.umask(0o077)
    verifier = None
    if given.secret_file:
        verifier = Verifier(SecretFile(given.secret_file), given.tolerance)
    token = read_token(given.token_file) if given.token_file else None
    signer = Signer(given.signing_key) if given.signing_key else None
    tls = tls_context(given)
    database = open_database(given.database)
    limits = Limits(given.body_limit, given.unpacked_limit, given.events_limit)
    api = API(Ledger(database), Catalogs(database), verifier, token, signer, limits)
    return Server(given.listen, api, tls, given.connections, given.reuse_port)


def serve(server, given):
    """Serves until SIGTERM or SIGINT; SIGHUP reads the certificate again."""
    # Blocked in every thread and taken by this one: no signal is lost on the way.
    signals = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1},
                     daemon=True).start()
    scheme = "https" if server.tls else "http"
    host = f"[{server.server_address[0]}]" if ":" in server.server_address[0] else \
        server.server_address[0]
    print(f"listening on {scheme}://{host}:{server.server_port}", flush=True)
    while signal.sigwait(signals) == signal.SIGHUP:
        reload_certificate(server, given)
    server.end()
    server.api.ledger.database.close()
    print("ended", flush=True)


def reload_certificate(server, given):
    """Takes a renewed certificate for the connections to come."""
    try:
        if server.tls:
            server.tls.load_cert_chain(given.tls_cert, given.tls_key)
    except (OSError, ssl.SSLError) as error:
        print(f"warning: the certificate was not read again: {error}", file=sys.stderr)


def main(arguments):
    """The program; the exit code."""
    given = options(arguments)
    try:
        server = make_server(given)
    except (OSError, ValueError) as error:
        print(f"sync_service: {error}", file=sys.stderr)
        return os.EX_CONFIG
    except Problem as problem:
        print(f"sync_service: {problem.detail}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    serve(server, given)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
