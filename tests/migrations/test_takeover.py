"""A database that the Go service made is taken over: nothing in it is lost, and its schema becomes ours."""

from collections.abc import Callable
from pathlib import Path
from typing import LiteralString, NamedTuple

import psycopg
import pytest
from psycopg.errors import RaiseException
from tests.migrations.conftest import dump_of
from tests.support import go_service

Migrate = Callable[[int, int], None]
Dump = Callable[[], str]
Names = set[tuple[object, ...]]
TakeOver = Callable[[int, tuple[LiteralString, ...]], tuple[list[Names], list[Names]]]

TABLES: tuple[LiteralString, ...] = ("users", "categories", "products")

GO_VERSION_4 = Path(__file__).with_name("go_version_4.sql")
USERS = """
    SELECT id, email, password_hash, name, role,
           to_char({created_at}, 'YYYY-MM-DD HH24:MI:SS.US'),
           to_char({updated_at}, 'YYYY-MM-DD HH24:MI:SS.US'),
           to_char({deleted_at}, 'YYYY-MM-DD HH24:MI:SS.US')
      FROM users ORDER BY id
"""
CATEGORIES = """
    SELECT id, name, description, parent_id,
           to_char({created_at}, 'YYYY-MM-DD HH24:MI:SS.US'),
           to_char({updated_at}, 'YYYY-MM-DD HH24:MI:SS.US')
      FROM categories ORDER BY id
"""
PRODUCTS = """
    SELECT id, name, description, price::text, stock, category_id, image_url, sku,
           to_char({created_at}, 'YYYY-MM-DD HH24:MI:SS.US'),
           to_char({updated_at}, 'YYYY-MM-DD HH24:MI:SS.US'),
           to_char({deleted_at}, 'YYYY-MM-DD HH24:MI:SS.US')
      FROM products ORDER BY id
"""
RING = """
    UPDATE categories
       SET parent_id = (SELECT id FROM categories AS other
                         WHERE name IN ('Books', 'Clothing') AND other.name <> categories.name)
     WHERE name IN ('Books', 'Clothing')
"""
TIMES = ("created_at", "updated_at", "deleted_at")
AS_STORED = {time: time for time in TIMES}
IN_UTC = {time: f"{time} AT TIME ZONE 'UTC'" for time in TIMES}


def rows(conn: psycopg.Connection, times: dict[str, str]) -> list[tuple[object, ...]]:
    """Every row of the three tables, its times written out."""
    queries = (query.format(**times).encode() for query in (USERS, CATEGORIES, PRODUCTS))
    return [row for query in queries for row in conn.execute(query)]


class UuidFunction(NamedTuple):
    """How uuid_generate_v4() comes into a database, and how it goes."""

    create: LiteralString
    drop: LiteralString


UUID_OSSP = UuidFunction('CREATE EXTENSION "uuid-ossp"', 'DROP EXTENSION "uuid-ossp"')
# The embedded server ships no extension, so a function of the name stands in there.
STAND_IN = UuidFunction(
    "CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'",
    "DROP FUNCTION uuid_generate_v4()",
)


@pytest.fixture
def uuid_function(conn: psycopg.Connection) -> UuidFunction:
    query = "SELECT 1 FROM pg_available_extensions WHERE name = 'uuid-ossp'"
    return UUID_OSSP if conn.execute(query).fetchone() else STAND_IN


@pytest.fixture
def go_database(conn: psycopg.Connection, uuid_function: UuidFunction) -> psycopg.Connection:
    """Connection, far from UTC, to a database of version 4 that the Go service made."""
    conn.execute(uuid_function.create)
    conn.execute(GO_VERSION_4.read_bytes())
    conn.execute("SET TIME ZONE 'Asia/Kolkata'")
    return conn


@pytest.fixture
def fresh(latest_db: str) -> str:
    """The schema of a new database."""
    return dump_of(latest_db)


@pytest.fixture
def take_over(conn: psycopg.Connection, uuid_function: UuidFunction, latest: int, migrate: Migrate) -> TakeOver:
    """`take_over(version, tables)`: bring a database of that version forward; return ids and names before and after."""

    def take_over(version: int, tables: tuple[LiteralString, ...]) -> tuple[list[Names], list[Names]]:
        conn.execute(uuid_function.create)
        conn.execute(go_service.schema(version))
        before = [names(conn, table) for table in tables]
        migrate(version, latest)
        conn.execute(uuid_function.drop)  # without CASCADE: nothing of ours leans on it any more
        return before, [names(conn, table) for table in tables]

    return take_over


def names(conn: psycopg.Connection, table: LiteralString) -> Names:
    """Return id and name of each row."""
    return {*conn.execute(f"SELECT id, name FROM {table}")}


def test_taken_over_and_fresh_have_the_same_schema(fresh: str, take_over: TakeOver, dump: Dump):
    take_over(4, TABLES)
    assert dump() == fresh


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_database_of_an_earlier_version_ends_with_the_same_schema_and_its_rows(
    version: int, fresh: str, take_over: TakeOver, dump: Dump
):
    before, after = take_over(version, TABLES[:version])
    assert dump() == fresh
    assert all(old and old <= new for old, new in zip(before, after, strict=True))


def test_rows_ids_hashes_and_instants_are_kept(go_database: psycopg.Connection, latest: int, migrate: Migrate):
    before = rows(go_database, AS_STORED)
    migrate(4, latest)
    assert rows(go_database, IN_UTC) == before


def test_indexes_that_were_dropped_by_hand_are_not_missed(
    go_database: psycopg.Connection, latest: int, migrate: Migrate
):
    query = "SELECT indexrelid::regclass::text FROM pg_index WHERE indexrelid::regclass::text LIKE 'idx%'"
    for (index,) in go_database.execute(query).fetchall():
        go_database.execute(f"DROP INDEX {index}".encode())
    migrate(4, latest)


def test_a_missing_time_is_filled_from_the_other_or_from_now(
    go_database: psycopg.Connection, latest: int, migrate: Migrate
):
    go_database.execute("UPDATE users SET created_at = NULL WHERE name = 'Ann'")
    go_database.execute("UPDATE users SET updated_at = NULL, created_at = NULL WHERE role = 'moderator'")
    migrate(4, latest)

    query = "SELECT created_at = updated_at AND created_at = '2023-07-01T00:00Z' FROM users WHERE name = 'Ann'"
    assert go_database.execute(query).fetchone() == (True,)
    query = """
        SELECT created_at = updated_at AND now() - created_at < interval '1 minute'
          FROM users WHERE role = 'moderator'
    """
    assert go_database.execute(query).fetchone() == (True,)


def test_addresses_that_differ_in_case_alone_stop_it_by_name_before_anything_changes(
    go_database: psycopg.Connection, latest: int, migrate: Migrate, dump: Dump
):
    go_database.execute(
        "INSERT INTO users (email, password_hash, name) VALUES ('ANN@example.com', 'hash', 'Another Ann')"
    )
    before = (dump(), rows(go_database, AS_STORED))

    with pytest.raises(RaiseException, match="differ in case alone") as refusal:
        migrate(4, latest)
    message = refusal.value.diag.message_primary or ""
    assert "ANN@example.com (id " in message
    assert "Ann@Example.com (id " in message
    assert "BOB@example.com" not in message  # his other spelling is deleted
    assert "migrate again" in (refusal.value.diag.message_hint or "")
    assert (dump(), rows(go_database, AS_STORED)) == before


def test_after_the_cure_that_the_hint_names_it_goes_through(
    go_database: psycopg.Connection, latest: int, migrate: Migrate
):
    go_database.execute(
        "INSERT INTO users (email, password_hash, name) VALUES ('ANN@example.com', 'hash', 'Another Ann')"
    )
    with pytest.raises(RaiseException):
        migrate(4, latest)
    go_database.execute("UPDATE users SET deleted_at = now() WHERE email = 'ANN@example.com'")
    migrate(4, latest)


@pytest.mark.parametrize(
    ("damage", "offender"),
    [
        ("UPDATE products SET price = 'NaN' WHERE name = 'Atlas'", "NaN for a price: Atlas"),
        ("UPDATE categories SET parent_id = id WHERE name = 'Books'", "below themselves: Books"),
        (RING, r"below themselves: Books \(id \S+\); Clothing \(id \S+\)\n"),
    ],
)
def test_what_a_later_version_refuses_stops_it_before_anything_changes(
    damage: LiteralString, offender: str, go_database: psycopg.Connection, migrate: Migrate, dump: Dump
):
    go_database.execute(damage)
    before = (dump(), rows(go_database, AS_STORED))

    with pytest.raises(RaiseException, match=offender):
        migrate(4, 5)
    assert (dump(), rows(go_database, AS_STORED)) == before


def test_the_way_back_to_version_4_keeps_every_row(go_database: psycopg.Connection, latest: int, migrate: Migrate):
    before = rows(go_database, AS_STORED)
    migrate(4, latest)
    migrate(latest, 4)
    assert rows(go_database, AS_STORED) == before
