// What SQLite itself gives with the store's settings: a bare loop of INSERTs, 64 in a commit.
//
//   cc -O2 -o store-limit Bench/store-limit.c -lsqlite3 && ./store-limit FOLDER EVENTS
//
// Prints one JSON object. It is the yardstick for the outbox, run beside it in the same minute.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void check(int code, sqlite3 *db) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    fprintf(stderr, "store-limit: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: store-limit FOLDER EVENTS\n"), 64;
    char path[4096];
    snprintf(path, sizeof path, "%s/limit.db", argv[1]);
    int events = atoi(argv[2]);
    sqlite3 *db;
    check(sqlite3_open(path, &db), db);
    check(sqlite3_exec(db,
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;"
        "CREATE TABLE e(sequence INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB, type TEXT, data BLOB)",
        0, 0, 0), db);
    sqlite3_stmt *insert;
    check(sqlite3_prepare_v2(db, "INSERT INTO e(id, type, data) VALUES(?,?,?)", -1, &insert, 0), db);
    char id[16], data[200];
    memset(id, 7, sizeof id);
    memset(data, 'x', sizeof data);
    double start = now();
    for (int i = 0; i < events; i++) {
        if (i % 64 == 0) check(sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0), db);
        sqlite3_bind_blob(insert, 1, id, sizeof id, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, "org.hubd.beacon.entered.v1", -1, SQLITE_STATIC);
        sqlite3_bind_blob(insert, 3, data, sizeof data, SQLITE_STATIC);
        check(sqlite3_step(insert), db);
        sqlite3_reset(insert);
        if (i % 64 == 63 || i + 1 == events) check(sqlite3_exec(db, "COMMIT", 0, 0, 0), db);
    }
    double seconds = now() - start;
    printf("{\"events\":%d,\"seconds\":%.6f,\"events_per_s\":%.0f}\n", events, seconds, events / seconds);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return 0;
}
