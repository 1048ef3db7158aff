/*
 * The yardstick for the store: the same rows, the same SQLite settings, the same
 * batches of 64, and nothing around them. Says durable events per second.
 *
 * usage: store-limit FILE SECONDS
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 64 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void run(sqlite3 *base, const char *sql) {
  if (sqlite3_exec(base, sql, NULL, NULL, NULL) == SQLITE_OK) return;
  fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(base));
  exit(1);
}

int main(int count, char **arguments) {
  sqlite3 *base;
  if (count != 3 || sqlite3_open(arguments[1], &base)) return 64;
  double seconds = atof(arguments[2]);
  run(base, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = 4096; PRAGMA journal_mode = WAL");
  run(base, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; PRAGMA cache_size = -2048;"
            "PRAGMA secure_delete = FAST; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF");
  run(base, "CREATE TABLE event (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL,"
            "class INTEGER NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL, time INTEGER NOT NULL,"
            "utc_offset INTEGER NOT NULL, synchronized INTEGER NOT NULL, boot BLOB NOT NULL,"
            "monotonic INTEGER NOT NULL, hub INTEGER NOT NULL, data BLOB NOT NULL,"
            "checksum INTEGER NOT NULL) STRICT");
  sqlite3_stmt *insert;
  sqlite3_prepare_v2(base, "INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", -1, &insert, NULL);
  char padding[300], data[400];
  memset(padding, 'x', sizeof padding);
  int64_t sequence = 0;
  double start = now(), end = start + seconds;
  while (now() < end) {
    run(base, "BEGIN IMMEDIATE");
    for (int i = 0; i < BATCH; i++) {
      sequence++;
      int length = snprintf(data, sizeof data, "{\"batch\":%lld,\"index\":%d,\"padding\":\"%.300s\"}",
                            (long long)sequence, i, padding);
      sqlite3_bind_int64(insert, 1, sequence);
      sqlite3_bind_blob(insert, 2, &start, 8, SQLITE_STATIC);
      sqlite3_bind_int64(insert, 3, 0);
      sqlite3_bind_text(insert, 4, "org.hubd.measurement.recorded.v1", -1, SQLITE_STATIC);
      sqlite3_bind_text(insert, 5, "rig", -1, SQLITE_STATIC);
      sqlite3_bind_int64(insert, 6, (int64_t)(now() * 1e9));
      sqlite3_bind_int64(insert, 7, 0);
      sqlite3_bind_int64(insert, 8, 1);
      sqlite3_bind_blob(insert, 9, "0123456789abcdef", 16, SQLITE_STATIC);
      sqlite3_bind_int64(insert, 10, (int64_t)(now() * 1e9));
      sqlite3_bind_int64(insert, 11, 1);
      sqlite3_bind_blob(insert, 12, data, length, SQLITE_STATIC);
      sqlite3_bind_int64(insert, 13, 0x12345678);
      if (sqlite3_step(insert) != SQLITE_DONE) return 1;
      sqlite3_reset(insert);
    }
    run(base, "COMMIT");
  }
  double taken = now() - start;
  printf("events %lld seconds %.3f rate %.0f\n", (long long)sequence, taken, sequence / taken);
  sqlite3_finalize(insert);
  sqlite3_close(base);
  return 0;
}
