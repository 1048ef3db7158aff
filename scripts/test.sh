#!/bin/sh
# Every test: the suites in debug, where all checks are on; those of the sync service; the way to it and
# the scenarios of the guest, with the programs as they ship. All are run, whatever fails.
set -eu
cd "$(dirname "$0")/.."
export SWIFT_BACKTRACE=enable=no

# The guest keeps one processor busy for minutes, and nothing in it is late on a busy host: it runs
# beside the rest and says at the end what it found.
guest_said=$(mktemp)
guest=
ended() {
    # Its group: QEMU and what reads from it as well.
    [ -z "$guest" ] || kill -- "-$guest" 2>/dev/null || true
    rm -f "$guest_said"
}
trap ended EXIT
trap 'exit 130' INT TERM

failed=
part() {
    echo "test: $1"
    since=$(date +%s)
    name=$1
    shift
    "$@" || failed="$failed, $name"
    echo "test: $name: $(($(date +%s) - since)) s"
}
# Without the lock, by which the guest's preparations would wait for the end of a suite.
suite() { swift test --skip-build --disable-xctest --ignore-lock "$@"; }
guest_report() {
    status=0
    wait "$guest" || status=$?
    guest=
    cat "$guest_said"
    return "$status"
}

echo "test: building"
swift build --build-tests
scripts/build.sh monitor-rig
setsid scripts/guest-test.sh >"$guest_said" 2>&1 &
guest=$!

# Those that drive real programs come one after the other: their deadlines are for hangs, and ten of
# them at once on two cores would look like one.
programs='OutboxTests|DBusTests|HubdTests'
part modules suite --skip "$programs"
for name in DBusTests OutboxTests HubdTests; do
    part "$name" suite --no-parallel --filter "$name"
done
part "sync service" examples/sync-service/test.sh
part delivery scripts/delivery-test.sh
# Where the guest cannot run, this fails: half of the tests would pass for all of them.
part guest guest_report

[ -z "$failed" ] || { echo "test: failed: ${failed#, }"; exit 1; }
echo "test: all passed"
