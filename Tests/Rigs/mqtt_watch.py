#!/usr/bin/env python3
"""Subscribes, and says what comes: a line of JSON for each message.

usage: mqtt_watch.py PORT CLIENT FILTER…

MQTT 5 to localhost, with a session that stays, QoS 1, connecting again as often as the
broker goes away. Says `ready` when it has subscribed. What a broker may ask for is in the
environment: WATCH_CA for TLS, WATCH_CERT with WATCH_KEY, WATCH_USER with WATCH_PASSWORD.
"""

import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

import mqtt_packets as mqtt

wants = os.environ.get
port, client, filters = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
ready = False


def session():
    global ready
    connection = socket.create_connection(("127.0.0.1", port))
    if wants("WATCH_CA"):
        context = ssl.create_default_context(cafile=wants("WATCH_CA"))
        if wants("WATCH_CERT"):
            context.load_cert_chain(wants("WATCH_CERT"), wants("WATCH_KEY"))
        connection = context.wrap_socket(connection, server_hostname="localhost")
    user, password = wants("WATCH_USER"), wants("WATCH_PASSWORD")
    stream = connection.makefile("rb")
    expiry = b"\x11" + struct.pack(">I", 3_600)
    connection.sendall(
        mqtt.packet(
            mqtt.CONNECT,
            mqtt.text("MQTT")
            + bytes([5, 0xC0 if user else 0])
            + struct.pack(">H", 0)
            + mqtt.variable(len(expiry))
            + expiry
            + mqtt.text(client)
            + (mqtt.text(user) + mqtt.text(password) if user else b""),
        )
    )
    head, body = mqtt.read_packet(stream)
    if head >> 4 != mqtt.CONNACK or body[1]:
        raise OSError(f"not connected: {body}")
    if body[0] and not ready:
        # The session is there: what it holds may come before SUBACK.
        ready = True
        print("ready", flush=True)
    subscription = struct.pack(">H", 1) + b"\0"
    for name in filters:
        # Retain As Published, so that a state is told from an event.
        subscription += mqtt.text(name) + bytes([1 | 0x08])
    connection.sendall(mqtt.packet(mqtt.SUBSCRIBE, subscription, 2))
    while (found := mqtt.read_packet(stream)) is not None:
        head, body = found
        if head >> 4 == mqtt.SUBACK and not ready:
            ready = True
            print("ready", flush=True)
        if head >> 4 != mqtt.PUBLISH:
            continue
        message = mqtt.read_publish(head, body, 5)
        print(json.dumps(message), flush=True)
        if message["qos"]:
            connection.sendall(mqtt.packet(mqtt.PUBACK, struct.pack(">H", message["id"])))


def run():
    while True:
        try:
            session()
        except (OSError, TypeError):
            pass
        time.sleep(0.02)


threading.Thread(target=run, daemon=True).start()
sys.stdin.read()
