#!/usr/bin/env python3
"""Publishes a retained catalog, signed or badly so, and waits for the broker's PUBACK.

usage: mqtt_publish.py PORT TOPIC FILE HOW [KEY]

HOW is `property` (the signature is a user property of MQTT 5), `line` (it is the first line, a
comment; spoken is MQTT 3.1.1), `forged` (a property, of another text), `flipped` (a byte of the
text is another), `unsigned`, or `nothing` (what is retained is taken away). KEY is an Ed25519
key in PEM. WATCH_CA in the environment is the authority of the broker's certificate.
"""

import base64
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile

import mqtt_packets as mqtt

port, topic, path, how = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
version = 4 if how == "line" else 5


def sign(body):
    """openssl signs files only: Ed25519 reads what it signs twice."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        signature = subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", sys.argv[5], "-in", file.name],
            check=True, capture_output=True).stdout
    return b"ed25519=" + base64.b64encode(signature)


with open(path, "rb") as file:
    body = file.read()
properties = b""
if how in ("property", "forged", "flipped"):
    signature = sign(body + (b" " if how == "forged" else b""))
    properties = b"\x26" + mqtt.text("hubd-signature") + mqtt.text(signature)
if how == "line":
    body = b"// hubd-signature: " + sign(body) + b"\n" + body
if how == "flipped":
    body = body[:-1] + bytes([body[-1] ^ 1])
if how == "nothing":
    body = b""

connection = socket.create_connection(("127.0.0.1", port))
if os.environ.get("WATCH_CA"):
    context = ssl.create_default_context(cafile=os.environ["WATCH_CA"])
    connection = context.wrap_socket(connection, server_hostname="localhost")
stream = connection.makefile("rb")
empty = mqtt.variable(0) if version == 5 else b""
connection.sendall(
    mqtt.packet(
        mqtt.CONNECT,
        mqtt.text("MQTT") + bytes([version, 2]) + struct.pack(">H", 0) + empty
        + mqtt.text("publisher")))
head, answer = mqtt.read_packet(stream)
assert head >> 4 == mqtt.CONNACK and not answer[1], answer
said = mqtt.variable(len(properties)) + properties if version == 5 else b""
connection.sendall(
    mqtt.packet(mqtt.PUBLISH, mqtt.text(topic) + struct.pack(">H", 1) + said + body, 2 | 1))
head, answer = mqtt.read_packet(stream)
assert head >> 4 == mqtt.PUBACK, head
connection.sendall(mqtt.packet(mqtt.DISCONNECT))
