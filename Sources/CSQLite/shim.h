// SQLite. Swift cannot call functions with a variable list of arguments.
#pragma once
#include <sqlite3.h>

// Without counts of the memory in use, each of which takes a lock; before the first connection.
static inline void hub_sqlite_uncounted(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
