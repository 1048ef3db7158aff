// The yardstick for hearing over D-Bus: an sd-bus client that takes each advertisement fully
// apart and does nothing with it.
//
// usage: DBUS_SESSION_BUS_ADDRESS=… bus-limit COUNT
//
// It starts discovery at org.bluez, and after COUNT advertisements prints what one of them cost.
// Like hubd it rebuilds the payload as AD structures (Core 5.4, Vol 3, Part C, §11), and knows an
// iBeacon when it sees one; it keeps nothing of them.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-bus.h>

static long wanted, heard, beacons;
static struct rusage start;

static int ok(int result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "%s: %s\n", what, strerror(-result));
        exit(1);
    }
    return result;
}

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

static void report(void) {
    struct rusage now;
    getrusage(RUSAGE_SELF, &now);
    double used = seconds(now.ru_utime) + seconds(now.ru_stime) - seconds(start.ru_utime)
                  - seconds(start.ru_stime);
    printf("%.3f us, %ld beacons\n", used * 1e6 / (double)heard, beacons);
    exit(0);
}

struct payload {
    uint8_t bytes[320];
    size_t count;
};

static void append(struct payload *payload, uint8_t type, uint16_t head, const void *data,
                   size_t length) {
    if (length + 3 > 255 || payload->count + length + 4 > sizeof payload->bytes) return;
    uint8_t *at = payload->bytes + payload->count;
    at[0] = (uint8_t)(length + 3), at[1] = type, at[2] = (uint8_t)head, at[3] = (uint8_t)(head >> 8);
    memcpy(at + 4, data, length);
    payload->count += length + 4;
}

static int bytes(sd_bus_message *message, struct payload *payload, uint8_t type, uint16_t head) {
    const void *data = NULL;
    size_t length = 0;
    ok(sd_bus_message_enter_container(message, 'v', "ay"), "bytes");
    ok(sd_bus_message_read_array(message, 'y', &data, &length), "bytes");
    append(payload, type, head, data, length);
    return sd_bus_message_exit_container(message);
}

static void manufacturer_data(sd_bus_message *message, struct payload *payload) {
    ok(sd_bus_message_enter_container(message, 'v', "a{qv}"), "data");
    ok(sd_bus_message_enter_container(message, 'a', "{qv}"), "data");
    while (sd_bus_message_enter_container(message, 'e', "qv") > 0) {
        uint16_t company = 0;
        ok(sd_bus_message_read_basic(message, 'q', &company), "company");
        ok(bytes(message, payload, 0xff, company), "data");
        ok(sd_bus_message_exit_container(message), "entry");
    }
    ok(sd_bus_message_exit_container(message), "data");
    ok(sd_bus_message_exit_container(message), "data");
}

static void service_data(sd_bus_message *message, struct payload *payload) {
    ok(sd_bus_message_enter_container(message, 'v', "a{sv}"), "data");
    ok(sd_bus_message_enter_container(message, 'a', "{sv}"), "data");
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const char *uuid = NULL;
        ok(sd_bus_message_read_basic(message, 's', &uuid), "service");
        ok(bytes(message, payload, 0x16, (uint16_t)strtoul(uuid, NULL, 16)), "data");
        ok(sd_bus_message_exit_container(message), "entry");
    }
    ok(sd_bus_message_exit_container(message), "data");
    ok(sd_bus_message_exit_container(message), "data");
}

static int changed(sd_bus_message *message, void *data, sd_bus_error *error) {
    (void)data, (void)error;
    if (heard == 0) getrusage(RUSAGE_SELF, &start);
    unsigned address[6];
    const char *path = sd_bus_message_get_path(message);
    if (sscanf(path, "/org/bluez/hci0/dev_%2x_%2x_%2x_%2x_%2x_%2x", address, address + 1,
               address + 2, address + 3, address + 4, address + 5)
        != 6)
        return 0;
    const char *interface = NULL;
    struct payload payload = {.count = 0};
    int16_t rssi = 127;
    ok(sd_bus_message_read_basic(message, 's', &interface), "interface");
    ok(sd_bus_message_enter_container(message, 'a', "{sv}"), "properties");
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const char *key = NULL;
        ok(sd_bus_message_read_basic(message, 's', &key), "key");
        if (!strcmp(key, "RSSI"))
            ok(sd_bus_message_read(message, "v", "n", &rssi), "RSSI");
        else if (!strcmp(key, "ManufacturerData"))
            manufacturer_data(message, &payload);
        else if (!strcmp(key, "ServiceData"))
            service_data(message, &payload);
        else
            ok(sd_bus_message_skip(message, "v"), "other");
        ok(sd_bus_message_exit_container(message), "property");
    }
    static const uint8_t mark[6] = {0x1a, 0xff, 0x4c, 0x00, 0x02, 0x15};
    if (payload.count >= 27 && !memcmp(payload.bytes, mark, 6) && rssi < 20) beacons++;
    if (++heard == wanted) report();
    return 0;
}

int main(int count, char **words) {
    wanted = count > 1 ? atol(words[1]) : 100000;
    sd_bus *bus = NULL;
    ok(sd_bus_open_user(&bus), "bus");
    ok(sd_bus_add_match(bus, NULL,
                        "type='signal',sender='org.bluez',"
                        "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
                        "arg0='org.bluez.Device1'",
                        changed, NULL),
       "match");
    ok(sd_bus_call_method(bus, "org.bluez", "/org/bluez/hci0", "org.bluez.Adapter1",
                          "StartDiscovery", NULL, NULL, ""),
       "StartDiscovery");
    while (1) {
        if (ok(sd_bus_process(bus, NULL), "process") == 0) ok(sd_bus_wait(bus, UINT64_MAX), "wait");
    }
}
