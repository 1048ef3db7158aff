"""An ETC card (stored-value card of the toll stations) as its reader sees it: APDUs in, answers with
status words out.

It lets its files be read, and refuses and records everything that could change it or that tells who
its holder is: a PIN to verify, money to load, the holder's file 0016, and any command that writes.
"""

import dataclasses

OK, NO_FILE, NO_RECORD, CONDITIONS = b"\x90\x00", b"\x6a\x82", b"\x6a\x83", b"\x69\x85"
WRONG_LENGTH, WRONG_PARAMETERS, UNKNOWN_COMMAND = b"\x67\x00", b"\x6a\x86", b"\x6d\x00"

MASTER_FILE, TOLL = 0x3F00, 0x1001  # the directories MF and DF01
FCI = {
    MASTER_FILE: bytes.fromhex("6f15840e315041592e5359532e4444463031a5038801019f0c00"),
    TOLL: bytes.fromhex("6f0a8408a000000003861807"),
}

# No real card's: 北京, stored value (22), version 40, card 11012012345678901234, plate 京A12345.
ISSUED = bytes.fromhex(
    "b1b1bea9110100011640110120123456789012342020010120300101bea941313233343500000000000001"
)
PLATE = bytes.fromhex("bea9413132333435").ljust(12, b"\0")


def money_record(counter: int, fen: int, kind: int, date: str, time: str, overdraft: int = 0) -> bytes:
    """23 bytes of file 0018: counter, overdraft, amount, kind (02 load, 06 purchase, 09 composite
    purchase), terminal, date and time in BCD."""
    return (
        counter.to_bytes(2, "big")
        + overdraft.to_bytes(3, "big")
        + fen.to_bytes(4, "big")
        + bytes([kind])
        + bytes.fromhex("110100000123")
        + bytes.fromhex(date)
        + bytes.fromhex(time)
    )


def toll_record(seconds: int, network: str, station: str, lane: int, state: int, vehicle: int = 1) -> bytes:
    """43 bytes of file 0019: AA, length, lock, entry network and station, lane, UNIX time, vehicle class,
    state (odd: entered), marker stations, operator, shift, plate, reserved."""
    return (
        bytes([0xAA, 0x29, 0x00])
        + bytes.fromhex(network)
        + bytes.fromhex(station)
        + bytes([lane])
        + seconds.to_bytes(4, "big")
        + bytes([vehicle, state])
        + bytes(9)
        + bytes(3)
        + bytes([1])
        + PLATE
        + bytes(4)
    )


def some_money() -> list[bytes]:
    return [
        money_record(12, 2350, 0x09, "20261120", "183012"),
        money_record(11, 1500, 0x09, "20261119", "081544"),
        money_record(3, 10000, 0x02, "20261115", "120000"),
        money_record(10, 95, 0x06, "20261110", "235959"),
    ]


def some_toll() -> list[bytes]:
    return [
        toll_record(1795185012, "1101", "0203", 5, 0x03),
        toll_record(1795170000, "1101", "0107", 2, 0x04),
    ]


@dataclasses.dataclass
class Card:
    """With a balance in fen; its records, newest first."""

    balance: int = 8000
    issued: bytes = ISSUED
    money: list[bytes] = dataclasses.field(default_factory=some_money)
    toll: list[bytes] = dataclasses.field(default_factory=some_toll)
    violations: list[str] = dataclasses.field(default_factory=list)
    directory: int = MASTER_FILE
    file: int | None = None

    def power_up(self):
        """A card that is put in begins at its master file."""
        self.directory, self.file = MASTER_FILE, None

    def answer(self, apdu: bytes) -> bytes:
        """Data and status word."""
        if len(apdu) < 4:
            return WRONG_LENGTH
        match apdu[0], apdu[1]:
            case 0x00, 0xA4:
                return self._select(apdu)
            case 0x00, 0xB0:
                return self._read_binary(apdu)
            case 0x00, 0xB2:
                return self._read_record(apdu)
            case 0x80, 0x5C:
                return self._balance(apdu)
            case 0x00, 0x84:
                return bytes.fromhex("31540771")[: apdu[4] if len(apdu) > 4 else 4] + OK
            case 0x00, 0x20:
                return self._violation("VERIFY", apdu)
            case 0x80, 0x50:
                return self._violation("INITIALIZE FOR LOAD", apdu)
            case 0x80, 0x52:
                return self._violation("CREDIT FOR LOAD", apdu)
            case _:
                return self._violation("a command that does not read", apdu)

    def _violation(self, what: str, apdu: bytes) -> bytes:
        self.violations.append(f"{what}: {apdu.hex()}")
        return CONDITIONS

    def _select(self, apdu: bytes) -> bytes:
        if len(apdu) not in (7, 8) or apdu[4] != 2:
            return WRONG_LENGTH
        chosen = int.from_bytes(apdu[5:7], "big")
        if chosen in FCI:
            self.directory, self.file = chosen, None
            return FCI[chosen] + OK
        if chosen == 0x0016:
            return self._violation("SELECT of the holder's file", apdu)
        if self.directory == TOLL and chosen in (0x0015, 0x0018, 0x0019):
            self.file = chosen
            return OK
        return NO_FILE

    def _read_binary(self, apdu: bytes) -> bytes:
        # Bit 8 of P1: a short file identifier in its low 5 bits, and the offset is P2.
        file, offset = self.file, int.from_bytes(apdu[2:4], "big")
        if apdu[2] & 0x80:
            file, offset = apdu[2] & 0x1F, apdu[3]
        if file == 0x16:
            return self._violation("READ BINARY of the holder's file", apdu)
        if self.directory != TOLL or file not in (0x15, 0x0015):
            return NO_FILE
        return self._as_asked(apdu, self.issued[offset:])

    def _read_record(self, apdu: bytes) -> bytes:
        if apdu[3] & 7 != 4:  # a record by its number
            return WRONG_PARAMETERS
        file = apdu[3] >> 3 or self.file
        records = {0x18: self.money, 0x19: self.toll}.get(file)
        if records is None or self.directory != TOLL:
            return NO_FILE
        if not 1 <= apdu[2] <= len(records):
            return NO_RECORD
        return self._as_asked(apdu, records[apdu[2] - 1])

    def _balance(self, apdu: bytes) -> bytes:
        if apdu[2:4] != b"\x00\x02":
            return WRONG_PARAMETERS
        if self.directory != TOLL:
            return NO_FILE
        return self._as_asked(apdu, self.balance.to_bytes(4, "big"))

    def _as_asked(self, apdu: bytes, data: bytes) -> bytes:
        """As many bytes as Le wants, 0 for all; told how many there are when it wants more."""
        wanted = apdu[4] if len(apdu) > 4 else 0
        if wanted > len(data):
            return bytes([0x6C, len(data)])
        return data[: wanted or len(data)] + OK
