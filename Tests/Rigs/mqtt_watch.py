#!/usr/bin/env python3
"""Subscribes, and says what comes: a line of JSON for each message.

usage: mqtt_watch.py PORT CLIENT FILTER…

Plain MQTT 5 to localhost, with a session that stays, QoS 1, connecting again as often
as the broker goes away. Says `ready` when it has subscribed.
"""

import json
import socket
import struct
import sys
import threading
import time

import mqtt_packets as mqtt

port, client, filters = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
ready = False


def session():
    global ready
    connection = socket.create_connection(("127.0.0.1", port))
    stream = connection.makefile("rb")
    expiry = b"\x11" + struct.pack(">I", 3_600)
    connection.sendall(
        mqtt.packet(
            mqtt.CONNECT,
            mqtt.text("MQTT")
            + bytes([5, 0])
            + struct.pack(">H", 0)
            + mqtt.variable(len(expiry))
            + expiry
            + mqtt.text(client),
        )
    )
    head, body = mqtt.read_packet(stream)
    if head >> 4 != mqtt.CONNACK or body[1]:
        raise OSError(f"not connected: {body}")
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
