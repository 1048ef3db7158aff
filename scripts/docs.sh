#!/bin/sh
# Reference documentation of the libraries from their symbols, without a plugin: `docc` turns the
# compiler's symbol graphs and Docs/*.docc into static pages. A dead link fails.
set -eu
cd "$(dirname "$0")/.."
out=.build/docs
graphs=.build/docs-graphs
rm -rf "$out" "$graphs"
mkdir -p "$out" "$graphs"

swift package --scratch-path .build-docs dump-symbol-graph --minimum-access-level public >/dev/null
docc=$(dirname "$(command -v swift)")/docc
[ -x "$docc" ] || docc=$(dirname "$(readlink -f "$(command -v swift)")")/docc
for module in BeaconScanner Campaigns HardwareHub; do
    mkdir -p "$graphs/$module"
    find .build-docs -path '*symbolgraph*' -name "$module*.symbols.json" -exec cp {} "$graphs/$module/" \;
    "$docc" convert "docs/$module.docc" --additional-symbol-graph-dir "$graphs/$module" \
        --fallback-display-name "$module" --fallback-bundle-identifier "org.hubd.$module" \
        --warnings-as-errors --transform-for-static-hosting --output-path "$out/$module" >/dev/null
    echo "docs: $out/$module"
done
