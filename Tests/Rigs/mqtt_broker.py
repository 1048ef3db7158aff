#!/usr/bin/env python3
"""A broker that can behave badly.

usage: mqtt_broker.py CERTIFICATE BEHAVIOUR…

CERTIFICATE is a PEM file with a key, or - for none. Each connection takes the next
behaviour; the last one stays:

  good              takes everything, MQTT 5
  window:N          the same with a Receive Maximum of N; ends when more are under way
  largest:N         the same with a Maximum Packet Size of N
  qos:N             the same with a Maximum QoS of N
  noretain          the same without retained messages
  hangup:N          takes N events, then RST
  late              takes everything and answers a ping after a while
  patient           has a Server Keep Alive of 1 s, and acknowledges after a ping only
  mute              takes everything and never answers a ping
  silent            takes the connection and never acknowledges
  ack:CODE          acknowledges every event with this reason code
  poison:N:CODE     the same for events whose n is N only
  leave:N:CODE      ends the connection with DISCONNECT and this reason at events whose n is N
  say:CODE          ends the connection with DISCONNECT and this reason at the first event
  answer:CODE       CONNACK with this reason code
  old               knows MQTT 3.1.1 only, and says so
  older             knows MQTT 3.1.1 only, and closes the connection on MQTT 5
  keeps:N           has a retained message of N bytes for who subscribes, QoS 1
  early:N           the same, before the answer to SUBSCRIBE
  never             does not answer to SUBSCRIBE
  nothing           answers, and has nothing retained
  noread:CODE       answers to SUBSCRIBE with this reason code
  flood             begins a retained message of 100 MiB
  trickle           has a retained message that comes a byte each second
  cut               closes the connection within a retained message
  many              has the message a thousand times
  deleted           sends an empty message, as when what was retained is deleted
  zero              sends a message with the packet identifier 0
  pongs             answers to SUBSCRIBE, then to pings that were not sent, for ever
  subacks           answers to SUBSCRIBE for ever
  stranger          answers to another SUBSCRIBE
  elsewhere         sends a message of another topic
  twice             sends a message with QoS 2
  alias             sends a message with a number instead of its topic
  hang              never answers to CONNECT
  close             closes the connection on every CONNECT
  garbage           an answer that is not of MQTT
  half              half of a CONNACK
  drip              a CONNACK with endless properties, a byte each second
  again             CONNACK for ever
  huge              a CONNACK, then a packet of 100 MiB
  strange           a CONNACK, then PUBACKs for what was never sent, for ever
  unasked           a CONNACK, then a message nobody subscribed to

Says `port N` first, then a line of JSON for each CONNECT, each PUBLISH and each end
of a connection.
"""

import json
import socket
import ssl
import struct
import sys
import threading
import time

import mqtt_packets as mqtt

certificate, behaviours = sys.argv[1], sys.argv[2:]
lock = threading.Lock()
served = 0


def say(**what):
    with lock:
        print(json.dumps(what), flush=True)


def connack(version, code=0, properties=b"", present=0):
    body = bytes([present, code])
    if version == 5:
        body += mqtt.variable(len(properties)) + properties
    return mqtt.packet(mqtt.CONNACK, body)


def read_connect(body):
    fields = mqtt.Fields(body)
    if fields.text() != b"MQTT":
        return None
    version, flags, keep_alive = fields.number(1), fields.number(1), fields.number(2)
    properties = fields.properties() if version == 5 else {}
    what = {
        "version": version,
        "clean": bool(flags & 2),
        "keepAlive": keep_alive,
        "client": fields.text().decode(),
        "properties": {str(key): value for key, value in properties.items()},
    }
    if flags & 4:
        if version == 5:
            fields.properties()
        what["will"] = {"topic": fields.text().decode(), "payload": fields.text().decode()}
        what["will"]["qos"] = flags >> 3 & 3
        what["will"]["retained"] = bool(flags & 0x20)
    if flags & 0x80:
        what["username"] = fields.text().decode()
    if flags & 0x40:
        what["password"] = fields.text().decode()
    return what


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def serve(connection, behaviour):
    name, _, rest = behaviour.partition(":")
    numbers = [int(part, 0) for part in rest.split(":") if part]
    stream = connection.makefile("rb")
    first = mqtt.read_packet(stream)
    if first is None or first[0] >> 4 != mqtt.CONNECT:
        return
    connect = read_connect(first[1])
    if not connect:
        return say(behaviour=behaviour, error="no CONNECT")
    version = connect["version"]
    say(behaviour=behaviour, connect=connect)
    send = connection.sendall
    if name == "old" and version == 5:
        return send(bytes([0x20, 2, 0, 1]))
    if name == "close" or name == "older" and version == 5:
        return
    if name == "answer":
        return send(connack(version, numbers[0]))
    if name == "hang":
        stream.read()
        return
    if name == "garbage":
        return send(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100)
    if name == "half":
        send(connack(version)[:3])
        stream.read()
        return
    if name == "drip":
        send(bytes([0x20]) + mqtt.variable(16_000) + bytes([0, 0]) + mqtt.variable(15_996))
        while True:
            send(b"\x26")
            time.sleep(1)
    if name == "again":
        while True:
            send(connack(version) * 100)
    properties = b""
    if name == "window":
        properties = b"\x21" + struct.pack(">H", numbers[0])
    if name == "largest":
        properties = b"\x27" + struct.pack(">I", numbers[0])
    if name == "qos":
        properties = b"\x24" + bytes([numbers[0]])
    if name == "noretain":
        properties = b"\x25\x00"
    if name == "patient":
        properties = b"\x13\0\1"
    send(connack(version, 0, properties))
    if name == "huge":
        send(bytes([0x30]) + mqtt.variable(100 << 20) + mqtt.text("t") + b"\0")
        while True:
            send(b"x" * 65_536)
    if name == "strange":
        while True:
            send(mqtt.packet(mqtt.PUBACK, b"\x77\x77") * 100)
    if name == "unasked":
        send(mqtt.packet(mqtt.PUBLISH, mqtt.text("t") + b"\0payload"))
    events, waiting, window = 0, [], threading.Lock()
    if name == "window":
        late = threading.Thread(
            target=answer_late, args=(connection, waiting, window), daemon=True
        )
        late.start()
    while (found := mqtt.read_packet(stream)) is not None:
        head, body = found
        kind = head >> 4
        if kind == mqtt.PINGREQ:
            say(behaviour=behaviour, ping=True)
            if name == "late":
                time.sleep(0.2)
            if name != "mute":
                send(mqtt.packet(mqtt.PINGRESP))
            if name == "patient":
                send(b"".join(waiting))
                waiting.clear()
        elif kind == mqtt.DISCONNECT:
            say(behaviour=behaviour, bye=True)
            return
        elif kind == mqtt.SUBSCRIBE:
            fields = mqtt.Fields(body[2:])
            if version == 5:
                fields.properties()
            topic = fields.text().decode()
            say(behaviour=behaviour, subscribe=topic)
            if not subscribed(send, name, numbers, version, body[:2], topic):
                return
        elif kind == mqtt.PUBACK:
            say(behaviour=behaviour, taken=True)
        elif kind == mqtt.PUBREL:
            send(mqtt.packet(mqtt.PUBCOMP, body[:2]))
        elif kind == mqtt.PUBLISH:
            message = mqtt.read_publish(head, body, version)
            say(behaviour=behaviour, publish=message)
            if not message["qos"]:
                continue
            events += 1
            if name == "silent":
                continue
            if name == "hangup" and events > numbers[0]:
                return reset(connection)
            if name == "say":
                return send(mqtt.packet(mqtt.DISCONNECT, bytes([numbers[0]])))
            if name == "leave" and json.loads(message["payload"])["data"]["n"] == numbers[0]:
                send(mqtt.packet(mqtt.DISCONNECT, bytes([numbers[1]])))
                # What is closed with bytes unread is reset, and the reason lost with it.
                stream.read()
                return
            code = numbers[0] if name == "ack" else 0
            if name == "poison":
                event = json.loads(message["payload"])
                code = numbers[1] if event["data"]["n"] == numbers[0] else 0
            answer = struct.pack(">H", message["id"]) + (bytes([code]) if version == 5 else b"")
            kind = mqtt.PUBACK if message["qos"] == 1 else mqtt.PUBREC
            if name == "patient":
                waiting.append(mqtt.packet(kind, answer))
                continue
            if name == "window":
                with window:
                    waiting.append(mqtt.packet(kind, answer))
                    if len(waiting) > numbers[0]:
                        say(behaviour=behaviour, broken=len(waiting))
                        return
                continue
            send(mqtt.packet(kind, answer))


def subscribed(send, name, numbers, version, number, topic):
    """Answers to SUBSCRIBE; false ends the connection."""
    empty = b"\0" if version == 5 else b""
    code = numbers[0] if name == "noread" else 1
    if name == "stranger":
        number = b"\x77\x77"
    answer = mqtt.packet(mqtt.SUBACK, number + empty + bytes([code]))
    head = mqtt.text(topic) + b"\0\7" + empty
    if name == "never":
        return True
    while name == "subacks":
        send(answer * 100)
    if name == "early":
        send(mqtt.packet(mqtt.PUBLISH, head + b"x" * numbers[0], 3))
    send(answer)
    if name == "keeps":
        send(mqtt.packet(mqtt.PUBLISH, head + b"x" * numbers[0], 3))
    while name == "pongs":
        send(mqtt.packet(mqtt.PINGRESP) * 100)
    if name == "many":
        send(mqtt.packet(mqtt.PUBLISH, head + b"x" * 1000, 3) * 1000)
    if name == "deleted":
        send(mqtt.packet(mqtt.PUBLISH, head, 2))
    if name == "zero":
        send(mqtt.packet(mqtt.PUBLISH, mqtt.text(topic) + b"\0\0" + empty + b"x", 3))
    if name == "cut":
        send(mqtt.packet(mqtt.PUBLISH, head + b"x" * 1000, 3)[:500])
        return False
    if name == "elsewhere":
        send(mqtt.packet(mqtt.PUBLISH, mqtt.text(topic + "x") + empty + b"x", 1))
    if name == "twice":
        send(mqtt.packet(mqtt.PUBLISH, head + b"x", 5))
    if name == "alias":
        send(mqtt.packet(mqtt.PUBLISH, mqtt.text(topic) + b"\3\x23\0\1x", 1))
    if name == "flood":
        send(bytes([0x31]) + mqtt.variable(100 << 20) + mqtt.text(topic) + empty)
        while True:
            send(b"x" * 65_536)
    if name == "trickle":
        send(bytes([0x31]) + mqtt.variable(100_000) + mqtt.text(topic) + empty)
        while True:
            send(b"x")
            time.sleep(1)
    return True


def answer_late(connection, waiting, window):
    """Acknowledges what waits, from time to time: so much is under way at once."""
    most = 0
    while True:
        time.sleep(0.02)
        with window:
            if len(waiting) > most:
                most = len(waiting)
                say(waiting=most)
            try:
                connection.sendall(b"".join(waiting))
            except OSError:
                return
            waiting.clear()


def handle(connection, behaviour):
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        serve(connection, behaviour)
    except (OSError, ValueError, IndexError) as error:
        say(behaviour=behaviour, error=str(error))
    finally:
        connection.close()
        say(behaviour=behaviour, ended=True)


context = None
if certificate != "-":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(64)
print(f"port {listener.getsockname()[1]}", flush=True)


def accept():
    global served
    while True:
        connection, _ = listener.accept()
        behaviour = behaviours[min(served, len(behaviours) - 1)]
        served += 1
        threading.Thread(target=handle, args=(connection, behaviour), daemon=True).start()


threading.Thread(target=accept, daemon=True).start()
sys.stdin.read()
