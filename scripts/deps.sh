#!/bin/sh
# Installs the Debian packages of scripts/dependencies.txt whose purpose is asked for, and checks
# the list against what the packages really hold.
#
#   scripts/deps.sh PURPOSE…      build, run, test, lint, deb
set -eu
list=$(dirname "$0")/dependencies.txt

die() {
    echo "deps: $*" >&2
    exit 1
}

wanted=""
for purpose in "$@"; do
    wanted="$wanted $(awk -v p="$purpose" '$1 == p { print $2 }' "$list")"
done
[ -n "$(echo $wanted)" ] || die "no package for: $*"

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=""
for package in $wanted; do
    is_installed "$package" || missing="$missing $package"
done

if [ -n "$missing" ]; then
    command -v apt-get >/dev/null || die "not a Debian system; install:$missing"
    sudo=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "run as root: apt-get install$missing"
        sudo=sudo
    fi
    echo "deps: installing$missing"
    $sudo apt-get update -qq || die "apt-get update failed; see above"
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing \
        >/dev/null || die "apt-get install$missing failed; see above"
fi

# The list itself must be right: each package holds the file that is named beside it.
awk -v purposes=" $* " '!/^#/ && NF >= 3 && index(purposes, " " $1 " ") { print $2, $3 }' "$list" |
    while read -r package files; do
        found=""
        for file in $(echo "$files" | tr '|' ' '); do
            dpkg -L "$package" 2>/dev/null | grep -qxF "$file" && found=yes
        done
        [ -n "$found" ] || die "$list: $package does not hold $files"
    done

command -v swift >/dev/null || die "Swift 6.2 or later is not installed: https://www.swift.org/install/linux/"
