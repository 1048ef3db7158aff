#!/usr/bin/env python3
"""Holds what hubd really sends against openapi.yaml and asyncapi.yaml, to the last header.

usage: wire.py PROGRAMS

hubd delivers the sample mall, a shake and what becomes of devices over HTTPS and over MQTT. Nothing
here uses hubd's code; the signature is computed with Python's hmac over the bytes as they came.
"""

import base64
import contextlib
import gzip
import hashlib
import hmac
import http.server
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import jsonschema

from hub import Bus, Hub, configure, http_sink
from reference import EXAMPLE, wait_for
from tests.test_descriptions import read_schema, read_yaml

RIGS = os.path.dirname(os.path.abspath(__file__))
KEY = bytes(range(32))
BEACON = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6@-58"
DEVICES = [
    ["shake", "--beacon=" + BEACON, "--user=u-1"],
    ["pair", "C0:00:00:00:00:02", "--kind=blood-pressure", "--id=bp-8", "--owner=k"],
    ["bind", "bp-7", "k-2"], ["replace", "bp-7", "bp-8"], ["forget", "bp-8"],
]


class Description:
    """One of the two documents."""

    def __init__(self, name):
        self.document = read_yaml(name)
        self.resolver = jsonschema.RefResolver(
            f"file://{os.path.realpath(EXAMPLE)}/{name}", self.document, handlers={"file": read_schema})

    def at(self, value):
        """What a reference within the document leads to."""
        while isinstance(value, dict) and "$ref" in value:
            path, value = value["$ref"].removeprefix("#/").split("/"), self.document
            for step in path:
                value = value[step]
        return value

    def faults(self, schema, value, name):
        """Where a value does not keep to a schema."""
        check = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
        return [f"{name}: {fault.json_path}: {fault.message[:200]}"
                for fault in check.iter_errors(value)]


class Requests(http.server.BaseHTTPRequestHandler):
    """Takes every request, and keeps it."""

    protocol_version = "HTTP/1.1"
    seen = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.append(("post", self.path, self.headers, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def service(folder):
    """A server that keeps what it gets; its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "valid.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


class Broker:
    """mqtt_broker.py, and what it says."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(RIGS, "mqtt_broker.py"),
             os.path.join(folder, "valid.pem"), "good"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.seen = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.seen.append(json.loads(line))

    def said(self, what):
        return [line[what] for line in self.seen if what in line]


def deliver(programs, folder, http_port, mqtt_port):
    """A hub's life, from its start to the end of its queue."""
    with open(os.path.join(folder, "secret"), "w", encoding="ascii") as file:
        file.write("whsec_" + base64.b64encode(KEY).decode())
    configure(
        folder, "store-0042",
        [http_sink(http_port),
         {"kind": "mqtt", "url": f"mqtts://localhost:{mqtt_port}", "topic": "hubs/{hub}/events",
          "caFile": "./ca.pem"}],
        devices=[{"id": "bp-7", "kind": "blood-pressure", "address": "C0:00:00:00:00:01",
                  "owners": ["k"]}])
    with contextlib.ExitStack() as undo:
        bus = Bus(folder)
        undo.callback(bus.end)
        hub = Hub(programs, folder, bus)
        hub.start()
        undo.callback(hub.process.kill)
        hub.wait()
        wait_for(lambda: all(radio["state"] == "ended" for radio in hub.ask("status")["radios"]),
                 "the recording's end")
        for words in DEVICES:
            subprocess.run([os.path.join(programs, "hubctl"), *words, "--bus=" + bus.address],
                           check=True, capture_output=True)
        last = wait_for(hub.last, "everything to be delivered")
        hub.stop()
    return last


def http_faults(api, seen):
    """Where the requests are not as openapi.yaml has them."""
    found, events = [], []
    for method, path, headers, body in seen:
        operation = api.document["paths"][path][method]
        for parameter in operation["parameters"]:
            value = headers.get(parameter["name"])
            if value is None and parameter.get("required"):
                found.append(f"{parameter['name']} is missing")
            elif value is not None:
                found += api.faults(parameter["schema"], value, parameter["name"])
        scheme = api.document["components"]["securitySchemes"]["webhookSignature"]
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        code = hmac.new(KEY, signed, hashlib.sha256).digest()
        if headers.get(scheme["name"]) != "v1," + base64.b64encode(code).decode():
            found.append(f"{scheme['name']}: {headers.get(scheme['name'])}")
        if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
            found.append(f"webhook-timestamp: {headers['webhook-timestamp']}")
        content = operation["requestBody"]["content"].get(headers["content-type"])
        if content is None:
            found.append(f"content-type: {headers['content-type']}")
            continue
        batch = json.loads(gzip.decompress(body))
        found += api.faults(content["schema"], batch, "body")
        events += batch
    return found, events


def mqtt_faults(api, connects, messages):
    """Where CONNECT and PUBLISH are not as asyncapi.yaml has them."""
    found, events = [], []
    session = api.document["servers"]["broker"]["bindings"]["mqtt"]
    for connect in connects:
        said = (connect["version"], connect["clean"], connect["keepAlive"], connect["will"])
        will = session["lastWill"]
        expected = (5, session["cleanSession"], session["keepAlive"], {
            "topic": will["topic"].replace("{hub}", "store-0042"), "payload": will["message"],
            "qos": will["qos"], "retained": will["retain"]})
        if said != expected:
            found.append(f"CONNECT: {said}, described as {expected}")
    for message in messages:
        found += message_faults(api, message)
        if message["topic"].endswith("/events"):
            events.append(json.loads(message["payload"]))
    return found, events


def message_faults(api, message):
    """Where one message is not described."""
    topic = message["topic"]
    for name, channel in api.document["channels"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(channel["address"]))
        if re.fullmatch(pattern, topic):
            break
    else:
        return [f"{topic}: no such channel"]
    # A state that is taken back (asyncapi.yaml, schemas/state) has no payload.
    is_gone = not message["payload"] and message["retained"]
    payload = None if is_gone else json.loads(message["payload"])
    kinds = [api.at(kind) for kind in channel["messages"].values()]
    if name == "events":
        kinds = [kind for kind in kinds if kind["payload"].get("allOf", [{}, {}])[-1].get(
            "properties", {}).get("type", {}).get("const") == payload["type"]]
    if len(kinds) != 1:
        return [f"{topic}: {len(kinds)} messages fit {payload}"]
    kind, = kinds
    for trait in map(api.at, kind.get("traits", [])):
        kind = {**trait, **kind}
    operation, = [operation for operation in api.document["operations"].values()
                  if operation["action"] == "send"
                  and operation["channel"]["$ref"] == "#/channels/" + name]
    binding = operation["bindings"]["mqtt"]
    found = [] if is_gone else api.faults(kind["payload"], payload, topic)
    headers = {key: value for key, value in message["properties"].items() if not key.isdigit()}
    if "headers" in kind:
        found += api.faults(kind["headers"], headers, topic + " user properties")
    expected = (binding["qos"], binding["retain"], kind["contentType"], 1)
    # Properties 3 and 1 of MQTT 5: Content Type and Payload Format Indicator.
    said = (message["qos"], message["retained"], message["properties"].get("3"),
            message["properties"].get("1"))
    if said != expected:
        found.append(f"{topic}: QoS, retained, type and format are {said}, described as {expected}")
    return found


def main():
    programs = os.path.abspath(sys.argv[1])
    with contextlib.ExitStack() as undo:
        folder = tempfile.mkdtemp(prefix="hubd-wire-")
        undo.callback(shutil.rmtree, folder)
        subprocess.run(["sh", os.path.join(RIGS, "certificates.sh"), folder], check=True)
        broker = Broker(folder)
        undo.callback(broker.process.kill)
        last = deliver(programs, folder, service(folder), broker.port)
        wait_for(lambda: broker.said("bye"), "the hub's farewell")
    found, posted = http_faults(Description("openapi.yaml"), Requests.seen)
    more, published = mqtt_faults(
        Description("asyncapi.yaml"), broker.said("connect"), broker.said("publish"))
    found += more
    for way, events in (("HTTP", posted), ("MQTT", published)):
        numbers = sorted({event["sequence"] for event in events})
        if numbers != list(range(1, last + 1)):
            found.append(f"{way}: {len(numbers)} numbers of {last}")
    types = sorted({event["type"] for event in posted})
    for fault in sorted(set(found)):
        print(fault)
    print(f"{len(Requests.seen)} requests and {len(broker.said('publish'))} messages, "
          f"{len(types)} types of events: {len(found)} faults")
    # A hub that says little is held against little.
    sys.exit(1 if found or len(types) < 6 else 0)


main()
