"""The devices over bumble's link in memory, with bumble as the central.

    cd Guest/inside && ../../.build-guest/venv/bin/python -m unittest devices.test_link
"""

import asyncio
import json
import logging
import unittest
import zlib

import peripherals
from air import Adapter, add_device
from bumble import hci, link
from bumble.device import Device, Peer
from bumble.transport.common import AsyncPipeSink

from . import airsync_packets as air
from . import etc_frames
from .airsync_packets import Assembler, Packet
from .kinds import make
from .peripheral import Peripheral
from .protobuf import decode, encode

ADDRESS = "C0:00:00:01:00:01"
SESSION_KEY = bytes(range(0xA0, 0xB0))


class Central:
    """Connects to one device, and keeps what it says."""

    def __init__(self, device: Peripheral):
        self.device = device
        self.adapter = Adapter("adapter", link=link.LocalLink(), public_address="00:00:5E:00:53:FE/P")
        self.host = Device.with_hci("central", hci.Address("00:00:5E:00:53:FE/P"), self.adapter, AsyncPipeSink(self.adapter))
        self.said: dict[str, asyncio.Queue] = {}
        self.connection = None

    async def open(self):
        await self.device.start(add_device(self.adapter, "device", self.device.address))
        await self.host.power_on()

    async def connect(self, *uuids: str):
        """Connects, and subscribes to these in their order."""
        self.connection = await asyncio.wait_for(self.host.connect(hci.Address(self.device.address)), 5)
        self.gone = asyncio.Event()
        self.connection.on("disconnection", lambda _: self.gone.set())
        peer = Peer(self.connection)
        await peer.request_mtu(185)
        await peer.discover_services()
        await peer.discover_characteristics()
        self.found = {
            characteristic.uuid.to_hex_str(): characteristic
            for service in peer.services
            for characteristic in service.characteristics
        }
        for uuid in uuids:
            await self.subscribe(uuid)

    async def subscribe(self, uuid: str):
        queue = self.said[uuid] = asyncio.Queue()
        await self.found[uuid].subscribe(queue.put_nowait)

    async def next(self, uuid: str, within: float = 5) -> bytes:
        return await asyncio.wait_for(self.said[uuid].get(), within)

    async def write(self, uuid: str, value: bytes):
        await self.found[uuid].write_value(value, with_response=True)

    async def until_gone(self):
        await asyncio.wait_for(self.gone.wait(), 5)

    async def disconnect(self):
        if self.connection is not None and not self.gone.is_set():
            await self.connection.disconnect()
        await asyncio.sleep(0.05)


class LinkCase(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        logging.disable(logging.CRITICAL)
        Peripheral.interval_ms = 20

    async def open(self, kind: str, **options) -> Central:
        central = Central(make(kind, id="device", address=ADDRESS, **options))
        await central.open()
        self.addAsyncCleanup(central.disconnect)
        return central


class Health(LinkCase):
    async def test_blood_pressure_meter_sends_what_it_stored_and_hangs_up(self):
        central = await self.open("blood-pressure", name="BP-7", linger=0.1)
        await central.connect("2A35")
        values = [await central.next("2A35") for _ in range(3)]
        self.assertEqual(values[1].hex(), "1e8a00580078000000041114293b3c00012700")
        self.assertEqual(await central.found["2A19"].read_value(), bytes([80]))
        self.assertEqual(await central.found["2A49"].read_value(), bytes([0x1F, 0]))
        time = bytes.fromhex("e907010f0e1e2d032101")
        await central.write("2A2B", time)
        self.assertEqual(await central.found["2A2B"].read_value(), time)
        await central.until_gone()
        await asyncio.sleep(0.05)
        state = central.device.state()
        self.assertEqual(state["confirmed"], {"2A35": 3})
        self.assertEqual((state["stored"], state["hungUp"], state["connections"]), (0, 1, 1))
        self.assertEqual(state["clockSet"], [time.hex()])
        self.assertTrue(state["advertising"])  # again
        self.assertEqual(state["violations"], [])

    async def test_cuff_is_shown_while_it_is_pumped_up(self):
        central = await self.open("blood-pressure", linger=0.1)
        await central.connect("2A36", "2A35")
        self.assertEqual((await central.next("2A36")).hex(), "003c00ff07ff07")
        await central.next("2A35")
        await central.disconnect()
        self.assertEqual(central.device.sent["2A36"], 3)

    async def test_scale_is_there_for_one_measurement(self):
        central = await self.open("weight-scale", seconds=30, linger=0.2)
        self.assertFalse(central.device.state()["advertising"])
        await central.device.order("step-on", ["72.5", "500"])
        self.assertTrue(central.device.state()["advertising"])
        await central.connect("2A9D", "2A9C")
        self.assertEqual(await central.next("2A9D"), bytes.fromhex("0ea438ea070b180700000" + "1e500d606"))
        self.assertEqual(len(await central.next("2A9C")), 2 + 2 + 1 + 2 + 2)
        await central.until_gone()
        await asyncio.sleep(0.05)
        self.assertFalse(central.device.state()["advertising"])

    async def test_scale_that_sent_nothing_is_still_there(self):
        central = await self.open("weight-scale", weight="70", seconds=30)
        await central.connect()
        await central.disconnect()
        self.assertTrue(central.device.state()["advertising"])
        await central.connect("2A9D")
        await central.next("2A9D")
        await central.until_gone()
        await asyncio.sleep(0.05)
        self.assertFalse(central.device.state()["advertising"])

    async def test_scale_that_nobody_comes_to_forgets(self):
        central = await self.open("weight-scale", weight="70", seconds=0.1)
        await asyncio.sleep(0.3)
        state = central.device.state()
        self.assertEqual((state["lost"], state["advertising"], state["waiting"]), (1, False, False))

    async def test_simple_devices_say_their_values(self):
        for kind, uuids in {
            "thermometer": ("2A1C", "2A1E"),
            "pulse-oximeter": ("2A5E", "2A5F"),
            "heart-rate": ("2A37",),
            "running-speed": ("2A53",),
        }.items():
            with self.subTest(kind):
                central = await self.open(kind, interval=0.05)
                await central.connect(*uuids)
                for uuid in uuids:
                    await central.next(uuid)
                    await central.next(uuid)
                await central.disconnect()
                self.assertEqual(central.device.state()["violations"], [])

    async def test_band_walks_and_passes_midnight(self):
        central = await self.open("sport-band", name="SB", steps=320)
        self.assertEqual(central.device.manufacturer_data().hex(), "3302c00000010001")
        await central.connect("FEA1", "FEA2")
        self.assertEqual(await central.next("FEA1"), bytes.fromhex("074001" "00e000000c0000"))
        await central.device.order("walk", ["120"])
        self.assertEqual((await central.next("FEA1"))[:4], bytes.fromhex("07b80100"))
        await central.device.order("midnight", [])
        self.assertEqual((await central.next("FEA1"))[:4], bytes.fromhex("07000000"))
        await central.device.order("target", ["10000"])
        self.assertEqual(await central.next("FEA2"), bytes.fromhex("01102700"))
        await central.write("FEA2", bytes.fromhex("01e02e00"))
        self.assertEqual(await central.found["FEA2"].read_value(), bytes.fromhex("01e02e00"))
        self.assertEqual(central.device.state()["targetsWritten"], [12000])
        self.assertEqual(await central.found["FEC9"].read_value(), bytes.fromhex("c00000010001"))


class Glucose(LinkCase):
    async def ask(self, central: Central, request: str) -> str:
        await central.write("2A52", bytes.fromhex(request))
        return (await central.next("2A52")).hex()

    def drain(self, central: Central, uuid: str) -> list[int]:
        queue, numbers = central.said[uuid], []
        while not queue.empty():
            numbers.append(int.from_bytes(queue.get_nowait()[1:3], "little"))
        return numbers

    async def test_records_are_given_out_as_asked(self):
        central = await self.open("glucose", pause=0)
        await central.connect("2A18", "2A34", "2A52")
        self.assertEqual(await self.ask(central, "0401"), "05000a00")
        self.assertEqual(await self.ask(central, "0101"), "06000101")
        self.assertEqual(self.drain(central, "2A18"), [1, 2, 3, 4, 5, 6, 7, 8, 9, 12])
        self.assertEqual(self.drain(central, "2A34"), [3, 12])
        self.assertEqual(await self.ask(central, "0103010900"), "06000101")
        self.assertEqual(self.drain(central, "2A18"), [9, 12])
        self.assertEqual(await self.ask(central, "0106"), "06000101")
        self.assertEqual(self.drain(central, "2A18"), [12])
        self.assertEqual(await self.ask(central, "0403010200"), "05000900")
        self.assertEqual(await self.ask(central, "0103010d00"), "06000106")
        self.assertEqual(await self.ask(central, "0100"), "06000103")
        self.assertEqual(await self.ask(central, "0109"), "06000104")
        self.assertEqual(await self.ask(central, "010301"), "06000105")
        self.assertEqual(await self.ask(central, "0103020900"), "06000109")
        self.assertEqual(await self.ask(central, "0900"), "06000902")
        state = central.device.state()
        self.assertEqual(state["timesSent"]["12"], 3)
        self.assertEqual((state["deletesAsked"], state["violations"]), (0, []))

    async def test_deleting_is_refused_and_counted(self):
        central = await self.open("glucose")
        await central.connect("2A18", "2A52")
        self.assertEqual(await self.ask(central, "0201"), "06000202")
        state = central.device.state()
        self.assertEqual((state["deletesAsked"], len(state["records"])), (1, 10))

    async def test_abort(self):
        central = await self.open("glucose", pause=0.05)
        await central.connect("2A18", "2A52")
        await central.write("2A52", bytes.fromhex("0101"))
        await central.next("2A18")
        self.assertEqual(await self.ask(central, "0300"), "06000301")
        self.assertLess(sum(central.device.times_sent.values()), 10)

    async def test_request_before_subscribing_is_refused(self):
        central = await self.open("glucose")
        await central.connect()
        with self.assertRaises(Exception):
            await central.write("2A52", bytes.fromhex("0101"))


class Phone:
    """As little of the phone's side as is needed to see the device's."""

    def __init__(self, central: Central, padded_key: bool = True):
        self.central, self.padded_key = central, padded_key
        self.key: bytes | None = None
        self.assembler = Assembler()

    async def receive(self) -> Packet:
        while True:
            value = await self.central.next("FEC8")
            if packet := self.assembler.feed(value):
                if self.key:
                    packet.body = air.decrypt(self.key, packet.body)
                return packet

    async def send(self, command: int, sequence: int, *fields):
        body = encode(*fields)
        if self.key:
            body = air.encrypt(self.key, body)
        for piece in air.pieces(bytes(Packet(command, sequence, body)), air.PIECE):
            await self.central.write("FEC7", piece)

    async def authenticate(self) -> dict:
        packet = await self.receive()
        fields = decode(packet.body)
        key = b""
        if 6 in fields:
            key = air.encrypt(bytes(range(16)), SESSION_KEY)[: None if self.padded_key else 16]
        await self.send(air.AUTH_RESPONSE, packet.sequence, (1, encode((1, 0))), (2, key))
        self.key = SESSION_KEY if key else None
        return fields

    async def initialize(self, error: int = 0):
        packet = await self.receive()
        assert packet.command == air.INIT_REQUEST, packet
        answer = zlib.crc32(decode(packet.body)[3]) ^ error
        await self.send(air.INIT_RESPONSE, packet.sequence, (1, encode((1, 0))), (2, 0), (3, 1), (4, answer))

    async def data(self, answers: bool = True) -> bytes:
        packet = await self.receive()
        assert packet.command == air.DATA_REQUEST, packet
        if answers:
            await self.send(air.DATA_RESPONSE, packet.sequence, (1, encode((1, 0))), (2, b""))
        return decode(packet.body)[2]


class AirSync(LinkCase):
    async def phone(self, padded_key: bool = True, **options) -> Phone:
        central = await self.open("airsync", name="AS", payloads=["00112233445566778899aabbccddeeff"], **options)
        await central.connect("FEC8")
        return Phone(central, padded_key)

    async def whole_session(self, phone: Phone) -> dict:
        fields = await phone.authenticate()
        await phone.initialize()
        self.assertEqual((await phone.data()).hex(), "00112233445566778899aabbccddeeff")
        await phone.send(air.DATA_PUSH, 0, (1, b""), (2, b"12345678"), (3, 0))
        await phone.send(air.VIEW_PUSH, 0, (1, b""), (2, 1), (3, 1))
        await asyncio.sleep(0.05)
        state = phone.central.device.state()
        self.assertEqual(state["violations"], [])
        self.assertEqual((state["stage"], state["answersRight"], state["dataAnswered"]), ("ready", 1, 1))
        self.assertEqual([push["command"] for push in state["pushes"]], [air.DATA_PUSH, air.VIEW_PUSH])
        self.assertEqual(state["pushes"][0]["2"], b"12345678".hex())
        return fields

    async def test_by_mac(self):
        fields = await self.whole_session(await self.phone())
        self.assertEqual((fields[5], fields[7].hex(), 2 in fields, 6 in fields), (2, "c00000010001", False, False))

    async def test_by_md5(self):
        fields = await self.whole_session(await self.phone(method="md5"))
        self.assertEqual(fields[2].hex(), "3025960ed384186be799e41f431f643b")
        self.assertEqual((fields[5], 6 in fields, 7 in fields), (1, False, False))

    async def test_by_md5_and_aes(self):
        for padded_key in True, False:
            phone = await self.phone(padded_key, method="aes")
            fields = await self.whole_session(phone)
            plain = air.decrypt(bytes(range(16)), fields[6])
            self.assertEqual(plain[4:8], bytes([0, 0, 0, 1]))
            self.assertEqual(plain[8:], zlib.crc32(b"WeChatBluetoothDevice" + plain[:8]).to_bytes(4, "big"))
            self.assertEqual(phone.central.device.state()["sessionKeyLengths"], [32 if padded_key else 16])

    async def test_values_of_other_sizes(self):
        for options in {"piece": 0}, {"piece": 7}, {"pads": True}, {"bare": True}:
            with self.subTest(options):
                await self.whole_session(await self.phone(method="aes", **options))

    async def test_proofs_grow_over_connections_unless_replayed(self):
        central = await self.open("airsync", method="aes")
        for fault in "none", "none", "replay":
            central.device.set_fault(fault, None)
            await central.connect("FEC8")
            await Phone(central).authenticate()
            await central.disconnect()
        self.assertEqual(central.device.proofs, [1, 2, 2])

    async def test_wrong_answer_to_the_challenge(self):
        phone = await self.phone()
        await phone.authenticate()
        await phone.initialize(error=1)
        await phone.central.until_gone()
        self.assertEqual(len(phone.central.device.violations), 1)

    async def test_faults(self):
        for fault in "half", "lying-length", "silent":
            with self.subTest(fault):
                central = await self.open("airsync")
                central.device.set_fault(fault, None)
                await central.connect("FEC8")
                with self.assertRaises(TimeoutError):
                    await asyncio.wait_for(Phone(central).receive(), 0.3)

    async def faulty(self, fault: str, **options) -> Phone:
        central = await self.open("airsync", **options)
        central.device.set_fault(fault, None)
        await central.connect("FEC8")
        return Phone(central)

    async def test_wrong_requests(self):
        right = (await (await self.phone(method="aes")).authenticate())
        md5 = await (await self.faulty("wrong-md5", method="aes")).authenticate()
        self.assertNotEqual(md5[2], right[2])
        crc = air.decrypt(bytes(range(16)), (await (await self.faulty("wrong-crc", method="aes")).authenticate())[6])
        self.assertEqual(int.from_bytes(crc[8:], "big") ^ zlib.crc32(b"WeChatBluetoothDevice" + crc[:8]), 1)
        mac = await (await self.faulty("wrong-mac")).authenticate()
        self.assertEqual(mac[7].hex(), "c00000010000")

    async def test_wrong_challenge(self):
        phone = await self.faulty("wrong-challenge")
        await phone.authenticate()
        self.assertEqual(len(decode((await phone.receive()).body)[3]), 3)

    async def test_data_before_authentication(self):
        phone = await self.faulty("unauthenticated")
        self.assertEqual((await phone.receive()).command, air.DATA_REQUEST)
        await phone.authenticate()

    async def test_undecryptable_session(self):
        phone = await self.faulty("undecryptable", method="aes")
        await phone.authenticate()
        with self.assertRaises(ValueError):
            decode((await phone.receive()).body)

    async def test_decode_error_and_flood(self):
        phone = await self.faulty("decode-error")
        await phone.authenticate()
        await phone.initialize()
        self.assertEqual((await phone.receive()).command, air.DECODE_ERROR)
        phone = await self.faulty("flood")
        await phone.authenticate()
        await phone.initialize()
        for _ in range(20):
            await phone.data(answers=False)

    async def test_answers_that_do_not_fit_are_violations(self):
        phone = await self.phone(method="aes")
        request = await phone.receive()
        await phone.send(air.AUTH_RESPONSE, request.sequence + 1, (1, encode((1, 0))), (2, b"short"))
        await phone.send(air.DATA_PUSH, 0, (1, b""), (2, b"early"), (3, 0))
        await phone.central.write("FEC7", bytes(21))
        await asyncio.sleep(0.05)
        violations = phone.central.device.violations
        texts = "has the number 2 instead of 1", "session key of 5 bytes", "before the device", "of 21 bytes", "no packet"
        for text in texts:
            self.assertTrue(any(text in each for each in violations), (text, violations))

    async def test_disconnects_in_the_middle_of_a_packet(self):
        central = await self.open("airsync", method="md5")
        central.device.set_fault("disconnect", 1)
        await central.connect("FEC8")
        await central.until_gone()
        await asyncio.sleep(0.05)
        state = central.device.state()
        self.assertEqual((state["sent"]["FEC8"], state["fault"], state["advertising"]), (1, "none", True))


class Etc(LinkCase):
    async def reader(self, **options) -> Phone:
        central = await self.open("etc-reader", name="GS", **options)
        await central.connect("FEC8")
        phone = Phone(central)
        fields = await phone.authenticate()
        self.assertEqual((fields[3], fields[5]), (0x010000, 2))
        if options.get("inits", True):
            await phone.initialize()
        await asyncio.sleep(0.05)
        return phone

    async def command(self, phone: Phone, message: bytes) -> bytes:
        for number, raw in enumerate(etc_frames.frames(message, 5)):
            await phone.send(air.DATA_PUSH, number + 2, (1, b""), (2, raw), (3, 0))
        assembler = etc_frames.FrameAssembler()
        while True:
            if (answer := assembler.feed(await phone.data(answers=False))) is not None:
                return answer

    async def card(self, phone: Phone, *apdus: str) -> bytes:
        items = b"".join(
            bytes([index + 1, len(apdu) // 2]) + bytes.fromhex(apdu) for index, apdu in enumerate(apdus)
        )
        tlv = b"\x80" + etc_frames.length_of(len(items)) + items
        return await self.command(phone, b"\xa3\x00" + len(tlv).to_bytes(2, "little") + tlv)

    async def test_whole_session(self):
        for inits in True, False:
            phone = await self.reader(inits=inits)
            self.assertEqual(await self.command(phone, b"\xa2"), b"\xb2\x00\x11\xc0" + b"1101202611240001")
            self.assertEqual(await self.command(phone, b"\xa5\x01\xc2"), bytes.fromhex("b50002c242"))
            answer = await self.card(phone, "00a40000021001", "00b095002b", "805c000204")
            self.assertEqual(answer[:3], b"\xb3\x00\x00")
            self.assertTrue(answer.endswith(bytes.fromhex("030600001f409000")))
            money = await self.card(phone, *[f"00b20{number}c417" for number in range(1, 5)])
            self.assertEqual(len(money), 5 + 2 + 4 * (2 + 25))  # in two frames
            self.assertEqual(await self.card(phone, "00b205c417"), bytes.fromhex("b3000006008104" "01026a83"))
            toll = await self.card(phone, "00b201cc2b")
            self.assertEqual(toll[9], 0xAA)
            state = phone.central.device.state()
            self.assertEqual((state["violations"], state["commands"][0]), ([], "a2"))

    async def test_published_request(self):
        phone = await self.reader()
        raw = bytes.fromhex("33068016a30012008010810700a40000021001020500b095002b89")
        await phone.send(air.DATA_PUSH, 3, (1, b""), (2, raw), (3, 0))
        answer = etc_frames.FrameAssembler().feed(await phone.data(answers=False))
        self.assertEqual(answer[:9].hex(), "b300003100812f022d")  # the file alone

    async def test_card_is_pulled_out_and_put_in(self):
        phone = await self.reader()
        device = phone.central.device
        await device.order("pull", ["1"])
        self.assertEqual((await self.card(phone, "00a40000021001", "805c000204")).hex(), "b3cf000000")
        self.assertEqual((await self.card(phone, "805c000204")).hex(), "b3cf000000")
        await device.order("insert", [])
        self.assertTrue((await self.card(phone, "805c000204")).endswith(bytes.fromhex("6a82")))
        self.assertTrue((await self.card(phone, "00a40000021001", "805c000204")).endswith(b"\x90\x00"))

    async def test_forbidden_commands_are_violations(self):
        phone = await self.reader()
        self.assertTrue((await self.card(phone, "0020000003123456")).endswith(b"\x69\x85"))
        self.assertTrue((await self.card(phone, "00b0960037")).endswith(b"\x69\x85"))
        self.assertEqual(len(phone.central.device.violations), 2)

    async def test_wrong_frames_are_violations(self):
        phone = await self.reader()
        await phone.send(air.DATA_PUSH, 2, (1, b""), (2, bytes.fromhex("33058001a227")), (3, 0))
        await asyncio.sleep(0.05)
        self.assertIn("BCC", phone.central.device.violations[0])

    async def test_reader_that_waits_for_responses(self):
        phone = await self.reader(waits=True, longest=40)
        for raw in etc_frames.frames(b"\xa3\x00\x0a\x00" + bytes.fromhex("80080106" "00a400000210"), 1):
            await phone.send(air.DATA_PUSH, 2, (1, b""), (2, raw), (3, 0))
        answer = etc_frames.FrameAssembler().feed(await phone.data())
        self.assertTrue(answer.endswith(b"\x67\x00"))
        await asyncio.sleep(0.05)
        state = phone.central.device.state()
        self.assertEqual((state["dataAnswered"], state["violations"]), (1, []))

    async def test_faults_break_the_frame(self):
        for fault in "wrong-bcc", "wrong-len", "wrong-control":
            with self.subTest(fault):
                phone = await self.reader()
                phone.central.device.set_fault(fault, None)
                with self.assertRaises(ValueError):
                    await self.command(phone, b"\xa2")


class Faults(LinkCase):
    async def test_flood(self):
        central = await self.open("heart-rate")
        central.device.set_fault("flood", 500)
        await central.connect("2A37")
        for _ in range(100):
            await central.next("2A37")
        central.device.set_fault("none", None)
        await asyncio.sleep(0.05)
        before = central.device.sent["2A37"]
        await asyncio.sleep(0.1)
        self.assertEqual(central.device.sent["2A37"], before)

    async def test_services_change_again_and_again(self):
        central = await self.open("blood-pressure", linger=5)
        central.device.set_fault("change-services", 50)
        await central.connect()
        await central.subscribe("2A05")
        self.assertEqual(await central.next("2A05"), bytes.fromhex("0100ffff"))
        before = len(central.device.device.gatt_server.attributes)
        await central.disconnect()
        self.assertIn(before - len(central.device.device.gatt_server.attributes), (0, 3))
        self.assertEqual(central.device.violations, [])

    async def test_half_a_value_and_one_that_claims_too_much(self):
        for fault in "half", "lying-length":
            central = await self.open("blood-pressure")
            central.device.set_fault(fault, None)
            await central.connect("2A35")
            value = await central.next("2A35")
            self.assertEqual(value[1:3].hex(), "8000")
            self.assertEqual(len(value), 9 if fault == "half" else 19)
            await central.disconnect()

    async def test_each_kind_has_faults_in_words(self):
        for kind in ("glucose", "airsync", "etc-reader", "sport-band"):
            central = await self.open(kind)
            for name, meaning in central.device.faults.items():
                central.device.set_fault(name, None)
                self.assertTrue(meaning)
            self.assertRaises(ValueError, central.device.set_fault, "no such", None)


class Orders(LinkCase):
    async def test_over_the_house(self):
        house = peripherals.House()
        central = await self.open("etc-reader", name="GS")
        house.devices["device"] = central.device
        self.assertEqual(await house.obey("pull", ["device"]), "done")
        self.assertFalse(json.loads(await house.obey("state", ["device"]))["card"])
        self.assertEqual(len(json.loads(await house.obey("state", []))), 1)
        self.assertIn("wrong-bcc", json.loads(await house.obey("faults", ["device"])))
        self.assertEqual(await house.obey("fault", ["device", "disconnect", "3"]), "done")
        for order in ["walk", ["device", "3"]], ["fault", ["device", "x"]], ["state", ["nobody"]], ["nothing", []]:
            with self.assertRaises(ValueError):
                await house.obey(*order)


if __name__ == "__main__":
    unittest.main()
