"""The packets of MQTT 3.1.1 and 5 as far as the rigs need them."""

import struct

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK = 8, 9
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14


def variable(number):
    """A Variable Byte Integer."""
    out = bytearray()
    while True:
        number, digit = number >> 7, number & 0x7F
        out.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(out)


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def packet(kind, body=b"", flags=0):
    return bytes([kind << 4 | flags]) + variable(len(body)) + body


def read_packet(stream):
    """The first byte and the body of the next packet; None at the end."""
    head = stream.read(1)
    if not head:
        return None
    length, shift = 0, 0
    while True:
        byte = stream.read(1)
        if not byte:
            return None
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if not byte[0] & 0x80:
            break
    body = stream.read(length)
    return (head[0], body) if len(body) == length else None


class Fields:
    """Reads a body from front to back."""

    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, count):
        self.at += count
        return self.body[self.at - count : self.at]

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def text(self):
        return self.take(self.number(2))

    def variable(self):
        value, shift = 0, 0
        while True:
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def properties(self):
        """What clients say: names and values of user properties, and numbers by identifier."""
        end = self.variable() + self.at
        found = {}
        while self.at < end:
            identifier = self.number(1)
            if identifier == 0x26:
                name = self.text().decode()
                found[name] = self.text().decode()
            elif identifier in (0x03, 0x08, 0x12, 0x15, 0x1A, 0x1C, 0x1F, 0x09, 0x16):
                found[identifier] = self.text().decode()
            elif identifier in (0x02, 0x11, 0x18, 0x27):
                found[identifier] = self.number(4)
            elif identifier in (0x13, 0x21, 0x22, 0x23):
                found[identifier] = self.number(2)
            elif identifier == 0x0B:
                found[identifier] = self.variable()
            else:
                found[identifier] = self.number(1)
        return found

    def rest(self):
        return self.body[self.at :]


def read_publish(head, body, version):
    """A message as a dictionary."""
    fields = Fields(body)
    topic = fields.text().decode()
    qos = head >> 1 & 3
    number = fields.number(2) if qos else 0
    properties = fields.properties() if version == 5 else {}
    return {
        "topic": topic,
        "qos": qos,
        "id": number,
        "retained": bool(head & 1),
        "duplicate": bool(head & 8),
        "properties": {str(key): value for key, value in properties.items()},
        "payload": fields.rest().decode(),
    }
