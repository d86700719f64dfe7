"""Clients of a shop that is being migrated: how long each of their statements waits, and which locks are in the way.

Each kind of statement has a thread and a connection of its own, so that a write that waits keeps no read waiting.
"""

import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import psycopg

PAUSE = 0.02
"""Seconds between two statements of a client, and between two looks at the locks."""

MOST_INSERTED = 20_000
"""Rows that a client inserts at most, so that it does not become the load."""

STRENGTHS = (
    "AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
    "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
)  # fmt: skip
"""The modes of a table lock, weakest first."""

OPTIONS = "-c statement_timeout=300s -c lock_timeout=0 -c synchronous_commit=on"

STATEMENTS: dict[tuple[str, str], str] = {
    ("products", "read"): "SELECT id, name, price, stock FROM products WHERE id = %(id)s",
    ("products", "write stock"): "UPDATE products SET stock = stock + 1 WHERE id = %(id)s",
    ("products", "write name"): "UPDATE products SET name = name || 'x' WHERE id = %(id)s AND length(name) < 200",
    ("products", "write new"): """
        INSERT INTO products (name, price, stock, category_id, sku)
        SELECT 'Probe', 1, 1, category_id, 'P-' || gen_random_uuid() FROM products WHERE id = %(id)s""",
    ("users", "read"): "SELECT id, email, name FROM users WHERE id = %(id)s",
    ("users", "write name"): "UPDATE users SET name = left(name, 20) || 'x' WHERE id = %(id)s",
    ("users", "write new"): """
        INSERT INTO users (email, password_hash, name)
        VALUES ('p' || replace(gen_random_uuid()::text, '-', '') || '@shop.example', 'x', 'Probe')""",
}
"""What the clients do, on the tables of the former service and of the platform alike."""

SOME_IDS = "SELECT id FROM {table} ORDER BY random() LIMIT 1000"

LOCKS = """
SELECT relation::regclass::text, mode FROM pg_locks
 WHERE pid = %(pid)s AND granted AND relation = ANY (%(tables)s::regclass[])
"""


class Call(NamedTuple):
    """One statement of a client, in seconds of `time.monotonic`."""

    table: str
    kind: str
    began: float
    ended: float

    @property
    def waited(self) -> float:
        return self.ended - self.began


class Lock(NamedTuple):
    """A lock that the migration was seen to hold."""

    at: float
    table: str
    mode: str


class Probe:
    """What was seen. `pid` is the backend that migrates."""

    def __init__(self, url: str, pid: int) -> None:
        self._url = url
        self._pid = pid
        self._done = threading.Event()
        self.calls: list[Call] = []
        self.locks: list[Lock] = []
        self.refused: dict[str, int] = {}
        self.pids: list[int] = []

    @contextmanager
    def running(self, tables: Sequence[str]) -> Generator[None]:
        """Be a client of these tables for as long as the block takes."""
        works = [(self._be_client, table, kind) for table, kind in STATEMENTS if table in tables]
        threads = [threading.Thread(target=work, args=arguments, daemon=True) for work, *arguments in works]
        threads.append(threading.Thread(target=self._watch, args=(list(tables),), daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._done.set()
            for thread in threads:
                thread.join()

    def _connect(self) -> psycopg.Connection:
        # Nothing is prepared: the types of columns change under the statements.
        conn = psycopg.connect(self._url, autocommit=True, prepare_threshold=None, options=OPTIONS)
        self.pids.append(conn.info.backend_pid)
        return conn

    def _be_client(self, table: str, kind: str) -> None:
        with self._connect() as conn:
            ids = [each for (each,) in conn.execute(SOME_IDS.format(table=table).encode())]
            for number in range(MOST_INSERTED if kind == "write new" else 10**9):
                if self._done.wait(PAUSE):
                    return
                began = time.monotonic()
                try:
                    conn.execute(STATEMENTS[table, kind].encode(), {"id": ids[number % len(ids)]})
                except psycopg.Error as error:
                    reason = f"{table} {kind}: {type(error).__name__}"
                    self.refused[reason] = self.refused.get(reason, 0) + 1
                self.calls.append(Call(table, kind.partition(" ")[0], began, time.monotonic()))

    def _watch(self, tables: list[str]) -> None:
        with self._connect() as conn:
            while not self._done.wait(PAUSE):
                rows = conn.execute(LOCKS, {"pid": self._pid, "tables": tables}).fetchall()
                now = time.monotonic()
                self.locks += [Lock(now, table, mode) for table, mode in rows]

    def longest(self, kind: str, began: float, ended: float) -> float:
        """Return the longest wait of a call of `kind` that was waiting between the two, mostly."""
        found = (
            call.waited
            for call in self.calls
            if call.kind == kind and min(call.ended, ended) - max(call.began, began) > call.waited / 2
        )
        return max(found, default=0.0)

    def strongest(self, began: float, ended: float) -> str:
        """Return the strongest lock that was seen between the two, and on which table."""
        seen = {(STRENGTHS.index(lock.mode), lock.table) for lock in self.locks if began <= lock.at <= ended}
        if not seen:
            return ""
        strength = max(seen)[0]
        return f"{STRENGTHS[strength]} on {', '.join(sorted(table for each, table in seen if each == strength))}"
