"""A device that speaks AirSync (service FEE7) and proves itself in any of the three ways.

It begins when FEC8 is subscribed: AuthRequest, AuthResponse, InitRequest with a challenge,
InitResponse whose answer it checks, then its maker's data; pushes are recorded. Everything is
forgotten with the connection, except for the sequence number of its proof.
"""

import asyncio
import random
import zlib

from bumble.gatt import Service

from . import airsync_packets as air
from .airsync_packets import Packet
from .common import battery, device_information
from .peripheral import Peripheral
from .protobuf import decode, encode, signed
from .sport_band import mac_of

NOTHING = b""  # an empty BaseRequest


class AirSyncDevice(Peripheral):
    """Options:

    method      "mac", "md5" or "aes" (md5 with AesSign and an encrypted session)
    device_type, device_id, key (hex)   as they were registered
    payloads    maker's data to send when ready, as hex
    data_type   its type: 0, 1, 10001, or null to leave the field out
    piece       bytes of a value (20); 0 for as many as the MTU lets through
    pads        fills the last value with zeros
    wait        seconds from the subscription to AuthRequest
    patience    seconds for which it waits for an answer
    proof       sequence number of its first proof
    bare        leaves BaseRequest out, as some builds with AES do
    reversed_mac   advertises its MAC in the other order
    name_ends   its name in AuthRequest ends with a NUL, as those of some demos do
    company     two bytes before the MAC in its advertisement, as hex
    """

    kind = "airsync"
    advertised = ("FEE7",)
    triggers = ("FEC8",)
    faults = Peripheral.faults | {
        "replay": "proves itself with the sequence number of the last time",
        "wrong-crc": "the CRC-32 in its proof is wrong",
        "wrong-md5": "another device's MD5",
        "wrong-mac": "another MAC than in its advertisement",
        "wrong-challenge": "a challenge of 3 bytes",
        "doubt-answer": "takes the right answer for a wrong one",
        "silent-init": "authenticates, and sends no InitRequest",
        "silent-data": "initializes, and sends nothing then",
        "unauthenticated": "sends data before anything else",
        "undecryptable": "encrypts with a key that nobody has",
        "decode-error": "says 29999 instead of data",
        "wrong-magic": "the header does not begin with fe",
    }

    def __init__(
        self,
        method: str = "mac",
        device_type: str = "gh_1bafe245c2cb",
        device_id: str = "WeChatBluetoothDevice",
        key: str = "000102030405060708090a0b0c0d0e0f",
        payloads: list[str] = ("fecf0100000000010001",),
        data_type: int | None = 0,
        piece: int = air.PIECE,
        pads: bool = False,
        wait: float = 0,
        patience: float = 10,
        proof: int = 1,
        bare: bool = False,
        reversed_mac: bool = False,
        name_ends: bool = False,
        company: str = "013a",
        protocol_version: int = air.PROTOCOL_VERSION,
        **rest,
    ):
        super().__init__(**rest)
        if method not in ("mac", "md5", "aes"):
            raise ValueError(f"method {method}")
        self.method, self.device_type, self.device_id = method, device_type, device_id
        self.key = bytes.fromhex(key)
        self.payloads = [bytes.fromhex(each) for each in payloads]
        self.data_type, self.piece, self.pads, self.wait, self.patience = data_type, piece, pads, wait, patience
        self.next_proof, self.bare, self.reversed_mac = proof, bare, reversed_mac
        self.company, self.protocol_version = bytes.fromhex(company), protocol_version
        self.name_ends = name_ends
        self.dice = random.Random(id_seed(self.address))
        self.proofs: list[int] = []
        self.responses: list[dict] = []
        self.pushes: list[dict] = []
        self.peer_errors = self.inits = self.answers_right = self.answers_absent = self.answered = 0
        self.session_key_lengths: list[int] = []
        self.reset()

    # GATT

    def services(self) -> list[Service]:
        sync = Service(
            "FEE7",
            [
                self.characteristic("FEC7", "write", write=self._on_value),
                self.characteristic("FEC8", "indicate"),
                self.characteristic("FEC9", "read", mac_of(self.address)),
            ],
        )
        return [sync, battery(self), device_information(self, "Guest", "AS-1")]

    def manufacturer_data(self) -> bytes:
        mac = mac_of(self.address)
        return self.company + (mac[::-1] if self.reversed_mac else mac)

    def reset(self):
        self.assembler = air.Assembler()
        self.inbox: asyncio.Queue[tuple[Packet, dict]] = asyncio.Queue()
        self.sequence = 0
        self.stage = "subscribed"
        self.session_key: bytes | None = None
        self.sending = asyncio.Lock()

    # Sending

    async def send(self, command: int, body: bytes, sequence: int | None = None) -> int:
        """Sends a packet, whole before the next one; its sequence number, counted from 1."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        if command != air.AUTH_REQUEST and self.method == "aes" and self.session_key is not None:
            key = self.session_key if self.fault != "undecryptable" else bytes(16)
            body = air.encrypt(key, body)
        packet = self._spoiled(bytes(Packet(command, sequence, body)))
        size = self.piece or self.connection.att_mtu - 3
        async with self.sending:
            cut = air.pieces(packet, size, self.pads)
            if self.fault == "half":
                cut = cut[: (len(cut) + 1) // 2]
                # A single piece is cut itself.
                cut[-1] = cut[-1] if len(packet) > size else cut[-1][: len(packet) // 2]
            for piece in cut:
                await self.indicate("FEC8", piece)
            if self.fault == "half":
                self.is_dead = True
        return sequence

    def _spoiled(self, packet: bytes) -> bytes:
        if self.fault == "lying-length":
            more = 10 if self.fault_argument is None else self.fault_argument
            return packet[:2] + (len(packet) + more).to_bytes(2, "big") + packet[4:]
        if self.fault == "wrong-magic":
            return b"\xfd" + packet[1:]
        return packet

    # These two are done to the packet, not to each value.
    def halved(self, uuid: str, value: bytes) -> bytes:
        return value

    def lied(self, uuid: str, value: bytes) -> bytes:
        return value

    @property
    def base(self) -> bytes | None:
        return None if self.bare else NOTHING

    def auth_request(self) -> bytes:
        md5 = sign = mac = None
        if self.method == "mac":
            mac = mac_of(self.address)
            if self.fault == "wrong-mac":
                mac = mac[:-1] + bytes([mac[-1] ^ 1])
        else:
            md5 = air.identity_md5(self.device_type, self.device_id)
            if self.fault == "wrong-md5":
                md5 = md5[::-1]
        if self.method == "aes":
            if self.fault == "replay":
                number = max(self.next_proof - 1, 1)
            else:
                number, self.next_proof = self.next_proof, self.next_proof + 1
            self.proofs.append(number)
            crc_error = 1 if self.fault == "wrong-crc" else 0
            sign = air.proof(self.key, self.device_id, self.dice.randbytes(4), number, crc_error)
        return encode(
            (1, self.base),
            (2, md5),
            (3, self.protocol_version),
            (4, 1),
            (5, air.MAC if self.method == "mac" else air.MD5),
            (6, sign),
            (7, mac),
            # Deprecated, but sent by demos that authenticate by MAC.
            (12, self.name.encode() + b"\0" * self.name_ends if self.method == "mac" and self.name else None),
        )

    def data_request(self, data: bytes) -> bytes:
        return encode((1, self.base), (2, data), (3, self.data_type))

    # Receiving

    def _on_value(self, value: bytes):
        # Devices have buffers for values of this size, whatever the MTU.
        if len(value) > max(self.piece, air.PIECE):
            self.violation(f"a value of {len(value)} bytes")
        try:
            packet = self.assembler.feed(value)
        except ValueError as error:
            self.violation(f"no packet: {error}")
            return
        if packet is not None:
            self._on_packet(packet)

    def _on_packet(self, packet: Packet):
        if packet.command == air.DECODE_ERROR:
            self.peer_errors += 1
            return
        body = packet.body
        try:
            if packet.command != air.AUTH_RESPONSE and self.method == "aes" and self.session_key is not None:
                body = air.decrypt(self.session_key, body)
            fields = decode(body)
        except ValueError as error:
            self.violation(f"command {packet.command}: {error}")
            self.spawn(self.send(air.DECODE_ERROR, b"", packet.sequence))
            return
        if packet.command in (air.DATA_PUSH, air.VIEW_PUSH, air.BACKGROUND_PUSH):
            self._on_push(packet, fields)
        elif packet.command in (air.AUTH_RESPONSE, air.INIT_RESPONSE, air.DATA_RESPONSE):
            self._on_response(packet, fields)
        else:
            self.violation(f"command {packet.command}, which no phone sends")

    def _on_push(self, packet: Packet, fields: dict):
        push = {"command": packet.command, "sequence": packet.sequence}
        push |= {str(number): readable(value) for number, value in fields.items()}
        self.pushes.append(push)
        if self.stage != "ready":
            self.violation(f"push {packet.command} before the device was initialized")
        if 1 not in fields:
            self.violation(f"push {packet.command} without its BasePush")
        if packet.command == air.DATA_PUSH:
            if not isinstance(fields.get(2), bytes):
                self.violation("RecvDataPush without data")
            else:
                self.on_data(fields[2], fields.get(3))

    def on_data(self, data: bytes, type: int | None):
        """Data that was pushed; readers make something of it."""

    def _on_response(self, packet: Packet, fields: dict):
        base = fields.get(1)
        if not isinstance(base, bytes) or 1 not in (base := decode(base)):
            self.violation(f"response {packet.command} without its error code")
            base = {1: 0}
        said = {"command": packet.command, "sequence": packet.sequence, "error": signed(base[1])}
        self.responses.append(said)
        self.inbox.put_nowait((packet, fields | {"error": said["error"]}))

    async def answer(self, command: int, sequence: int) -> dict | None:
        """The response to the request with this number; None when it does not come in time."""
        connection = self.connection
        try:
            packet, fields = await asyncio.wait_for(self.inbox.get(), self.patience)
            self.ends_with(connection)
        except TimeoutError:
            self.ends_with(connection)
            self.violation(f"no answer {command} within {self.patience} s")
            return None
        if packet.command != command:
            self.violation(f"answered {packet.command} instead of {command}")
            return None
        if packet.sequence != sequence:
            self.violation(f"answer {command} has the number {packet.sequence} instead of {sequence}")
        return fields

    # The session

    async def session(self):
        await asyncio.sleep(self.wait)
        if self.fault == "unauthenticated":
            await self.send(air.DATA_REQUEST, self.data_request(b"too soon"))
        if await self.authenticate() and await self.initialize():
            self.stage = "ready"
            await self.ready()

    async def authenticate(self) -> bool:
        number = await self.send(air.AUTH_REQUEST, self.auth_request())
        fields = await self.answer(air.AUTH_RESPONSE, number)
        if fields is None or fields["error"] != 0:
            return False
        key = fields.get(2)
        if not isinstance(key, bytes):
            self.violation("AuthResponse without its session key")
            return False
        if self.method != "aes":
            if key:
                self.violation("a session key for a session that is not encrypted")
        else:
            self.session_key_lengths.append(len(key))
            try:
                self.session_key = air.session_key(self.key, key)
            except ValueError as error:
                self.violation(str(error))
                return False
        self.stage = "authenticated"
        return True

    async def initialize(self) -> bool:
        if self.fault == "silent-init":
            return False
        challenge = self.dice.randbytes(3 if self.fault == "wrong-challenge" else 4)
        number = await self.send(air.INIT_REQUEST, encode((1, self.base), (3, challenge)))
        fields = await self.answer(air.INIT_RESPONSE, number)
        if fields is None or fields["error"] != 0:
            return False
        self.inits += 1
        for field, name in (2, "UserIdHigh"), (3, "UserIdLow"):
            if not isinstance(fields.get(field), int):
                self.violation(f"InitResponse without its {name}")
        if 4 not in fields:
            self.answers_absent += 1  # the public sample accepts that
        elif fields[4] != zlib.crc32(challenge):
            self.violation(f"challenge {challenge.hex()} answered with {fields[4]}")
            await self.hang_up()
            return False
        else:
            self.answers_right += 1
        if self.fault == "doubt-answer":
            await self.hang_up()
            return False
        return True

    async def ready(self):
        if self.fault == "silent-data":
            return
        if self.fault == "decode-error":
            await self.send(air.DECODE_ERROR, b"")
            return
        for data in self.payloads:
            await self.send_data(data)

    async def send_data(self, data: bytes):
        number = await self.send(air.DATA_REQUEST, self.data_request(data))
        fields = await self.answer(air.DATA_RESPONSE, number)
        self.answered += fields is not None and fields["error"] == 0

    async def _flood(self, trigger: str):
        """Data without end: after a proper start, if there was none yet."""
        if self.stage != "ready":
            if not (await self.authenticate() and await self.initialize()):
                return
            self.stage = "ready"
        while self.fault == "flood":
            await self.send(air.DATA_REQUEST, self.data_request(b"again and again"))
            await asyncio.sleep(1 / (self.fault_argument or 300))

    async def obey(self, order: str, words: list[str]):
        """data HEX: sends this now, if it is ready, else with the next session."""
        match order, words:
            case "data", [text]:
                data = bytes.fromhex(text)
                if self.stage == "ready" and self.connection:
                    self.spawn(self.send_data(data))
                else:
                    self.payloads.append(data)
            case _:
                await super().obey(order, words)

    def seen(self) -> dict:
        return {
            "stage": self.stage if self.connection else "away",
            "proofs": self.proofs,
            "inits": self.inits,
            "answersRight": self.answers_right,
            "answersAbsent": self.answers_absent,
            "dataAnswered": self.answered,
            "sessionKeyLengths": self.session_key_lengths,
            "responses": self.responses,
            "pushes": self.pushes,
            "peerDecodeErrors": self.peer_errors,
        }


def id_seed(address: str) -> int:
    """Chance that is the same in each run, and another one for each device."""
    return int.from_bytes(mac_of(address), "big")


def readable(value: int | bytes) -> int | str:
    return value if isinstance(value, int) else value.hex()
