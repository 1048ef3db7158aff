"""Reads events: CloudEvents 1.0.2, JSON Event Format, single or as a batch.

Each event is kept as the text it came as, so that a measured 72.50 stays 72.50.
"""

import datetime
import hashlib
import json
import re
from dataclasses import dataclass, field

from .problems import EventProblem, Problem

SOURCE = "urn:hubd:"
DROPPED = "org.hubd.event.dropped.v1"
#: The largest number both databases have room for.
LARGEST = 2**63 - 1
#: The longest id, and the longest of the other attributes (hubd's own limit).
LONGEST_ID, LONGEST_NAME = 255, 1024

_SPACE = re.compile(r"[ \t\r\n]*")
# CloudEvents 1.0.2, "Type System": no control characters, no lone surrogates. PostgreSQL could
# not keep a NUL either.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Event:
    """An event that may be stored."""

    index: int
    hub: str
    id: str
    type: str
    sequence: int
    subject: str | None
    #: Milliseconds since 1970; None when the event has no time that can be trusted.
    time: int | None
    #: Same content, same digest, whatever the order of keys.
    digest: str
    text: str
    #: Numbers that no event will come for.
    dropped: tuple = field(default=())


def read_batch(body, limit):
    """The events of a JSON array; the number of the first bad one is in the problem."""
    text = _decoded(body)
    values = list(_split(text, limit))
    return [_event(index, value, part) for index, (value, part) in enumerate(values)]


def read_single(body):
    """One event on its own."""
    text = _decoded(body).strip(" \t\r\n")
    value, end = _value(text, 0, 0)
    if end != len(text):
        raise EventProblem(0, None, "more than one JSON value")
    return _event(0, value, text)


def _decoded(body):
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, "invalid-json", f"the body is not UTF-8 at byte {error.start}")


def _split(text, limit):
    """Each value of an array with its own text."""
    place = _skip(text, 0)
    if text[place:place + 1] != "[":
        raise Problem(400, "invalid-json", "the body is no JSON array of events")
    place = _skip(text, place + 1)
    index = 0
    ended = text[place:place + 1] == "]"
    while not ended:
        if index == limit:
            raise Problem(413, "too-many", f"more than {limit} events in a batch")
        value, end = _value(text, place, index)
        yield value, text[place:end]
        place = _skip(text, end)
        mark = text[place:place + 1]
        if mark not in (",", "]"):
            raise EventProblem(index, None, f"a comma or ] is missing at character {place}")
        ended = mark == "]"
        place = _skip(text, place + 1)
        index += 1
    if _skip(text, place if index else place + 1) != len(text):
        raise Problem(400, "invalid-json", "there is more behind the array")


def _skip(text, place):
    return _SPACE.match(text, place).end()


def _value(text, place, index):
    try:
        return _DECODER.raw_decode(text, place)
    except (ValueError, RecursionError) as error:
        reason = "too deep" if isinstance(error, RecursionError) else str(error)
        raise EventProblem(index, None, f"no valid JSON: {reason}")


def _no_constant(name):
    raise ValueError(f"{name} is no JSON")


def _no_doubles(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return members


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_no_doubles)


def _event(index, value, text):
    if not isinstance(value, dict):
        raise EventProblem(index, None, "is no JSON object")
    name = value.get("id") if _is_text(value.get("id"), LONGEST_ID) else None

    def wrong(reason):
        return EventProblem(index, name, reason)

    if name is None:
        raise wrong(f"id is not a text of 1 to {LONGEST_ID} plain characters")
    if value.get("specversion") != "1.0":
        raise wrong('specversion is not "1.0"')
    for key in ("type", "source"):
        if not _is_text(value.get(key), LONGEST_NAME):
            raise wrong(f"{key} is not a text of 1 to {LONGEST_NAME} plain characters")
    subject = value.get("subject")
    if subject is not None and not _is_text(subject, LONGEST_NAME):
        raise wrong(f"subject is not a text of 1 to {LONGEST_NAME} plain characters")
    hub = value["source"].removeprefix(SOURCE)
    if hub == value["source"] or not hub:
        raise wrong(f"source is not {SOURCE}<hub id>")
    sequence = value.get("sequence")
    if type(sequence) is not int or not 1 <= sequence <= LARGEST:
        raise wrong(f"sequence is not a whole number from 1 to {LARGEST}")
    time = _time(value, wrong)
    digest = _digest(value, wrong)
    return Event(index, hub, name, value["type"], sequence, subject, time, digest, text,
                 _dropped(value, sequence))


def _is_text(value, longest):
    return (isinstance(value, str) and 0 < len(value) <= longest
            and not _FORBIDDEN.search(value))


def _time(value, wrong):
    text = value.get("time")
    if text is None:
        return None
    try:
        time = datetime.datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise ValueError
        milliseconds = int(time.timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        raise wrong("time is not RFC 3339 with an offset")
    return milliseconds if value.get("hubclock", "synchronised") == "synchronised" else None


def _digest(value, wrong):
    try:
        canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError) as error:
        raise wrong(f"cannot be compared: {error}")
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _dropped(value, sequence):
    """The ranges of a notice of dropped events; none reaches its own number."""
    data = value.get("data")
    if value["type"] != DROPPED or not isinstance(data, dict):
        return ()
    ranges = data.get("ranges")
    return tuple(
        (pair[0], pair[1]) for pair in (ranges if isinstance(ranges, list) else [])
        if isinstance(pair, list) and len(pair) == 2
        and all(type(number) is int for number in pair) and 1 <= pair[0] <= pair[1] < sequence)
