#!/bin/sh
# Builds dist/hubd_<version>_<arch>.deb, and has lintian judge it.
#
# The same sources give the same bytes: order and owners are dpkg-deb's, and no time in it is later
# than SOURCE_DATE_EPOCH, which is the changelog's when it is not set. scripts/deb-check.sh proves it.
set -eu
cd "$(dirname "$0")/.."

die() {
    echo "deb: $*" >&2
    exit 1
}

version=$(dpkg-parsechangelog -SVersion)
for source in Sources/hubd/Daemon.swift Sources/hubctl/HubctlMain.swift; do
    grep -q "static let version = \"$version\"" "$source" ||
        die "debian/changelog is of $version, $source of another version; write an entry for it"
done
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(dpkg-parsechangelog -STimestamp)}
export SOURCE_DATE_EPOCH
# Files belong to root without being it (Rules-Requires-Root: no).
export DEB_RULES_REQUIRES_ROOT=no LC_ALL=C.UTF-8
umask 022

mkdir -p dist
debian/rules clean
debian/rules binary
package=dist/hubd_${version}_$(dpkg --print-architecture).deb
lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$package"
# Debian 12 has no Swift: the programs must not ask for it.
for program in debian/hubd/usr/libexec/hubd debian/hubd/usr/bin/hubctl; do
    ! objdump -p "$program" | grep 'NEEDED.*swift' || die "$program needs a library of Swift"
done
echo "deb: $package, $(stat -c %s "$package") bytes"
