#!/usr/bin/env python3
"""Days without network, then a service that takes everything: how much room, and how fast.

usage: drain.py RIG FOLDER EVENTS

The service reads and unpacks every batch, checks that every number is there, and says when a
measurement came that was made after the backlog.
"""

import gzip
import http.server
import os
import re
import subprocess
import sys
import threading

rig, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
sequence = re.compile(rb'"sequence":(\d+),')
have, times = set(), 0


class Service(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        global times
        body = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
        numbers = [int(number) for number in sequence.findall(body)]
        times += len(numbers)
        have.update(numbers)
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
run = subprocess.run(
    [rig, "outage", folder, str(count)], stdout=subprocess.PIPE, text=True,
    env=dict(os.environ, RIG_SINK=f"http://127.0.0.1:{server.server_port}/"))
print(run.stdout, end="")
missing = set(range(1, count + 2)) - have
print(f"the service has {len(have)}, {times - len(have)} came twice, {len(missing)} are missing")
sys.exit(1 if missing or run.returncode else 0)
