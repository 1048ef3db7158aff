"""Hubs that are nothing but their way to a broker: what hubd says in MQTT, without what is behind it.

Like hubd (MQTTSink.swift) a light hub sends a batch, waits until every event of it is acknowledged,
and only then goes on; a batch that was cut off is sent again as a whole.
"""

import json
import random
import socket
import ssl
import struct
import threading
import time
import uuid

import mqtt_packets as mqtt

#: The most events under way at once (MQTTSink.swift).
BATCH = 256
#: The property with which a broker says how many it takes at once (MQTT 5.0, §3.2.2.3.3).
RECEIVE_MAXIMUM = 0x21
#: "No matching subscribers": the broker has thrown the event away (asyncapi.yaml).
NOBODY = 0x10


class LightHub(threading.Thread):
    """One hub. `produce` gives it events; it delivers them in its own time."""

    def __init__(self, name, port, password, authorities):
        super().__init__(daemon=True)
        self.hub, self.port, self.password = name, port, password
        self.trust = ssl.create_default_context(cafile=authorities)
        self.events = []
        #: How many from the first on are acknowledged, as hubd's cursor.
        self.cursor = 0
        self.wake = threading.Event()

    def produce(self, count):
        """Makes events."""
        for _ in range(count):
            self.events.append(event(self.hub, len(self.events) + 1))
        self.wake.set()

    def begin_again(self, first):
        """Delivers everything from a number on once more."""
        self.cursor = first - 1
        self.wake.set()

    def run(self):
        while True:
            try:
                self._connection()
            except (OSError, ValueError, IndexError):
                time.sleep(random.uniform(0.05, 0.5))

    def _connection(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as plain, \
                self.trust.wrap_socket(plain, server_hostname="localhost") as connection:
            stream = connection.makefile("rb")
            connection.sendall(self._connect())
            head, body = packet(stream)
            if head >> 4 != mqtt.CONNACK or body[1]:
                raise ValueError(f"not connected: {body}")
            window = min(BATCH, mqtt.Fields(body[2:]).properties().get(RECEIVE_MAXIMUM, BATCH))
            while True:
                while self.cursor < len(self.events):
                    self._deliver(connection, stream, window)
                self.wake.wait()
                self.wake.clear()

    def _deliver(self, connection, stream, window):
        """Delivers a batch with so many under way at once."""
        begin = self.cursor
        batch = self.events[begin:begin + BATCH]
        sent, waiting = 0, set()
        while waiting or sent < len(batch):
            more = range(sent, min(len(batch), sent + window - len(waiting)))
            connection.sendall(b"".join(publish(self.hub, batch[n], n + 1) for n in more))
            sent += len(more)
            waiting.update(n + 1 for n in more)
            head, body = packet(stream)
            if head >> 4 != mqtt.PUBACK or len(body) > 2 and body[2] in (NOBODY, *range(128, 256)):
                raise ValueError(f"not taken: {body}")
            waiting.discard(int.from_bytes(body[:2], "big"))
        self.cursor = begin + len(batch)

    def _connect(self):
        name, password = mqtt.text(self.hub), mqtt.text(self.password)
        properties = b"\x11" + struct.pack(">I", 7 * 86_400) + b"\x27" + struct.pack(">I", 16_384)
        # User name, password, a retained will with QoS 1; the session stays.
        return mqtt.packet(
            mqtt.CONNECT,
            mqtt.text("MQTT") + bytes([5, 0x80 | 0x40 | 0x20 | 0x08 | 0x04]) + struct.pack(">H", 60)
            + mqtt.variable(len(properties)) + properties + mqtt.text("hubd-" + self.hub)
            + b"\x02\x01\x01" + mqtt.text(f"hubs/{self.hub}/state")
            + mqtt.text('{"state":"offline"}') + name + password)


def packet(stream):
    found = mqtt.read_packet(stream)
    if found is None:
        raise ConnectionError("the broker ended the connection")
    return found


def event(hub, sequence):
    """A CloudEvent as hubd writes it."""
    return {
        "specversion": "1.0", "id": str(uuid.uuid4()), "sequence": sequence,
        "source": "urn:hubd:" + hub, "type": "org.hubd.hub.degraded.v1",
        "time": "2026-11-22T14:03:07.123+08:00", "hubboot": "5b0ff1a6-6f6f-4f62-9a12-0f2ba2a5c5aa",
        "hubmonotonic": "123", "hubclock": "synchronised", "datacontenttype": "application/json",
        "data": {"part": "store", "problem": f"number {sequence}"}}


def publish(hub, item, number):
    """PUBLISH with QoS 1, content type and user properties as asyncapi.yaml has them."""
    properties = b"\x01\x01\x03" + mqtt.text("application/cloudevents+json")
    for name, value in (("id", item["id"]), ("sequence", str(item["sequence"]))):
        properties += b"\x26" + mqtt.text(name) + mqtt.text(value)
    return mqtt.packet(
        mqtt.PUBLISH,
        mqtt.text(f"hubs/{hub}/events") + struct.pack(">H", number)
        + mqtt.variable(len(properties)) + properties + json.dumps(item).encode(), 0x02)
