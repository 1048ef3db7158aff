"""Stores each event once, and knows which numbers of each hub are there.

Whoever stores events of a hub holds the row of that hub until the commit (SQLite: the whole
database), so counts and spans are exact however many processes there are and in whatever order
events come. Several hubs are locked in the order of their names: nobody waits in a circle.
"""

import itertools
import time
from dataclasses import dataclass

from . import spans
from .problems import EventProblem, Problem

#: As many gaps are listed in an answer; hubd reads 64 KiB of it at most.
LISTED_GAPS = 100

_COLUMNS = ("hub", "id", "position", "series", "sequence", "type", "subject", "received", "digest",
            "content")


@dataclass
class Hub:
    """What is known of a hub."""

    hub: str
    #: Numbering begins again with each series: a hub that lost its disk starts at 1.
    series: int
    #: The number that a series begins with.
    first: int
    stored: int
    duplicates: int
    #: Events that came under a number that another event already had.
    renumbered: int
    #: Numbers that the hub said no event will come for.
    dropped: int
    #: When it was last heard, in milliseconds since 1970; 0 for never.
    heard: int
    #: How old its newest event was when it was stored, in milliseconds.
    lag: int | None


_HUB = "SELECT hub, series, first, stored, duplicates, renumbered, dropped, heard, lag FROM hubs"


class Ledger:
    """The events in a database."""

    def __init__(self, database, clock=time.time):
        self.database = database
        self.clock = clock

    def store(self, events):
        """Stores what is new of a batch in one transaction.

        Returns `stored`, `duplicates` and the place of each hub. It is durable when this returns.
        """
        now = int(self.clock() * 1000)
        answer = {"stored": 0, "duplicates": 0, "hubs": {}}
        by_hub = {}
        for event in events:
            by_hub.setdefault(event.hub, []).append(event)
        with self.database.transaction() as connection:
            for hub in sorted(by_hub):
                stored, place = _store_hub(connection, hub, by_hub[hub], now)
                answer["stored"] += stored
                answer["duplicates"] += len(by_hub[hub]) - stored
                answer["hubs"][hub] = place
        return answer

    def hubs(self):
        """Every hub that was ever heard, with its place."""
        with self.database.transaction(writes=False) as connection:
            rows = [Hub(*row) for row in connection.run(_HUB + " ORDER BY hub")]
            return [_told(hub, _spans(connection, hub), self.clock()) for hub in rows]

    def hub(self, name):
        """One hub, or None."""
        with self.database.transaction(writes=False) as connection:
            rows = connection.run(_HUB + " WHERE hub = ?", (name,))
            if not rows:
                return None
            hub = Hub(*rows[0])
            return _told(hub, _spans(connection, hub), self.clock())

    def events(self, hub, kind, after, limit):
        """Pairs of position and text, in the order in which they were stored."""
        wanted = "" if kind is None else " AND type = ?"
        values = (hub, after) + (() if kind is None else (kind,)) + (limit,)
        with self.database.transaction(writes=False) as connection:
            return connection.run(
                "SELECT position, content FROM events WHERE hub = ? AND position > ?" + wanted
                + " ORDER BY position LIMIT ?", values)

    def begin_series(self, name, first):
        """From now on the hub's numbers begin at `first` again; what is stored stays."""
        with self.database.transaction() as connection:
            rows = connection.run(
                _HUB + " WHERE hub = ?" + connection.lock_clause, (name,))
            if not rows:
                raise Problem(404, "unknown-hub", f"hub {name} was never heard")
            connection.run("UPDATE hubs SET series = series + 1, first = ? WHERE hub = ?",
                           (first, name))
        return self.hub(name)

    def refuse(self, topic, reason, content):
        """Keeps a message that is no event and cannot be sent back."""
        with self.database.transaction() as connection:
            connection.insert("refused", ("received", "topic", "reason", "content"), [
                (int(self.clock() * 1000), topic, reason, content)])

    def check(self):
        """Fails when nothing can be written."""
        with self.database.transaction() as connection:
            connection.run("UPDATE hubs SET heard = heard WHERE hub = ''")

    def refused(self):
        """How many messages were refused."""
        with self.database.transaction(writes=False) as connection:
            return connection.run("SELECT count(*) FROM refused")[0][0]


def _store_hub(connection, name, events, now):
    hub = _locked(connection, name)
    known = _known(connection, name, [event.id for event in events])
    new = []
    for event in events:
        digest = known.setdefault(event.id, None)
        if digest is None:
            known[event.id] = event.digest
            new.append(event)
        elif digest != event.digest:
            raise EventProblem(event.index, event.id, "is stored with a different content",
                               status=409, kind="conflict")
    hub.renumbered += _clashes(connection, hub, new)
    _insert(connection, hub, new, now)
    _cover(connection, hub, new)
    hub.stored += len(new)
    hub.duplicates += len(events) - len(new)
    hub.heard = max(hub.heard, now)
    newest = max(events, key=lambda event: event.sequence)
    if newest.time is not None:
        hub.lag = max(0, now - newest.time)
    _save(connection, hub)
    return len(new), place_of(hub, _spans(connection, hub))


def _insert(connection, hub, new, now):
    if new:
        connection.insert("events", _COLUMNS, [
            (hub.hub, event.id, hub.stored + place, hub.series, event.sequence, event.type,
             event.subject, now, event.digest, event.text) for place, event in enumerate(new, 1)])


def _locked(connection, name):
    connection.run("INSERT INTO hubs (hub) VALUES (?) ON CONFLICT DO NOTHING", (name,))
    return Hub(*connection.run(_HUB + " WHERE hub = ?" + connection.lock_clause, (name,))[0])


def _known(connection, name, ids):
    marks = ",".join("?" * len(ids))
    return dict(connection.run(
        f"SELECT id, digest FROM events WHERE hub = ? AND id IN ({marks})", (name, *ids)))


def _clashes(connection, hub, new):
    """How many of the new events have a number that another event has."""
    numbers = [event.sequence for event in new]
    if not numbers:
        return 0
    marks = ",".join("?" * len(numbers))
    taken = {row[0] for row in connection.run(
        "SELECT DISTINCT sequence FROM events WHERE hub = ? AND series = ? "
        f"AND sequence IN ({marks})", (hub.hub, hub.series, *numbers))}
    clashes = 0
    for number in numbers:
        clashes += number in taken
        taken.add(number)
    return clashes


def _cover(connection, hub, new):
    """Notes numbers as there: those of the events, and those of notices of dropped ones."""
    _joined(connection, hub, spans.merged((event.sequence, event.sequence) for event in new))
    notices = itertools.chain.from_iterable(event.dropped for event in new)
    hub.dropped += _joined(connection, hub, spans.merged(notices))


def _joined(connection, hub, ranges):
    """Joins ranges to the spans they touch; says how many numbers came to them."""
    if not ranges:
        return 0
    where = "FROM spans WHERE hub = ? AND series = ? AND last >= ? AND first <= ?"
    values = (hub.hub, hub.series, ranges[0][0] - 1, min(ranges[-1][1] + 1, 2**63 - 1))
    before = connection.run("SELECT first, last " + where, values)
    after = spans.merged(before + ranges)
    if after != sorted(before):
        connection.run("DELETE " + where, values)
        connection.insert("spans", ("hub", "series", "first", "last"),
                          [(hub.hub, hub.series, *span) for span in after])
    return spans.size(after) - spans.size(before)


def _save(connection, hub):
    connection.run(
        "UPDATE hubs SET stored = ?, duplicates = ?, renumbered = ?, dropped = ?, heard = ?, "
        "lag = ? WHERE hub = ?",
        (hub.stored, hub.duplicates, hub.renumbered, hub.dropped, hub.heard, hub.lag, hub.hub))


def _spans(connection, hub):
    return connection.run("SELECT first, last FROM spans WHERE hub = ? AND series = ? "
                          "ORDER BY first", (hub.hub, hub.series))


def place_of(hub, present):
    """How far a hub's numbers are there."""
    missing = spans.gaps(present, hub.first)
    return {
        "contiguous": spans.contiguous(present, hub.first),
        "highest": max([last for _, last in present], default=hub.first - 1),
        "missing": spans.size(missing),
        "gaps": [list(gap) for gap in missing[:LISTED_GAPS]],
    }


def _told(hub, present, now):
    heard = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(hub.heard / 1000))
    return {
        "hub": hub.hub, **place_of(hub, present), "stored": hub.stored,
        "duplicates": hub.duplicates, "renumbered": hub.renumbered, "dropped": hub.dropped,
        "series": hub.series, "lastHeard": heard if hub.heard else None,
        "silenceSeconds": max(0, round(now - hub.heard / 1000, 3)) if hub.heard else None,
        "lagSeconds": None if hub.lag is None else hub.lag / 1000,
    }
