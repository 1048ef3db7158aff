#!/usr/bin/python3
"""Takes events from an MQTT 5 broker and stores each once. Several workers share the events.

paho-mqtt 1.6 has no call for a later acknowledgement, and needs none here: it sends the PUBACK of a
QoS 1 message when the callback has returned, and not when the callback raises. So the callback
stores the event and returns after the commit; when it fails, the connection is given up without an
acknowledgement, and the broker sends the message again.

Example:

  sync_worker.py --broker mqtt://127.0.0.1:1883 --share sync --name worker-1 --database events.db
"""

import argparse
import os
import random
import re
import signal
import socket
import sys
import time
import urllib.parse

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hubsync.api import BATCH_TYPE, Limits
from hubsync.database import open_database
from hubsync.events import read_batch, read_single
from hubsync.ledger import Ledger
from hubsync.problems import EventProblem, Problem

#: A session that never expires (MQTT 5.0, §3.1.2.11.2): what waits for a worker waits for it.
FOREVER = 0xFFFFFFFF
#: As many messages may be on their way to a worker: others take the rest.
RECEIVE_MAXIMUM = 64
#: As much is kept of a message that is no event.
MOST_KEPT = 300 * 1024


class Intake:
    """What becomes of a message."""

    def __init__(self, ledger, topic, limits=Limits()):
        self.ledger = ledger
        self.limits = limits
        before, _, after = topic.partition("+")
        self._hub = re.compile(re.escape(before) + "([^/]+)" + re.escape(after))

    def take(self, topic, kind, payload):
        """Stores a message; raises `Problem` with status 503 when it may not be acknowledged.

        What is no event would be sent for ever: it is kept as refused, and acknowledged.
        """
        try:
            self.ledger.store(self._events(topic, kind, payload))
        except Problem as problem:
            if problem.status >= 500:
                raise
            print(f"warning: {topic}: {problem.detail}: kept as refused", file=sys.stderr)
            text = payload[:MOST_KEPT].decode("utf-8", "replace").replace("\0", "\ufffd")
            self.ledger.refuse(topic, problem.detail, text)

    def _events(self, topic, kind, payload):
        if len(payload) > self.limits.unpacked:
            raise Problem(413, "too-large", f"a message of {len(payload)} bytes")
        if kind == BATCH_TYPE:
            events = read_batch(payload, self.limits.events)
        else:
            events = [read_single(payload)]
        hub = self._hub.fullmatch(topic)
        for event in events:
            # The broker says who may write to a topic; an event of another hub is a forgery.
            if hub is None or event.hub != hub[1]:
                raise EventProblem(event.index, event.id, f"is of hub {event.hub}")
        return events


class Worker:
    """A connection to the broker."""

    def __init__(self, intake, given):
        self.intake = intake
        self.given = given
        self.is_ending = False
        self.failures = 0

    def run(self):
        """Stores events until `end`; a broker or database that is away is waited for."""
        while not self.is_ending:
            try:
                self._connection()
            except Problem as problem:
                self._failed(problem.detail)
            except OSError as error:
                self._failed(f"{self.given.broker.hostname}: {error}")
            else:
                if not self.is_ending:
                    self._failed("the broker ended the connection; does another worker have "
                                 f"the name {self.given.name}?")

    def end(self, *_):
        """Ends the connection; what is being stored is finished first."""
        self.is_ending = True

    def _connection(self):
        client = self._made()
        client.connect(self.given.broker.hostname, self.given.port, keepalive=60,
                       clean_start=False, properties=_connecting())
        try:
            # Not loop_forever: it would connect again by itself after a refusal.
            while client.loop(timeout=0.2) == mqtt.MQTT_ERR_SUCCESS and not self.is_ending:
                pass
            if self.is_ending:
                client.disconnect()
                client.loop(timeout=0.2)
        finally:
            _drop(client)

    def _made(self):
        given = self.given
        client = mqtt.Client(client_id=given.name, protocol=mqtt.MQTTv5)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._message
        if given.username:
            client.username_pw_set(given.username, given.password)
        if given.broker.scheme == "mqtts":
            client.tls_set(ca_certs=given.ca_file)
        return client

    def _connected(self, client, _, flags, reason, properties=None):
        if reason != 0:
            raise OSError(f"the broker refuses the worker: {reason}")
        client.subscribe(self.given.filter, qos=1)

    def _subscribed(self, client, _, mid, reasons, properties=None):
        if any(reason.value >= 0x80 for reason in reasons):
            raise OSError(f"the broker refuses {self.given.filter}: {reasons[0]}")
        print(f"taking {self.given.filter}", flush=True)

    def _message(self, client, _, message):
        kind = getattr(message.properties, "ContentType", None)
        self.intake.take(message.topic, kind, message.payload)
        # Here the commit is done, and paho sends the PUBACK.
        self.failures = 0

    def _failed(self, reason):
        self.failures += 1
        wait = random.uniform(0.5, min(60, 2 ** min(self.failures, 6)))
        print(f"warning: {reason}; again in {wait:.1f} s", file=sys.stderr, flush=True)
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and not self.is_ending:
            time.sleep(0.1)


def _connecting():
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = FOREVER
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    return properties


def _drop(client):
    """Ends a connection without a word: what was not acknowledged comes again."""
    if client.socket() is not None:
        client.socket().close()


def options(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(
        description="Stores the events of an MQTT broker. See README.md beside it.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--broker", required=True, type=broker, metavar="URL",
                        help="mqtt://HOST[:1883] or mqtts://HOST[:8883]")
    parser.add_argument("--share", default="sync", metavar="NAME",
                        help="the group of workers that share the events")
    parser.add_argument("--topic", default="hubs/+/events", metavar="FILTER",
                        help="where hubs publish; + stands for the hub")
    parser.add_argument("--name", default=f"sync-{socket.gethostname()}", metavar="CLIENT-ID",
                        help="another for each worker, and always the same for the same worker")
    parser.add_argument("--database", default="sync.db", metavar="FILE|ADDRESS",
                        help="a file for SQLite, or postgresql://…")
    parser.add_argument("--username", metavar="NAME")
    parser.add_argument("--password-file", metavar="FILE")
    parser.add_argument("--ca-file", metavar="FILE", help="authorities to trust, in PEM")
    given = parser.parse_args(arguments)
    if given.topic.count("+") != 1 or "#" in given.topic:
        parser.error("--topic has one + and no #")
    given.port = given.broker.port or (8883 if given.broker.scheme == "mqtts" else 1883)
    given.filter = f"$share/{given.share}/{given.topic}"
    return given


def broker(text):
    """The address of a broker."""
    url = urllib.parse.urlsplit(text)
    if url.scheme not in ("mqtt", "mqtts") or not url.hostname:
        raise argparse.ArgumentTypeError(f"{text} is no mqtt://HOST or mqtts://HOST")
    return url


def main(arguments):
    """The program; the exit code."""
    given = options(arguments)
    try:
        os.umask(0o077)
        given.password = None
        if given.password_file:
            with open(given.password_file, encoding="utf-8") as file:
                given.password = file.read().strip()
        intake = Intake(Ledger(open_database(given.database, connections=1)), given.topic)
    except (OSError, ValueError) as error:
        print(f"sync_worker: {error}", file=sys.stderr)
        return os.EX_CONFIG
    except Problem as problem:
        print(f"sync_worker: {problem.detail}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    worker = Worker(intake, given)
    signal.signal(signal.SIGTERM, worker.end)
    signal.signal(signal.SIGINT, worker.end)
    worker.run()
    intake.ledger.database.close()
    print("ended", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
