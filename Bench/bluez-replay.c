// A bluetoothd that does one thing: when somebody starts discovery, it sends advertisements as
// fast as the bus takes them.
//
// usage: DBUS_SESSION_BUS_ADDRESS=… bluez-replay COUNT
//
// It has one adapter, hci0, and answers each call. Advertisements are PropertiesChanged signals
// like BlueZ's with a filter that sets DuplicateData: of 400 devices, six of ten iBeacons, two of
// ten other Apple messages, one of ten Eddystone-UID, one of ten a change of the RSSI alone.
// It prints "ready", "started" and, when the bus has taken all, "sent SECONDS"; it ends with its
// standard input.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

static int started;

static int ok(int result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "%s: %s\n", what, strerror(-result));
        exit(1);
    }
    return result;
}

static int answer(sd_bus_message *call, void *data, sd_bus_error *error) {
    (void)data, (void)error;
    uint8_t kind = 0;
    if (sd_bus_message_get_type(call, &kind) < 0 || kind != SD_BUS_MESSAGE_METHOD_CALL) return 0;
    const char *member = sd_bus_message_get_member(call);
    if (!strcmp(member, "GetManagedObjects"))
        return ok(sd_bus_reply_method_return(
                      call, "a{oa{sa{sv}}}", 1, "/org/bluez/hci0", 1, "org.bluez.Adapter1", 3,
                      "Address", "s", "00:1A:7D:DA:71:13", "Powered", "b", 1, "Discovering", "b",
                      1),
                  "objects"),
               1;
    ok(sd_bus_reply_method_return(call, ""), "answer");
    if (!strcmp(member, "StartDiscovery")) started = 1;
    return 1;
}

static void entry(sd_bus_message *message, const char *key, const char *type) {
    ok(sd_bus_message_open_container(message, 'e', "sv"), "entry");
    ok(sd_bus_message_append(message, "s", key), "key");
    ok(sd_bus_message_open_container(message, 'v', type), "value");
}

static void end(sd_bus_message *message, int count) {
    while (count--) ok(sd_bus_message_close_container(message), "end");
}

static void manufacturer_data(sd_bus_message *message, const uint8_t *bytes, size_t length) {
    entry(message, "ManufacturerData", "a{qv}");
    ok(sd_bus_message_open_container(message, 'a', "{qv}"), "companies");
    ok(sd_bus_message_open_container(message, 'e', "qv"), "company");
    ok(sd_bus_message_append(message, "q", 0x004c), "Apple");
    ok(sd_bus_message_open_container(message, 'v', "ay"), "data");
    ok(sd_bus_message_append_array(message, 'y', bytes, length), "bytes");
    end(message, 5);
}

static void service_data(sd_bus_message *message, const uint8_t *bytes, size_t length) {
    entry(message, "ServiceData", "a{sv}");
    ok(sd_bus_message_open_container(message, 'a', "{sv}"), "services");
    entry(message, "0000feaa-0000-1000-8000-00805f9b34fb", "ay");
    ok(sd_bus_message_append_array(message, 'y', bytes, length), "bytes");
    end(message, 5);
}

static uint64_t state = 88172645463325252;

static uint32_t number(uint32_t bound) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (uint32_t)(state >> 32) % bound;
}

static void advertise(sd_bus *bus) {
    static const uint8_t uuid[16] = {0xfd, 0xa5, 0x06, 0x93, 0xa4, 0xe2, 0x4f, 0xb1,
                                     0xaf, 0xcf, 0xc6, 0xeb, 0x07, 0x64, 0x78, 0x25};
    uint32_t device = number(400);
    char path[64];
    snprintf(path, sizeof path, "/org/bluez/hci0/dev_C0_00_00_00_%02X_%02X", device >> 8,
             device & 255);
    sd_bus_message *message = NULL;
    ok(sd_bus_message_new_signal(bus, &message, path, "org.freedesktop.DBus.Properties",
                                 "PropertiesChanged"),
       "signal");
    ok(sd_bus_message_append(message, "s", "org.bluez.Device1"), "interface");
    ok(sd_bus_message_open_container(message, 'a', "{sv}"), "properties");
    entry(message, "RSSI", "n");
    ok(sd_bus_message_append(message, "n", -50 - (int)number(40)), "RSSI");
    end(message, 2);
    uint8_t bytes[23] = {0x02, 0x15};
    switch (device % 10) {
    case 0 ... 5:
        memcpy(bytes + 2, uuid, 16);
        bytes[18] = 0x27, bytes[19] = 0x11, bytes[20] = (uint8_t)(device >> 8);
        bytes[21] = (uint8_t)device, bytes[22] = 0xc5;
        manufacturer_data(message, bytes, 23);
        break;
    case 6 ... 7:
        bytes[0] = 0x10, bytes[1] = 0x05;
        manufacturer_data(message, bytes, 7);
        break;
    case 8:
        bytes[0] = 0x00, bytes[1] = 0xee;
        service_data(message, bytes, 20);
        break;
    }
    end(message, 1);
    ok(sd_bus_message_append(message, "as", 0), "invalidated");
    ok(sd_bus_send(bus, message, NULL), "send");
    sd_bus_message_unref(message);
}

int main(int count, char **words) {
    long left = count > 1 ? atol(words[1]) : 100000;
    sd_bus *bus = NULL;
    ok(sd_bus_open_user(&bus), "bus");
    ok(sd_bus_add_filter(bus, NULL, answer, NULL), "filter");
    ok(sd_bus_request_name(bus, "org.bluez", 0), "name");
    puts("ready");
    fflush(stdout);
    while (!started) {
        if (ok(sd_bus_process(bus, NULL), "process") == 0) sd_bus_wait(bus, UINT64_MAX);
    }
    puts("started");
    fflush(stdout);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (; left > 0; left--) {
        advertise(bus);
        if (left % 64 == 0) ok(sd_bus_flush(bus), "flush");
    }
    // An answer of the bus itself comes when it has passed on all that was sent before.
    ok(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "GetId", NULL, NULL, ""),
       "GetId");
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("sent %.3f\n",
           (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0) continue;
    return 0;
}
