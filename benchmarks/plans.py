"""Explain what the service asks of the database, on a million products, and write what it takes beside the code.

    python -m benchmarks.plans [--rows 1000000] [--only requests|combinations] [--strength 2]

Every combination of conditions on a list of products is asked for first (see `benchmarks.combinations`). Then every
request of `tests/plans/cases.py` is answered by the application, its statements are explained, and compared with
their budget: it ends with 1 where one is exceeded. Then each index is measured: its size, and what it adds to the
write-ahead log for a row that is inserted. The result is docs/database/plans.json; `make docs` makes INDEXES.md of it.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import structlog
from psycopg import sql
from tests.conftest import migrate_up
from tests.plans import catalogue
from tests.plans.cases import CASES
from tests.plans.explain import answers, problems

from angidi.embedded import EmbeddedServer
from benchmarks import combinations

RESULT = Path(__file__).parents[1] / "docs/database/plans.json"
INSERTED = 20_000
"""Rows that are inserted with an index and without one."""

INDEXES = """
SELECT t.relname, x.relname, pg_relation_size(x.oid), m.amname = 'gin', pg_get_indexdef(x.oid)
  FROM pg_index AS i
  JOIN pg_class AS t ON t.oid = i.indrelid
  JOIN pg_class AS x ON x.oid = i.indexrelid
  JOIN pg_am AS m ON m.oid = x.relam
 WHERE t.relnamespace = 'public'::regnamespace AND NOT starts_with(t.relname, 'schema_migrations')
 ORDER BY 1, 2
"""
COLUMNS = """
SELECT attname
  FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
LARGE = ("products", "users")
EMPTY = "CREATE TABLE measured (LIKE {table} INCLUDING GENERATED)"
OLDEST = """
INSERT INTO measured ({columns})
SELECT {columns}
  FROM {table}
 WHERE deleted_at IS NULL
 ORDER BY created_at
 LIMIT {rows}
"""
LSN = "SELECT pg_current_wal_insert_lsn() - '0/0'"

_PLACE = re.compile(r"INDEX \w+ ON public\.\w+ ")


class Index(NamedTuple):
    """An index of the schema."""

    table: str
    name: str
    bytes: int
    is_gin: bool
    definition: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="how many products (default: 1000000)")
    parser.add_argument("--only", choices=("requests", "combinations"), help="one of the two parts")
    parser.add_argument("--strength", type=int, choices=(2, 3), default=2, help="how many conditions meet (default: 2)")
    given = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    failed = 0
    if given.only != "requests":
        failed |= combinations.run(given.rows, given.strength)
    if given.only != "combinations":
        failed |= explain(given.rows)
    return failed


def explain(rows: int) -> int:
    """Explain the requests, measure the indexes and write both; return 1 where a budget is exceeded."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder, "home"), durable=False) as server:
        server.create_database("plans")
        url = server.url("plans")
        migrate_up(url)
        print_progress(f"building {rows:,} products")
        catalogue.build(url, rows)
        print_progress("explaining the requests")
        found = answers(url, Path(folder), CASES, catalogue.places(url, rows))
        print_progress("measuring the indexes")
        indexes = dict(measured(url))
        with psycopg.connect(url) as conn:
            version = conn.info.server_version
    exceeded = [line for case, answer in found.items() for line in problems(case, answer)]
    print(*exceeded, sep="\n", end="\n" if exceeded else "")
    result = {
        "products": rows,
        "orders": rows // catalogue.ORDERS,
        "server": f"PostgreSQL {version // 10_000}.{version % 10_000}",
        "indexes": indexes,
        "requests": {case.name: answer.buffers for case, answer in found.items()},
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print_progress(f"wrote {RESULT.name}: `make docs` makes INDEXES.md of it")
    return int(bool(exceeded))


def measured(url: str) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield each index with its bytes and, of the large tables, how many bytes of log a row costs more by it."""
    with psycopg.connect(url, autocommit=True) as conn:
        without = {table: log_written(conn, table) for table in LARGE}
        for index in [Index(*row) for row in conn.execute(INDEXES)]:
            figures = {"bytes": index.bytes}
            if index.table in LARGE:
                figures["log"] = round((log_written(conn, index.table, index) - without[index.table]) / INSERTED)
            yield index.name, figures


def log_written(conn: psycopg.Connection, table: str, index: Index | None = None) -> int:
    """Return the bytes of log that rows cost in a table of their own, with one index or none.

    What a GIN index puts off is done, too.
    """
    names = [name for (name,) in conn.execute(COLUMNS, [table])]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    with conn.transaction(force_rollback=True):
        conn.execute(sql.SQL(EMPTY).format(table=sql.Identifier(table)))
        if index:
            conn.execute(_PLACE.sub("INDEX measured_by ON measured ", index.definition).encode())
        before = position(conn)
        conn.execute(sql.SQL(OLDEST).format(columns=columns, table=sql.Identifier(table), rows=sql.Literal(INSERTED)))
        if index and index.is_gin:
            conn.execute("SELECT gin_clean_pending_list('measured_by')")
        return position(conn) - before


def position(conn: psycopg.Connection) -> int:
    """Return where the log has come to, in bytes."""
    row = conn.execute(LSN).fetchone()
    assert row is not None
    return int(row[0])


def print_progress(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


if __name__ == "__main__":
    sys.exit(main())
