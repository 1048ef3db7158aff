// SQLite. Swift cannot see the destructor macros: they are casts.
#pragma once
#include <sqlite3.h>
static inline sqlite3_destructor_type hub_sqlite_transient(void) { return SQLITE_TRANSIENT; }
