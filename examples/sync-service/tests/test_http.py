"""What the HTTP API takes, refuses and says."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

from .support import (EXAMPLE, KEY, TOKEN, Service, event, events, packed, secret, signed,
                      wait_for)

OTHER = bytes(range(100, 132))


class ServiceTests(unittest.TestCase):
    """A service for each test."""

    arguments = ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hubsync-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.service = self.start(*self.arguments)

    def start(self, *arguments):
        service = Service(self.folder, *arguments)
        self.addCleanup(service.kill)
        return service

    def path(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            # As a renewal does it: written beside, then put in its place.
            with open(path + ".new", "w") as file:
                file.write(content)
            os.rename(path + ".new", path)
        return path


class SignatureTests(ServiceTests):
    """Only a hub that knows a secret is believed."""

    def test_a_signature_of_a_body_is_good_for_no_other(self):
        body = packed(events([1]))
        headers = {"Content-Type": "application/cloudevents-batch+json",
                   "Content-Encoding": "gzip", **signed(body)}
        cases = {
            "another body": (packed(events([1])), {}),
            "a byte more": (body + b"\0", {}),
            "another id": (body, {"webhook-id": "msg_2"}),
            "another second": (body, {"webhook-timestamp": str(int(time.time()) + 1)}),
            "another signature": (body, {"webhook-signature": "v1," + "A" * 43 + "="}),
            "another version": (body, {"webhook-signature": headers["webhook-signature"]
                                       .replace("v1,", "v2,")}),
            "not base64": (body, {"webhook-signature": "v1,ä"}),
            "no signature": (body, {"webhook-signature": ""}),
            "no id": (body, {"webhook-id": ""}),
            "no number": (body, {"webhook-timestamp": "soon"}),
            "a huge number": (body, {"webhook-timestamp": "9" * 5000}),
        }
        for name, (sent, changed) in cases.items():
            with self.subTest(name):
                changed = {key: value.encode("utf-8") for key, value in changed.items()}
                answer = self.service.ask("POST", "/v1/events", sent, {**headers, **changed})
                self.assertEqual((answer.status, answer.json["type"]),
                                 (401, "urn:hubd:sync:not-signed"))
        self.assertEqual(self.service.ask("POST", "/v1/events", body, headers).status, 200)

    def test_a_wrong_clock_is_named(self):
        answer = self.service.post(events([1]), at=int(time.time()) - 400)
        self.assertEqual(answer.status, 401)
        self.assertRegex(answer.json["detail"], r"^the clock of the hub is 40\d s behind, 300 s")
        answer = self.service.post(events([1]), at=int(time.time()) + 400)
        self.assertIn("s ahead", answer.json["detail"])
        self.assertEqual(self.service.post(events([1]), at=int(time.time()) - 250).status, 200)

    def test_a_secret_is_rotated_without_a_restart(self):
        self.assertEqual(self.service.post(events([1]), key=OTHER).status, 401)
        self.path("secrets", f"# the old one until Monday\n{secret()}\n{secret(OTHER)}\n")
        self.assertEqual(self.service.post(events([1]), key=OTHER).status, 200)
        self.assertEqual(self.service.post(events([2]), key=KEY).status, 200)
        self.path("secrets", secret(OTHER))
        self.assertEqual(self.service.post(events([3]), key=KEY).status, 401)
        self.path("secrets", "nonsense")
        self.assertEqual(self.service.post(events([3]), key=OTHER).status, 200)
        self.assertIn("the secrets before it stay in force", self.service.stop())

    def test_the_bytes_of_an_id_are_signed_as_they_are(self):
        body, name = packed(events([1])), "msg_\u00e9"
        now = str(int(time.time()))
        code = hmac.new(KEY, f"{name}.{now}.".encode("latin-1") + body, hashlib.sha256).digest()
        answer = self.service.ask("POST", "/v1/events", body, {
            "Content-Type": "application/cloudevents-batch+json", "Content-Encoding": "gzip",
            "webhook-id": name, "webhook-timestamp": now,
            "webhook-signature": "v1," + base64.b64encode(code).decode()})
        self.assertEqual(answer.status, 200)

    def test_one_of_several_signatures_is_enough(self):
        batch = events([1])
        good = signed(packed(batch))["webhook-signature"]
        both = "v1a,xyz v1," + "A" * 43 + "= " + good
        self.assertEqual(self.service.post(batch, webhook_signature=both).status, 200)

    def test_a_secret_of_one_hub_is_for_that_hub(self):
        self.path("secrets", f"store-0042 {secret()}\nstore-0043 {secret(OTHER)}\n")
        self.assertEqual(self.service.post(events([1])).status, 200)
        answer = self.service.post(events([2], "store-0043"))
        self.assertEqual((answer.status, answer.json["type"]), (403, "urn:hubd:sync:other-hub"))
        self.assertEqual(self.service.post(events([2], "store-0043"), key=OTHER).status, 200)


class BatchTests(ServiceTests):
    """What is no batch of events is refused with the event that is at fault."""

    arguments = ("--body-limit", "4000", "--unpacked-limit", "20000", "--events-limit", "20")

    def test_the_bad_event_is_named(self):
        faults = {
            "id": [None, "", 7, "x" * 256, "a\u0000b", "\ud800"],
            "specversion": [None, "0.3", 1.0],
            "source": [None, "urn:other:x", "urn:hubd:", "urn:hubd:a\nb"],
            "type": [None, "", [], "x" * 1025],
            "subject": ["", 5, "a\u0007"],
            "sequence": [None, 0, -1, 1.0, "1", True, 2**63, 10**400],
            "time": ["yesterday", "2026-11-22T14:03:07", 5],
        }
        for key, values in faults.items():
            for value in values:
                with self.subTest(key=key, value=str(value)[:20]):
                    bad = {**event(2), key: value}
                    if value is None:
                        del bad[key]
                    answer = self.service.post(json.dumps([event(1), bad, event(3)]).encode())
                    self.assertEqual((answer.status, answer.json["index"]), (400, 1))
                    self.assertIn(key, answer.json["detail"])
                    # hubd shows the first 120 characters.
                    self.assertIn("event 1", answer.body.decode()[:120])
        self.assertEqual(self.service.operate("GET", "/v1/hubs").json, {"hubs": []})

    def test_broken_json_is_found_where_it_is(self):
        good = json.dumps(event(1)).encode()
        cases = [(b"[" + good + b",{]", 1), (b"[" + good, 0), (b"[" + good + b",]", 1),
                 (b"[1]", 0), (b"[" + good + b',{"a":NaN}]', 1), (b'[{"a":1,"a":2}]', 0),
                 (b"[" + b"[" * 8000 + b"]", 0), (b"[" + b"9" * 6000 + b"]", 0)]
        for body, index in cases:
            with self.subTest(body[-20:]):
                answer = self.service.post(body)
                self.assertEqual((answer.status, answer.json["index"]), (400, index))
        for body in (b"", b"{}", b"[] []", b"\xff\xfe", b"null"):
            with self.subTest(body):
                self.assertEqual(self.service.post(body).status, 400)

    def test_an_empty_batch_is_well(self):
        self.assertEqual(self.service.post(b" [ ] ").json,
                         {"stored": 0, "duplicates": 0, "hubs": {}})

    def test_limits_answer_413(self):
        self.assertEqual(self.service.post(events(range(1, 22))).status, 413)
        self.assertEqual(self.service.post(events(range(1, 21))).status, 200)
        self.assertEqual(self.service.post(b" " * 20001).status, 413, "unpacked")
        big = os.urandom(300_000)
        answer = self.service.ask("POST", "/v1/events", big, signed(big))
        self.assertEqual(answer.status, 413, "as it is sent")
        self.assertEqual(self.service.post(events([30])).status, 200)

    def test_gzip_that_is_none(self):
        good = packed(events([1]))
        for body in (b"no gzip", good[:-4], good + b"more", good + good, b""):
            with self.subTest(body[-4:]):
                answer = self.service.ask("POST", "/v1/events", body, {
                    "Content-Type": "application/cloudevents-batch+json",
                    "Content-Encoding": "gzip", **signed(body)})
                self.assertEqual((answer.status, answer.json["type"]),
                                 (400, "urn:hubd:sync:coding"))

    def test_other_content_is_refused(self):
        self.assertEqual(self.service.post(events([1]), Content_Type="text/plain").status, 415)
        self.assertEqual(self.service.post(events([1]), Content_Encoding="br").status, 415)
        body = json.dumps(events([1])).encode()
        plain = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8",
                 **signed(body)}
        self.assertEqual(self.service.ask("POST", "/v1/events", body, plain).status, 200)

    def test_lengths(self):
        for headers, status in ((b"Transfer-Encoding: chunked", 411),
                                (b"Content-Length: 2\r\nContent-Length: 3", 400),
                                (b"Content-Length: -1", 400), (b"Content-Length: x", 400)):
            with self.subTest(headers):
                with socket.create_connection(("127.0.0.1", self.service.port)) as link:
                    link.sendall(b"POST /v1/events HTTP/1.1\r\nHost: a\r\n" + headers + b"\r\n\r\n")
                    self.assertIn(f" {status} ".encode(), link.recv(65536))


class OperatorTests(ServiceTests):
    """What the operator sees needs the token."""

    def test_the_token_is_needed(self):
        targets = [("GET", "/v1/hubs"), ("GET", "/v1/hubs/a"), ("GET", "/v1/events?hub=a"),
                   ("GET", "/metrics"), ("PUT", "/v1/hubs/a/catalog"),
                   ("GET", "/v1/hubs/a/catalog/versions"), ("POST", "/v1/hubs/a/series")]
        for method, target in targets:
            for header in (None, "Bearer wrong", "Basic " + TOKEN, "Bearer"):
                with self.subTest(target=target, header=header):
                    headers = {"Authorization": header} if header else {}
                    answer = self.service.ask(method, target, b"", headers)
                    self.assertEqual(answer.status, 401)
                    self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")

    def test_every_hub_is_told(self):
        self.assertEqual(self.service.operate("GET", "/v1/hubs/none").status, 404)
        self.service.post(events([1, 3], "梧桐 里") + events([1], "b"))
        hubs = self.service.operate("GET", "/v1/hubs").json["hubs"]
        self.assertEqual([hub["hub"] for hub in hubs], ["b", "梧桐 里"])
        hub = self.service.operate("GET", "/v1/hubs/%E6%A2%A7%E6%A1%90%20%E9%87%8C").json
        self.assertEqual((hub["contiguous"], hub["gaps"]), (1, [[2, 2]]))
        self.assertRegex(hub["lastHeard"], r"^20\d\d-\d\d-\d\dT")
        self.assertGreater(hub["lagSeconds"], 0)

    def test_addresses_and_queries_that_are_none(self):
        cases = [("GET", "/", 404), ("GET", "/v1/hubs/a/b", 404), ("GET", "/v1/hubs/%ff", 400),
                 ("GET", "/v1/hubs/%00", 400), ("DELETE", "/v1/events", 405),
                 ("GET", "/v1/events", 400), ("GET", "/v1/events?hub=a&after=-1", 400),
                 ("GET", "/v1/events?hub=a&after=" + "9" * 30, 400),
                 ("GET", "/v1/events?hub=%00", 400), ("GET", "/v1/events?hub=a&limit=0", 400)]
        for method, target, status in cases:
            with self.subTest(target):
                self.assertEqual(self.service.operate(method, target).status, status)

    def test_metrics(self):
        self.service.post(events([1, 2, 4]))
        self.service.post(events([2]))
        self.service.operate("GET", "/nowhere")
        answer = self.service.operate("GET", "/metrics")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        lines = answer.body.decode().splitlines()
        for line in ('hubsync_hub_stored_events_total{hub="store-0042"} 4',
                     'hubsync_hub_renumbered_events_total{hub="store-0042"} 1',
                     'hubsync_hub_missing_events{hub="store-0042"} 1',
                     'hubsync_hub_contiguous_sequence{hub="store-0042"} 2',
                     'hubsync_answers_total{status="404"} 1',
                     "# TYPE hubsync_hub_lag_seconds gauge"):
            self.assertIn(line, lines)
        for line in lines:
            self.assertRegex(line, r'^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"\})? [0-9.e+]+)$')

    def test_health(self):
        self.assertEqual(self.service.ask("GET", "/healthz").json, {"status": "well"})


class CatalogTests(ServiceTests):
    """Catalogs are versioned, cached and signed."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hubsync-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.key = self.path("key.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.key],
                       check=True, capture_output=True)
        self.service = self.start("--signing-key", self.key)

    def put(self, body, kind="application/json", **headers):
        return self.service.operate("PUT", "/v1/hubs/store-0042/catalog", body,
                                    Content_Type=kind, **headers)

    def get(self, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.service.ask("GET", "/v1/hubs/store-0042/catalog", headers=headers)

    def test_a_hub_gets_what_was_put(self):
        self.assertEqual(self.get().status, 404)
        body = '{ "zones": [{"id": "mall", "label": "梧桐里"}] }\n'.encode()
        put = self.put(body)
        self.assertEqual((put.status, put.json), (201, {"version": 1}))
        got = self.get()
        self.assertEqual((got.status, got.body), (200, body))
        self.assertEqual(got.headers["ETag"], put.headers["ETag"])
        self.assertEqual(got.headers["Content-Type"], "application/json")

    def test_304_until_it_changes(self):
        self.put(b'{"zones":[]}')
        etag = self.get().headers["ETag"]
        for header in (etag, f'"x", {etag}', "W/" + etag, "*"):
            with self.subTest(header):
                answer = self.get(If_None_Match=header)
                self.assertEqual((answer.status, answer.body), (304, b""))
                self.assertEqual(answer.headers["ETag"], etag)
        self.assertEqual(self.get(If_None_Match='"x"').status, 200)
        self.put(b'{"zones":[],"beacons":[]}')
        changed = self.get(If_None_Match=etag)
        self.assertEqual((changed.status, changed.headers["Hubd-Catalog-Version"]), (200, "2"))

    def test_openssl_verifies_the_signature(self):
        self.put("{ zones: [] } // 目录".encode(), "application/json5")
        answer = self.get()
        public = self.path("public.pem")
        subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-out", public], check=True)
        scheme, _, text = answer.headers["Hubd-Signature"].partition("=")
        self.assertEqual(scheme, "ed25519")
        with open(self.path("signature"), "wb") as file:
            file.write(base64.b64decode(text, validate=True))

        def verified(body):
            with open(self.path("body"), "wb") as file:
                file.write(body)
            return subprocess.run(
                ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in",
                 self.path("body"), "-sigfile", self.path("signature")],
                capture_output=True).returncode == 0
        self.assertTrue(verified(answer.body))
        self.assertFalse(verified(answer.body + b" "))
        again = self.get(If_None_Match=answer.headers["ETag"])
        self.assertEqual(again.headers["Hubd-Signature"], answer.headers["Hubd-Signature"])

    def test_versions_are_kept(self):
        bodies = [b'{"zones":[]}', b'{"beacons":[]}', b'{"zones":[]}']
        for body in bodies:
            self.assertEqual(self.put(body).status, 201)
        self.assertEqual(self.put(bodies[-1]).json, {"version": 3}, "the same is no new version")
        listed = self.service.operate("GET", "/v1/hubs/store-0042/catalog/versions").json
        self.assertEqual([item["version"] for item in listed["versions"]], [1, 2, 3])
        old = self.service.ask("GET", "/v1/hubs/store-0042/catalog?version=2")
        self.assertEqual(old.body, bodies[1])
        self.assertEqual(self.service.ask(
            "GET", "/v1/hubs/store-0042/catalog?version=4").status, 404)

    def test_nothing_is_overwritten_unseen(self):
        first = self.put(b'{"zones":[]}', If_None_Match="*")
        self.assertEqual(first.status, 201)
        self.assertEqual(self.put(b'{"beacons":[]}', If_None_Match="*").status, 412)
        etag = first.headers["ETag"]
        self.assertEqual(self.put(b'{"beacons":[]}', If_Match=etag).status, 201)
        self.assertEqual(self.put(b'{"merchants":[]}', If_Match=etag).status, 412)

    def test_what_is_no_catalog(self):
        for body in (b"{", b"[]", b'{"zone":[]}', b"\xff", b'{"zones":"\0"}'):
            with self.subTest(body):
                self.assertEqual(self.put(body).status, 400)
        self.assertEqual(self.put(b"{}", "text/plain").status, 415)
        self.assertEqual(self.get().status, 404)

    def test_a_catalog_makes_no_hub_that_was_heard(self):
        self.put(b"{}")
        self.assertEqual(self.service.hub()["lastHeard"], None)


class ProgramTests(ServiceTests):
    """The command line, TLS and the end."""

    def test_sigterm_waits_for_what_is_due(self):
        body = packed(events([1]))
        connection = self.service.connected()
        connection.putrequest("POST", "/v1/events")
        for name, value in {**signed(body), "Content-Encoding": "gzip",
                            "Content-Type": "application/cloudevents-batch+json",
                            "Content-Length": str(len(body)), "Expect": "100-continue"}.items():
            connection.putheader(name, value)
        connection.endheaders()
        self.assertEqual(connection.sock.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
        idle = self.service.connected()
        self.assertEqual(self.service.ask("GET", "/healthz", connection=idle).status, 200)
        self.service.process.send_signal(signal.SIGTERM)
        wait_for(self.refuses, "the end of listening")
        connection.send(body)
        response = connection.getresponse()
        self.assertEqual((response.status, response.headers["Connection"]), (200, "close"))
        self.service.stop()
        self.assertEqual(self.start().hub()["stored"], 1)

    def refuses(self):
        try:
            socket.create_connection(("127.0.0.1", self.service.port)).close()
        except ConnectionRefusedError:
            return True
        return False

    def test_a_connection_is_kept(self):
        self.service.ask("GET", "/healthz")
        link = self.service.connection.sock
        for number in range(1, 6):
            self.service.post(events([number]))
        self.assertIs(self.service.connection.sock, link)

    def test_too_many_connections_are_told_to_wait(self):
        service = self.start("--connections", "1", "--database", self.path("other.db"))
        service.ask("GET", "/healthz")
        answer = service.ask("GET", "/healthz", connection=service.connected())
        self.assertEqual((answer.status, answer.headers["Retry-After"]), (503, "5"))

    def test_tls(self):
        self.make_certificate("old.example")
        service = self.start("--tls-cert", self.path("cert.pem"), "--tls-key",
                             self.path("key.pem"), "--database", self.path("other.db"))
        self.assertIn("https://", service.line)
        self.assertEqual(self.answer_over_tls(service, "old.example").status, 200)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.answer_over_tls(service, "other.example")
        self.make_certificate("new.example")
        service.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.has_name(service, "new.example"), "the new certificate")

    def has_name(self, service, name):
        try:
            return self.answer_over_tls(service, name).status == 200
        except ssl.SSLCertVerificationError:
            return False

    def make_certificate(self, name):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "1", "-subj", "/CN=" + name, "-addext",
             "subjectAltName=DNS:" + name, "-keyout", self.path("key.pem"), "-out",
             self.path("cert.pem")], check=True, capture_output=True)

    def answer_over_tls(self, service, name):
        context = ssl.create_default_context(cafile=self.path("cert.pem"))
        with socket.create_connection(("127.0.0.1", service.port)) as link:
            with context.wrap_socket(link, server_hostname=name) as wrapped:
                connection = http.client.HTTPConnection(name)
                connection.sock = wrapped
                connection.request("GET", "/healthz")
                response = connection.getresponse()
                response.read()
                return response

    def test_mistakes_of_the_command_line_are_named(self):
        short = self.path("short", "abc")
        wrong = self.path("wrong", "whsec_notbase64")
        folder = self.path("nowhere/events.db")
        good = ["--secret-file", self.path("secrets")]
        cases = [
            ([], 2, "--secret-file"), (["--no-signature", "--listen", "0.0.0.0:0"], 2, "127.0.0.1"),
            (good + ["--listen", "nowhere"], 2, "HOST:PORT"),
            (good + ["--tls-cert", "x"], 2, "--tls-key"),
            (["--secret-file", wrong], 78, "wrong:1: expected whsec_"),
            (good + ["--token-file", short], 78, "openssl rand"),
            (good + ["--signing-key", wrong], 78, "openssl genpkey"),
            (good + ["--database", folder], 78, "nowhere"),
            (good + ["--database", "postgresql://127.0.0.1:1/x"], 69, "refused"),
            (good + ["--listen", f"127.0.0.1:{self.service.port}"], 78, "in use"),
        ]
        for arguments, status, text in cases:
            with self.subTest(arguments):
                done = subprocess.run(
                    [sys.executable, os.path.join(EXAMPLE, "sync_service.py"), *arguments],
                    capture_output=True, text=True, timeout=30, cwd=self.folder)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(text, done.stderr)
                self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
