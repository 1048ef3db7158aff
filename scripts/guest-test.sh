#!/bin/sh
# Runs every scenario in the guest, one after the other, and names those that failed.
#
#   scripts/guest-test.sh [NAME…]    only these of Guest/scenarios
#
# Exit: 0 all passed; 1 some failed; 69 this machine cannot run the guest.
set -u
project=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- $(ls "$project/Guest/scenarios")
failed=
for name; do
    echo "== $name"
    "$project/Guest/run.sh" "$project/Guest/scenarios/$name"
    case $? in
    0) ;;
    69) exit 69 ;;
    *) failed="$failed $name" ;;
    esac
done
[ -z "$failed" ] || { echo "guest-test: FAILED:$failed"; exit 1; }
echo "guest-test: $# passed, 0 failed"
