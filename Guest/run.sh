#!/bin/sh
# Runs scenarios inside the guest and tells, check by check, how they went.
#
#   Guest/run.sh [--keep FOLDER] SCENARIO_DIR…
#
# Scenarios of one form share one boot: either they run alone on the kernel, or systemd is PID 1.
#   --keep    when all passed, copy what they left in their results folders to FOLDER/NAME
#
# SCENARIO_DIR holds
#   run       the program to run, as root, in the guest. It sees the host's file system (what it
#             writes there does not last) and reports with `check` of Guest/inside/lib.sh
#   options   if it needs some: `--systemd`; `--timeout SECONDS` of the guest's clock (default 600)
#   prepare   if something must be built: a program run here before the boot
#
# Exit: 0 all passed; 1 one failed: a check of it, its preparation, it checked nothing, did not come
# to its end; 64 wrong use; 69 this machine cannot run the guest.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
parts=${HUBD_GUEST_PARTS:-$project/.build-guest}
# For a guest that hangs as a whole, in seconds of the host: six times what a boot takes on an idle one.
boot_limit=1200
say() { printf 'guest: %s\n' "$*"; }
usage() { sed -n '4s/^# *//p' "$0" >&2; exit 64; }

# All in functions, and an exit in the line that calls them: the shell reads a script as it goes, and a
# run takes minutes in which this file
# may be edited.
main() {
    keep=
    while [ $# -gt 0 ]; do
        case $1 in
        --keep) keep=${2:?--keep wants a folder}; shift 2 ;;
        -*) usage ;;
        *) break ;;
        esac
    done
    [ $# -gt 0 ] || usage
    case $project/ in /run/* | /dev/* | /proc/* | /sys/*)
        say "cannot run here: the guest has a ${project%"${project#/*/}"} of its own, so it would not see $project" >&2
        exit 69
        ;;
    esac

    "$here/parts.sh"
    mkdir -p "$parts/runs"
    results=$(mktemp -d "$parts/runs/XXXXXX")
    : >"$results/passed"
    : >"$results/failed"
    for scenario; do enlist "$scenario"; done
    programs | sort -u >"$results/programs"
    [ ! -s "$results/plain.list" ] || boot plain
    [ ! -s "$results/systemd.list" ] || boot systemd
    conclude
}

# Prepares a scenario and puts it on the list of its form.
enlist() {
    [ -x "$1/run" ] || { say "$1 has no program named run" >&2; exit 64; }
    folder=$(cd "$1" && pwd)
    name=$(basename "$folder")
    form=plain
    timeout=600
    # shellcheck disable=SC2046 # words
    [ ! -r "$folder/options" ] || set -- $(cat "$folder/options") "$1"
    while [ $# -gt 1 ]; do
        case $1 in
        --systemd) form=systemd ;;
        --timeout) timeout=$2; shift ;;
        *) say "$folder/options: $1 is no option" >&2; exit 64 ;;
        esac
        shift
    done
    mkdir -p "$results/scenarios/$name"
    if [ -x "$folder/prepare" ] && ! prepared "$(readlink -f "$folder/prepare")"; then
        say "$name: FAILED: $folder/prepare did not end well"
        echo "$name" >>"$results/failed"
        return 0
    fi
    printf '%s %s %s\n' "$name" "$timeout" "$folder" >>"$results/$form.list"
}

# Scenarios with the same preparation, by link, share it.
prepared() {
    ended=$(awk -v p="$1" '{ e = $1; sub(/^[^ ]* /, "") } $0 == p { print e }' "$results/prepared" 2>/dev/null) || ended=
    if [ -z "$ended" ]; then
        ended=0
        "$1" || ended=$?
        printf '%s %s\n' "$ended" "$1" >>"$results/prepared"
    fi
    [ "$ended" = 0 ]
}

# What scenarios run, and the libraries of it: the guest reads it all before the first one. A file of
# the host that is waited for while a scenario runs would cost it seconds of the guest's clock.
programs() {
    for program in sh bash cat cp grep sed sleep tee timeout mkfifo setpriv dbus-daemon dbus-send busctl \
        bluetoothctl /usr/libexec/bluetooth/bluetoothd "$project/.build/release/hubd"; do
        program=$(command -v "$program") || continue
        readlink -f "$program"
        ldd "$program" | awk '$(NF - 1) ~ /^\// { print $(NF - 1) }'
    done
}

# Boots the guest and lets it run the list of a form.
boot() {
    form=$1
    cat >"$results/boot" <<END
export GUEST='$here' PROJECT='$project' PARTS='$parts' FORM=$form
exec /bin/sh '$here/inside/start-$form'
END
    began=$(date +%s)
    # cryptomgr.notests: under emulation the kernel's self-tests of its ciphers fail and take long.
    # panic=-1 with -no-reboot: a panic ends QEMU instead of hanging.
    # icount: the guest's clock counts its instructions, one a nanosecond, and jumps over idling. So a
    # busy host makes a run longer, but never makes anything in the guest late. nohz=off: idling that
    # waits for the host's files jumps too, so let it go by ticks instead of by the next far timer.
    # --foreground: Ctrl-C at the terminal reaches QEMU too.
    # The first serial line is the kernel's console, the second one tells us what goes on.
    (
        timeout --foreground --kill-after=5 $boot_limit qemu-system-x86_64 \
            -accel tcg,thread=single -icount shift=0,sleep=off -rtc clock=vm -smp 1 -m 2048 \
            -display none -monitor none -no-reboot -nic none \
            -serial "file:$results/$form.console" -serial stdio \
            -kernel "$parts"/kernel/boot/vmlinuz-* -initrd "$parts/initramfs" \
            -append 'console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests nohz=off' \
            -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
            -virtfs "local,path=$results,mount_tag=results,security_model=none" \
            </dev/null 2>>"$results/$form.console" || echo "QEMU exit $?"
        # The processor's time of what this shell ran: the same on a busy host as on an idle one.
        times >"$results/times"
        echo "used $(tail -n 1 "$results/times")"
    ) | follow
    # Who did not come to an end did not pass.
    while read -r name timeout folder; do
        grep -qxF "$name" "$results/passed" "$results/failed" && continue
        say "$name: FAILED: the guest ended before it did"
        echo "$name" >>"$results/failed"
        ended_early=yes
    done <"$results/$form.list"
    [ -z "${ended_early:-}" ] || show_last_lines "$results/$form.console"
}

# Reads what the guest tells and says how each scenario went, with the seconds.
follow() {
    booted=
    while read -r word rest; do
        rest=${rest%"$carriage_return"}
        case $word in
        begin)
            [ -n "$booted" ] || say "$form boot: up after $(($(date +%s) - began)) s"
            booted=yes
            name=${rest%% *}
            since=$(date +%s)
            guest_since=${rest##* }
            checks=0
            broken=0
            say "$name"
            ;;
        ok)
            checks=$((checks + 1))
            echo "  ok $rest"
            ;;
        not)
            checks=$((checks + 1))
            broken=$((broken + 1))
            echo "  not $rest"
            ;;
        end) judge "${rest%% *}" "${rest##* }" ;;
        used) say "$form boot: $(($(date +%s) - began)) s, of the processor $rest" ;;
        QEMU) say "$form boot: $word $rest" ;;
        esac
    done
}

# judge ENDED GUEST_TIME — says whether the scenario passed.
judge() {
    took="$(($(date +%s) - since)) s, in the guest $(($2 - guest_since)) s"
    why=
    case $1 in
    0) [ "$checks" != 0 ] || why="it checked nothing" ;;
    124 | 137) why="it did not end in time" ;;
    *) why="it ended with exit $1" ;;
    esac
    [ "$broken" = 0 ] || why="$broken of its checks"
    if [ -z "$why" ]; then
        say "$name: passed: $checks checks; $took"
        echo "$name" >>"$results/passed"
        return 0
    fi
    say "$name: FAILED: $why; $took"
    echo "$name" >>"$results/failed"
    show_last_lines "$results/scenarios/$name"/*log "$results/scenarios/$name/journal" "$results/$form.console"
}

show_last_lines() {
    for file; do
        [ -s "$file" ] || continue
        echo "  -- last lines of ${file#"$results/"}:"
        tail -n 25 "$file" | tr -d '\r' | cut -c 1-250 | sed 's/^/  | /'
    done
}

conclude() {
    passed=$(wc -l <"$results/passed")
    failed=$(wc -l <"$results/failed")
    if [ "$failed" = 0 ] && [ -n "$keep" ]; then
        mkdir -p "$keep"
        while read -r name; do
            cp -R "$results/scenarios/$name" "$keep/"
        done <"$results/passed"
    fi
    if [ "$failed" = 0 ]; then
        rm -rf "$results"
    else
        say "failed: $(tr '\n' ' ' <"$results/failed")(everything they left: $results)"
    fi
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ]
}

carriage_return=$(printf '\r')
{ main "$@"; exit; }
