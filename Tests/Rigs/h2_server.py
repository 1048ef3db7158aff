#!/usr/bin/env python3
"""nghttpd on a port of its own; ends with the one that started it.

usage: h2_server.py CERTIFICATE-WITH-KEY
"""

import signal
import socket
import subprocess
import sys
import time

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
server = subprocess.Popen(
    ["nghttpd", "--echo-upload", "-a", "127.0.0.1", str(port), sys.argv[1], sys.argv[1]],
    stdout=subprocess.DEVNULL)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
try:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            if server.poll() is not None:
                sys.exit("nghttpd ended")
            time.sleep(0.01)
    print(f"port {port}", flush=True)
    sys.stdin.read()
finally:
    server.kill()
