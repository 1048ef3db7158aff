#!/bin/sh
# Reference documentation of the libraries, without a plugin: `docc` turns the compiler's symbol
# graphs and docs/MODULE.docc into static pages in .build/docs. A dead link fails.
set -eu
cd "$(dirname "$0")/.."
out=.build/docs
graphs=.build/docs-graphs
rm -rf "$out" "$graphs"
mkdir -p "$out"
bin=$(dirname "$(readlink -f "$(command -v swift)")")
triple=$(swift -print-target-info | sed -n 's/^ *"unversionedTriple": *"\(.*\)",*$/\1/p' | head -n 1)

for module in BeaconScanner Campaigns HardwareHub; do
    swift build --target "$module" >/dev/null
    mkdir -p "$graphs/$module"
    "$bin/swift-symbolgraph-extract" -module-name "$module" -I .build/debug/Modules \
        -target "$triple" -minimum-access-level public -output-dir "$graphs/$module"
    "$bin/docc" convert "docs/$module.docc" --additional-symbol-graph-dir "$graphs/$module" \
        --fallback-display-name "$module" --fallback-bundle-identifier "org.hubd.$module" \
        --warnings-as-errors --transform-for-static-hosting --output-path "$out/$module" >/dev/null
    echo "docs: $out/$module/index.html"
done
