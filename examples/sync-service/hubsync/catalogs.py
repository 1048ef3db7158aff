"""The catalogs for hubs: every version is kept, and each is signed with Ed25519 when it is served.

The signature is over the exact bytes of the body. A hub that has the public key needs no trust in
whatever stands between it and the operator.
"""

import base64
import hashlib
import json
import time
from dataclasses import dataclass

from .problems import Problem

TYPES = ("application/json", "application/json5")
#: The names hubd knows on the first level.
_KEYS = {"version", "hub", "zones", "beacons", "merchants", "campaigns"}


@dataclass(frozen=True)
class Catalog:
    """One version."""

    version: int
    created: int
    type: str
    body: bytes

    @property
    def etag(self):
        """A strong entity tag: the same bytes have the same one (RFC 9110, §8.8.3)."""
        return '"' + hashlib.sha256(self.body).hexdigest() + '"'


class Signer:
    """An Ed25519 key from a PEM file; needs python3-cryptography."""

    def __init__(self, path):
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
            from cryptography.hazmat.primitives.serialization import load_pem_private_key
        except ImportError:
            raise ValueError("--signing-key needs cryptography: apt install python3-cryptography")
        with open(path, "rb") as file:
            try:
                self._key = load_pem_private_key(file.read(), password=None)
            except (ValueError, TypeError):
                self._key = None
        if not isinstance(self._key, Ed25519PrivateKey):
            raise ValueError(f"{path}: holds no Ed25519 key in PEM; make one with "
                             f"openssl genpkey -algorithm ed25519 -out {path}")

    def header(self, body):
        """The value of `Hubd-Signature`."""
        return "ed25519=" + base64.b64encode(self._key.sign(body)).decode()


class Catalogs:
    """The catalogs in a database."""

    def __init__(self, database, clock=time.time):
        self.database = database
        self.clock = clock

    def latest(self, hub, version=None):
        """A version of a hub's catalog, else the newest."""
        wanted = "" if version is None else " AND version = ?"
        values = (hub,) if version is None else (hub, version)
        with self.database.transaction(writes=False) as connection:
            rows = connection.run(
                "SELECT version, created, type, content FROM catalogs WHERE hub = ?" + wanted
                + " ORDER BY version DESC LIMIT 1", values)
        if not rows:
            raise Problem(404, "no-catalog", f"there is no such catalog for hub {hub}")
        return _catalog(rows[0])

    def versions(self, hub):
        """Every version without its body, oldest first."""
        with self.database.transaction(writes=False) as connection:
            rows = connection.run("SELECT version, created, type, content FROM catalogs "
                                  "WHERE hub = ? ORDER BY version", (hub,))
        return [{"version": catalog.version, "created": catalog.created / 1000,
                 "etag": catalog.etag, "bytes": len(catalog.body)}
                for catalog in map(_catalog, rows)]

    def put(self, hub, kind, body, is_expected):
        """Keeps a new version, unless it is the newest already; says which, and whether it is new.

        `is_expected` looks at the entity tag of the newest version, None without one.
        """
        text = _checked(kind, body)
        with self.database.transaction() as connection:
            # The row of a hub is what all wait for that change something of it.
            connection.run("INSERT INTO hubs (hub) VALUES (?) ON CONFLICT DO NOTHING", (hub,))
            connection.run("SELECT hub FROM hubs WHERE hub = ?" + connection.lock_clause, (hub,))
            rows = connection.run("SELECT version, created, type, content FROM catalogs "
                                  "WHERE hub = ? ORDER BY version DESC LIMIT 1", (hub,))
            newest = _catalog(rows[0]) if rows else None
            if not is_expected(newest and newest.etag):
                raise Problem(412, "changed", "somebody else has put another version meanwhile")
            if newest and (newest.body, newest.type) == (body, kind):
                return newest, False
            new = Catalog(newest.version + 1 if newest else 1, int(self.clock() * 1000), kind, body)
            connection.insert("catalogs", ("hub", "version", "created", "type", "content"),
                              [(hub, new.version, new.created, kind, text)])
        return new, True


def _catalog(row):
    version, created, kind, content = row
    return Catalog(version, created, kind, content.encode())


def _checked(kind, body):
    if kind not in TYPES:
        raise Problem(415, "media-type", f"a catalog is {' or '.join(TYPES)}")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, "invalid-catalog", f"the catalog is not UTF-8 at byte {error.start}")
    if "\0" in text:
        raise Problem(400, "invalid-catalog", "the catalog holds a NUL")
    if kind == "application/json":
        _check_json(text)
    return text


def _check_json(text):
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "invalid-catalog", f"the catalog is no JSON: {error}")
    if not isinstance(value, dict) or not value.keys() <= _KEYS:
        raise Problem(400, "invalid-catalog",
                      f"a catalog is an object with {', '.join(sorted(_KEYS))}")
