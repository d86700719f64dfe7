"""The rules that the database keeps by itself, whoever writes to it."""

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import CheckViolation, ForeignKeyViolation, IntegrityError, UniqueViolation
from psycopg.types.json import Jsonb

ROOT = "11111111-1111-4111-8111-111111111111"
CHILD = "22222222-2222-4222-8222-222222222222"

USER = "INSERT INTO users (email, password_hash, name) VALUES (%s, 'hash', 'Ann')"
CATEGORY = "INSERT INTO categories (id, name, parent_id) VALUES (coalesce(%s, gen_random_uuid()), %s, %s)"
PRODUCT = "INSERT INTO products (name, price, sku, category_id) VALUES ('Atlas', %s, %s, %s)"

TABLES = ("users", "categories", "products")
TIMES = [(table, column) for table in TABLES for column in ("created_at", "updated_at", "deleted_at")]
TIMES.remove(("categories", "deleted_at"))
EARLIEST, LATEST = "0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"
UNREPRESENTABLE = (
    "infinity",
    "-infinity",
    "20000-01-01 00:00:00+00",
    "10000-01-01 00:00:00+00",
    "0001-12-31 23:59:59+00 BC",
)
INVISIBLE = (
    "\t",
    "\u00a0",
    "\u200b",
    "\u200d\u2060\ufeff",
    " \n\u00ad\u3000",
    "\x1f",
    "\u2066\u2069",
    "\u3164",
    "\u0301",
)
SCRIPTS = (
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " \t\x01vbscript:x",
    "java\nscript:alert(1)",
    "data:text/html,x",
)
PICTURES = ("https://img.example/a.png", "/a.png", "a.png?from=javascript:", "")


@pytest.fixture
def shop(latest_conn: psycopg.Connection) -> psycopg.Connection:
    """Connection to a database of the latest version, with a root category and a child."""
    latest_conn.execute("DELETE FROM categories")
    latest_conn.execute(CATEGORY, [ROOT, "Books", None])
    latest_conn.execute(CATEGORY, [CHILD, "Maps", ROOT])
    return latest_conn


@pytest.fixture
def stocked(shop: psycopg.Connection) -> psycopg.Connection:
    """`shop`, with a user and a product."""
    shop.execute(USER, ["ann@example.com"])
    shop.execute(PRODUCT, [1, "A1", ROOT])
    return shop


def set_all(conn: psycopg.Connection, table: str, column: str, value: object) -> None:
    """Set the column in all rows."""
    query = sql.SQL("UPDATE {} SET {} = %s").format(sql.Identifier(table), sql.Identifier(column))
    conn.execute(query, [value])


def refused(error: IntegrityError) -> tuple[str | None, str | None]:
    """Table and constraint that refused."""
    return error.diag.table_name, error.diag.constraint_name


def test_one_active_user_per_address_in_any_case(shop: psycopg.Connection):
    shop.execute(USER, ["ann@example.com"])
    with pytest.raises(UniqueViolation) as refusal:
        shop.execute(USER, ["ANN@Example.com"])
    assert refused(refusal.value) == ("users", "users_email_active_key")


def test_the_address_of_a_deleted_user_can_be_registered_again_and_again(shop: psycopg.Connection):
    for _ in range(3):
        shop.execute(USER, ["ann@example.com"])
        shop.execute("UPDATE users SET deleted_at = now() WHERE deleted_at IS NULL")


def test_a_user_whose_address_was_taken_meanwhile_cannot_be_restored(shop: psycopg.Connection):
    shop.execute(USER, ["ann@example.com"])
    shop.execute("UPDATE users SET deleted_at = now()")
    shop.execute(USER, ["Ann@example.com"])
    with pytest.raises(UniqueViolation) as refusal:
        shop.execute("UPDATE users SET deleted_at = NULL")
    assert refused(refusal.value) == ("users", "users_email_active_key")


def test_one_active_product_per_sku(shop: psycopg.Connection):
    shop.execute(PRODUCT, [1, "A1", ROOT])
    with pytest.raises(UniqueViolation) as refusal:
        shop.execute(PRODUCT, [1, "A1", ROOT])
    assert refused(refusal.value) == ("products", "products_sku_active_key")


def test_the_sku_of_a_deleted_product_can_be_used_again(shop: psycopg.Connection):
    shop.execute(PRODUCT, [1, "A1", ROOT])
    shop.execute("UPDATE products SET deleted_at = now()")
    shop.execute(PRODUCT, [1, "A1", ROOT])


def test_products_without_a_sku_never_clash(shop: psycopg.Connection):
    shop.execute(PRODUCT, [1, None, ROOT])
    shop.execute(PRODUCT, [1, None, ROOT])


@pytest.mark.parametrize(("name", "parent"), [("Maps", ROOT), ("Books", None)])
def test_siblings_and_roots_have_different_names(shop: psycopg.Connection, name: str, parent: str | None):
    with pytest.raises(UniqueViolation) as refusal:
        shop.execute(CATEGORY, [None, name, parent])
    assert refused(refusal.value) == ("categories", "categories_parent_id_name_key")


def test_categories_under_different_parents_may_share_a_name(shop: psycopg.Connection):
    shop.execute(CATEGORY, [None, "Maps", CHILD])
    shop.execute(CATEGORY, [None, "Maps", None])


def test_children_of_a_deleted_category_become_roots(shop: psycopg.Connection):
    shop.execute("DELETE FROM categories WHERE id = %s", [ROOT])
    assert shop.execute("SELECT id::text, parent_id FROM categories").fetchall() == [(CHILD, None)]


def test_a_category_is_not_deleted_where_a_child_would_clash_with_a_root(shop: psycopg.Connection):
    shop.execute(CATEGORY, [None, "Maps", None])
    with pytest.raises(UniqueViolation) as refusal:
        shop.execute("DELETE FROM categories WHERE id = %s", [ROOT])
    assert refused(refusal.value) == ("categories", "categories_parent_id_name_key")


@pytest.mark.parametrize("deleted_at", ["NULL", "now()"])
def test_a_category_with_products_active_or_deleted_is_not_deleted(shop: psycopg.Connection, deleted_at: str):
    shop.execute(PRODUCT, [1, None, CHILD])
    shop.execute(f"UPDATE products SET deleted_at = {deleted_at}".encode())
    with pytest.raises(IntegrityError) as refusal:
        shop.execute("DELETE FROM categories WHERE id = %s", [CHILD])
    assert refusal.value.sqlstate in {"23503", "23001"}  # PostgreSQL 18 tells RESTRICT apart
    assert refused(refusal.value) == ("products", "products_category_id_fkey")


def test_a_product_stands_in_a_category_that_exists(shop: psycopg.Connection):
    with pytest.raises(ForeignKeyViolation) as refusal:
        shop.execute(PRODUCT, [1, None, "33333333-3333-4333-8333-333333333333"])
    assert refused(refusal.value) == ("products", "products_category_id_fkey")


def test_a_category_is_not_its_own_parent(shop: psycopg.Connection):
    with pytest.raises(CheckViolation) as refusal:
        shop.execute("UPDATE categories SET parent_id = id WHERE id = %s", [ROOT])
    assert refused(refusal.value) == ("categories", "category_not_own_parent")


@pytest.mark.parametrize(("price", "constraint"), [("NaN", "price_maximum"), ("-0.01", "price_positive")])
def test_a_price_is_a_number_and_not_negative(shop: psycopg.Connection, price: str, constraint: str):
    with pytest.raises(CheckViolation) as refusal:
        shop.execute(PRODUCT, [price, None, ROOT])
    assert refused(refusal.value) == ("products", constraint)


@pytest.mark.parametrize("price", ["0", "99999999.99"])
def test_a_price_may_be_as_low_and_as_high_as_the_column_holds(shop: psycopg.Connection, price: str):
    shop.execute(PRODUCT, [price, None, ROOT])


def test_ids_and_times_come_by_themselves(shop: psycopg.Connection):
    query = "SELECT id IS NOT NULL AND created_at = updated_at AND deleted_at IS NULL FROM products"
    shop.execute(PRODUCT, [1, None, ROOT])
    assert shop.execute(query).fetchone() == (True,)


@pytest.mark.parametrize(("table", "column"), TIMES)
def test_times_lie_in_the_years_1_to_9999(stocked: psycopg.Connection, table: str, column: str):
    for time in UNREPRESENTABLE:
        with pytest.raises(CheckViolation) as refusal:
            set_all(stocked, table, column, time)
        assert refused(refusal.value) == (table, "times_representable"), time
    for time in (EARLIEST, LATEST):
        set_all(stocked, table, column, time)


@pytest.mark.parametrize("table", TABLES)
def test_a_name_has_a_visible_character(stocked: psycopg.Connection, table: str):
    stocked.execute("DELETE FROM categories WHERE id = %s", [CHILD])
    for name in INVISIBLE:
        with pytest.raises(CheckViolation) as refusal:
            set_all(stocked, table, "name", name)
        assert refused(refusal.value) == (table, "name_visible"), ascii(name)
    for name in ("é", "漢", "\u200bx", "😀", "."):
        set_all(stocked, table, "name", name)


@pytest.mark.parametrize("sku", ["", " ", *INVISIBLE])
def test_a_sku_has_a_visible_character(shop: psycopg.Connection, sku: str):
    with pytest.raises(CheckViolation) as refusal:
        shop.execute(PRODUCT, [1, sku, ROOT])
    assert refused(refusal.value) == ("products", "sku_visible")


@pytest.mark.parametrize("url", SCRIPTS)
def test_a_picture_is_no_script(stocked: psycopg.Connection, url: str):
    with pytest.raises(CheckViolation) as refusal:
        set_all(stocked, "products", "image_url", url)
    assert refused(refusal.value) == ("products", "image_url_not_script")


@pytest.mark.parametrize("url", PICTURES)
def test_a_picture_may_stand_anywhere(stocked: psycopg.Connection, url: str):
    set_all(stocked, "products", "image_url", url)


@pytest.mark.parametrize("version", [-5, 0, 2**63 - 1])
def test_a_row_is_not_made_with_a_version_out_of_range(stocked: psycopg.Connection, version: int):
    for table in TABLES:
        query = sql.SQL("INSERT INTO {0} SELECT * FROM jsonb_populate_record((SELECT r FROM {0} AS r LIMIT 1), %s)")
        with pytest.raises(CheckViolation) as refusal:
            stocked.execute(query.format(sql.Identifier(table)), [Jsonb({"version": version})])
        assert refused(refusal.value) == (table, "version_in_range")


@pytest.mark.parametrize("table", TABLES)
def test_a_version_that_is_set_by_hand_becomes_the_next_one(stocked: psycopg.Connection, table: str):
    for number, version in enumerate([7, -5, 2**63 - 1], start=2):
        set_all(stocked, table, "version", version)
        query = sql.SQL("SELECT DISTINCT version FROM {}").format(sql.Identifier(table))
        assert stocked.execute(query).fetchall() == [(number,)]


def test_a_version_comes_back_with_a_row_that_is_restored(shop: psycopg.Connection):
    shop.execute("INSERT INTO categories (name, version) VALUES ('Maps', 7)")
    assert shop.execute("SELECT version FROM categories WHERE name = 'Maps' AND parent_id IS NULL").fetchone() == (7,)
