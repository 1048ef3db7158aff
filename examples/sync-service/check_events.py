#!/usr/bin/python3
"""Checks events against the schemas of docs/schemas: the envelope, and data by its type.

usage: check_events.py [--schemas DIR] [--uncontracted] [FILE …]

Reads JSON Lines, as hubd's file sink writes them, from the files or standard input. Names each
fault as file:line: place: what is wrong. Ends with 1 when there is one, or when there is no event at all.
A type without a schema is a fault, unless --uncontracted lets it pass.
"""

import argparse
import collections
import json
import os
import sys

import jsonschema

_SCHEMAS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "schemas")


class Schemas:
    """The schemas of a folder, each in a file named after the type of event."""

    def __init__(self, folder):
        self.folder = folder
        self._checks = {}
        if self.check_of("event") is None:
            raise ValueError(f"{folder} holds no event.json: name the folder with --schemas")

    def check_of(self, name):
        """What checks a value against a schema; None when there is no such schema."""
        if name not in self._checks:
            path = os.path.join(self.folder, os.path.basename(name) + ".json")
            self._checks[name] = self._read(path) if os.path.exists(path) else None
        return self._checks[name]

    def _read(self, path):
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        return jsonschema.Draft202012Validator(schema)

    def faults(self, event, needs_schema=True):
        """What is wrong with an event, each as one line."""
        found = list(_faults(self.check_of("event"), event, ()))
        kind = event.get("type") if isinstance(event, dict) else None
        if not isinstance(kind, str):
            return found
        check = self.check_of(kind)
        if check is not None:
            return found + list(_faults(check, event.get("data"), ("data",)))
        return found + [f"type: no schema for {kind}"] if needs_schema else found


def _faults(check, value, place):
    for error in check.iter_errors(value):
        where = ".".join(str(step) for step in (*place, *error.absolute_path))
        yield f"{where or 'event'}: {error.message}"


def check_lines(schemas, name, lines, needs_schema, counts):
    """Checks each line of a file; yields the faults."""
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
        except ValueError as error:
            yield f"{name}:{number}: no JSON: {error}"
            continue
        counts[event.get("type") if isinstance(event, dict) else None] += 1
        for fault in schemas.faults(event, needs_schema):
            yield f"{name}:{number}: {fault}"


def main(arguments):
    """The program; the exit code."""
    parser = argparse.ArgumentParser(description="Checks events against their schemas.")
    parser.add_argument("files", nargs="*", metavar="FILE", default=["-"])
    parser.add_argument("--schemas", default=_SCHEMAS, metavar="DIR")
    parser.add_argument("--uncontracted", action="store_true",
                        help="let types pass that have no schema")
    given = parser.parse_args(arguments)
    counts, faults = collections.Counter(), 0
    try:
        schemas = Schemas(given.schemas)
        for name in given.files:
            with open(0 if name == "-" else name, encoding="utf-8") as lines:
                for fault in check_lines(schemas, name, lines, not given.uncontracted, counts):
                    print(fault)
                    faults += 1
    except (OSError, ValueError) as error:
        print(f"check_events: {error}", file=sys.stderr)
        return os.EX_NOINPUT
    for kind, count in sorted(counts.items(), key=str):
        print(f"{count:6} {kind}")
    print(f"{counts.total():6} events, {faults} faults")
    return 1 if faults or not counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
