#!/bin/sh
# Runs a scenario inside the guest and tells, check by check, how it went.
#
#   Guest/run.sh [--systemd] [--timeout SECONDS] [--keep FOLDER] SCENARIO_DIR
#
# SCENARIO_DIR/run is the program to run, as root, in the guest. It sees the host's file system
# (what it writes there does not last) and reports with `check` of Guest/inside/lib.sh.
#   --systemd   boot with systemd as PID 1 instead of the scenario alone (slower)
#   --timeout   give up after so many seconds of the host (default 900)
#   --keep      when it passed, copy what the scenario left in its results folder to FOLDER
# SCENARIO_DIR/options may hold the options that the scenario always needs.
#
# Exit: 0 every check passed; 1 a check failed, none was made, or the guest ended without a result;
# 64 wrong use; 69 this machine cannot run the guest.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
parts=${HUBD_GUEST_PARTS:-$project/.build-guest}
say() { printf 'guest: %s\n' "$*" >&2; }
usage() { sed -n '4s/^# *//p' "$0" >&2; exit 64; }

# All in a function: the shell reads a script as it goes, and a run takes minutes in which this file
# may be edited.
main() {
    boot=start
    timeout=900
    keep=
    for scenario; do :; done # the last argument
    if [ -r "${scenario:-}/options" ]; then
        # shellcheck disable=SC2046 # words
        set -- $(cat "$scenario/options") "$@"
    fi
    while [ $# -gt 1 ]; do
        case $1 in
        --systemd) boot=start-systemd ;;
        --timeout) timeout=$2; shift ;;
        --keep) keep=$2; shift ;;
        *) usage ;;
        esac
        shift
    done
    case ${1:--} in -*) usage ;; esac
    [ -x "$1/run" ] || { say "$1 has no program named run"; exit 64; }
    case $timeout in *[!0-9]* | '') say "--timeout wants seconds, not '$timeout'"; exit 64 ;; esac
    scenario=$(cd "$1" && pwd)
    name=$(basename "$scenario")

    "$here/parts.sh"

    mkdir -p "$parts/runs"
    results=$(mktemp -d "$parts/runs/$name.XXXXXX")
    cat >"$results/boot" <<END
export GUEST='$here' PROJECT='$project' PARTS='$parts' SCENARIO='$scenario' RESULTS=/run/guest
exec /bin/sh '$here/inside/$boot'
END

    began=$(date +%s)
    status=0
    # cryptomgr.notests: under emulation the kernel's self-tests of its ciphers fail and take long.
    # panic=-1 with -no-reboot: a panic ends QEMU instead of hanging.
    # icount: the guest's clock counts its instructions, one a nanosecond, and jumps over idling. So a
    # busy host makes a run longer, but never makes anything in the guest late.
    # --foreground: Ctrl-C at the terminal reaches QEMU too.
    timeout --foreground --kill-after=5 "$timeout" qemu-system-x86_64 \
        -accel tcg,thread=single -icount shift=0,sleep=off -rtc clock=vm -smp 1 -m 2048 \
        -nographic -no-reboot -nic none \
        -kernel "$parts"/kernel/boot/vmlinuz-* -initrd "$parts/initramfs" \
        -append 'console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests' \
        -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
        -virtfs "local,path=$results,mount_tag=results,security_model=none" \
        </dev/null >"$results/console" 2>&1 || status=$?
    took=$(($(date +%s) - began))

    report=$results/report
    passed=$(grep -c '^ok ' "$report" 2>/dev/null) || passed=0
    failed=$(grep -c '^not ok ' "$report" 2>/dev/null) || failed=0
    [ ! -e "$report" ] || cat "$report"
    ended=$(cat "$results/status" 2>/dev/null) || ended=

    why=
    if [ "$status" = 124 ] || [ "$status" = 137 ]; then why="gave up after $timeout s"
    elif [ -z "$ended" ]; then why="the guest ended without a result (QEMU exit $status)"
    elif [ "$failed" != 0 ]; then why="$failed failed"
    elif [ "$ended" != 0 ]; then why="the scenario ended with exit $ended"
    elif [ "$passed" = 0 ]; then why="the scenario checked nothing"
    fi

    if [ -n "$why" ]; then
        say "$name: FAILED: $why; $passed passed; ${took} s"
        for part in log console; do
            [ -s "$results/$part" ] || continue
            say "last lines of its $part:"
            tail -n 30 "$results/$part" | tr -d '\r' >&2
        done
        say "everything it left is in $results"
        exit 1
    fi
    if [ -n "$keep" ]; then
        mkdir -p "$keep"
        rm -f "$results/boot" "$results/status"
        cp -R "$results/." "$keep/"
    fi
    rm -rf "$results"
    say "$name: $passed passed, 0 failed; ${took} s"
}

main "$@"
