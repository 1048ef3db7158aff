"""Workers behind a real mosquitto: what the broker was told is stored, is stored, once."""

import json
import os
import random
import sqlite3
import tempfile
import threading
import unittest

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .support import Mosquitto, PostgreSQL, Process, Service, event, events, wait_for


class Publisher:
    """A hub that publishes with QoS 1 and knows what the broker has."""

    def __init__(self, port):
        self.client = mqtt.Client(client_id="", protocol=mqtt.MQTTv5)
        self.client.max_inflight_messages_set(100)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def publish(self, batch, hub="store-0042", topic=None):
        topic = topic or f"hubs/{hub}/events"
        sent = [self.client.publish(topic, self.payload(item), qos=1, properties=self.words(item))
                for item in batch]
        for message in sent:
            message.wait_for_publish(30)

    @staticmethod
    def payload(item):
        return item if isinstance(item, bytes) else json.dumps(item).encode()

    @staticmethod
    def words(item):
        properties = Properties(PacketTypes.PUBLISH)
        if isinstance(item, dict):
            properties.ContentType = "application/cloudevents+json"
            properties.UserProperty = ("id", item["id"])
        if isinstance(item, list):
            properties.ContentType = "application/cloudevents-batch+json"
        return properties

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


class WorkerTests(unittest.TestCase):
    """Workers on a SQLite file, a broker for each test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hubsync-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.database = os.path.join(self.folder, "events.db")
        self.broker = Mosquitto()
        self.addCleanup(self.broker.remove)
        self.publisher = Publisher(self.broker.port)
        self.addCleanup(self.publisher.end)

    def worker(self, name="worker-1"):
        worker = Process("sync_worker.py", "--broker", f"mqtt://127.0.0.1:{self.broker.port}",
                         "--share", "sync", "--name", name, "--database", self.database,
                         ready="taking $share/sync/hubs/+/events")
        self.addCleanup(worker.kill)
        return worker

    def service(self):
        service = Service(self.folder, database=self.database)
        self.addCleanup(service.kill)
        return service

    def wait_for_all(self, service, count, hub="store-0042"):
        """Waits until so many events, with what came twice, were taken."""
        def told():
            answer = service.operate("GET", "/v1/hubs/" + hub)
            return answer.json if answer.status == 200 and \
                answer.json["stored"] >= count else None
        return wait_for(told, f"{count} events")

    def test_events_are_stored(self):
        service = self.service()
        self.worker()
        one = event(3, data={"值": 72.5})
        self.publisher.publish(events([1, 2]) + [one, one])
        wait_for(lambda: service.operate("GET", "/v1/hubs/store-0042").status == 200
                 and service.hub()["duplicates"] == 1, "the duplicate")
        self.assertEqual(service.hub()["contiguous"], 3)
        self.assertEqual(service.all_events()[-1]["event"], one)

    def test_a_batch_in_one_message(self):
        service = self.service()
        self.worker()
        self.publisher.publish([events([1, 2, 3])])
        self.assertEqual(self.wait_for_all(service, 3)["contiguous"], 3)

    def test_workers_share_and_count_exactly(self):
        service = self.service()
        workers = [self.worker(f"worker-{number}") for number in (1, 2, 3)]
        batch = events(range(1, 301))
        random.shuffle(batch)
        self.publisher.publish(batch + batch[:50])
        self.wait_for_all(service, 300)
        wait_for(lambda: service.hub()["duplicates"] == 50, "the duplicates")
        hub = service.hub()
        self.assertEqual((hub["stored"], hub["contiguous"], hub["missing"]), (300, 300, 0))
        for worker in workers:
            worker.stop()

    def test_a_killed_worker_loses_nothing(self):
        """kill -9 again and again while messages come: each is stored, and stored once."""
        service = self.service()
        self.worker().stop()
        batch = events(range(1, 401))
        publishing = threading.Thread(target=self.publisher.publish, args=(batch,))
        publishing.start()
        kills = 0
        for _ in range(5):
            worker = self.worker()
            stored = self.stored(service)
            wait_for(lambda: self.stored(service) > stored or stored == 400, "an event")
            worker.kill()
            kills += 1
        publishing.join()
        self.worker()
        hub = self.wait_for_all(service, 400)
        self.assertEqual((hub["stored"], hub["contiguous"], hub["missing"]), (400, 400, 0))
        self.assertLessEqual(hub["duplicates"], 64 * kills, "those on their way come again")
        self.assertEqual([item["event"]["id"] for item in sorted(
            service.all_events(), key=lambda item: item["event"]["sequence"])],
            [item["id"] for item in batch])

    @staticmethod
    def stored(service):
        answer = service.operate("GET", "/v1/hubs/store-0042")
        return answer.json["stored"] if answer.status == 200 else 0

    def test_what_is_no_event_is_kept_and_holds_up_nothing(self):
        service = self.service()
        self.worker()
        one = event(1)
        conflict = {**one, "data": {"part": "other"}}
        foreign = event(2, "store-0043")
        self.publisher.publish([one, b"\xff\0 no event", foreign, conflict, event(2)])
        self.wait_for_all(service, 2)
        rows = sqlite3.connect(self.database)
        self.addCleanup(rows.close)
        refused = rows.execute("SELECT topic, reason, content FROM refused ORDER BY received, rowid"
                               ).fetchall()
        self.assertEqual({row[0] for row in refused}, {"hubs/store-0042/events"})
        self.assertEqual(
            [row[1].rpartition(": ")[2] for row in refused],
            ["the body is not UTF-8 at byte 0", "is of hub store-0043",
             "is stored with a different content"])
        self.assertEqual(json.loads(refused[1][2]), foreign)
        self.assertIn(b"hubsync_refused_messages 3", service.operate("GET", "/metrics").body)

    def test_a_broker_that_restarts_is_found_again(self):
        service = self.service()
        worker = self.worker()
        self.publisher.publish(events([1]))
        self.wait_for_all(service, 1)
        self.broker.restart()
        self.assertIn("taking", worker.process.stdout.readline())
        self.publisher.end()
        self.publisher = Publisher(self.broker.port)
        self.addCleanup(self.publisher.end)
        self.publisher.publish(events([2]))
        self.assertEqual(self.wait_for_all(service, 2)["contiguous"], 2)
        self.assertIn("again in", worker.stop())


class PostgreSQLWorkerTests(WorkerTests):
    """The same on a server, which may go away meanwhile."""

    @classmethod
    def setUpClass(cls):
        cls.server = PostgreSQL()
        cls.addClassCleanup(cls.server.remove)

    def setUp(self):
        super().setUp()
        self.database = self.server.database()

    test_what_is_no_event_is_kept_and_holds_up_nothing = None

    def test_a_database_that_goes_away_loses_nothing(self):
        service = self.service()
        worker = self.worker()
        self.publisher.publish(events([1]))
        self.wait_for_all(service, 1)
        self.server.stop()
        self.publisher.publish(events([2, 3]))
        self.server.start()
        self.assertEqual(self.wait_for_all(service, 3)["contiguous"], 3)
        self.assertIn("the database fails", worker.stop())


if __name__ == "__main__":
    unittest.main()
