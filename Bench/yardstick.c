// The yardstick: the scanner's hot path written by hand in C, to hold the product's figures against
// in the same run on the same machine.
//
//   cc -O3 -march=native -o yardstick yardstick.c && ./yardstick STREAM.btsnoop [ROUNDS]
//
// Each round walks the whole capture: records, HCI advertising reports (legacy and extended), AD
// structures, iBeacons; and keeps one smoothed record for each beacon. It does only what it must:
// no presence, no campaigns, no clock, and of damaged input no more than not to read past its end.
// Prints one JSON object. `best_reports_per_s` is that of the fastest round: on a busy machine the
// figure that says what the code can do.
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    FILE_HEADER = 16,
    RECORD_HEADER = 24,
    DATALINK_UART = 1002,
    DATALINK_MONITOR = 2001,
    MONITOR_EVENT = 3,
    H4_EVENT = 4,
    LE_META = 0x3e,
    LEGACY_REPORT = 0x02,
    EXTENDED_REPORT = 0x0d,
    LEGACY_HEADER = 9,     // type, address kind, address, length; the RSSI follows the data
    EXTENDED_HEADER = 24,  // all of it before the data, the RSSI at 13
    IDENTITY = 20,         // UUID, major, minor
};

// Open addressing at most 1/64 full for what the generator makes: one probe nearly always.
enum { SLOTS = 1 << 16 };

struct beacon {
    uint8_t identity[IDENTITY];
    uint32_t reports;  // 0: the slot is free
    uint64_t heard;
    double rssi;
};

static struct beacon beacons[SLOTS];
static uint32_t distinct;

// Passed and returned by value, so that the counts live in registers: the compiler has to assume
// that a byte it reads through a pointer may be part of anything else that has an address.
struct tally {
    uint64_t reports, structures, beacons;
};

static uint32_t big32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap32(value);
}

static uint64_t big64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap64(value);
}

static struct beacon *slot_of(const uint8_t *identity) {
    uint64_t head, body;
    uint32_t tail;
    memcpy(&head, identity, 8);
    memcpy(&body, identity + 8, 8);
    memcpy(&tail, identity + 16, 4);
    uint64_t mixed = (head + body * 3 + tail) * 0x9e3779b97f4a7c15;
    uint32_t index = mixed >> 48;
    for (;; index++) {
        struct beacon *slot = &beacons[index % SLOTS];
        if (slot->reports == 0 || memcmp(slot->identity, identity, IDENTITY) == 0) return slot;
    }
}

static void hear(const uint8_t *identity, uint64_t time, int8_t rssi) {
    struct beacon *beacon = slot_of(identity);
    if (beacon->reports != 0) {
        beacon->rssi += 0.1 * (rssi - beacon->rssi);
    } else {
        // A full table would be searched for ever; beacons beyond it are not kept.
        if (distinct == SLOTS - 1) return;
        distinct++;
        memcpy(beacon->identity, identity, IDENTITY);
        beacon->rssi = rssi;
    }
    beacon->reports++;
    beacon->heard = time;
}

static bool is_ibeacon(const uint8_t *structure) {
    static const uint8_t prefix[] = {0xff, 0x4c, 0x00, 0x02, 0x15};
    return structure[0] >= 26 && memcmp(structure + 1, prefix, sizeof prefix) == 0;
}

static struct tally walk_structures(const uint8_t *at, const uint8_t *end, uint64_t time,
                                    int8_t rssi, struct tally tally) {
    while (at < end && at[0] != 0 && at[0] < end - at) {
        tally.structures++;
        if (is_ibeacon(at)) {
            tally.beacons++;
            hear(at + 6, time, rssi);
        }
        at += 1 + at[0];
    }
    return tally;
}

// `at` is behind the event's length byte.
static struct tally walk_event(const uint8_t *at, const uint8_t *end, uint64_t time,
                               struct tally tally) {
    if (end - at < 2) return tally;
    uint8_t kind = at[0], count = at[1];
    if (kind != LEGACY_REPORT && kind != EXTENDED_REPORT) return tally;
    at += 2;
    for (; count > 0; count--) {
        const uint8_t *data;
        uint8_t length;
        int8_t rssi;
        if (kind == LEGACY_REPORT) {
            if (end - at < LEGACY_HEADER + 1) return tally;
            length = at[8];
            data = at + LEGACY_HEADER;
            if (end - data < length + 1) return tally;
            rssi = (int8_t)data[length];
            at = data + length + 1;
        } else {
            if (end - at < EXTENDED_HEADER) return tally;
            length = at[23];
            rssi = (int8_t)at[13];
            data = at + EXTENDED_HEADER;
            if (end - data < length) return tally;
            at = data + length;
        }
        tally.reports++;
        tally = walk_structures(data, data + length, time, rssi, tally);
    }
    return tally;
}

static struct tally walk_capture(const uint8_t *capture, const uint8_t *end, struct tally tally) {
    bool monitor = big32(capture + 12) == DATALINK_MONITOR;
    const uint8_t *at = capture + FILE_HEADER;
    while (end - at >= RECORD_HEADER) {
        uint32_t length = big32(at + 4), flags = big32(at + 8);
        uint64_t time = big64(at + 16);
        const uint8_t *packet = at + RECORD_HEADER;
        if (end - packet < length) return tally;
        at = packet + length;
        // A monitor record says in its flags what a UART packet says in its first byte.
        if (monitor) {
            if ((flags & 0xffff) != MONITOR_EVENT) continue;
        } else {
            if (length == 0 || packet[0] != H4_EVENT) continue;
            packet++;
        }
        if (at - packet >= 2 && packet[0] == LE_META)
            tally = walk_event(packet + 2, at, time, tally);
    }
    return tally;
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    int rounds = argc == 3 ? atoi(argv[2]) : 1;
    if (argc < 2 || argc > 3 || rounds < 1) {
        fprintf(stderr, "usage: %s STREAM.btsnoop [ROUNDS]\n", argv[0]);
        return 64;
    }
    int file = open(argv[1], O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) < 0) {
        perror(argv[1]);
        return 66;
    }
    if (status.st_size < FILE_HEADER) {
        fprintf(stderr, "%s: not a btsnoop file\n", argv[1]);
        return 65;
    }
    size_t size = (size_t)status.st_size;
    const uint8_t *capture = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (capture == MAP_FAILED) {
        perror(argv[1]);
        return 66;
    }
    uint32_t datalink = big32(capture + 12);
    if (memcmp(capture, "btsnoop", 8) != 0 ||
        (datalink != DATALINK_UART && datalink != DATALINK_MONITOR)) {
        fprintf(stderr, "%s: not a btsnoop file of HCI packets (1002) or of btmon (2001)\n", argv[1]);
        return 65;
    }

    struct tally tally = {0};
    double total = 0, best = 1e9;
    for (int round = 0; round < rounds; round++) {
        double start = seconds_now();
        tally = walk_capture(capture, capture + size, tally);
        double took = seconds_now() - start;
        total += took;
        if (took < best) best = took;
    }
    // Read the records back, or the compiler may find that nobody needs them.
    double sum = 0;
    for (int index = 0; index < SLOTS; index++) sum += beacons[index].rssi;
    double mean = distinct ? sum / distinct : 0;
    printf("{\"reports\":%llu,\"beacons\":%llu,\"distinct_beacons\":%llu,\"structures\":%llu,"
           "\"mean_rssi\":%.1f,\"seconds\":%.6f,\"reports_per_s\":%.0f,\"best_reports_per_s\":%.0f}\n",
           (unsigned long long)tally.reports, (unsigned long long)tally.beacons,
           (unsigned long long)distinct, (unsigned long long)tally.structures, mean, total,
           (double)tally.reports / total, (double)tally.reports / rounds / best);
    return 0;
}
