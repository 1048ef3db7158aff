"""An ETC card reader: an AirSync device by its MAC, whose data are frames, whose frames are commands.

It knows A2 (handshake), A3 (the card) and A5 (the reader itself), and answers with B2, B3, B5.
"""

from . import airsync_packets as air
from .airsync_device import AirSyncDevice
from .common import battery, device_information
from .etc_card import Card
from .etc_frames import FrameAssembler, frames, replies, requests

HANDSHAKE, CARD, READER = 0xA2, 0xA3, 0xA5
REPLY = 0x10  # added to the command
GOOD, NO_CARD, REFUSED = 0x00, 0xCF, 0x01
PLAIN = 0x00


class EtcReader(AirSyncDevice):
    """Options, besides those of AirSyncDevice: `number`, 16 digits; `balance` in fen; `inits`, whether it
    sends an InitRequest (some go straight on); `stops_at_failure`, whether it leaves the other APDUs of a
    command when one fails; `length_order`, "big" or "little", of lengths beyond 255; `longest`, data of a
    frame; `waits`, whether it waits for a SendDataResponse to each frame: apps leave that out."""

    kind = "etc-reader"
    faults = AirSyncDevice.faults | {
        "wrong-bcc": "the check byte of its frames is wrong",
        "wrong-len": "LEN of its frames is one too large",
        "wrong-control": "a frame of every message is left out of CTL's count",
        "half-message": "the last frame of a message is missing",
        "wrong-reply": "answers another command than the one asked",
        "mute": "takes commands and answers none",
    }

    def __init__(
        self,
        number: str = "1101202611240001",
        balance: int = 8000,
        inits: bool = True,
        stops_at_failure: bool = True,
        length_order: str = "big",
        longest: int = 92,
        waits: bool = False,
        card: bool = True,
        **rest,
    ):
        self.assembling = FrameAssembler()  # before the reset in the next line
        super().__init__(**{"method": "mac", "payloads": (), "protocol_version": 0x010000} | rest)
        self.number, self.does_init, self.stops_at_failure = number, inits, stops_at_failure
        self.length_order, self.longest, self.waits = length_order, longest, waits
        self.card = Card(balance)
        self.has_card = card
        self.pull_after: int | None = None  # APDUs until the card is pulled out
        self.serial = 0
        self.commands: list[str] = []
        self.apdus: list[str] = []
        self.powered_off = 0

    def services(self):
        sync, *_ = super().services()
        return [sync, battery(self, 66), device_information(self, "FAIRWIN", "ETC-R1")]

    def reset(self):
        super().reset()
        self.assembling = FrameAssembler()

    async def initialize(self) -> bool:
        return await super().initialize() if self.does_init else True

    # Commands

    def on_data(self, data: bytes, type: int | None):
        if type != 0:
            self.violation(f"a frame in data of type {type}")
        try:
            message = self.assembling.feed(data)
        except ValueError as error:
            self.violation(f"{error}: {data.hex()}")
            return
        if message is None:
            return
        if not message:
            self.violation("a message without a command")
            return
        self.commands.append(message.hex())
        if self.fault != "mute":
            self.spawn(self._carry_out(message))

    async def _carry_out(self, message: bytes):
        try:
            answer = self.reply(message)
        except (ValueError, IndexError) as error:
            self.violation(f"{error}: {message.hex()}")
            answer = bytes([message[0] + REPLY & 0xFF, REFUSED, 0])
        await self._say(answer)
        if message == b"\xa5\x01\xc3":
            self.powered_off += 1
            await self.hang_up()

    def reply(self, message: bytes) -> bytes:
        """What it answers to a message."""
        command = message[0]
        if command == HANDSHAKE:
            if len(message) != 1:
                raise ValueError("a handshake has no data")
            return self._short(command, b"\xc0" + self.number.encode())
        if command == CARD:
            return self._card_command(message)
        if command == READER:
            return self._reader_command(message)
        raise ValueError(f"command {command:02x}, which this reader does not have")

    def _short(self, command: int, data: bytes) -> bytes:
        """Status, a length of one byte, data."""
        return bytes([command + REPLY, GOOD, len(data)]) + data

    def _reader_command(self, message: bytes) -> bytes:
        """A5, length, what is asked. Its reply is described nowhere; built like that of A2."""
        if message[1] != len(message) - 2 or message[1] != 1:
            raise ValueError("A5 has the length of its one byte")
        known = {
            0xC0: self.number.encode(),
            0xC1: b"1.00",
            0xC2: bytes([66]),
            0xC3: b"",
            0xC4: b"",
            0xC5: self.card.issued[10:20],
            0xC6: b"",
        }
        if message[2] not in known:
            raise ValueError(f"A5 asks for {message[2]:02x}")
        return self._short(READER, message[2:3] + known[message[2]])

    def _card_command(self, message: bytes) -> bytes:
        """A3, data type, length (2, little-endian), TLV of APDUs → B3, status, type, length, TLV."""
        length = int.from_bytes(message[2:4], "little")
        if len(message) < 4 or length != len(message) - 4:
            raise ValueError("A3's length is not that of its TLV")
        if message[1] != PLAIN:
            raise ValueError(f"A3 with data type {message[1]:02x}")
        answers = []
        for index, is_wanted, apdu in requests(message[4:]):
            if not self._card_is_there():
                return bytes([CARD + REPLY, NO_CARD, PLAIN, 0, 0])
            self.apdus.append(apdu.hex())
            refused = len(self.card.violations)
            answer = self.card.answer(apdu)
            for what in self.card.violations[refused:]:
                self.violation(what)
            failed = answer[-2:] != b"\x90\x00"
            if is_wanted or failed:
                answers.append((index, answer))
            if failed and self.stops_at_failure:
                break
        tlv = replies(answers, self.length_order)
        return bytes([CARD + REPLY, GOOD, PLAIN]) + len(tlv).to_bytes(2, "little") + tlv

    def _card_is_there(self) -> bool:
        if self.pull_after is not None:
            self.pull_after -= 1
            if self.pull_after < 0:
                self.pull_after, self.has_card = None, False
        return self.has_card

    async def _say(self, message: bytes):
        if self.fault == "wrong-reply":
            message = bytes([message[0] ^ 1]) + message[1:]
        self.serial = self.serial % 15 + 1
        cut = frames(message, self.serial, self.longest)
        if self.fault == "half-message":
            # Of a single frame: announced that one more follows.
            cut = cut[:-1] or [self._refitted(cut[0], 2, cut[0][2] + 1)]
        for each in cut:
            if self.fault == "wrong-bcc":
                each = each[:-1] + bytes([each[-1] ^ 0x5A])
            elif self.fault == "wrong-len":
                each = self._refitted(each, 3, each[3] + 1)
            elif self.fault == "wrong-control":
                each = self._refitted(each, 2, each[2] ^ 0x83)
            await self.send_frame(each)

    def _refitted(self, raw: bytes, at: int, byte: int) -> bytes:
        """With another byte at this place, and the BCC that goes with it."""
        changed = raw[at] ^ byte
        return raw[:at] + bytes([byte]) + raw[at + 1 : -1] + bytes([raw[-1] ^ changed])

    async def send_frame(self, raw: bytes):
        if self.waits:
            await self.send_data(raw)
        else:
            await self.send(air.DATA_REQUEST, self.data_request(raw))

    def _on_response(self, packet, fields):
        """A SendDataResponse that nobody waits for is taken all the same."""
        super()._on_response(packet, fields)
        if packet.command == air.DATA_RESPONSE and not self.waits:
            self.inbox.get_nowait()

    # Orders

    async def obey(self, order: str, words: list[str]):
        """pull [N]: the card is pulled out now, or before the N+1st APDU from now on; insert: it is put
        in; balance FEN: it holds so much."""
        match order, words:
            case "pull", []:
                self.has_card = False
            case "pull", [count]:
                self.pull_after = int(count)
            case "insert", []:
                self.has_card, self.pull_after = True, None
                self.card.power_up()
            case "balance", [fen]:
                self.card.balance = int(fen)
            case _:
                await super().obey(order, words)

    def seen(self) -> dict:
        return super().seen() | {
            "commands": self.commands,
            "apdus": self.apdus,
            "card": self.has_card,
            "poweredOff": self.powered_off,
        }
