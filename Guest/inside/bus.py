"""A client of the system bus: calls with strings, and when names change hands.

A process for each call would cost more than the call (and its start would hide how long hubd takes),
and Debian's Python has no D-Bus without further packages. So: the wire format of the D-Bus
specification, as far as it is needed here.
"""

import os
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import Any

METHOD_CALL, METHOD_RETURN, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SENDER, SIGNATURE = range(1, 9)
DBUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


class BusError(Exception):
    """The answer was an error (its name is the text), or there was none."""


@dataclass
class Change:
    """A name got another owner; empty: none."""

    at: float  # time.monotonic()
    name: str
    old: str
    new: str


def padded(data: bytes, alignment: int) -> bytes:
    return data + bytes(-len(data) % alignment)


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def method_call(serial: int, fields: dict[int, str], strings: tuple[str, ...]) -> bytes:
    body = b""
    for text in strings:
        body = padded(body, 4) + string(text)
    header = b""
    for code, text in fields.items():
        kind = b"o" if code == PATH else b"s"
        header = padded(header, 8) + bytes([code, 1]) + kind + b"\0"
        header = padded(header, 4) + string(text)
    if strings:
        signature = b"s" * len(strings)
        header = padded(header, 8) + bytes([SIGNATURE, 1]) + b"g\0"
        header += bytes([len(signature)]) + signature + b"\0"
    start = struct.pack("<cBBBIII", b"l", METHOD_CALL, 0, 1, len(body), serial, len(header))
    return padded(start + header, 8) + body


# Basic types with a fixed size: how struct names them; their size is their alignment.
FIXED = {"y": "B", "b": "I", "n": "h", "q": "H", "i": "i", "u": "I", "x": "q", "t": "Q", "d": "d"}
ALIGNMENT = {"s": 4, "o": 4, "a": 4, "(": 8, "{": 8}


def first_type(signature: str) -> str:
    """The first complete type of a signature."""
    if signature[0] == "a":
        return "a" + first_type(signature[1:])
    depth = 0
    for at, mark in enumerate(signature, start=1):
        depth += (mark in "({") - (mark in ")}")
        if depth == 0:
            return signature[:at]
    raise ValueError(signature)


class Reader:
    """Values in a message, one after the other."""

    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def align(self, alignment: int):
        self.at += -self.at % alignment

    def value(self, type: str) -> Any:
        match type[0]:
            case mark if mark in FIXED:
                size = struct.calcsize(FIXED[mark])
                self.align(size)
                self.at += size
                value = struct.unpack_from("<" + FIXED[mark], self.data, self.at - size)[0]
                return bool(value) if mark == "b" else value
            case "s" | "o":
                return self._text(self.value("u"))
            case "g":
                return self._text(self.value("y"))
            case "v":
                return self.value(self.value("g"))
            case "a":
                return self._array(type[1:])
            case _:
                self.align(8)
                return self.values(type[1:-1])

    def values(self, signature: str) -> list[Any]:
        values = []
        while signature:
            type = first_type(signature)
            values.append(self.value(type))
            signature = signature[len(type) :]
        return values

    def _text(self, length: int) -> str:
        self.at += length + 1
        return self.data[self.at - length - 1 : self.at - 1].decode()

    def _array(self, type: str) -> Any:
        end = self.value("u")
        self.align(struct.calcsize(FIXED[type[0]]) if type[0] in FIXED else ALIGNMENT.get(type[0], 1))
        end += self.at
        values = []
        while self.at < end:
            values.append(self.value(type))
        return dict(values) if type[0] == "{" else values

    def header_fields(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        while self.at < len(self.data):
            self.align(8)
            code = self.value("y")
            fields[code] = self.value("v")
        return fields


class Bus:
    def __init__(self, path: str = "/run/dbus/system_bus_socket"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        assert self.socket.recv(4096).startswith(b"OK")
        self.socket.sendall(b"BEGIN\r\n")
        self.serial = 0
        self.answers: dict[int, tuple[int, dict[int, Any], bytes]] = {}
        self.news = threading.Condition()
        self.changes: list[Change] = []
        threading.Thread(target=self._read, daemon=True).start()
        self.call(*DBUS, "Hello")

    def call(self, destination: str, path: str, interface: str, member: str, *strings: str,
             within: float = 25) -> Any:
        """The first value of the answer; BusError if it is an error or does not come in time."""
        with self.news:
            self.serial += 1
            serial = self.serial
        fields = {PATH: path, INTERFACE: interface, MEMBER: member, DESTINATION: destination}
        self.socket.sendall(method_call(serial, fields, strings))
        with self.news:
            if not self.news.wait_for(lambda: serial in self.answers, within):
                raise BusError(f"no answer within {within} s")
            kind, fields, body = self.answers.pop(serial)
        if kind == ERROR:
            raise BusError(str(fields[ERROR_NAME]))
        return Reader(body).value(first_type(fields[SIGNATURE])) if SIGNATURE in fields else None

    def watch(self, name: str):
        """Notes in `changes` from now on who owns the name."""
        rule = f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{name}'"
        self.call(*DBUS, "AddMatch", rule)

    def has(self, name: str) -> bool:
        return self.call(*DBUS, "NameHasOwner", name)

    def property(self, destination: str, path: str, interface: str, name: str) -> Any:
        """None when nobody has it."""
        try:
            return self.call(destination, path, "org.freedesktop.DBus.Properties", "Get", interface, name)
        except BusError:
            return None

    def _read(self):
        stream = self.socket.makefile("rb")
        while start := stream.read(16):
            _, kind, _, _, body_length, _, length = struct.unpack("<cBBBIII", start)
            header = stream.read(length + -length % 8)[:length]
            body = stream.read(body_length)
            fields = Reader(header).header_fields()  # from the first on, at byte 16: aligned alike
            with self.news:
                if kind in (METHOD_RETURN, ERROR):
                    self.answers[int(fields[REPLY_SERIAL])] = (kind, fields, body)
                elif fields.get(MEMBER) == "NameOwnerChanged":
                    self.changes.append(Change(time.monotonic(), *Reader(body).values("sss")))
                self.news.notify_all()
