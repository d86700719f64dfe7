"""Loading the catalogue into a database by COPY."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice

import psycopg
from psycopg import sql

from benchmarks import catalogue
from benchmarks.console import print_progress

LOADED = ("products", "product_search", "users")
"""The tables whose indexes are built after the load, where they exist."""

CHUNK = 1_000
STREAMS = 2
"""Parts in which products are copied in, at once: the server computes what is searched, and takes a core for each."""

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

# An empty table that is analysed is planned to be read as a whole. Databases of former commits have no sessions.
ADD_SESSIONS = """
INSERT INTO sessions (user_id, expires_at)
SELECT id, now() + interval '7 days'
  FROM users
 LIMIT 10000
"""


def fill(url: str, rows: int, users: int | None = None) -> None:
    """Put the catalogue into an empty database: by COPY, the secondary indexes being built anew after it.

    There are as many users as products, or `users`.
    """
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SET maintenance_work_mem = '1GB'")
        conn.execute("SET max_parallel_maintenance_workers = 2")
        conn.execute("SET synchronous_commit = on")  # VACUUM takes no row for visible whose commit is not written yet
        conn.execute("DELETE FROM categories")  # the known ones, whose names the tree has for ids of its own
        _copy(conn, "categories", _categories())
        with ExitStack() as stack:
            for table in LOADED:
                if conn.execute("SELECT to_regclass(%s)", [table]).fetchall()[0][0]:
                    stack.enter_context(without_indexes(conn, table))
            with ThreadPoolExecutor(STREAMS) as threads:
                list(threads.map(lambda part: _copy_products(url, rows, part), range(STREAMS)))
            _copy(conn, "users", _users(rows if users is None else users))
        if conn.execute("SELECT to_regclass('sessions')").fetchall()[0][0]:
            conn.execute(ADD_SESSIONS)
        conn.execute("VACUUM (ANALYZE)")


def _copy_products(url: str, rows: int, part: int) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        _copy(conn, "products", product_lines(rows, part, STREAMS))


@contextmanager
def without_indexes(conn: psycopg.Connection, table: str) -> Generator[None]:
    """Drop the indexes of `table` but for those of constraints, and build the same again; fails if they differ."""
    before = conn.execute(DROPPABLE, {"table": table}).fetchall()
    for _, index in before:
        conn.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(index)))
    yield
    for definition, index in before:
        print_progress(f"  building {index}")
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
                print_progress(f"  {sent:,} more {table}")


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
