# What scenarios share; they source it: . "$GUEST/inside/lib.sh"
# shellcheck shell=sh

# tell LINE — one line to the host, which reads along (see Guest/run.sh).
tell() { printf '%s\n' "$1" >/dev/ttyS1; }

# check NAME COMMAND… — runs the command and reports the promise NAME as kept or broken.
check() {
    promise=$1
    shift
    if "$@"; then
        echo "ok $promise"
        tell "ok $promise"
    else
        echo "not ok $promise"
        tell "not ok $promise"
        return 1
    fi
}

# Seconds since the guest was started, whole.
uptime_seconds() { cut -d. -f1 /proc/uptime; }

# wait_until SECONDS COMMAND… — true as soon as the command is, false when the time is over.
wait_until() {
    deadline=$(($(uptime_seconds) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(uptime_seconds)" -lt "$deadline" ] || return 1
        sleep 0.2
    done
}

# Loads the kernel's Bluetooth and its virtual controllers.
load_bluetooth() {
    # What the kernel asks for by itself, such as the generator of keys for pairing.
    cat >/run/modprobe <<END
#!/bin/sh
exec /sbin/modprobe -d "$PARTS/kernel" "\$@"
END
    chmod +x /run/modprobe
    echo /run/modprobe >/proc/sys/kernel/modprobe
    modprobe -d "$PARTS/kernel" -S "$(uname -r)" -a bluetooth hci_vhci uhid \
        ecdh_generic cmac ecb algif_hash algif_skcipher
}

# Starts the system bus and the real bluetoothd. Under systemd both are units already.
start_bluetoothd() {
    mkdir -p /run/dbus
    dbus-daemon --system --fork
    /usr/libexec/bluetooth/bluetoothd -n &
    wait_until 120 bus_has org.bluez
}

# True when the name has an owner on the system bus.
bus_has() {
    dbus-send --system --print-reply=literal --dest=org.freedesktop.DBus / \
        org.freedesktop.DBus.NameHasOwner "string:$1" | grep -q true
}

# start_air PROGRAM [ARGUMENT…] — runs a Python program that plays the air (see air.py) and waits
# for its line "ready".
start_air() {
    {
        sed -n 's/^0:://p' /proc/self/cgroup
        printf '%s\n' "$RESULTS/air.log" "$@"
    } >/run/air.order
    echo /run/air.order >"$AIRS"
    wait_until 120 grep -q '^ready' "$RESULTS/air.log"
}

# True when the adapter is powered.
adapter_is_powered() {
    [ "$(busctl --system get-property org.bluez /org/bluez/hci0 org.bluez.Adapter1 Powered)" = "b true" ]
}

# Scans as a daemon does: Low Energy only, every report. The discovery lasts as long as its client
# is on the bus: bluetoothctl, which stays open on a pipe until `stop_discovery`. What it says goes
# to /run/bluetoothctl.log; `tell_bluetoothctl LINE…` gives it more to do.
start_discovery() {
    mkfifo /run/bluetoothctl
    bluetoothctl </run/bluetoothctl >/run/bluetoothctl.log 2>&1 &
    exec 8>/run/bluetoothctl
    tell_bluetoothctl 'menu scan' 'transport le' 'duplicate-data on' back 'scan on'
    wait_until 120 discovery_is_on
}

tell_bluetoothctl() { printf '%s\n' "$@" >&8; }

discovery_is_on() {
    [ "$(busctl --system get-property org.bluez /org/bluez/hci0 org.bluez.Adapter1 Discovering)" = "b true" ]
}

stop_discovery() {
    tell_bluetoothctl 'scan off' quit
    exec 8>&-
    rm -f /run/bluetoothctl
}
