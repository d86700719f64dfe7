"""Times of the former service: local wall time of its host, converted to UTC once, before its database is taken over.

All but `future_rows` works on its schema (versions 1 to 4), whose columns are `timestamp`. Migration 000005 reads them
as UTC.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import LiteralString

import psycopg
from msgspec import Struct
from psycopg.rows import class_row
from psycopg.sql import SQL, Composed, Identifier

from angidi.errors import Invalid

UTC = "UTC"

LAST_FORMER = 4
"""The last version of the schema that the former service made."""

ZONES = "SELECT name FROM pg_timezone_names ORDER BY name"

COLUMNS = """
SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum)
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid
 WHERE c.relnamespace = current_schema()::regnamespace
   AND c.relname IN ('users', 'categories', 'products')
   AND a.attname IN ('created_at', 'updated_at', 'deleted_at')
   AND a.atttypid = 'timestamp'::regtype
 GROUP BY c.oid, c.relname
 ORDER BY array_position(ARRAY['users', 'categories', 'products'], c.relname::text)
"""

# The zone is the session's, and not an operand of AT TIME ZONE: there CET would be the abbreviation, which has no
# summer time, and here it is the zone.
SET_ZONE = "SELECT set_config('TimeZone', %(zone)s, true)"

# Of an hour that came twice PostgreSQL takes the second, and moves an hour that was skipped behind the change.
_twice: LiteralString = (
    "({0}::timestamptz - interval '1 hour')::timestamp = {0} OR ({0}::timestamptz - interval '30 min')::timestamp = {0}"
)
_skipped: LiteralString = "{0}::timestamptz::timestamp <> {0}"
_shown: LiteralString = """to_char({0}(created_at::timestamptz) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
SURVEY: LiteralString = f"""
SELECT %(table)s AS table, count(*) AS rows,
       {_shown.format("min")} AS oldest,
       {_shown.format("max")} AS newest,
       count(*) FILTER (WHERE created_at::timestamptz > now() + interval '1 minute') AS future,
       {{twice}} AS twice,
       {{skipped}} AS skipped
  FROM {{table}}
"""
COUNT: LiteralString = "count(*) FILTER (WHERE {})"

FUTURE = """
SELECT 'users', count(*) FROM users WHERE created_at > now() + interval '1 minute'
 UNION ALL
SELECT 'categories', count(*) FROM categories WHERE created_at > now() + interval '1 minute'
 UNION ALL
SELECT 'products', count(*) FROM products WHERE created_at > now() + interval '1 minute'
"""

SESSIONS = """
SELECT count(*)
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

LOCK_TIMEOUT = "SET LOCAL lock_timeout = '5s'"
LOCK = "LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE"
CONVERT = "ALTER TABLE {table} {changes}"
_converted: LiteralString = "ALTER COLUMN {0} TYPE timestamp USING {0}::timestamptz AT TIME ZONE 'UTC'"

# Beside the history of migrations, so that it is in no dump of the shop's schema, and in each of the whole database.
RECORD_EXISTS = "SELECT to_regclass('angidi_migrate.takeover') IS NOT NULL"
RECORD_SCHEMA_EXISTS = "SELECT to_regnamespace('angidi_migrate') IS NOT NULL"
CREATE_RECORD_SCHEMA = "CREATE SCHEMA IF NOT EXISTS angidi_migrate"
CREATE_RECORD = """
CREATE TABLE angidi_migrate.takeover (
    zone         text NOT NULL,
    converted_at timestamptz NOT NULL DEFAULT now(),
    converted_by text NOT NULL DEFAULT session_user,
    finished_at  timestamptz
)
"""
INSERT_RECORD = "INSERT INTO angidi_migrate.takeover (zone) VALUES (%(zone)s)"
FINISH_RECORD = "UPDATE angidi_migrate.takeover SET finished_at = now() WHERE finished_at IS NULL"
FIND_RECORD = """
SELECT zone, to_char(converted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS converted_at,
       finished_at IS NOT NULL AS finished
  FROM angidi_migrate.takeover
"""


class TimesOfTable(Struct, frozen=True):
    """The times of a table, read in a zone: the first and the last creation, in UTC, and what is odd about them.

    `future` counts rows created later than now; `twice` and `skipped` count times in an hour that the zone's summer
    time repeated or left out.
    """

    table: str
    rows: int
    oldest: str | None
    newest: str | None
    future: int
    twice: int
    skipped: int


class Conversion(Struct, frozen=True):
    """The record of a conversion. `finished` tells whether the take-over after it came to its end."""

    zone: str
    converted_at: str
    finished: bool


def find_zone(conn: psycopg.Connection, name: str) -> str:
    """Return the server's name of a time zone, which is given in any case. Raises `Invalid` with what is similar."""
    known = {zone.lower(): zone for (zone,) in conn.execute(ZONES)}
    if zone := known.get(name.lower()):
        return zone
    cities = {short: zone for short, zone in ((each.rpartition("/")[2], each) for each in known) if "/" in zone}
    similar = [known[each] for each in get_close_matches(name.lower(), known, 3)]
    similar += [known[cities[each]] for each in get_close_matches(name.lower(), cities, 3)]
    hint = f"; did you mean {' or '.join(dict.fromkeys(similar))}?" if similar else "; example: Europe/Berlin"
    raise Invalid(f"--times-from: the server knows no time zone {name}{hint}")


def survey(conn: psycopg.Connection, zone: str) -> list[TimesOfTable]:
    """Return what the times of each table come to in `zone`. Reads all rows."""
    with conn.transaction(force_rollback=True), conn.cursor(row_factory=class_row(TimesOfTable)) as cursor:
        cursor.execute(SET_ZONE, {"zone": zone})
        return [
            row
            for table, columns in _columns(conn)
            for row in cursor.execute(_survey_of(table, columns), {"table": table})
        ]


def future_rows(conn: psycopg.Connection) -> list[str]:
    """Describe the tables with rows that were created later than now, which a database taken over as UTC may have."""
    return [
        f"{count:,} {table} have a created_at in the future: were they taken over with the wrong --times-from?"
        for table, count in conn.execute(FUTURE)
        if count
    ]


def count_sessions(conn: psycopg.Connection) -> int:
    """Return how many other sessions the database has."""
    return _value(conn, SESSIONS)


def find_conversion(conn: psycopg.Connection) -> Conversion | None:
    """Return the record of the conversion, if there was one."""
    if not _value(conn, RECORD_EXISTS):
        return None
    with conn.cursor(row_factory=class_row(Conversion)) as cursor:
        return cursor.execute(FIND_RECORD).fetchone()


def convert(conn: psycopg.Connection, zone: str) -> None:
    """Turn every time from the wall time of `zone` into that of UTC, and record it; all in one transaction.

    The tables are rewritten under a lock that stops everybody, waited for at most 5 s.
    """
    tables = _columns(conn)
    with conn.transaction():
        names = SQL(", ").join(Identifier(table) for table, _ in tables)
        conn.execute(LOCK_TIMEOUT)
        conn.execute(SQL(LOCK).format(tables=names))
        conn.execute(SET_ZONE, {"zone": zone})
        for table, columns in tables:
            changes = SQL(", ").join(SQL(_converted).format(Identifier(column)) for column in columns)
            conn.execute(SQL(CONVERT).format(table=Identifier(table), changes=changes))
        _record(conn, zone)


def finish(conn: psycopg.Connection) -> None:
    """Record that the take-over came to its end, if its times were converted."""
    if _value(conn, RECORD_EXISTS):
        conn.execute(FINISH_RECORD)


def _record(conn: psycopg.Connection, zone: str) -> None:
    # CREATE SCHEMA asks for the right to create one, even where it is there and IF NOT EXISTS is said.
    if not _value(conn, RECORD_SCHEMA_EXISTS):
        conn.execute(CREATE_RECORD_SCHEMA)
    conn.execute(CREATE_RECORD)
    conn.execute(INSERT_RECORD, {"zone": zone})


def _columns(conn: psycopg.Connection) -> list[tuple[str, list[str]]]:
    """Return the tables, each with its columns of times without zone."""
    return conn.execute(COLUMNS).fetchall()


def _survey_of(table: str, columns: Sequence[str]) -> Composed:
    return SQL(SURVEY).format(
        table=Identifier(table), twice=_sum_of(_twice, columns), skipped=_sum_of(_skipped, columns)
    )


def _sum_of(condition: LiteralString, columns: Sequence[str]) -> Composed:
    return SQL(" + ").join(SQL(COUNT).format(SQL(condition).format(Identifier(column))) for column in columns)


def _value(conn: psycopg.Connection, query: LiteralString) -> int:
    (value,) = conn.execute(query).fetchone() or (0,)
    return value
