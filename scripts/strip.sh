#!/bin/sh
# Strips programs so that the same sources give the same bytes.
#
#   scripts/strip.sh PROGRAM…
#
# Two sections differ from build to build: Swift's hashes of its modules, which nothing reads in a
# program, and the linker's hash of all that is stripped here. The first becomes zeros, the second a
# hash of what is left. Taking them out would shift the segments and lose GNU_RELRO.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The size of a section in bytes, in hexadecimal.
size_of() { objdump -h "$1" | awk -v name="$2" '$2 == name { print $3 }'; }

# The note of ELF that holds a build id: sizes of name and hash, type 3, "GNU", and then the hash.
note() {
    printf '\004\0\0\0\024\0\0\0\003\0\0\0GNU\0'
    perl -e 'print pack "H40", shift' "$1"
}

for program; do
    strip --strip-unneeded --remove-section=.comment --remove-section=.note "$program"
    head -c "$((0x$(size_of "$program" .swift_modhash)))" /dev/zero >"$work/hashes"
    note 0000000000000000000000000000000000000000 >"$work/id"
    objcopy --update-section .swift_modhash="$work/hashes" \
        --update-section .note.gnu.build-id="$work/id" "$program"
    note "$(sha1sum "$program" | cut -c1-40)" >"$work/id"
    objcopy --update-section .note.gnu.build-id="$work/id" "$program"
done
