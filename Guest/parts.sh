#!/bin/sh
# Brings together what the guest is made of, once: Debian's kernel unpacked (never installed), an
# initial file system that finds the host's root over 9p, and bumble in a virtual environment.
# Everything goes to .build-guest/. Says what is missing and exits 69 (EX_UNAVAILABLE) when this
# machine cannot have it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
parts=${HUBD_GUEST_PARTS:-$project/.build-guest}

say() { printf 'guest: %s\n' "$*" >&2; }
unavailable() { say "cannot run here: $*"; exit 69; }

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

kernel_package() {
    apt-cache depends linux-image-amd64 2>/dev/null |
        sed -n 's/^ *Depends: *\(linux-image-[0-9].*\)/\1/p' | head -n 1
}

unpack_kernel() {
    package=$(kernel_package)
    # Without package lists an unpacked kernel still serves.
    unpacked=$(cat "$parts/kernel/package" 2>/dev/null) || unpacked=
    [ -n "$unpacked" ] && [ "${package:-$unpacked}" = "$unpacked" ] && return 0
    if [ -z "$package" ]; then
        as_root apt-get update -qq >"$parts/apt.log" 2>&1 ||
            unavailable "apt-get update failed (see $parts/apt.log)"
        package=$(kernel_package)
        [ -n "$package" ] || unavailable "apt knows no linux-image-amd64"
    fi
    say "unpacking $package"
    rm -rf "$parts/kernel" "$parts/download"
    mkdir -p "$parts/download"
    (cd "$parts/download" && apt-get download -q "$package" >"$parts/apt.log" 2>&1) ||
        unavailable "apt-get download $package failed (see $parts/apt.log)"
    dpkg-deb -x "$parts"/download/*.deb "$parts/kernel.new"
    rm -rf "$parts/download"
    release=$(ls "$parts/kernel.new/lib/modules")
    /sbin/depmod -b "$parts/kernel.new" "$release"
    printf '%s\n' "$release" >"$parts/kernel.new/release"
    printf '%s\n' "$package" >"$parts/kernel.new/package"
    mv "$parts/kernel.new" "$parts/kernel"
}

pack_initial_file_system() {
    made_of=$(cat "$here/inside/init" "$0" "$parts/kernel/package" | cksum)
    [ "$(cat "$parts/initramfs.made-of" 2>/dev/null)" = "$made_of" ] && return 0
    say "packing the initial file system"
    root=$parts/initramfs.d
    rm -rf "$root"
    mkdir -p "$root/bin" "$root/modules" "$root/proc" "$root/sys" "$root/dev"
    cp /bin/busybox "$root/bin/busybox"
    install -m 755 "$here/inside/init" "$root/init"
    # In the order of loading: each module after those it needs.
    release=$(cat "$parts/kernel/release")
    /sbin/modprobe -d "$parts/kernel" -S "$release" --show-depends -a \
        virtio_pci virtio_console 9pnet_virtio 9p overlay |
        awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
        while read -r module; do
            cp "$module" "$root/modules/"
            basename "$module"
        done >"$root/modules/order"
    [ -s "$root/modules/order" ] || unavailable "the kernel's modules were not found"
    (cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$parts/initramfs.new"
    mv "$parts/initramfs.new" "$parts/initramfs"
    printf '%s\n' "$made_of" >"$parts/initramfs.made-of"
    rm -rf "$root"
}

make_environment() {
    cmp -s "$here/requirements.txt" "$parts/venv/requirements.txt" && return 0
    say "installing bumble from PyPI"
    rm -rf "$parts/venv"
    python3 -m venv "$parts/venv" || unavailable "python3 -m venv failed (see above)"
    # --no-deps: the list is complete, so nothing comes in that it does not name.
    "$parts/venv/bin/pip" install -q --disable-pip-version-check --no-deps \
        -r "$here/requirements.txt" >"$parts/pip.log" 2>&1 || {
        rm -rf "$parts/venv"
        unavailable "pip could not install bumble (see $parts/pip.log)"
    }
    cp "$here/requirements.txt" "$parts/venv/requirements.txt"
}

[ "$(uname -m)" = x86_64 ] || unavailable "the guest shares the host's programs and is x86-64; this is $(uname -m)"
mkdir -p "$parts"
exec 9>"$parts/lock"
flock 9 # two runs at once prepare once
"$project/scripts/deps.sh" guest >&2 || unavailable "a package is missing (see above)"
unpack_kernel
pack_initial_file_system
make_environment
