/*
 * Customers: shakes at a fixed rate over several connections to the bus, many under way at once,
 * whether hubd is there or not.
 *
 *   usage: DBUS_SESSION_BUS_ADDRESS=… shake RATE
 *
 * Each shake has a number of its own: major and minor of the second beacon of its spot. It is
 * sent once and never again. For each reply that came the number is printed, and nothing for
 * shakes that hubd refused or that found no hubd. With RIG_EAGER set it is printed also for shakes
 * that were under way when hubd died: as if it answered before it has kept.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

/* A client has 100 calls a second and 32 at once (ClientQuota.swift): a customer keeps to that. */
enum { RATE = 100, MOST = 32 };

static const char *near = "FDA50693-A4E2-4FB1-AFCF-C6EB07647825/10011/6";
static int eager;

struct customer {
  sd_bus *bus;
  unsigned under_way;
};

static int ok(int result, const char *what) {
  if (result >= 0) return result;
  fprintf(stderr, "shake: %s: %s\n", what, strerror(-result));
  exit(1);
}

/* What belongs to a call while it is under way. */
struct call {
  struct customer *customer;
  uint32_t number;
};

static int settled(sd_bus_message *reply, void *data, sd_bus_error *error) {
  struct call *call = data;
  (void)error;
  call->customer->under_way--;
  if (!sd_bus_message_is_method_error(reply, NULL)
      || (eager && sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NO_REPLY)))
    printf("%u\n", call->number);
  free(call);
  return 0;
}

static void send_shake(struct customer *customer, uint32_t number) {
  char own[64];
  snprintf(own, sizeof own, "0D15EA5E-0000-4000-8000-000000000000/%u/%u", number >> 16,
           number & 0xffff);
  struct call *call = malloc(sizeof *call);
  if (call == NULL) exit(1);
  *call = (struct call){customer, number};
  customer->under_way++;
  ok(sd_bus_call_method_async(customer->bus, NULL, "org.hubd", "/org/hubd", "org.hubd.Campaigns1",
                              "Shake", settled, call, "a(sn)a{sv}", 2, near, -58, own, -70, 1,
                              "user", "s", own),
     "Shake");
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Takes what came, and sleeps until there is more or the tick is over. */
static void serve(struct customer *customers, int count, int64_t until) {
  struct pollfd states[64];
  for (int64_t left; (left = until - now()) > 0;) {
    for (int i = 0; i < count; i++) {
      while (ok(sd_bus_process(customers[i].bus, NULL), "the bus") > 0) {}
      states[i] = (struct pollfd){.fd = sd_bus_get_fd(customers[i].bus),
                                  .events = (short)sd_bus_get_events(customers[i].bus)};
    }
    fflush(stdout);
    struct timespec wait = {.tv_nsec = left};
    ppoll(states, (nfds_t)count, &wait, NULL);
  }
}

int main(int words, char **word) {
  int rate = words == 2 ? atoi(word[1]) : 0;
  int count = (rate + RATE - 1) / RATE;
  if (count < 1 || count > 64) return 64;
  eager = getenv("RIG_EAGER") != NULL;
  struct customer *customers = calloc((size_t)count, sizeof *customers);
  if (customers == NULL) return 1;
  for (int i = 0; i < count; i++) ok(sd_bus_open_user(&customers[i].bus), "bus");
  uint32_t number = 0;
  int64_t tick = now();
  while (1) {
    for (int i = 0; i < count; i++)
      if (customers[i].under_way < MOST) send_shake(&customers[i], ++number);
    tick += 1000000000 / RATE;
    serve(customers, count, tick);
  }
}
