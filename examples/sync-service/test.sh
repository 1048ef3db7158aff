#!/bin/sh
# Every test of the sync service, and the packages they need. PostgreSQL and mosquitto are started by
# the tests, on 127.0.0.1 and in folders that go with them.
set -eu
cd "$(dirname "$0")"
../../scripts/deps.sh sync
exec /usr/bin/python3 -W error::ResourceWarning -m unittest discover -t . -s tests "$@"
