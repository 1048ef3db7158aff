#!/bin/sh
# The whole hubd, as it ships, in front of the reference sync service: what was acknowledged gets
# there once, whatever is killed on the way.
#
#   scripts/delivery-test.sh [long]     with 200 kills, or with 5,000
set -eu
cd "$(dirname "$0")/.."
case "${1:-short}" in
short) kills=200 database=sqlite ;;
long) kills=5000 database=postgresql ;;
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

echo "delivery: hubd killed $kills times"
$python Tests/Rigs/hub_kill.py "$bin" "$kills" 1 "$database"

# A rig that cannot fail proves nothing.
for spoil in lie eager; do
    echo "delivery: a loss that has to be seen: $spoil"
    if RIG_SPOIL=$spoil $python Tests/Rigs/hub_kill.py "$bin" 10 2 >"$out"; then
        cat "$out"
        echo "delivery: nothing was seen" >&2
        exit 1
    fi
    grep "acknowledged events are missing" "$out"
done
