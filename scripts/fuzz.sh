#!/bin/sh
# Fuzzes the parsers that meet bytes from outside.
#
#   scripts/fuzz.sh SECONDS [TARGET...]
#
# A target is a file Fuzz/TARGET.swift with an LLVMFuzzerTestOneInput. Its first line names the
# modules it needs, in the order of their dependence:
#
#   // modules: BeaconScanner HardwareHub
#
# A folder, as in BlueZ/Monitor/Frames, stands for the part of a module that needs no C library.
#
# Each is built with libFuzzer and AddressSanitizer into .build-fuzz and runs for SECONDS on the
# committed corpus Fuzz/corpus/TARGET. What a run learns stays in .build-fuzz/corpus/TARGET, so
# the next one begins where it stopped. Exit 1 when an input crashes, hangs or leaks.
set -eu
cd "$(dirname "$0")/.."

case "${1:-}" in
'' | *[!0-9]*)
    echo "usage: scripts/fuzz.sh SECONDS [TARGET...]" >&2
    exit 64
    ;;
esac
seconds=$1
shift
if [ $# -eq 0 ]; then
    for file in Fuzz/*.swift; do set -- "$@" "$(basename "$file" .swift)"; done
fi

scratch=.build-fuzz
mkdir -p "$scratch/modules"
# Optimized, because a parser in a debug build is a hundred times slower; overflow, bounds and
# precondition checks stay in.
flags="-O -wmo -g -swift-version 6 -parse-as-library -sanitize=fuzzer,address
    -enable-upcoming-feature MemberImportVisibility
    -enable-upcoming-feature InternalImportsByDefault -I $scratch/modules"

# Builds a module, after those whose objects follow it: again when one of its sources or one of
# those has changed.
build_module() {
    folder=Sources/$1
    module=${1%%/*}
    shift
    sources=$(find "$folder" -name '*.swift' | sort)
    [ -n "$sources" ] || { echo "fuzz: no sources in $folder" >&2; exit 66; }
    object=$scratch/modules/$module.o
    if [ -e "$object" ] && [ -z "$(find "$folder" "$@" -newer "$object")" ]; then return; fi
    # shellcheck disable=SC2086
    swiftc $flags -module-name "$module" -emit-module \
        -emit-module-path "$scratch/modules/$module.swiftmodule" -c $sources -o "$object"
}

build_target() {
    modules=$(sed -n '1s|^// modules: *||p' "Fuzz/$1.swift")
    [ -n "$modules" ] || {
        echo "fuzz: the first line of Fuzz/$1.swift must be \"// modules: NAME...\"" >&2
        exit 65
    }
    objects=
    for name in $modules; do
        # shellcheck disable=SC2086
        build_module "$name" $objects
        objects="$objects $scratch/modules/${name%%/*}.o"
    done
    # shellcheck disable=SC2086
    swiftc $flags -use-ld=lld -module-name "Fuzz_$1" "Fuzz/$1.swift" $objects \
        -o "$scratch/$1"
}

# Runs a target and says how it went; a failure leaves a mark.
run_target() {
    log=$scratch/$1.log
    # The backtracer would hold a crashed process for minutes.
    if SWIFT_BACKTRACE=enable=no "$scratch/$1" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=1024 -max_len=8192 -print_final_stats=1 \
        -artifact_prefix="$scratch/found/$1/" \
        "$scratch/corpus/$1" "Fuzz/corpus/$1" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        echo "fuzz: $1 passed, $runs runs in $seconds s"
    else
        echo "$1" >>"$scratch/failed"
        tail -n 40 "$log"
        echo "fuzz: $1 FAILED; the input is" \
            "$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)" \
            "(run $scratch/$1 with it as its argument)" >&2
    fi
}

# Waits for the runs that begin the list, until no more than so many are left.
wait_until_running() {
    most=$1
    # shellcheck disable=SC2086
    set -- $running
    while [ $# -gt "$most" ]; do
        wait "$1"
        shift
    done
    running=$*
}

# One is built while others run; the last processor is the compiler's.
most_running=$(($(nproc) > 2 ? $(nproc) - 1 : 1))
running=
: >"$scratch/failed"
for target; do
    [ -e "Fuzz/$target.swift" ] || { echo "fuzz: no Fuzz/$target.swift" >&2; exit 66; }
    build_target "$target"
    mkdir -p "$scratch/corpus/$target" "$scratch/found/$target" "Fuzz/corpus/$target"
    wait_until_running $((most_running - 1))
    run_target "$target" &
    running="$running $!"
done
wait_until_running 0
[ ! -s "$scratch/failed" ]
