#!/bin/sh
# Layout by `swift format`, and a few rules it does not know.
set -eu
cd "$(dirname "$0")/.."
failed=0

swift format lint --strict --parallel -r Sources Tests Fuzz Package.swift || failed=1

# A C library belongs to one module; Foundation to the tests.
if grep -rnE '^ *(public |internal |private |@testable )*import Foundation' Sources; then
    echo "lint: no module of the product imports Foundation" >&2
    failed=1
fi
for module in JSON BeaconScanner Campaigns HardwareHub; do
    if grep -rnE '^ *(public |internal |private )*import (Glibc|C[A-Z]|Foundation)|\bunsafe\b' \
        "Sources/$module"; then
        echo "lint: $module is pure: no C, no Foundation, no unsafe" >&2
        failed=1
    fi
done
if grep -rnE 'TODO|FIXME|fatalError\(|try!|as! |nonisolated\(unsafe\)' Sources Tests; then
    echo "lint: finish it, or handle the error" >&2
    failed=1
fi
if grep -rn '@unchecked Sendable' Sources | grep -v '^Sources/EventLoop/'; then
    echo "lint: @unchecked Sendable belongs to the event loop only" >&2
    failed=1
fi
# What a test needs and no list names is there on the machine of whoever wrote it.
python3 scripts/imports.py || failed=1
mandoc -Tlint -W warning man/* || failed=1
exit $failed
