"""Detection of stale indexes: stored keys that differ from what the server computes now.

An index stores the result of lower(), folded() or pg_trgm as computed when the row was written, sorted by the collation
of that time. A new version of PostgreSQL or of the C library may compute or sort differently. The index then misses
rows, and a unique index admits duplicates. Each check is a query that the planner can answer by this index only, which
EXPLAIN confirms, compared with the table. It needs no extension and no superuser.

Other indexes need no check: keys of numbers, UUIDs and times never change, nor does the order of words in a tsvector.
"""

import json
from collections.abc import Iterator
from typing import LiteralString, cast

import psycopg
from msgspec import Struct
from psycopg import errors
from psycopg.rows import class_row
from psycopg.sql import SQL, Composed

TRIGRAM_SAMPLE = 200
"""Texts looked up in a trigram index, each by all its trigrams: about 0.2 s in a million rows."""

# Indexes with the default order, operator classes and collation. The texts in those of another order are states, whose
# order no collation changes.
INDEXES = """
SELECT i.indexrelid::regclass::text AS name,
       c.relname AS bare_name,
       i.indrelid::regclass::text AS table,
       coalesce(pg_get_expr(i.indpred, i.indrelid), 'true') AS predicate,
       keys,
       CASE WHEN o.opcname = 'gin_trgm_ops' THEN 'trigrams'
            WHEN i.indkey[0] = 0 THEN 'lookup'
            ELSE 'order' END AS method
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_opclass AS o ON o.oid = i.indclass[0]
 CROSS JOIN LATERAL (SELECT array_agg(pg_get_indexdef(i.indexrelid, n, false) ORDER BY n) AS keys,
                            bool_or(i.indcollation[n - 1] = 'pg_catalog."default"'::regcollation) AS is_sorted_as_text,
                            bool_and(i.indcollation[n - 1] IN (0, 'pg_catalog."default"'::regcollation)
                                     AND i.indoption[n - 1] = 0) AS is_usual
                       FROM generate_series(1, i.indnkeyatts) AS n) AS of_columns
 WHERE i.indisvalid
   AND c.relnamespace = current_schema()::regnamespace
   AND is_usual
   AND (o.opcname = 'gin_trgm_ops' AND i.indnkeyatts = 1
        OR o.opcdefault AND o.opcmethod = (SELECT oid FROM pg_am WHERE amname = 'btree')
           AND (is_sorted_as_text OR i.indkey[0] = 0))
 ORDER BY c.relname
"""

# Looks up every key in the index, which also proves the order. TABLESAMPLE (100) always scans the table, never an
# index, whatever the planner settings are.
LOOKUP = """
WITH expected AS MATERIALIZED (
    SELECT {key} AS key, count(*) AS rows
      FROM {table} TABLESAMPLE SYSTEM (100)
     WHERE {predicate} AND {key} IS NOT NULL
     GROUP BY {key}
)
SELECT count(*)
  FROM expected
 CROSS JOIN LATERAL (SELECT count(*) AS rows
                       FROM {table}
                      WHERE {predicate} AND {key} = expected.key) AS found
 WHERE found.rows <> expected.rows
"""

# An ASCII text has the same trigrams on every server.
TRIGRAMS = """
WITH expected AS MATERIALIZED (
    SELECT {key} AS key
      FROM {table} TABLESAMPLE SYSTEM (100)
     WHERE {predicate} AND octet_length({key}) > length({key})
     ORDER BY random()
     LIMIT {sample}
)
SELECT count(*)
  FROM expected
 CROSS JOIN LATERAL (SELECT count(*) AS rows
                       FROM {table}
                      WHERE {predicate} AND {key} = expected.key) AS found
 WHERE found.rows = 0
"""

# Reads the whole index in order; no key may sort before its predecessor.
ORDER = """
SELECT count(*)
  FROM (SELECT {pairs}
          FROM {table}
         WHERE {predicate}
        WINDOW in_order AS (ORDER BY {order})) AS entry
 WHERE {is_behind}
"""
STATEMENTS: dict[str, LiteralString] = {"lookup": LOOKUP, "trigrams": TRIGRAMS, "order": ORDER}
ONLY_BY_INDEX = """
SELECT set_config(name, 'off', true)
  FROM unnest(ARRAY['enable_seqscan', 'enable_sort', 'enable_incremental_sort', 'jit']) AS name
"""

REINDEX = "REINDEX INDEX CONCURRENTLY {name}"
UNFINISHED = """
SELECT i.indexrelid::regclass::text
  FROM pg_index AS i
  JOIN pg_class AS c ON c.oid = i.indexrelid
 WHERE NOT indisvalid AND i.indrelid = %(table)s::regclass AND starts_with(c.relname, %(bare_name)s || '_ccnew')
"""


class Index(Struct, frozen=True):
    """An index whose keys may become stale, as the catalogue describes it, and the method of its check."""

    name: str
    bare_name: str
    table: str
    predicate: str
    keys: list[str]
    method: str


def indexes(conn: psycopg.Connection) -> list[Index]:
    """Return the indexes of the schema whose keys may become stale."""
    return conn.cursor(row_factory=class_row(Index)).execute(INDEXES).fetchall()


def stale_indexes(conn: psycopg.Connection) -> Iterator[tuple[Index, str]]:
    """Yield each stale index with a description of the fault. Blocks neither readers nor writers."""
    for index in indexes(conn):
        if problem := _problem(conn, index):
            yield index, problem


def reindex(conn: psycopg.Connection, stale: list[Index]) -> Iterator[str]:
    """Rebuild indexes concurrently; yield a message for each that has duplicates.

    Raises every other error of the driver.
    """
    for index in stale:
        try:
            conn.execute(_sql(REINDEX, name=index.name))
        except errors.UniqueViolation as error:
            _drop_unfinished(conn, index)
            detail = error.diag.message_detail
            yield f"{index.name} cannot be rebuilt: {detail} Change or delete one of the rows, then run this again"
        except psycopg.Error:
            _drop_unfinished(conn, index)
            raise


def _drop_unfinished(conn: psycopg.Connection, index: Index) -> None:
    names = {"table": index.table, "bare_name": index.bare_name}
    for (name,) in conn.execute(UNFINISHED, names).fetchall():
        conn.execute(_sql("DROP INDEX CONCURRENTLY {name}", name=name))


def _problem(conn: psycopg.Connection, index: Index) -> str | None:
    statement = _statement(index)
    # Within a transaction, a savepoint that is kept would keep the settings.
    with conn.transaction(force_rollback=True):
        conn.execute(ONLY_BY_INDEX)
        plan = conn.execute(SQL("EXPLAIN (FORMAT JSON) ") + statement).fetchone()
        if f'"Index Name": "{index.bare_name}"' not in json.dumps(plan):
            return f"{index.name} was not checked, since another index is read in its place"
        ((number,),) = conn.execute(statement).fetchall()
    what = "has {:,} of its keys out of order" if index.method == "order" else "does not find {:,} of its keys"
    return f"{index.name} {what.format(number)}: REINDEX INDEX CONCURRENTLY {index.name}" if number else None


def _statement(index: Index) -> Composed:
    return _sql(
        STATEMENTS[index.method],
        table=index.table,
        predicate=index.predicate,
        key=index.keys[0],
        sample=str(TRIGRAM_SAMPLE),
        order=", ".join(index.keys),
        pairs=", ".join(_pair(position, key) for position, key in enumerate(index.keys)),
        is_behind=" OR ".join(_is_behind(position) for position in range(len(index.keys))),
    )


def _pair(position: int, key: str) -> str:
    return f"{key} AS key{position}, lag({key}) OVER in_order AS before{position}"


def _is_behind(position: int) -> str:
    equal = "".join(f"before{each} IS NOT DISTINCT FROM key{each} AND " for each in range(position))
    return f"({equal}before{position} > key{position})"


def _sql(template: LiteralString, **parts: str) -> Composed:
    """Fill a statement template with parts from the catalogue, which are quoted already."""
    return SQL(template).format(**{name: SQL(cast("LiteralString", part)) for name, part in parts.items()})
