"""An event is stored once, and what was acknowledged is there whatever happens."""

import http.client
import json
import os
import random
import tempfile
import threading
import time
import unittest

from .support import PostgreSQL, Service, event, events, free_port, signed, packed


class StoreTests:
    """The same promises for each database."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="hubsync-")
        self.addCleanup(self.folder.cleanup)
        self.hub_name = f"store-{random.randrange(10**9)}"

    def start(self, *more, **settings):
        service = Service(self.folder.name, *more, database=self.database(), **settings)
        self.addCleanup(service.kill)
        return service

    def events(self, numbers):
        return events(numbers, self.hub_name)

    def test_a_batch_is_stored_as_it_came(self):
        service = self.start()
        batch = self.events([1, 2])
        body = json.dumps(batch).replace('"n ', '"值 72.50 ')
        answer = service.post(body.encode())
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json, {
            "stored": 2, "duplicates": 0, "hubs": {self.hub_name: {
                "contiguous": 2, "highest": 2, "missing": 0, "gaps": []}}})
        kept = service.all_events(self.hub_name)
        self.assertEqual([item["position"] for item in kept], [1, 2])
        self.assertEqual([item["event"] for item in kept], json.loads(body))

    def test_digits_of_a_number_stay(self):
        service = self.start()
        text = json.dumps([event(1, self.hub_name)]).replace('"part"', '"kg": 72.50, "part"')
        self.assertEqual(service.post(text.encode()).status, 200)
        page = service.operate("GET", f"/v1/events?hub={self.hub_name}")
        self.assertIn(b'"kg": 72.50', page.body)

    def test_what_comes_again_is_counted(self):
        service = self.start()
        batch = self.events([1, 2, 3])
        service.post(batch)
        answer = service.post(batch + self.events([4]) + batch[:1])
        self.assertEqual((answer.json["stored"], answer.json["duplicates"]), (1, 4))
        self.assertEqual(len(service.all_events(self.hub_name)), 4)
        hub = service.hub(self.hub_name)
        self.assertEqual((hub["stored"], hub["duplicates"]), (4, 4))

    def test_the_order_of_keys_is_no_other_content(self):
        service = self.start()
        one = event(1, self.hub_name)
        service.post([one])
        turned = dict(reversed(one.items()))
        self.assertEqual(service.post([turned]).json["duplicates"], 1)

    def test_another_content_is_a_conflict(self):
        service = self.start()
        one = event(1, self.hub_name)
        service.post([one])
        answer = service.post([event(2, self.hub_name), {**one, "data": {"part": "bus"}}])
        self.assertEqual(answer.status, 409)
        self.assertEqual((answer.json["index"], answer.json["id"]), (1, one["id"]))
        self.assertTrue(answer.body[:120].decode().startswith(
            f'{{"detail": "event 1 ({one["id"]}): is stored with a different content'))
        self.assertEqual(service.hub(self.hub_name)["stored"], 1, "the batch is stored as a whole")

    def test_gaps_are_named_and_close(self):
        service = self.start()
        answer = service.post(self.events([2, 3, 7, 9, 8, 12]))
        place = answer.json["hubs"][self.hub_name]
        self.assertEqual(place, {"contiguous": 0, "highest": 12, "missing": 6,
                                 "gaps": [[1, 1], [4, 6], [10, 11]]})
        service.post(self.events([10, 1, 11]))
        place = service.post(self.events([5, 6, 4])).json["hubs"][self.hub_name]
        self.assertEqual(place, {"contiguous": 12, "highest": 12, "missing": 0, "gaps": []})

    def test_numbers_told_as_dropped_are_no_gap(self):
        service = self.start()
        notice = event(9, self.hub_name, type="org.hubd.event.dropped.v1", data={
            "reason": "no room", "count": 4, "first": 2, "last": 7,
            "ranges": [[2, 3], [6, 7], [9, 100], [5, 4], "x"]})
        service.post(self.events([1, 4, 5]) + [notice])
        hub = service.hub(self.hub_name)
        self.assertEqual((hub["contiguous"], hub["gaps"], hub["dropped"]), (7, [[8, 8]], 4))

    def test_a_hub_that_counts_anew_loses_nothing(self):
        service = self.start()
        service.post(self.events(range(1, 6)))
        service.post(self.events([1, 2]))
        hub = service.hub(self.hub_name)
        self.assertEqual((hub["stored"], hub["renumbered"], hub["contiguous"]), (7, 2, 5))
        begun = service.operate("POST", f"/v1/hubs/{self.hub_name}/series?first=3")
        self.assertEqual((begun.json["series"], begun.json["contiguous"]), (2, 2))
        place = service.post(self.events([3, 5])).json["hubs"][self.hub_name]
        self.assertEqual((place["contiguous"], place["gaps"]), (3, [[4, 4]]))

    def test_the_largest_number(self):
        service = self.start()
        place = service.post(self.events([2**63 - 1])).json["hubs"][self.hub_name]
        self.assertEqual(place["gaps"], [[1, 2**63 - 2]])
        place = service.post(self.events([2**63 - 2])).json["hubs"][self.hub_name]
        self.assertEqual(place["gaps"], [[1, 2**63 - 3]])

    def test_events_by_type_and_position(self):
        service = self.start()
        service.post(self.events([1, 2]) + [event(3, self.hub_name, type="org.hubd.x.y.v1")]
                     + self.events([4]))
        def positions(query):
            answer = service.operate("GET", f"/v1/events?hub={self.hub_name}&{query}").json
            return [item["position"] for item in answer["events"]], answer["after"]
        self.assertEqual(positions("type=org.hubd.x.y.v1"), ([3], 3))
        self.assertEqual(positions("after=2"), ([3, 4], 4))
        self.assertEqual(positions("after=1&limit=1"), ([2], 2))
        self.assertEqual(positions("after=4"), ([], 4))

    def test_concurrent_processes_count_exactly(self):
        """Three processes on one port and one database, shuffled batches, each sent twice."""
        port = free_port()
        services = [self.start("--reuse-port", port=port) for _ in range(3)]
        hubs = [f"{self.hub_name}-{letter}" for letter in "ab"]
        batches = []
        for hub in hubs:
            whole = events(range(1, 301), hub)
            random.shuffle(whole)
            batches += [whole[start:start + 10] for start in range(0, 300, 10)]
        mixed = [batches[0] + batches[-1], batches[-2] + batches[1]]
        work = batches * 2 + mixed
        random.shuffle(work)
        failures = []

        def send(part):
            connection = services[0].connected()
            for batch in part:
                answer = services[0].post(batch, connection)
                if answer.status != 200:
                    failures.append(answer.body)

        threads = [threading.Thread(target=send, args=(work[number::6],)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        for hub in hubs:
            told = services[1].hub(hub)
            self.assertEqual(
                (told["stored"], told["duplicates"], told["contiguous"], told["missing"],
                 told["renumbered"]), (300, 320, 300, 0, 0))
            kept = services[1].all_events(hub)
            self.assertEqual([item["position"] for item in kept], list(range(1, 301)))
            self.assertEqual(sorted(item["event"]["sequence"] for item in kept),
                             list(range(1, 301)))

    def test_what_was_acknowledged_survives_kill_9(self):
        """Batches go on while the service is killed again and again; none is lost or doubled."""
        port = free_port()
        pending = [self.events(range(start, start + 8)) for start in range(1, 321, 8)]
        acknowledged, kills = [], 0
        while pending:
            service = self.start(port=port)
            killer = threading.Timer(random.uniform(0.01, 0.12), service.kill)
            killer.start()
            try:
                while pending:
                    answer = service.post(pending[0])
                    self.assertEqual(answer.status, 200)
                    acknowledged += pending.pop(0)
                    kept = answer.json["hubs"][self.hub_name]
                    self.assertEqual(kept["contiguous"], len(acknowledged))
                    if kills < 8:
                        time.sleep(0.01)
            except (OSError, http.client.HTTPException):
                kills += 1
            finally:
                killer.cancel()
                killer.join()
            if service.process.poll() is None:
                service.kill()
        self.assertGreaterEqual(kills, 2)
        service = self.start(port=port)
        kept = service.all_events(self.hub_name)
        self.assertEqual([item["event"]["id"] for item in kept],
                         [item["id"] for item in acknowledged])
        hub = service.hub(self.hub_name)
        self.assertEqual((hub["stored"], hub["contiguous"]), (320, 320))
        self.assertLessEqual(hub["duplicates"], 8 * kills, "at most one batch for each kill")

    def test_half_a_batch_is_none(self):
        """Killed with a request half sent: nothing of it is there."""
        service = self.start()
        service.post(self.events([1]))
        body = packed(self.events([2, 3]))
        connection = service.connected()
        connection.putrequest("POST", "/v1/events")
        for name, value in {**signed(body), "Content-Encoding": "gzip",
                            "Content-Type": "application/cloudevents-batch+json",
                            "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body[:-5])
        service.kill()
        connection.close()
        self.assertEqual(self.start().hub(self.hub_name)["stored"], 1)


class SQLiteTests(StoreTests, unittest.TestCase):
    """On a file."""

    def database(self):
        return os.path.join(self.folder.name, "events.db")

    def test_the_file_is_whole_and_synced(self):
        import sqlite3
        service = self.start()
        service.post(self.events([1]))
        service.stop()
        file = sqlite3.connect(self.database())
        self.addCleanup(file.close)
        self.assertEqual(file.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertEqual(file.execute("PRAGMA journal_mode").fetchall(), [("wal",)])
        self.assertEqual(os.stat(self.database()).st_mode & 0o077, 0, "others cannot read it")


class PostgreSQLTests(StoreTests, unittest.TestCase):
    """On a server."""

    @classmethod
    def setUpClass(cls):
        cls.server = PostgreSQL()
        cls.addClassCleanup(cls.server.remove)

    def database(self):
        return self.server.address()

    def test_a_server_that_goes_away_is_waited_for(self):
        service = self.start()
        batch = self.events([1])
        self.assertEqual(service.post(self.events([2])).status, 200)
        self.server.stop()
        try:
            answers = [service.post(batch) for _ in range(6)]
        finally:
            self.server.start()
        self.assertEqual({(answer.status, answer.headers["Retry-After"]) for answer in answers},
                         {(503, "5")})
        self.assertEqual(service.post(batch).json["hubs"][self.hub_name]["contiguous"], 2)


if __name__ == "__main__":
    unittest.main()
