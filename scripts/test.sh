#!/bin/sh
# Every test: in debug, where checks are on, and the properties and rigs in release, where the
# daemon is built as it ships.
set -eu
cd "$(dirname "$0")/.."
export SWIFT_BACKTRACE=enable=no

echo "test: building the programs as they ship"
scripts/build.sh outbox-rig
echo "test: all suites"
swift test --disable-xctest --parallel
