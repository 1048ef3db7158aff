#!/bin/sh
# Proves that the package is reproducible: builds what is committed twice from nothing, in a folder of
# the same name, and compares byte by byte. Swift leaves lengths of the folder's name in its programs,
# so another name gives other bytes.
set -eu
cd "$(dirname "$0")/.."
work=$(pwd)/.build-deb
trap 'rm -rf "$work"' EXIT

for turn in first second; do
    rm -rf "$work/hubd"
    git clone -q . "$work/hubd"
    "$work/hubd/scripts/deb.sh" >"$work/$turn.log" 2>&1 || {
        tail -n 30 "$work/$turn.log" >&2
        exit 1
    }
    mkdir -p "$work/$turn"
    mv "$work"/hubd/dist/*.deb "$work/$turn/"
done
for package in "$work"/first/*.deb; do
    cmp "$package" "$work/second/$(basename "$package")" || {
        echo "deb-check: $(basename "$package") differs from build to build" >&2
        exit 1
    }
    sha256sum "$package" | sed "s|  .*/|  |"
done
