"""SQLite or PostgreSQL, with the few differences between them kept here.

Statements are written once, with `?` for values.
"""

import contextlib
import fcntl
import queue
import sqlite3
import time

from .problems import unavailable

SCHEMA = [
    """CREATE TABLE IF NOT EXISTS hubs (
        hub TEXT PRIMARY KEY,
        series BIGINT NOT NULL DEFAULT 1,
        first BIGINT NOT NULL DEFAULT 1,
        stored BIGINT NOT NULL DEFAULT 0,
        duplicates BIGINT NOT NULL DEFAULT 0,
        renumbered BIGINT NOT NULL DEFAULT 0,
        dropped BIGINT NOT NULL DEFAULT 0,
        heard BIGINT NOT NULL DEFAULT 0,
        lag BIGINT)""",
    """CREATE TABLE IF NOT EXISTS events (
        hub TEXT NOT NULL,
        id TEXT NOT NULL,
        position BIGINT NOT NULL,
        series BIGINT NOT NULL,
        sequence BIGINT NOT NULL,
        type TEXT NOT NULL,
        subject TEXT,
        received BIGINT NOT NULL,
        digest TEXT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (hub, id))""",
    "CREATE UNIQUE INDEX IF NOT EXISTS events_position ON events (hub, position)",
    "CREATE INDEX IF NOT EXISTS events_sequence ON events (hub, series, sequence)",
    """CREATE TABLE IF NOT EXISTS spans (
        hub TEXT NOT NULL,
        series BIGINT NOT NULL,
        first BIGINT NOT NULL,
        last BIGINT NOT NULL,
        PRIMARY KEY (hub, series, first))""",
    """CREATE TABLE IF NOT EXISTS catalogs (
        hub TEXT NOT NULL,
        version BIGINT NOT NULL,
        created BIGINT NOT NULL,
        type TEXT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (hub, version))""",
    """CREATE TABLE IF NOT EXISTS refused (
        received BIGINT NOT NULL,
        topic TEXT NOT NULL,
        reason TEXT NOT NULL,
        content TEXT NOT NULL)""",
]


def open_database(name, connections=4):
    """A database by its address: `postgresql://…`, libpq's `dbname=…`, or a file for SQLite."""
    if name.startswith(("postgresql://", "postgres://")) or "dbname=" in name:
        return Database(PostgreSQL(name), connections)
    return Database(SQLite(name), connections)


class Database:
    """A few connections, each used by one thread at a time."""

    def __init__(self, engine, connections):
        self.engine = engine
        self._free = queue.LifoQueue()
        with self._told():
            first = self._connect()
            with first.transaction():
                engine.create(first, SCHEMA)
        self._free.put(first)
        for _ in range(connections - 1):
            self._free.put(None)

    @contextlib.contextmanager
    def transaction(self, writes=True):
        """A transaction: durable when the block has ended, and gone without a trace when it fails."""
        connection = self._take()
        is_well = False
        try:
            with self._told():
                with connection.transaction(writes):
                    yield connection
            is_well = True
        finally:
            if not (is_well or connection.is_usable()):
                self._close(connection)
                connection = None
            self._free.put(connection)

    def close(self):
        """Ends the connections that are not in use."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._close(self._free.get_nowait())

    def _take(self):
        try:
            connection = self._free.get(timeout=10)
        except queue.Empty:
            raise unavailable("every connection to the database is busy")
        if connection is not None:
            return connection
        try:
            with self._told():
                return self._connect()
        except BaseException:
            self._free.put(None)
            raise

    def _connect(self):
        return self.engine.connect()

    def _close(self, connection):
        if connection is not None:
            with contextlib.suppress(self.engine.errors):
                connection.close()

    @contextlib.contextmanager
    def _told(self):
        try:
            yield
        except self.engine.errors as error:
            raise unavailable(f"the database fails: {str(error).strip()}") from error


class SQLite:
    """A file; one machine, any number of processes."""

    errors = (sqlite3.Error, TimeoutError)

    def __init__(self, path):
        self.path = path

    def connect(self):
        """A connection whose commits are on the disk when they return."""
        return SQLiteConnection(self.path)

    def create(self, connection, statements):
        """Makes the tables."""
        for statement in statements:
            connection.run(statement)


class SQLiteConnection:
    """One connection.

    SQLite before 3.51.3 can damage a database in WAL mode when two connections write or checkpoint
    at the same instant (sqlite.org/wal.html, "the WAL-reset bug"). So whatever writes (opening,
    transactions with the checkpoint in their commit, closing) holds a lock on a file beside it.
    """

    #: The longest wait for other writers; their transactions take milliseconds.
    patience = 10.0
    lock_clause = ""

    def __init__(self, path):
        self._lock_file = open(path + "-lock", "a")
        with self._alone():
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=self.patience)
            for pragma in ("journal_mode = WAL", "synchronous = FULL",
                           "journal_size_limit = 16777216"):
                self._connection.execute("PRAGMA " + pragma).fetchall()
            # The first to read also recovers what a kill left behind.
            self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()

    @contextlib.contextmanager
    def transaction(self, writes=True):
        """BEGIN and COMMIT around a block; ROLLBACK when it fails."""
        with self._alone() if writes else contextlib.nullcontext():
            self._connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                yield self
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def run(self, statement, values=()):
        """The rows of a statement."""
        return self._connection.execute(statement, values).fetchall()

    def insert(self, table, columns, rows):
        """Inserts many rows."""
        marks = ",".join("?" * len(columns))
        self._connection.executemany(
            f"INSERT INTO {table} ({','.join(columns)}) VALUES ({marks})", rows)

    def is_usable(self):
        """Whether it may be used again after a fault."""
        return not self._connection.in_transaction

    def close(self):
        """Ends the connection."""
        with self._alone():
            self._connection.close()
        self._lock_file.close()

    @contextlib.contextmanager
    def _alone(self):
        deadline = time.monotonic() + self.patience
        while True:
            try:
                fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError("another process holds the lock of the database")
                time.sleep(0.002)
        try:
            yield
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)


class PostgreSQL:
    """A server; any number of machines. Needs python3-psycopg2."""

    def __init__(self, address):
        try:
            import psycopg2
            import psycopg2.extras
        except ImportError:
            raise ValueError("PostgreSQL needs psycopg2: apt install python3-psycopg2")
        self._driver = psycopg2
        self.address = address
        self.errors = (psycopg2.Error,)

    def connect(self):
        """A connection whose commits are on the disk when they return."""
        connection = PostgreSQLConnection(self._driver, self.address)
        with connection.transaction():
            if connection.run("SHOW fsync") == [("off",)]:
                raise ValueError("fsync is off on this PostgreSQL server: what it has stored "
                                 "does not survive a power cut; switch it on")
            # A process that was stopped in the middle must not hold up the others for ever.
            connection.run("SET SESSION lock_timeout = '10s'")
            connection.run("SET SESSION idle_in_transaction_session_timeout = '30s'")
            if connection.run("SHOW synchronous_commit") == [("off",)]:
                connection.run("SET SESSION synchronous_commit = on")
        return connection

    def create(self, connection, statements):
        """Makes the tables, one process after the other."""
        connection.run("SELECT pg_advisory_xact_lock(7258823)")
        for statement in statements:
            connection.run(statement)


class PostgreSQLConnection:
    """One connection."""

    lock_clause = " FOR UPDATE"

    def __init__(self, driver, address):
        self._driver = driver
        self._connection = driver.connect(address, connect_timeout=10)
        self._cursor = self._connection.cursor()

    @contextlib.contextmanager
    def transaction(self, writes=True):
        """psycopg2 begins with the first statement. What only reads sees one state of all."""
        try:
            if not writes:
                self.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield self
            self._connection.commit()
        except BaseException:
            with contextlib.suppress(self._driver.Error):
                self._connection.rollback()
            raise

    def run(self, statement, values=()):
        """The rows of a statement."""
        self._cursor.execute(statement.replace("?", "%s"), values)
        return self._cursor.fetchall() if self._cursor.description else []

    def insert(self, table, columns, rows):
        """Inserts many rows."""
        self._driver.extras.execute_values(
            self._cursor, f"INSERT INTO {table} ({','.join(columns)}) VALUES %s", rows)

    def is_usable(self):
        """Whether it may be used again after a fault."""
        return self._connection.closed == 0

    def close(self):
        """Ends the connection."""
        self._connection.close()
