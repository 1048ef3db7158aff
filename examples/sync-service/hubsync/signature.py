"""Standard Webhooks 1.0: who sent a body, and when."""

import base64
import binascii
import hashlib
import hmac
import os
import sys
from dataclasses import dataclass

from .problems import Problem


@dataclass(frozen=True)
class Secret:
    """A signing key, and the one hub it is for; None for every hub."""

    key: bytes
    hub: str | None = None

    def allows(self, hub):
        """Whether a body signed with it may speak of a hub."""
        return self.hub is None or self.hub == hub


def read_secrets(path):
    """The secrets of a file: one a line, `whsec_<base64>` or `<hub id> whsec_<base64>`."""
    secrets = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            key = _key(words[-1])
            if key is None or len(words) > 2:
                raise ValueError(
                    f"{path}:{number}: expected whsec_ and base64 of 16 to 512 bytes, "
                    "with the id of a hub before it or alone")
            secrets.append(Secret(key, words[0] if len(words) == 2 else None))
    if not secrets:
        raise ValueError(f"{path}: holds no secret")
    return secrets


def _key(word):
    try:
        key = base64.b64decode(word.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if 16 <= len(key) <= 512 else None


class SecretFile:
    """The secrets of a file that may change: a new secret is in force with the next request."""

    def __init__(self, path):
        self.path = path
        self._stamp = self._stat()
        self._secrets = read_secrets(path)

    def secrets(self):
        """What is in the file; what was in it last, while it cannot be read."""
        try:
            stamp = self._stat()
            if stamp != self._stamp:
                # Also when it cannot be read: one warning for each change is enough.
                self._stamp = stamp
                self._secrets = read_secrets(self.path)
        except (OSError, ValueError) as error:
            print(f"warning: {error}; the secrets before it stay in force", file=sys.stderr)
        return self._secrets

    def _stat(self):
        found = os.stat(self.path)
        return found.st_ctime_ns, found.st_size, found.st_ino


class Verifier:
    """Says who signed a body."""

    def __init__(self, secret_file, tolerance):
        self.secret_file = secret_file
        self.tolerance = tolerance

    def verify(self, headers, body, now):
        """The secret that signed the bytes as they came.

        A hub whose clock is wrong gets 401 as well: it keeps its events and says why.
        """
        name = headers.get("webhook-id", "")
        timestamp = headers.get("webhook-timestamp", "")
        given = headers.get("webhook-signature", "").split()
        if not name or not timestamp or not given:
            raise _denied("webhook-id, webhook-timestamp or webhook-signature is missing")
        self._check_time(timestamp, now)
        # The bytes of headers are read as Latin-1 by http.server.
        signed = f"{name}.{timestamp}.".encode("latin-1") + body
        matching = [secret for secret in self.secret_file.secrets()
                    if _signs(secret, signed, given)]
        if not matching:
            raise _denied("the signature fits none of the secrets")
        return matching[0]

    def _check_time(self, timestamp, now):
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
            raise _denied("webhook-timestamp is no number of seconds")
        behind = int(now) - int(timestamp)
        if abs(behind) > self.tolerance:
            word = "behind" if behind > 0 else "ahead"
            raise _denied(f"the clock of the hub is {abs(behind)} s {word}, "
                          f"{self.tolerance} s are tolerated")


def _signs(secret, signed, given):
    code = hmac.new(secret.key, signed, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(code)
    # Every signature is compared, in a time that does not tell how much of it fits.
    fits = [hmac.compare_digest(expected, text.encode("utf-8", "replace")) for text in given]
    return any(fits)


def _denied(detail):
    return Problem(401, "not-signed", detail)
