"""The bytes that devices send are those of the published vectors (Tests/Vectors).

    cd Guest/inside && ../../.build-guest/venv/bin/python -m unittest devices.test_vectors
"""

import datetime
import json
import unittest
import zlib
from pathlib import Path

from . import airsync_packets as air
from . import etc_card, etc_frames
from .airsync_device import AirSyncDevice
from .airsync_packets import Assembler, Packet
from .blood_pressure import measurement
from .fields import current_time, date_time, float32, sfloat
from .glucose import record
from .protobuf import decode, encode, signed, varint
from .simple import heart_rate, running, spot_oximetry, temperature
from .sport_band import steps_value
from .weight_scale import composition, weight

VECTORS = Path(__file__).parents[3] / "Tests/Vectors"


def vectors(area: str) -> dict[str, bytes]:
    """Name → bytes."""
    entries = json.loads((VECTORS / f"{area}.json").read_text())
    return {entry["name"]: bytes.fromhex(entry["hex"]) for entry in entries}


class Values(unittest.TestCase):
    def has(self, area: str, *made: bytes):
        known = set(vectors(area).values())
        for each in made:
            self.assertIn(each, known, each.hex())

    def test_numbers(self):
        for encoder, area in (sfloat, "sfloat"), (float32, "float32"):
            for entry in json.loads((VECTORS / f"{area}.json").read_text()):
                value = entry["decoded"]["value"]
                # The vectors have 10 as one ten, 37.6 in hundredths and -0.1 in thousandths.
                written = {"10": "1e1", "37.6": "37.60", "-0.1": "-0.100"}.get(str(value), str(value))
                self.assertEqual(encoder(written), bytes.fromhex(entry["hex"]), entry["name"])

    def test_numbers_out_of_range(self):
        self.assertRaises(ValueError, sfloat, "12345")
        self.assertEqual(sfloat("20000"), bytes.fromhex("d017"))

    def test_times(self):
        self.has("datetime", date_time("2018-04-17T15:51:00"))
        self.has("cts", current_time(datetime.datetime(2025, 1, 15, 14, 30, 45), 33, 1))

    def test_blood_pressure(self):
        self.has(
            "bp",
            measurement(138, 88, 120, time="0000-04-17T20:41:59", pulse=60, user=1, status=39),
            measurement("18.9", "11", "15.9", unit="kPa", pulse=60, status=18),
        )

    def test_temperature(self):
        self.has("ht", temperature("37.60", "2012-12-05T11:50:27", 4))

    def test_heart_rate(self):
        self.has("hr", heart_rate(85), heart_rate(255, False), heart_rate(257, True, 306, [1, 258, 65535], wide=True))

    def test_running(self):
        self.has("rsc", running(0x0300, 18, 86, 4026531841, True))

    def test_glucose(self):
        synthetic = record(1, "2019-02-27T11:10:30", -5, 30, "kg/L", 2, 1, 0x0105, True)
        # Its 30 kg/L are written with exponent 0.
        self.has("glucose", synthetic, record(2, "2024-03-15T14:30:45", value="0.0055"))

    def test_weight(self):
        whole = weight("70", time="2025-02-08T10:30:00", user=1, bmi="22.9", height="1.750")
        self.has("weight", whole, weight("unsuccessful"))

    def test_imperial_weight(self):
        self.assertEqual(weight("154.32", imperial=True), bytes.fromhex("01483c"))

    def test_composition(self):
        # Flags: user, impedance, weight; 21.3 %, user 1, 500.0 Ω, 70 kg.
        made = composition("21.3", user=1, impedance="500", weight="70")
        self.assertEqual(made, bytes.fromhex("0406d50001881 3b036".replace(" ", "")))

    def test_oximetry(self):
        self.has("plx", spot_oximetry(97, 72))

    def test_steps(self):
        self.has("wesport", steps_value(10000), steps_value(10000, 6000), steps_value(320, 144, 24))


class AirSync(unittest.TestCase):
    def setUp(self):
        self.packets = vectors("airsync")

    def packet(self, start: str) -> bytes:
        return next(data for name, data in self.packets.items() if name.startswith(start))

    def test_every_packet_is_read_and_written_again(self):
        for name, data in self.packets.items():
            if data[:2] != b"\xfe\x01" or "encrypted" in name or "junk" in name:
                continue
            packet = Assembler().feed(data)
            fields = decode(packet.body)
            self.assertEqual(bytes(Packet(packet.command, packet.sequence, encode(*fields.items()))), data, name)

    def test_request_of_a_device_with_its_mac(self):
        device = AirSyncDevice(id="gump", name="GumpWX", address="00:1A:7D:DA:71:13")
        made = bytes(Packet(air.AUTH_REQUEST, 1, device.auth_request()))
        self.assertEqual(made, self.packet("AuthRequest, mac"))

    def test_request_of_a_device_with_aes(self):
        device = AirSyncDevice(id="aes", address="C0:00:00:00:00:01", method="aes")
        device.dice.randbytes = lambda count: bytes.fromhex("11223344")
        made = bytes(Packet(air.AUTH_REQUEST, 1, device.auth_request()))
        self.assertEqual(made, self.packet("AuthRequest, md5 + AES"))
        self.assertEqual([len(each) for each in air.pieces(made, air.PIECE)], [20, 20, 14])
        self.assertEqual(device.next_proof, 2)

    def test_proof(self):
        self.assertEqual(
            air.proof(bytes(range(16)), "WeChatBluetoothDevice", bytes.fromhex("11223344"), 1),
            self.packet("aesSign"),
        )
        self.assertEqual(air.identity_md5("WeChatDev", "WeChatBluetoothDevice"), self.packet("md5Device"))

    def test_encrypted_request(self):
        key = bytes(range(0xA0, 0xB0))
        plain = encode((1, b""), (3, bytes.fromhex("11223344")))
        self.assertEqual(bytes(Packet(air.INIT_REQUEST, 2, air.encrypt(key, plain))), self.packet("InitRequest encrypted"))
        self.assertEqual(air.decrypt(key, air.encrypt(key, plain)), plain)

    def test_session_key_with_and_without_padding(self):
        device, session = bytes(range(16)), bytes(range(0xA0, 0xB0))
        field = air.encrypt(device, session)
        self.assertEqual(len(field), 32)
        self.assertEqual(air.session_key(device, field), session)
        self.assertEqual(air.session_key(device, field[:16]), session)

    def test_challenge(self):
        self.assertEqual(decode(Assembler().feed(self.packet("InitResponse")).body)[4], zlib.crc32(b"1234"))

    def test_negative_numbers(self):
        self.assertEqual(len(varint(-2)), 10)
        self.assertEqual(signed(decode(encode((1, -2)))[1]), -2)

    def test_surplus_bytes_of_the_last_value_are_dropped(self):
        packet = self.packet("AuthRequest, mac")
        assembler = Assembler()
        cut = air.pieces(packet, 20, pads=True)
        self.assertEqual(len(cut[-1]), 20)
        self.assertEqual([assembler.feed(each) is None for each in cut], [True, False])
        self.assertEqual(assembler.buffer, b"")


class Etc(unittest.TestCase):
    def test_every_vector_is_read(self):
        for name, data in vectors("etc").items():
            fields = decode(Assembler().feed(data).body)
            message = etc_frames.FrameAssembler().feed(fields[2])
            self.assertIsNotNone(message, name)
            if message[0] == 0xA3:
                asked = etc_frames.requests(message[4:])
                self.assertEqual([each[2].hex() for each in asked], ["00a40000021001", "00b095002b"])
                self.assertEqual([each[1] for each in asked], [False, True])

    def test_replies(self):
        known = vectors("etc")

        def packet(serial: int, message: bytes, sequence: int) -> bytes:
            (raw,) = etc_frames.frames(message, serial)
            return bytes(Packet(air.DATA_REQUEST, sequence, encode((1, b""), (2, raw), (3, 0))))

        number = b"\xb2\x00\x11\xc0" + b"4402166110005917"
        self.assertEqual(packet(5, number, 3), known["B2 with 16-char reader number"])
        tlv = etc_frames.replies([(3, (8000).to_bytes(4, "big") + b"\x90\x00")])
        self.assertEqual(packet(8, b"\xb3\x00\x00\x0a\x00" + tlv, 3), known["B3 balance"])
        tlv = etc_frames.replies([(1, b"\x6a\x82")])
        self.assertEqual(packet(9, b"\xb3\x00\x00\x06\x00" + tlv, 7), known["B3 two-byte SW 6A82"])

    def test_messages_of_several_frames(self):
        message = bytes(range(250))
        cut = etc_frames.frames(message, 5)
        self.assertEqual([raw[2] for raw in cut], [0x82, 1, 0])
        assembler = etc_frames.FrameAssembler()
        self.assertEqual([assembler.feed(raw) for raw in cut], [None, None, message])
        self.assertRaises(ValueError, assembler.feed, cut[1])

    def test_lengths(self):
        for number in (0, 0x80, 0x81, 0xFF, 0x100, 1000):
            self.assertEqual(etc_frames.read_length(etc_frames.length_of(number)), (number, b""))

    def test_card(self):
        card = etc_card.Card()

        def answer(apdu: str) -> str:
            return card.answer(bytes.fromhex(apdu)).hex()

        self.assertEqual(answer("00b095002b"), "6a82")  # not under the master file
        self.assertTrue(answer("00a40000023f00").endswith("9000"))
        self.assertTrue(answer("00a40000021001").endswith("9000"))
        self.assertEqual(answer("00b095002b"), etc_card.ISSUED.hex() + "9000")
        self.assertEqual(answer("00b0950000"), etc_card.ISSUED.hex() + "9000")
        self.assertEqual(answer("00b0950030"), "6c2b")
        self.assertEqual(answer("805c000204"), "00001f409000")
        self.assertEqual(answer("00b201c417"), card.money[0].hex() + "9000")
        self.assertEqual(answer("00b201cc2b"), card.toll[0].hex() + "9000")
        self.assertEqual(answer("00b205c417"), "6a83")
        self.assertEqual(answer("00a40000020019"), "9000")
        self.assertEqual(answer("00b2020400"), card.toll[1].hex() + "9000")
        self.assertEqual([len(each) for each in card.money + card.toll], [23] * 4 + [43] * 2)
        self.assertEqual(len(etc_card.ISSUED), 43)
        self.assertEqual(card.violations, [])

    def test_card_refuses_and_records(self):
        forbidden = [
            "0020000003123456",
            "0020000006313233343536",
            "805000020b01000003e8112233445566",
            "805200000b2026112412000011223344",
            "00b0960037",
            "00a40000020016",
            "00d6950001ff",
        ]
        card = etc_card.Card()
        for apdu in forbidden:
            self.assertEqual(card.answer(bytes.fromhex(apdu)), etc_card.CONDITIONS)
        self.assertEqual(len(card.violations), len(forbidden))


if __name__ == "__main__":
    unittest.main()
