#!/bin/sh
# The main job on the sample mall: a recording of its air goes through the whole daemon (store,
# file sink, private bus), and hubctl shows what came of it. Everything it writes is in .build/run.
set -eu
cd "$(dirname "$0")/.."
scripts/build.sh
bin=$(pwd)/.build/release
state=$(pwd)/.build/run
rm -rf "$state"
mkdir -p "$state"

# A bus of our own: nothing of the machine's is touched. Its socket has a short and plain path of
# its own: a socket's may have 107 bytes, and an address of D-Bus no spaces.
socket=$(mktemp -d)
cat >"$state/bus.conf" <<EOF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=$socket/bus</listen>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="org.hubd"/>
  </policy>
</busconfig>
EOF
bus=unix:path=$socket/bus

# The sample's configuration, with what the daemon writes kept out of the sample's folder.
cp Samples/mall/hubd.json5 "$state/hubd.json5"
mkdir -p "$state/hubd.json5.d"
cat >"$state/hubd.json5.d/run.json5" <<EOF
{
  radios: [{ kind: "capture", path: "$(pwd)/Samples/mall/mall.btsnoop", speed: "max" }],
  catalog: "$(pwd)/Samples/mall/catalog.json5",
  store: { path: "$state/hubd.db" },
  sinks: [{ kind: "file", path: "$state/events.jsonl" }],
}
EOF

dbus-daemon --config-file="$state/bus.conf" --nofork --nopidfile >"$state/bus.log" 2>&1 &
bus_pid=$!
"$bin/hubd" --config "$state/hubd.json5" --bus "$bus" >"$state/hubd.log" 2>&1 &
hubd_pid=$!
trap 'kill $hubd_pid $bus_pid 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$socket"' EXIT

# Ready when the recording was played and what came of it is delivered; ten seconds are a hundred
# times the usual.
is_ready() {
    "$bin/hubctl" status --json --bus="$bus" >"$state/status.json" 2>/dev/null
    grep -q '"state":"ended"' "$state/status.json" && grep -q '"depth":0[,}]' "$state/status.json" &&
        grep -q '"lastSequence":[1-9][0-9]' "$state/status.json"
}
tries=0
until is_ready; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 $hubd_pid 2>/dev/null; then
        echo "run: hubd did not get ready; its journal:" >&2
        cat "$state/hubd.log" >&2
        exit 1
    fi
    sleep 0.1
done

show() {
    printf '\n$ hubctl %s\n' "$*"
    "$bin/hubctl" "$@" --bus="$bus"
}

echo
echo "hubd replayed Samples/mall/mall.btsnoop. Its journal:"
cat "$state/hubd.log"
show status
show beacons --zone atrium
show campaigns
show shake --beacon FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6@-58
show events --limit 5

printf '\nDelivered to %s:\n' ".build/run/events.jsonl"
kill -TERM $hubd_pid
wait $hubd_pid
printf '%s events, the last one:\n' "$(wc -l <"$state/events.jsonl")"
tail -n 1 "$state/events.jsonl"
