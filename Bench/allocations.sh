#!/bin/sh
# Proves that a loop allocates nothing: runs a command for N rounds and for 2N, and compares.
#
#   Bench/allocations.sh N COMMAND… — the number of rounds is put behind the last word of COMMAND:
#   Bench/allocations.sh 10 .build/release/hubctl replay stream.btsnoop --rounds
#
# Prints one JSON object. Exit 1 when the second run allocated once a round more, or oftener; less
# than that is noise of starting up. Exit 70 when the counting itself did not work.
set -eu
[ $# -ge 2 ] || { sed -n '4,5s/^# *//p' "$0" >&2; exit 64; }
here=$(cd "$(dirname "$0")" && pwd)
rounds=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O2 -fPIC -shared -Wall -Wextra -Werror -o "$work/malloc-count.so" "$here/malloc-count.c"

allocations_of() {
    rm -f "$work/count"
    MALLOC_COUNT_FILE=$work/count LD_PRELOAD=$work/malloc-count.so "$@" >"$work/output" ||
        { cat "$work/output" >&2; exit 70; }
    [ -e "$work/count" ] || return 0
    sed -n 's/.*"allocations":\([0-9]*\).*/\1/p' "$work/count"
}

once=$(allocations_of "$@" "$rounds")
twice=$(allocations_of "$@" $((2 * rounds)))
if [ -z "$once" ] || [ -z "$twice" ]; then
    echo "$1 left no count: is it linked statically?" >&2
    exit 70
fi
extra=$((twice - once))
printf '{"rounds":%d,"allocations":%d,"allocations_in_twice_the_rounds":%d,"extra":%d}\n' \
    "$rounds" "$once" "$twice" "$extra"
[ "$extra" -lt "$rounds" ]
