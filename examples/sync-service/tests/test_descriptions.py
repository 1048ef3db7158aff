"""Schemas, OpenAPI and AsyncAPI say what hubd and the service do."""

import collections
import copy
import glob
import http
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

from .support import EXAMPLE, SCHEMAS, Service, event, events
from check_events import Schemas

MALL = os.path.join(EXAMPLE, "tests", "mall-events.jsonl")
BEACON = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/3"
_RADIO = {"beacon": BEACON, "radio": "bluez:hci0"}
#: What EventWriter and LedgerRoom write, of the types that the mall's recording does not show.
OTHERS = {
    "beacon.moved": {**_RADIO, "holder": "promoter-17", "zone": "f1", "rssi": -70.5,
                     "distance": 3.25, "proximity": "far", "silence": 0.1},
    "beacon.missing": {**_RADIO, "label": "Atrium", "zone": "f1", "silence": 300.5},
    "beacon.found": {**_RADIO, "rssi": -70.0, "distance": 3, "proximity": "unknown"},
    "beacon.cleared": {"beacon": "eddystone-eid:door", "radio": "monitor:hci0",
                       "finding": "low-battery"},
    "hub.degraded": {"part": "sink file", "problem": "cannot open /srv/events.jsonl"},
    "hub.recovered": {"part": "sink file", "problem": "cannot open /srv/events.jsonl"},
    "event.dropped": {"reason": "no room", "count": 3, "first": 2, "last": 5,
                      "ranges": [[2, 3], [5, 5]]},
}
#: Types of the contract whose schemas come with the parts that write them.
LATER = re.compile(r"org\.hubd\.(measurement|device|card)\.[a-z]+\.v1")


def read_yaml(name):
    with open(os.path.join(EXAMPLE, name), encoding="utf-8") as file:
        return yaml.safe_load(file)


def mall():
    with open(MALL, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def samples():
    """An event of each type."""
    found = {item["type"]: item for item in mall()}
    for kind, data in OTHERS.items():
        full = f"org.hubd.{kind}.v1"
        found[full] = {**mall()[0], "type": full, "data": data}
    return found


def objects(schema):
    """Every schema of an object within a schema."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def references(value):
    """Every reference within a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def read_schema(address):
    """A schema by its address; one that comes later allows everything until then."""
    path = address.removeprefix("file://")
    if LATER.fullmatch(os.path.basename(path)[:-5]) and not os.path.exists(path):
        return True
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class SchemaTests(unittest.TestCase):
    """The schemas are strict, and hubd keeps to them."""

    schemas = Schemas(SCHEMAS)

    def files(self):
        return {os.path.basename(path)[:-5]: path
                for path in glob.glob(os.path.join(SCHEMAS, "*.json"))}

    def test_what_the_mall_yielded_is_valid(self):
        done = subprocess.run([sys.executable, os.path.join(EXAMPLE, "check_events.py"), MALL],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("34 events, 0 faults", done.stdout)

    def test_there_is_a_sample_of_each_schema(self):
        here = {name for name in self.files() if not LATER.fullmatch(name)} - {"event"}
        self.assertEqual(here, set(samples()))

    def test_each_sample_is_valid_and_nothing_else_is(self):
        for kind, item in samples().items():
            with self.subTest(kind):
                self.assertEqual(self.schemas.faults(item), [])
                for where in (item, item["data"]):
                    where["more"] = 1
                    self.assertNotEqual(self.schemas.faults(item), [], "a key more")
                    del where["more"]
                self.assertNotEqual(self.schemas.faults({**item, "data": None}), [])
                for key, value in item["data"].items():
                    broken = copy.deepcopy(item)
                    broken["data"][key] = {"of": value}
                    self.assertNotEqual(self.schemas.faults(broken), [], key)

    def test_each_required_key_is_required(self):
        for kind, item in samples().items():
            required = self.read(kind)["required"]
            for key in required:
                with self.subTest(kind=kind, key=key):
                    broken = copy.deepcopy(item)
                    del broken["data"][key]
                    self.assertNotEqual(self.schemas.faults(broken), [])
        for key in self.read("event")["required"]:
            broken = mall()[0]
            del broken[key]
            self.assertNotEqual(self.schemas.faults(broken), [], key)

    def test_schemas_are_strict_and_explained(self):
        for name in self.files():
            if LATER.fullmatch(name):
                continue
            with self.subTest(name):
                schema = self.read(name)
                self.assertEqual(schema["$schema"],
                                 "https://json-schema.org/draft/2020-12/schema")
                self.assertTrue(schema["title"] and schema["description"])
                for part in objects(schema):
                    self.assertIs(part["additionalProperties"], False)

    def read(self, name):
        with open(self.files()[name], encoding="utf-8") as file:
            return json.load(file)

    def test_the_checker_names_line_and_place(self):
        lines = ['{"type":"org.hubd.x.y.v1"}', "nonsense", "7",
                 json.dumps({**mall()[1], "data": {**mall()[1]["data"], "rssi": "loud"}})]
        checker = [sys.executable, os.path.join(EXAMPLE, "check_events.py")]
        done = subprocess.run(checker, input="\n".join(lines), capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        for text in ("-:1: type: no schema for org.hubd.x.y.v1", "-:2: no JSON",
                     "-:3: event: 7 is not of type 'object'", "-:4: data.rssi: 'loud' is not"):
            self.assertIn(text, done.stdout)
        empty = subprocess.run(checker, input="", capture_output=True, text=True)
        self.assertEqual(empty.returncode, 1, "no event proves nothing")


class DescriptionTests(unittest.TestCase):
    """Both descriptions name every type, and lead nowhere else."""

    def test_every_reference_leads_somewhere(self):
        for name in ("openapi.yaml", "asyncapi.yaml"):
            document = read_yaml(name)
            for reference in references(document):
                with self.subTest(name=name, reference=reference):
                    file, _, path = reference.partition("#")
                    if file:
                        kind = os.path.basename(file)[:-5]
                        self.assertTrue(LATER.fullmatch(kind) or os.path.exists(
                            os.path.join(EXAMPLE, file)))
                        continue
                    place = document
                    for step in path.strip("/").split("/"):
                        place = place[step]

    def test_every_type_is_described(self):
        known = {os.path.basename(path)[:-5] for path in glob.glob(SCHEMAS + "/*.json")}
        for name in ("openapi.yaml", "asyncapi.yaml"):
            described = {os.path.basename(reference)[:-5]
                         for reference in references(read_yaml(name)) if ".json" in reference}
            self.assertLessEqual(known, described)
            self.assertTrue(all(kind in known or LATER.fullmatch(kind) for kind in described))

    def test_types_are_listed_once(self):
        parts = read_yaml("openapi.yaml")["components"]["schemas"]["Event"]["allOf"][1]["oneOf"]
        named = [part["properties"]["type"]["const"] for part in parts[:-1]]
        self.assertEqual(parts[-1]["properties"]["type"]["not"]["enum"], named)
        for part in parts[:-1]:
            kind = os.path.basename(part["properties"]["data"]["$ref"])[:-5]
            self.assertEqual(kind, part["properties"]["type"]["const"])

    def test_channels_hold_every_message(self):
        document = read_yaml("asyncapi.yaml")
        held = [message["$ref"] for channel in document["channels"].values()
                for message in channel["messages"].values()]
        self.assertEqual(collections.Counter(held), collections.Counter(
            "#/components/messages/" + name for name in document["components"]["messages"]))
        self.assertEqual(document["channels"]["events"]["address"], "hubs/{hub}/events")


class AnswerTests(unittest.TestCase):
    """The service answers what its description says."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hubsync-")
        self.addCleanup(folder.cleanup)
        self.service = Service(folder.name)
        self.addCleanup(self.service.kill)
        self.document = read_yaml("openapi.yaml")
        self.resolver = jsonschema.RefResolver(
            f"file://{EXAMPLE}/openapi.yaml", self.document, handlers={"file": read_schema})

    def check(self, answer, path, method, status):
        """Checks status, headers, type and body; the answer."""
        described = self.document["paths"][path][method]["responses"][str(status)]
        self.assertEqual(answer.status, status, answer.body)
        kind = answer.headers.get_content_type()
        schema = described["content"][kind]["schema"]
        value = answer.json if kind.endswith("json") else answer.body.decode()
        jsonschema.Draft202012Validator(schema, resolver=self.resolver).validate(value)
        for name, header in described.get("headers", {}).items():
            if name in answer.headers or header.get("required"):
                text = answer.headers[name]
                value = int(text) if header["schema"].get("type") == "integer" else text
                jsonschema.Draft202012Validator(header["schema"]).validate(value)
        return answer

    def test_answers(self):
        ask, operate, post = self.service.ask, self.service.operate, self.service.post
        check = self.check
        check(post(mall()[:2] + mall()[4:5]), "/v1/events", "post", 200)
        other = "store-0042"
        one = event(1, other)
        post([one])
        check(post([{**one, "data": {}}]), "/v1/events", "post", 409)
        check(post(b"[{}]"), "/v1/events", "post", 400)
        check(post(b"[]", key=b"x" * 32), "/v1/events", "post", 401)
        check(post(events(range(1, 1002))), "/v1/events", "post", 413)
        check(post(b"[]", Content_Type="text/plain"), "/v1/events", "post", 415)
        check(operate("GET", "/v1/events?hub=wutong-lane"), "/v1/events", "get", 200)
        check(operate("GET", "/v1/events"), "/v1/events", "get", 400)
        check(ask("GET", "/v1/events?hub=a"), "/v1/events", "get", 401)
        check(operate("GET", "/v1/hubs"), "/v1/hubs", "get", 200)
        check(operate("GET", "/v1/hubs/wutong-lane"), "/v1/hubs/{hub}", "get", 200)
        check(operate("GET", "/v1/hubs/none"), "/v1/hubs/{hub}", "get", 404)
        check(operate("POST", "/v1/hubs/wutong-lane/series"), "/v1/hubs/{hub}/series", "post", 200)
        catalog = "/v1/hubs/{hub}/catalog"
        check(ask("GET", "/v1/hubs/a/catalog"), catalog, "get", 404)
        put = "/v1/hubs/a/catalog"
        kind = {"Content_Type": "application/json"}
        check(operate("PUT", put, b"{}", **kind), catalog, "put", 201)
        check(operate("PUT", put, b"{}", **kind), catalog, "put", 200)
        check(operate("PUT", put, b"[]", **kind), catalog, "put", 400)
        check(operate("PUT", put, b"{ }", If_Match='"x"', **kind), catalog, "put", 412)
        check(ask("GET", put), catalog, "get", 200)
        check(operate("GET", put + "/versions"), catalog + "/versions", "get", 200)
        check(ask("GET", "/healthz"), "/healthz", "get", 200)
        check(operate("GET", "/metrics"), "/metrics", "get", 200)

    def test_every_address_is_described(self):
        from hubsync.api import _ROUTES
        served = {(re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern.pattern), method.lower())
                  for pattern, methods in _ROUTES for method in methods}
        described = {(path, method) for path, methods in self.document["paths"].items()
                     for method in methods if method.upper() in http.HTTPMethod.__members__}
        self.assertEqual(served, described)

    def test_examples_are_valid(self):
        body = self.document["paths"]["/v1/events"]["post"]["requestBody"]["content"]
        content = body["application/cloudevents-batch+json"]
        check = jsonschema.Draft202012Validator(content["schema"], resolver=self.resolver)
        for part in check.iter_errors(content["example"]):
            self.fail(part.message)


if __name__ == "__main__":
    unittest.main()
