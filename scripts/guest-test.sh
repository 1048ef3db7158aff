#!/bin/sh
# Runs the scenarios of Guest/scenarios in the guest: a real kernel, bluetoothd and systemd.
#
#   scripts/guest-test.sh [SCENARIO_DIR…]    only these
#
# Exit: 0 all passed; 1 some failed; 69 this machine cannot run the guest.
set -eu
guest=$(cd "$(dirname "$0")/../Guest" && pwd)
[ $# -gt 0 ] || set -- "$guest"/scenarios/*
exec "$guest/run.sh" "$@"
