"""The PostgreSQL that is measured, and the databases in it: filled once, kept for the next run.

A database is named by what made it (the migrations, the generator, the number of rows), so that it is built anew when
one of these changes, and those of former states are dropped. Measurements that write get a copy, dropped afterwards.
"""

import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from angidi.cli.schema_state import MIGRATIONS
from angidi.embedded import EmbeddedServer
from angidi.migrate import Migrate, Source
from benchmarks import catalogue, words
from benchmarks.baseline import Baseline
from benchmarks.console import print_progress
from benchmarks.loading import fill

SIZES = {"10k": 10_000, "100k": 100_000, "200k": 200_000, "1m": 1_000_000}
FORMER_VERSION = 5
"""The schema as the Go service left it at version 4, with times as instants: the peers' database."""

KINDS = {"platform": "*.up.sql", "former": f"00000[1-{FORMER_VERSION}]*.up.sql"}
"""The migrations of each kind of database."""

SECONDS_A_ROW = 250e-6
"""That a data set takes, with both kinds of database."""

MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
SERVER_SETTINGS = {
    "shared_buffers": f"{min(2048, MEMORY // 4 // 2**20)}MB",
    "max_connections": "400",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}
"""For every contestant alike; all else is the default, and writes are durable (fsync, synchronous_commit)."""

BACKENDS = """
SELECT pid
  FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Databases:
    """The databases on a joined server; those of `baseline` have the schema of another commit."""

    def __init__(self, server: EmbeddedServer, baseline: Baseline | None = None) -> None:
        self._server = server
        self._baseline = baseline
        self._copies = count(1)

    @property
    def binaries(self) -> Path:
        """The folder of pgbench."""
        return self._server.binaries

    def url(self, name: str) -> str:
        return self._server.url(name)

    def platform(self, rows: int) -> str:
        """Return the name of the database with the platform's schema and `rows` products and users."""
        return self._kept(self._name("platform", rows), rows, migrate_up)

    def former(self, rows: int) -> str:
        """Return the name of the database with the former service's schema and the same rows."""
        return self._kept(self._name("former", rows), rows, _migrate_to_former)

    def baseline(self, rows: int) -> str:
        """Return the name of the database with the baseline's schema and the same rows."""
        if self._baseline is None:
            raise ValueError("there is no baseline")
        digest = _digest_of(sorted(self._baseline.migrations.glob("*.up.sql")))
        return self._kept(f"baseline_{rows}_{digest}", rows, self._baseline.migrate)

    @contextmanager
    def copy(self, name: str) -> Generator[str]:
        """Give the address of a copy of database `name`, to which nobody may be connected; dropped at the end."""
        own = f"copy_{os.getpid()}_{next(self._copies)}"
        with self._admin() as conn:
            self._drop(conn, own)
            query = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
            conn.execute(sql.SQL(query).format(sql.Identifier(own), sql.Identifier(name)))
            try:
                yield self.url(own)
            finally:
                self._drop(conn, own)

    def seconds_to_build(self, sizes: Iterable[int]) -> float:
        """Return about how long the data sets of these sizes will take that are missing."""
        with self._admin() as conn:
            there = {name for (name,) in conn.execute("SELECT datname FROM pg_database")}
        missing = [rows for rows in sizes if self._name("platform", rows) not in there]
        return sum(missing) * SECONDS_A_ROW

    @contextmanager
    def settings(self, **settings: str) -> Generator[None]:
        """Change settings of the server that need no restart, and take them back at the end."""
        with self._admin() as conn:
            for name, value in settings.items():
                query = sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
                conn.execute(query)
            _reload(conn)
            try:
                yield
            finally:
                conn.execute("ALTER SYSTEM RESET ALL")
                _reload(conn)

    def backends(self, url: str) -> list[int]:
        """Return the processes that serve clients of the database at `url`."""
        with psycopg.connect(url, autocommit=True) as conn:
            return [pid for (pid,) in conn.execute(BACKENDS)]

    @property
    def postmaster(self) -> int:
        """The process whose descendants are the server."""
        return int((self._server.data / "postmaster.pid").read_text().split()[0])

    def clean(self) -> None:
        """Drop what former states of the code, and dead runs, left behind."""
        current = tuple(_digest(kind) for kind in KINDS)
        kinds = "platform|former|copy|baseline" if self._baseline else "platform|former|copy"
        if self._baseline:
            current += (_digest_of(sorted(self._baseline.migrations.glob("*.up.sql"))),)
        with self._admin() as conn:
            conn.execute("ALTER SYSTEM RESET ALL")
            _reload(conn)
            for (name,) in conn.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^({kinds})_"]):
                if not name.endswith(current):
                    self._drop(conn, name)

    def _name(self, kind: str, rows: int) -> str:
        return f"{kind}_{rows}_{_digest(kind)}"

    def _kept(self, name: str, rows: int, migrate: Callable[[str], None]) -> str:
        with self._admin() as conn:
            if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return name
            draft = f"{name}_draft"
            self._drop(conn, draft)
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
            _build(self.url(draft), rows, migrate, name.partition("_")[0])
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            conn.execute(rename.format(sql.Identifier(draft), sql.Identifier(name)))
            conn.execute("CHECKPOINT")
        return name

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True)

    def _drop(self, conn: psycopg.Connection, name: str) -> None:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _reload(conn: psycopg.Connection) -> None:
    """Let the server read its settings again, and give its processes time to notice."""
    conn.execute("SELECT pg_reload_conf()")
    time.sleep(0.5)


def migrate_up(url: str) -> None:
    """Bring a database to the platform's schema."""
    with Migrate.open(Source(MIGRATIONS), url) as migrate:
        migrate.up()


def _migrate_to_former(url: str) -> None:
    with Migrate.open(Source(MIGRATIONS), url) as migrate:
        migrate.migrate(FORMER_VERSION)


def _build(url: str, rows: int, migrate: Callable[[str], None], kind: str) -> None:
    began = time.monotonic()
    print_progress(f"building {rows:,} products and users, {kind} schema (kept for the next run)")
    migrate(url)
    fill(url, rows)
    print_progress(f"built in {time.monotonic() - began:.0f} s")


def _digest(kind: str) -> str:
    """Return what the databases of this kind are made by, in short."""
    return _digest_of(sorted(MIGRATIONS.glob(KINDS[kind])))


def _digest_of(migrations: Sequence[Path]) -> str:
    made_by = [*migrations, *(Path(str(module.__file__)) for module in (catalogue, words))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in made_by)).hexdigest()[:12]
