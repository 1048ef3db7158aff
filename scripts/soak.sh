#!/bin/sh
# The long form of the crash rigs: 5,000 kills of the store, 1,000 of a store that has to drop events in
# every way there is, 400 power cuts for each of 3 seeds, 5,000 kills of the whole hubd in front of
# the sync service, and a fleet whose broker is killed.
set -eu
cd "$(dirname "$0")/.."
scripts/build.sh outbox-rig
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O1 -Wall -Wextra -Werror -shared -fPIC -o "$work/disk.so" Tests/Rigs/disk.c -ldl
rig=$(pwd)/.build/release/outbox-rig
mkdir "$work/kill"
python3 Tests/Rigs/kill.py "$rig" "$work/kill" 5000 1
mkdir "$work/accounts"
python3 Tests/Rigs/accounts.py "$rig" "$work/accounts" 1000 1
for seed in 1 2 3; do
    mkdir "$work/cut-$seed"
    python3 Tests/Rigs/power_cut.py "$rig" "$work/disk.so" "$work/cut-$seed" 400 "$seed"
done
scripts/delivery-test.sh long
