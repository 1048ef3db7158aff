#!/bin/sh
# The whole hubd, as it ships, in front of the reference sync service: what was acknowledged gets
# there once, whatever is killed on the way.
#
#   scripts/delivery-test.sh [long]     with 200 kills and a fleet for a minute, or 5,000 and an hour
set -eu
cd "$(dirname "$0")/.."
case "${1:-short}" in
short) kills=200 database=sqlite events=15 broker_kills=5 ;;
long) kills=5000 database=postgresql events=900 broker_kills=100 ;;
*)
    echo "usage: scripts/delivery-test.sh [long]" >&2
    exit 64
    ;;
esac
scripts/build.sh
bin=$(pwd)/.build/release
# Debian's, for which Debian's modules are.
python=/usr/bin/python3
out=$(mktemp)
trap 'rm -f "$out"' EXIT

echo "delivery: what is sent, against its descriptions"
$python Tests/Rigs/wire.py "$bin"

echo "delivery: a service that goes back to a backup"
$python Tests/Rigs/older_backup.py "$bin"

echo "delivery: hubd killed $kills times"
$python Tests/Rigs/hub_kill.py "$bin" "$kills" 1 "$database"

echo "delivery: a fleet behind a broker, all of it killed"
$python Tests/Rigs/fleet.py "$bin" 200 "$events" "$broker_kills" 1

# A rig that cannot fail proves nothing.
must_fail() {
    echo "delivery: a loss that has to be seen: $1"
    if RIG_SPOIL=$1 $python "Tests/Rigs/$2" "$bin" $3 >"$out"; then
        cat "$out"
        echo "delivery: nothing was seen" >&2
        exit 1
    fi
    grep "$4" "$out"
}
must_fail lie hub_kill.py "10 2" "acknowledged events are missing"
must_fail eager hub_kill.py "10 2" "acknowledged events are missing"
must_fail loss fleet.py "5 5 0 2" "light-0001: 1 numbers are missing"
