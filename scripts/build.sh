#!/bin/sh
# The programs as they ship: release, with the Swift runtime linked in. Product by product, since
# a release build of everything would ask for the testing library too.
set -eu
cd "$(dirname "$0")/.."
for product in hubd hubctl "$@"; do
    swift build -c release --static-swift-stdlib -Xlinker --gc-sections --product "$product"
done
