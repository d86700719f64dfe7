"""The rules that the database keeps by itself, whoever writes to it."""

from collections.abc import Callable

import psycopg
import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation, IntegrityError, UniqueViolation

ROOT = "11111111-1111-4111-8111-111111111111"
CHILD = "22222222-2222-4222-8222-222222222222"

USER = "INSERT INTO users (email, password_hash, name) VALUES (%s, 'hash', 'Ann')"
CATEGORY = "INSERT INTO categories (id, name, parent_id) VALUES (coalesce(%s, gen_random_uuid()), %s, %s)"
PRODUCT = "INSERT INTO products (name, price, sku, category_id) VALUES ('Atlas', %s, %s, %s)"


@pytest.fixture
def shop(conn: psycopg.Connection, migrate: Callable[[int, int], None], latest: int) -> psycopg.Connection:
    """Connection to a database of the latest version, with a root category and a child."""
    migrate(0, latest)
    conn.execute(CATEGORY, [ROOT, "Books", None])
    conn.execute(CATEGORY, [CHILD, "Maps", ROOT])
    return conn


def refused(error: IntegrityError) -> tuple[str | None, str | None]:
    """Table and constraint that refused."""
    return error.diag.table_name, error.diag.constraint_name


def test_one_living_user_per_address_in_any_case(shop: psycopg.Connection):
    shop.execute(USER, ["ann@example.com"])
    with pytest.raises(UniqueViolation) as refusal:
        shop.execute(USER, ["ANN@Example.com"])
    assert refused(refusal.value) == ("users", "users_email_living_key")


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
    assert refused(refusal.value) == ("users", "users_email_living_key")


def test_one_living_product_per_sku(shop: psycopg.Connection):
    shop.execute(PRODUCT, [1, "A1", ROOT])
    with pytest.raises(UniqueViolation) as refusal:
        shop.execute(PRODUCT, [1, "A1", ROOT])
    assert refused(refusal.value) == ("products", "products_sku_living_key")


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
def test_a_category_with_products_living_or_deleted_is_not_deleted(shop: psycopg.Connection, deleted_at: str):
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
