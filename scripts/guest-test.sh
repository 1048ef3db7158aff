#!/bin/sh
# Runs every scenario of Guest/scenarios in the guest, one after the other, and names those that
# failed.
#
#   scripts/guest-test.sh [SCENARIO_DIR…]    only these
#
# Exit: 0 all passed; 1 some failed; 69 this machine cannot run the guest.
set -u
guest=$(cd "$(dirname "$0")/../Guest" && pwd)
[ $# -gt 0 ] || set -- "$guest"/scenarios/*
failed=
for scenario; do
    echo "== $(basename "$scenario")"
    "$guest/run.sh" "$scenario"
    case $? in
    0) ;;
    69) exit 69 ;;
    *) failed="$failed $(basename "$scenario")" ;;
    esac
done
if [ -n "$failed" ]; then
    echo "guest-test: FAILED:$failed"
    exit 1
fi
echo "guest-test: $# passed, 0 failed"
