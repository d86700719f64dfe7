"""The five categories that clients know by their ids stand in every database; nothing of a shop's own is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

Migrate = Callable[[int, int], None]

GO_VERSION_4 = Path(__file__).with_name("go_version_4.sql")
UUID_FUNCTION = "CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'"
BEFORE, KNOWN = 31, 32
ID = "550e8400-e29b-41d4-a716-44665544000"
NAMES = {f"{ID}{number}": name for number, name in enumerate(
    ("Electronics", "Clothing", "Books", "Home & Garden", "Sports"), start=1
)}  # fmt: skip
ROWS = "SELECT id, name, description, parent_id, created_at, updated_at, version FROM categories ORDER BY id"
PRODUCT = "INSERT INTO products (name, price, category_id, deleted_at) VALUES ('Atlas', 1, %s, {})"


def names(conn: psycopg.Connection) -> dict[str, str]:
    """Return the name of each category by its id."""
    return dict(conn.execute("SELECT id::text, name FROM categories").fetchall())


@pytest.fixture
def without(conn: psycopg.Connection, migrate: Migrate) -> psycopg.Connection:
    """Connection to a database of the version before."""
    migrate(0, BEFORE)
    return conn


def test_a_new_database_has_them(without: psycopg.Connection, migrate: Migrate):
    migrate(BEFORE, KNOWN)
    assert names(without) == NAMES
    assert without.execute("SELECT count(*) FROM category_closure").fetchone() == (5,)


def test_one_whose_id_is_there_under_another_name_is_left_out(without: psycopg.Connection, migrate: Migrate):
    without.execute("INSERT INTO categories (id, name) VALUES (%s, 'Novels')", [f"{ID}3"])
    migrate(BEFORE, KNOWN)
    assert names(without) == NAMES | {f"{ID}3": "Novels"}


def test_one_whose_name_a_root_has_is_left_out(without: psycopg.Connection, migrate: Migrate):
    without.execute("INSERT INTO categories (name) VALUES ('Books')")
    migrate(BEFORE, KNOWN)
    assert sorted(names(without).values()) == sorted(NAMES.values())
    assert f"{ID}3" not in names(without)


def test_one_whose_name_only_a_child_has_is_made(without: psycopg.Connection, migrate: Migrate):
    without.execute("INSERT INTO categories (id, name) VALUES (%s, 'Media')", [f"{ID}1"])
    without.execute("INSERT INTO categories (name, parent_id) VALUES ('Books', %s)", [f"{ID}1"])
    migrate(BEFORE, KNOWN)
    assert names(without)[f"{ID}3"] == "Books"


def test_a_database_that_is_taken_over_keeps_its_own(conn: psycopg.Connection, migrate: Migrate, latest: int):
    conn.execute(UUID_FUNCTION)
    conn.execute(GO_VERSION_4.read_bytes())
    migrate(4, BEFORE)
    before = conn.execute(ROWS).fetchall()
    migrate(BEFORE, latest)
    assert conn.execute(ROWS).fetchall() == before
    migrate(latest, BEFORE)
    assert conn.execute(ROWS).fetchall() == before, "Home & Garden, which nobody uses, was not ours to remove"


def test_a_database_that_is_taken_over_gets_the_missing_ones(conn: psycopg.Connection, migrate: Migrate, latest: int):
    conn.execute(UUID_FUNCTION)
    conn.execute(GO_VERSION_4.read_bytes())
    conn.execute("DELETE FROM categories WHERE name IN ('Sports', 'Home & Garden')")
    migrate(4, latest)
    assert names(conn).items() >= NAMES.items()


USES: dict[str, LiteralString] = {
    "a product": PRODUCT.format("NULL"),
    "a deleted product": PRODUCT.format("now()"),
    "a child": "INSERT INTO categories (name, parent_id) VALUES ('Maps', %s)",
    "a new name": "UPDATE categories SET name = 'Novels' WHERE id = %s",
    "a description": "UPDATE categories SET description = 'Bound' WHERE id = %s",
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_stepping_down_leaves_one_that_is_used(without: psycopg.Connection, migrate: Migrate, use: LiteralString):
    migrate(BEFORE, KNOWN)
    without.execute(use, [f"{ID}3"])
    migrate(KNOWN, BEFORE)
    assert names(without).keys() & NAMES.keys() == {f"{ID}3"}
    migrate(BEFORE, KNOWN)
    assert names(without).keys() >= NAMES.keys()
