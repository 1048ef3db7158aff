"""A glucose meter (Glucose Service 1808): keeps records and hands them out as its Record Access Control
Point 2A52 is told."""

import asyncio
import collections

from bumble import att
from bumble.gatt import Service

from .common import battery, device_information
from .fields import date_time, flags, maybe, present, s16, sfloat, u8, u16
from .peripheral import Peripheral

# Op codes, operators and results of 2A52.
REPORT, DELETE, ABORT, COUNT, COUNT_IS, RESPONSE = 1, 2, 3, 4, 5, 6
NO_OPERATOR, ALL, FROM, FIRST, LAST = 0, 1, 3, 5, 6
OK, UNSUPPORTED_OP, BAD_OPERATOR, UNSUPPORTED_OPERATOR, BAD_OPERAND, NO_RECORDS, UNSUPPORTED_OPERAND = 1, 2, 3, 4, 5, 6, 9
SEQUENCE_NUMBER = 1

HIGH, LOW = 1 << 5, 1 << 6  # of the sensor status


def record(
    sequence, time, offset=None, value=None, unit="mol/L", type=1, location=1, status=None, context=False
) -> bytes:
    """2A18. Flags: 0 time offset, 1 concentration with type and location, 2 mol/L, 3 status, 4 context
    follows. The value is in the base unit: 5.5 mmol/L is "0.0055", 99 mg/dL is "0.00099"."""
    head = flags(offset, value, value is not None and unit == "mol/L", status, context)
    return present(
        u8(head),
        u16(sequence),
        date_time(time),
        maybe(s16, offset),
        maybe(sfloat, value),
        None if value is None else u8(location << 4 | type),
        maybe(u16, status),
    )


def context_of(sequence, carbohydrate=None, meal=None, tester=None, exercise=None, medication=None, hba1c=None) -> bytes:
    """2A34. Flags: 0 carbohydrate (kind, kg), 1 meal, 2 tester and health, 3 exercise (seconds, percent),
    4 medication (kind, kg), 6 HbA1c."""
    head = flags(carbohydrate, meal, tester, exercise, medication, None, hba1c)
    parts = [u8(head), u16(sequence)]
    if carbohydrate is not None:
        parts += [u8(carbohydrate[0]), sfloat(carbohydrate[1])]
    if meal is not None:
        parts.append(u8(meal))
    if tester is not None:
        parts.append(u8(tester))
    if exercise is not None:
        parts += [u16(exercise[0]), u8(exercise[1])]
    if medication is not None:
        parts += [u8(medication[0]), sfloat(medication[1])]
    if hba1c is not None:
        parts.append(sfloat(hba1c))
    return b"".join(parts)


# Ten, of all sorts: both units, HI, LO, NaN, no value at all, offsets of both signs, control solution,
# and two with the context of a meal and of sport.
RECORDS = [
    {"sequence": 1, "time": "2026-11-18T07:00:00", "value": "0.0055"},
    {"sequence": 2, "time": "2026-11-18T12:30:00", "value": "0.00126", "unit": "kg/L"},
    {"sequence": 3, "time": "2026-11-18T19:00:00", "value": "0.0078", "offset": -5, "context": True},
    {"sequence": 4, "time": "2026-11-19T07:00:00", "value": "0.0333", "status": HIGH},
    {"sequence": 5, "time": "2026-11-19T12:00:00", "value": "+INF", "status": HIGH, "type": 2},
    {"sequence": 6, "time": "2026-11-19T18:00:00", "value": "-INF", "status": LOW},
    {"sequence": 7, "time": "2026-11-20T07:00:00", "value": "NaN", "status": 1 << 2, "offset": 480},
    {"sequence": 8, "time": "2026-11-20T08:00:00", "status": 1 << 1},
    {"sequence": 9, "time": "2026-11-20T09:00:00", "value": "0.00101", "unit": "kg/L", "type": 10, "location": 4},
    {"sequence": 12, "time": "2026-11-21T07:10:00", "value": "0.0061", "offset": 60, "context": True},
]
CONTEXTS = {
    3: {"carbohydrate": (2, "0.060"), "meal": 2, "medication": (1, "0.000004")},
    12: {"meal": 3, "tester": 0x11, "exercise": (1800, 60), "hba1c": "5.6"},
}


class GlucoseMeter(Peripheral):
    """Options: `records`, a list of the arguments of `record`; `deletes`, so that it obeys a proper
    order to delete; `pause`, seconds between two records (0.02)."""

    kind = "glucose"
    advertised = ("1808",)
    triggers = ("2A52",)
    faults = Peripheral.faults | {
        "wrong-count": "tells one record more than it has",
        "no-response": "sends the records, and no response at the end",
        "repeat": "sends every record twice",
        "reversed": "sends the records from the last to the first",
        "other-op": "responds to an op code that nobody asked for",
    }

    def __init__(self, records: list[dict] = RECORDS, deletes: bool = False, pause: float = 0.02, **rest):
        super().__init__(**rest)
        self.records = {each["sequence"]: record(**each) for each in records}
        self.contexts = {
            each["sequence"]: context_of(each["sequence"], **CONTEXTS.get(each["sequence"], {"meal": 1}))
            for each in records
            if each.get("context")
        }
        self.deletes, self.pause = deletes, pause
        self.procedure: asyncio.Task | None = None
        self.times_sent: collections.Counter = collections.Counter()
        self.asked: list[str] = []
        self.deletes_asked = self.deleted = self.aborts = 0

    def services(self) -> list[Service]:
        meter = Service(
            "1808",
            [
                self.characteristic("2A18", "notify"),
                self.characteristic("2A34", "notify"),
                # Strip errors, result too high or low, and time faults are told.
                self.characteristic("2A51", "read", u16(0x04FF)),
                self.characteristic("2A52", "write indicate", write=self._on_request),
            ],
        )
        return [meter, battery(self), device_information(self, "Guest", "GM-3")]

    def reset(self):
        self.procedure = None

    def _on_request(self, value: bytes):
        self.asked.append(value.hex())
        if not self.subscribed["2A52"].is_set():
            raise att.ATT_Error(att.ErrorCode.CCCD_IMPROPERLY_CONFIGURED)
        is_running = self.procedure is not None and not self.procedure.done()
        if value[:1] == bytes([ABORT]):
            self.spawn(self._abort(value))
            return
        if is_running:
            self.violation(f"asked {value.hex()} while another procedure runs")
            raise att.ATT_Error(att.ErrorCode.PROCEDURE_ALREADY_IN_PROGRESS)
        if value[:1] == bytes([REPORT]) and not self.subscribed["2A18"].is_set():
            self.violation("asked for records without having subscribed to them")
            raise att.ATT_Error(att.ErrorCode.CCCD_IMPROPERLY_CONFIGURED)
        self.procedure = asyncio.get_running_loop().create_task(self._answer(value))
        self.tasks.add(self.procedure)
        self.procedure.add_done_callback(self._on_done)

    async def _respond(self, op: int, result: int):
        if self.fault == "no-response" and result == OK:
            return
        if self.fault == "other-op":
            op = op % 5 + 1
        await self.indicate("2A52", bytes([RESPONSE, NO_OPERATOR, op, result]))

    async def _abort(self, value: bytes):
        self.aborts += 1
        if value != bytes([ABORT, NO_OPERATOR]):
            await self._respond(ABORT, BAD_OPERATOR)
            return
        if self.procedure is not None:
            self.procedure.cancel()
        await self._respond(ABORT, OK)

    async def _answer(self, value: bytes):
        if self.fault in ("silent", "flood"):
            return
        op, operator, operand = (value + b"\0\0")[0], (value + b"\0\0")[1], value[2:]
        self.deletes_asked += op == DELETE
        if op not in (REPORT, DELETE, COUNT):
            await self._respond(op, UNSUPPORTED_OP)
            return
        chosen, refusal = self._choose(operator, operand)
        if refusal is not None:
            await self._respond(op, refusal)
        elif op == COUNT:
            count = len(chosen) + (self.fault == "wrong-count")
            await self.indicate("2A52", bytes([COUNT_IS, NO_OPERATOR]) + u16(count))
        elif op == DELETE and not self.deletes:
            await self._respond(op, UNSUPPORTED_OP)
        elif not chosen:
            await self._respond(op, NO_RECORDS)
        elif op == DELETE:
            for sequence in chosen:
                del self.records[sequence]
                self.deleted += 1
            await self._respond(op, OK)
        else:
            await self._report(chosen)
            await self._respond(op, OK)

    def _choose(self, operator: int, operand: bytes) -> tuple[list[int], int | None]:
        """Which records are meant, or why that is no proper request."""
        known = sorted(self.records)
        match operator:
            case 0:
                return [], BAD_OPERATOR
            case _ if operator in (ALL, FIRST, LAST):
                if operand:
                    return [], BAD_OPERAND
                return {ALL: known, FIRST: known[:1], LAST: known[-1:]}[operator], None
            case _ if operator == FROM:
                if not operand:
                    return [], BAD_OPERAND
                if operand[0] != SEQUENCE_NUMBER:
                    return [], UNSUPPORTED_OPERAND
                if len(operand) != 3:
                    return [], BAD_OPERAND
                first = int.from_bytes(operand[1:], "little")
                return [sequence for sequence in known if sequence >= first], None
            case _:
                return [], UNSUPPORTED_OPERATOR

    async def _report(self, sequences: list[int]):
        if self.fault == "reversed":
            sequences = sequences[::-1]
        for sequence in sequences:
            for _ in range(2 if self.fault == "repeat" else 1):
                self.times_sent[sequence] += 1
                await self.notify("2A18", self.records[sequence])
                if sequence in self.contexts and self.subscribed["2A34"].is_set():
                    await self.notify("2A34", self.contexts[sequence])
                await asyncio.sleep(self.pause)

    def flood_value(self) -> tuple[str, bytes]:
        return "2A18", next(iter(self.records.values()))

    async def obey(self, order: str, words: list[str]):
        """measure SEQUENCE ISO-TIME MOL-PER-LITRE: one more record."""
        match order, words:
            case "measure", [sequence, time, value]:
                self.records[int(sequence)] = record(int(sequence), time, value=value)
            case _:
                await super().obey(order, words)

    def seen(self) -> dict:
        return {
            "records": sorted(self.records),
            "timesSent": {str(sequence): count for sequence, count in sorted(self.times_sent.items())},
            "asked": self.asked,
            "deletesAsked": self.deletes_asked,
            "deleted": self.deleted,
            "aborts": self.aborts,
        }
