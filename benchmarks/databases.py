"""The PostgreSQL that is measured, and the databases in it: filled once, kept for the next run.

A database is named by what made it (the migrations, the generator, the number of rows), so that it is built anew when
one of these changes, and those of former states are dropped. Measurements that write get a copy, dropped afterwards.
"""

import hashlib
import os
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import psycopg
from psycopg import sql

from angidi.cli.context import MIGRATIONS
from angidi.db.embedded import EmbeddedServer
from angidi.migrate import Migrate, Source
from benchmarks import catalogue, words

SIZES = {"10k": 10_000, "100k": 100_000, "200k": 200_000, "1m": 1_000_000}
FORMER_VERSION = 5
"""The schema as the Go service left it at version 4, with times as instants: the peers' database."""

KINDS = {"platform": "*.up.sql", "former": f"00000[1-{FORMER_VERSION}]*.up.sql"}
"""The migrations of each kind of database."""

CHUNK = 1_000
STREAMS = 2
"""Parts in which products are copied in, at once: the server computes what is searched, and takes a core for each."""

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

DROPPABLE = """
SELECT pg_get_indexdef(indexrelid), indexrelid::regclass::text
  FROM pg_index
 WHERE indrelid = %(table)s::regclass
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
 ORDER BY 2
"""
COPIES = {
    "categories": "COPY categories (id, name, parent_id, description) FROM STDIN",
    "products": """
        COPY products (id, sku, name, description, price, stock, category_id, image_url, created_at, updated_at,
                       deleted_at)
        FROM STDIN""",
    "users": "COPY users (id, email, password_hash, name, role, created_at, updated_at) FROM STDIN",
}


def say(text: str) -> None:
    """Tell whoever watches what goes on."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


class Databases:
    """The databases on a joined server."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server

    @property
    def binaries(self) -> Path:
        """The folder of pgbench."""
        return self._server.binaries

    def url(self, name: str) -> str:
        return self._server.url(name)

    def platform(self, rows: int) -> str:
        """Return the name of the database with the platform's schema and `rows` products and users."""
        return self._kept(self._name("platform", rows), rows, version=None)

    def former(self, rows: int) -> str:
        """Return the name of the database with the former service's schema and the same rows."""
        return self._kept(self._name("former", rows), rows, FORMER_VERSION)

    @contextmanager
    def copy(self, name: str) -> Generator[str]:
        """Give the address of a copy of database `name`, to which nobody may be connected; dropped at the end."""
        own = f"copy_{os.getpid()}"
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

    def clean(self) -> None:
        """Drop what former states of the code, and dead runs, left behind."""
        current = tuple(_digest(kind) for kind in KINDS)
        with self._admin() as conn:
            for (name,) in conn.execute("SELECT datname FROM pg_database WHERE datname ~ '^(platform|former|copy)_'"):
                if not name.endswith(current):
                    self._drop(conn, name)

    def _name(self, kind: str, rows: int) -> str:
        return f"{kind}_{rows}_{_digest(kind)}"

    def _kept(self, name: str, rows: int, version: int | None) -> str:
        with self._admin() as conn:
            if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return name
            draft = f"{name}_draft"
            self._drop(conn, draft)
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
            _build(self.url(draft), rows, version)
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            conn.execute(rename.format(sql.Identifier(draft), sql.Identifier(name)))
            conn.execute("CHECKPOINT")
        return name

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True)

    def _drop(self, conn: psycopg.Connection, name: str) -> None:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _build(url: str, rows: int, version: int | None) -> None:
    began = time.monotonic()
    schema = "the platform's schema" if version is None else "the former service's schema"
    say(f"building {rows:,} products and users in {schema} (kept for the next run)")
    with Migrate.open(Source(MIGRATIONS), url) as migrate:
        if version is None:
            migrate.up()
        else:
            migrate.migrate(version)
    fill(url, rows)
    say(f"built in {time.monotonic() - began:.0f} s")


def fill(url: str, rows: int) -> None:
    """Put the catalogue into an empty database: by COPY, the secondary indexes being built anew after it."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SET maintenance_work_mem = '1GB'")
        conn.execute("SET max_parallel_maintenance_workers = 2")
        conn.execute("DELETE FROM categories")  # the known ones, whose names the tree has for ids of its own
        _copy(conn, "categories", _categories())
        with (
            _without_indexes(conn, "products"),
            _without_indexes(conn, "product_search"),
            ThreadPoolExecutor(STREAMS) as threads,
        ):
            list(threads.map(lambda part: _copy_products(url, rows, part), range(STREAMS)))
        with _without_indexes(conn, "users"):
            _copy(conn, "users", _users(rows))
        conn.execute("VACUUM (ANALYZE)")


def _copy_products(url: str, rows: int, part: int) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        _copy(conn, "products", product_lines(rows, part, STREAMS))


@contextmanager
def _without_indexes(conn: psycopg.Connection, table: str) -> Generator[None]:
    """Drop the indexes of `table` but for those of constraints, and build the same again; fails if they differ."""
    before = conn.execute(DROPPABLE, {"table": table}).fetchall()
    for _, index in before:
        conn.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
    yield
    for definition, index in before:
        say(f"  building {index}")
        conn.execute(definition.encode())
    if (after := conn.execute(DROPPABLE, {"table": table}).fetchall()) != before:
        raise RuntimeError(f"the indexes of {table} differ: {before} became {after}")


def _copy(conn: psycopg.Connection, table: str, lines: Iterable[str]) -> None:
    source, sent = iter(lines), 0
    with conn.cursor().copy(COPIES[table].encode()) as copy:
        while chunk := list(islice(source, CHUNK)):
            copy.write("".join(chunk))
            sent += len(chunk)
            if sent % 250_000 == 0:
                say(f"  {sent:,} more {table}")


def _categories() -> Iterator[str]:
    for category in catalogue.tree().categories:
        yield _line((category.id, category.name, category.parent_id, ""))


def product_lines(rows: int, part: int = 0, parts: int = 1) -> Iterator[str]:
    """Yield the products as lines for COPY."""
    for row in catalogue.products(rows, part, parts):
        id_, sku, name, description, price, stock, category_id, image_url, created_at, deleted_at = row
        yield _line(
            (id_, sku, name, description, price, stock, category_id, image_url, created_at, created_at, deleted_at)
        )


def _users(rows: int) -> Iterator[str]:
    for row in catalogue.users(rows):
        yield _line((*row, row.created_at))


def _line(values: Sequence[object]) -> str:
    """Return a row in COPY's text format; the texts have no tab, backslash or line break."""
    return "\t".join(["\\N" if value in ("", None) else str(value) for value in values]) + "\n"


def _digest(kind: str) -> str:
    """Return what the databases of this kind are made by, in short."""
    made_by = [*sorted(MIGRATIONS.glob(KINDS[kind])), *(Path(str(module.__file__)) for module in (catalogue, words))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in made_by)).hexdigest()[:12]
