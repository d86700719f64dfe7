"""Statistics of tables and indexes: access, size and estimated bloat.

Everything comes from the statistics and the catalogue of the server, for the first schema of the search path; no table
is scanned. Bloat of tables and B-trees is estimated by the method of pgsql-bloat-estimation and check_postgres: the
actual size against the size that the rows need, by their number and the average widths from ANALYZE. The error is some
per cent at best; pgstattuple measures exactly, but reads everything.
"""

from datetime import datetime
from typing import LiteralString, TypeVar

import psycopg
from msgspec import Struct
from psycopg.rows import class_row

SINCE = """
SELECT stats_reset AS reset, pg_postmaster_start_time() AS started
  FROM pg_stat_database
 WHERE datname = current_database()
"""

# A unique index enforces its constraint even if it is never read. An index that starts with a foreign key's columns is
# read when a parent row is deleted, which may be rare.
UNUSED_INDEXES = """
SELECT s.relname AS table,
       s.indexrelname AS index,
       pg_relation_size(s.indexrelid) AS bytes,
       CASE WHEN k.conname IS NOT NULL THEN 'constraint ' || k.conname
            WHEN i.indisunique THEN 'unique'
            WHEN i.indisreplident THEN 'replica identity'
            WHEN fk.conname IS NOT NULL THEN 'foreign key ' || fk.conname END AS kept_for,
       obj_description(s.indexrelid, 'pg_class') AS comment
  FROM pg_stat_user_indexes AS s
  JOIN pg_index AS i ON i.indexrelid = s.indexrelid
  LEFT JOIN pg_constraint AS k ON k.conindid = s.indexrelid AND k.contype IN ('p', 'u', 'x')
  LEFT JOIN LATERAL (SELECT conname
                       FROM pg_constraint
                      WHERE conrelid = i.indrelid AND contype = 'f' AND i.indpred IS NULL
                        AND (i.indkey::int2[])[0:cardinality(conkey) - 1] = conkey
                      LIMIT 1) AS fk ON true
 WHERE s.idx_scan = 0 AND s.schemaname = current_schema()
 ORDER BY kept_for NULLS FIRST, bytes DESC, index
"""

# A row: 4 bytes of line pointer, 23 of header, a bit for each column where any is NULL, and the columns; header and
# columns each end on a multiple of 8. A page: what its header of 24 leaves, filled to the fillfactor.
TABLE_BLOAT = """
WITH rows AS (
    SELECT c.oid, c.reltuples,
           coalesce((SELECT option_value::int FROM pg_options_to_table(c.reloptions)
                      WHERE option_name = 'fillfactor'), 100) AS fillfactor,
           23 + CASE WHEN bool_or(w.null_frac > 0) THEN (count(*) + 7) / 8 ELSE 0 END AS header,
           sum((1 - w.null_frac) * w.avg_width) AS width,
           count(*) = count(w.avg_width) AS known
      FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_stats AS w ON w.schemaname = current_schema() AND w.tablename = c.relname
                             AND w.attname = a.attname AND NOT w.inherited
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
     GROUP BY c.oid
), pages AS (
    SELECT oid, current_setting('block_size')::int AS block,
           CASE WHEN reltuples > 0 AND known
                THEN ceil(reltuples / greatest(1, floor((current_setting('block_size')::int - 24) * fillfactor / 100
                     / (4 + ceil(header / 8.0) * 8 + ceil(width / 8) * 8)))) END AS needed
      FROM rows
)
SELECT s.relname AS table,
       pg_relation_size(s.relid) AS bytes,
       CASE WHEN needed > 0
            THEN greatest(0, pg_relation_size(s.relid) - needed * block)::bigint END AS wasted_bytes,
       s.n_live_tup AS live_rows,
       s.n_dead_tup AS dead_rows,
       greatest(s.last_vacuum, s.last_autovacuum) AS last_vacuum,
       greatest(s.last_analyze, s.last_autoanalyze) AS last_analyze
  FROM pg_stat_user_tables AS s
  JOIN pages ON pages.oid = s.relid
 ORDER BY wasted_bytes DESC NULLS LAST, bytes DESC, s.relname
"""

# An entry: 4 bytes of line pointer, 8 of header (16 where a column may be NULL), and the columns, ending on a multiple
# of 8. A page: what its header of 24 and the B-tree's 16 leave, filled to the fillfactor; and one page of its own.
# Equal keys share an entry, so that an index with many of them is smaller than this and its waste goes unseen.
INDEX_BLOAT = """
WITH entries AS (
    SELECT x.oid, x.reltuples,
           coalesce((SELECT option_value::int FROM pg_options_to_table(x.reloptions)
                      WHERE option_name = 'fillfactor'), 90) AS fillfactor,
           CASE WHEN bool_or(w.null_frac > 0) THEN 16 ELSE 8 END AS header,
           sum((1 - w.null_frac) * w.avg_width) AS width,
           count(*) = count(w.avg_width) AS known
      FROM pg_index AS i
      JOIN pg_class AS x ON x.oid = i.indexrelid
      JOIN pg_class AS t ON t.oid = i.indrelid
      JOIN pg_am AS m ON m.oid = x.relam AND m.amname = 'btree'
      JOIN pg_attribute AS entry ON entry.attrelid = x.oid AND entry.attnum > 0
      LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[entry.attnum - 1] AND a.attnum > 0
      LEFT JOIN pg_stats AS w ON w.schemaname = current_schema() AND NOT w.inherited
                             AND w.tablename = CASE WHEN a.attname IS NULL THEN x.relname ELSE t.relname END
                             AND w.attname = coalesce(a.attname, entry.attname)
     WHERE x.relnamespace = current_schema()::regnamespace
     GROUP BY x.oid
), pages AS (
    SELECT oid, current_setting('block_size')::int AS block,
           CASE WHEN reltuples > 0 AND known
                THEN 1 + ceil(reltuples / greatest(1, floor((current_setting('block_size')::int - 40) * fillfactor / 100
                         / (4 + ceil((header + width) / 8) * 8)))) END AS needed
      FROM entries
)
SELECT s.relname AS table,
       s.indexrelname AS index,
       pg_relation_size(s.indexrelid) AS bytes,
       CASE WHEN needed > 0
            THEN greatest(0, pg_relation_size(s.indexrelid) - needed * block)::bigint END AS wasted_bytes
  FROM pg_stat_user_indexes AS s
  JOIN pages ON pages.oid = s.indexrelid
 ORDER BY wasted_bytes DESC NULLS LAST, bytes DESC, s.indexrelname
"""

OVERVIEW = """
SELECT pg_database_size(datid) AS bytes,
       blks_hit::float8 / nullif(blks_hit + blks_read, 0) AS cache_hits,
       xact_commit AS commits,
       xact_rollback AS rollbacks,
       deadlocks,
       temp_bytes,
       (SELECT count(*) FROM pg_stat_activity WHERE datid = d.datid) AS connections,
       (SELECT count(*) FROM pg_stat_activity WHERE datid = d.datid AND state = 'active') AS active,
       current_setting('max_connections')::int AS most_connections,
       stats_reset AS since
  FROM pg_stat_database AS d
 WHERE datname = current_database()
"""

TABLES = """
SELECT s.relname AS table,
       n_live_tup AS live_rows,
       pg_table_size(s.relid) AS bytes,
       pg_indexes_size(s.relid) AS index_bytes,
       seq_scan AS scans,
       coalesce(idx_scan, 0) AS index_scans,
       n_tup_hot_upd::float8 / nullif(n_tup_upd, 0) AS hot_updates,
       (heap_blks_hit + coalesce(toast_blks_hit, 0))::float8
       / nullif(heap_blks_hit + heap_blks_read + coalesce(toast_blks_hit + toast_blks_read, 0), 0) AS cache_hits,
       idx_blks_hit::float8 / nullif(idx_blks_hit + idx_blks_read, 0) AS index_cache_hits
  FROM pg_stat_user_tables AS s
  JOIN pg_statio_user_tables AS io ON io.relid = s.relid
 WHERE s.schemaname = current_schema()
 ORDER BY pg_total_relation_size(s.relid) DESC, s.relname
"""


class StatsPeriod(Struct, frozen=True):
    """When the statistics were last reset (None if unknown), and when the server started."""

    reset: datetime | None
    started: datetime


class UnusedIndex(Struct, frozen=True):
    """An index that no query has read.

    `kept_for` is its other purpose, if one is known; `comment` is its COMMENT in the schema.
    """

    table: str
    index: str
    bytes: int
    kept_for: str | None
    comment: str | None


class TableBloat(Struct, frozen=True):
    """Size and estimated bloat of a table; bloat is None if it is empty or was never analyzed."""

    table: str
    bytes: int
    wasted_bytes: int | None
    live_rows: int
    dead_rows: int
    last_vacuum: datetime | None
    last_analyze: datetime | None


class IndexBloat(Struct, frozen=True):
    """Size and estimated bloat of a B-tree; bloat is None if it is empty or was never analyzed."""

    table: str
    index: str
    bytes: int
    wasted_bytes: int | None


class Overview(Struct, frozen=True):
    """Statistics of the whole database. Ratios are from 0 to 1, None without any event."""

    bytes: int
    cache_hits: float | None
    commits: int
    rollbacks: int
    deadlocks: int
    temp_bytes: int
    connections: int
    active: int
    most_connections: int
    since: datetime | None


class TableStats(Struct, frozen=True):
    """Size and access statistics of a table and its indexes."""

    table: str
    live_rows: int
    bytes: int
    index_bytes: int
    scans: int
    index_scans: int
    hot_updates: float | None
    cache_hits: float | None
    index_cache_hits: float | None


Row = TypeVar("Row", bound=Struct)


def statistics_since(conn: psycopg.Connection) -> StatsPeriod:
    """Return the period that the statistics cover."""
    return _rows(conn, StatsPeriod, SINCE)[0]


def unused_indexes(conn: psycopg.Connection) -> list[UnusedIndex]:
    """Return the indexes that no query has read: those without a known purpose first, then the largest first."""
    return _rows(conn, UnusedIndex, UNUSED_INDEXES)


def table_bloat(conn: psycopg.Connection) -> list[TableBloat]:
    """Return all tables, most bloat first."""
    return _rows(conn, TableBloat, TABLE_BLOAT)


def index_bloat(conn: psycopg.Connection) -> list[IndexBloat]:
    """Return all B-trees, most bloat first."""
    return _rows(conn, IndexBloat, INDEX_BLOAT)


def overview(conn: psycopg.Connection) -> Overview:
    """Return the statistics of the whole database."""
    return _rows(conn, Overview, OVERVIEW)[0]


def table_stats(conn: psycopg.Connection) -> list[TableStats]:
    """Return the statistics of all tables, the largest first."""
    return _rows(conn, TableStats, TABLES)


def _rows(conn: psycopg.Connection, kind: type[Row], query: LiteralString) -> list[Row]:
    return conn.cursor(row_factory=class_row(kind)).execute(query).fetchall()
