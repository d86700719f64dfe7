"""What the database holds by itself, whoever writes: totals, items, transitions, history and ledger."""

from collections.abc import Iterator
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import (
    CheckViolation,
    ForeignKeyViolation,
    ObjectNotInPrerequisiteState,
    RestrictViolation,
    UniqueViolation,
)

PLACE = """
SELECT place_order(%(id)s, %(number)s, %(buyer)s, NULL, %(products)s, %(quantities)s, NULL, '{}', '', NULL, 'EUR', '{}',
                   NULL, NULL)
"""


class Book:
    """A connection to a database with a buyer and a product of 10 pieces, and an order of 2 of them."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self.conn = conn
        category = self.one("INSERT INTO categories (name) VALUES ('Cups') RETURNING id")
        self.buyer = self.one(
            "INSERT INTO users (email, password_hash, name) VALUES ('a@b.co', '-', 'Ann') RETURNING id"
        )
        product = "INSERT INTO products (name, price, stock, category_id) VALUES ('Cup', 7.5, 10, %s) RETURNING id"
        self.product = self.one(product, category)
        self.order = uuid4()
        self.place(self.order, "1", 2)

    def one(self, sql: LiteralString, *values: object) -> Any:
        row = self.conn.execute(sql, values).fetchone()
        return row and row[0]

    def place(self, order_id: object, number: str, quantity: int) -> None:
        parameters = {"id": order_id, "number": number, "buyer": self.buyer}
        self.conn.execute(PLACE, {**parameters, "products": [self.product], "quantities": [quantity]})


@pytest.fixture
def book(fresh_db: str) -> Iterator[Book]:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        yield Book(conn)


def test_a_total_is_the_sum_of_the_items(book: Book) -> None:
    with pytest.raises(CheckViolation) as refusal:
        book.conn.execute("UPDATE orders SET total = total + 0.01")
    assert refusal.value.diag.constraint_name == "total_of_items"


def test_an_order_has_items(book: Book) -> None:
    insert = "INSERT INTO orders (number, user_id, total, currency, shipping_address) VALUES ('2', %s, 0, 'EUR', '{}')"
    with pytest.raises(CheckViolation) as refusal:
        book.conn.execute(insert, [book.buyer])
    assert refusal.value.diag.constraint_name == "total_of_items"


def test_items_are_not_added_later(book: Book) -> None:
    item = """
    INSERT INTO order_items (order_id, line, product_id, sku, name, unit_price, quantity)
    VALUES (%s, 2, %s, '', 'x', 0, 1)
    """
    with pytest.raises(ObjectNotInPrerequisiteState):
        book.conn.execute(item, [book.order, book.product])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE order_items SET quantity = 1",
        "DELETE FROM order_items",
        "UPDATE orders SET made_in = pg_current_xact_id()",
        "UPDATE orders SET number = 'x'",
        "UPDATE orders SET currency = 'USD'",
        "TRUNCATE order_items",
        "UPDATE order_history SET note = 'x'",
        "DELETE FROM order_history",
        "UPDATE stock_ledger SET delta = 1",
        "DELETE FROM stock_ledger",
        "TRUNCATE stock_ledger",
        "TRUNCATE products CASCADE",
    ],
)
def test_what_happened_stays(book: Book, statement: LiteralString) -> None:
    with pytest.raises(ObjectNotInPrerequisiteState):
        book.conn.execute(statement)


@pytest.mark.parametrize("table", ["orders", "users", "products"])
def test_what_an_order_needs_stays(book: Book, table: LiteralString) -> None:
    with pytest.raises((ForeignKeyViolation, RestrictViolation)):  # the latter from PostgreSQL 18 on
        book.conn.execute("DELETE FROM " + table)


@pytest.mark.parametrize("status", ["shipped", "delivered", "returned"])
def test_a_state_is_not_skipped(book: Book, status: str) -> None:
    with pytest.raises(ForeignKeyViolation) as refusal:
        book.conn.execute("UPDATE orders SET status = %s", [status])
    assert refusal.value.diag.constraint_name == "order_history_transition_fkey"


def test_an_order_begins_as_pending(book: Book) -> None:
    insert = """
    INSERT INTO orders (number, user_id, status, total, currency, shipping_address)
    VALUES ('2', %s, 'shipped', 0, 'EUR', '{}')
    """
    with pytest.raises(CheckViolation) as refusal:
        book.conn.execute(insert, [book.buyer])
    assert refusal.value.diag.constraint_name == "first_is_pending"


def test_every_change_of_a_state_is_in_the_history(book: Book) -> None:
    book.conn.execute("UPDATE orders SET status = 'confirmed'")
    book.conn.execute("UPDATE orders SET note = 'x'")
    history = book.conn.execute("SELECT version, old, status FROM order_history ORDER BY version").fetchall()
    assert history == [(1, None, "pending"), (2, "pending", "confirmed")]


def test_a_temporary_table_does_not_stand_in_for_the_ledger(book: Book) -> None:
    book.conn.execute("CREATE TEMPORARY TABLE stock_ledger (LIKE stock_ledger INCLUDING ALL)")
    book.conn.execute("UPDATE products SET stock = 3")
    assert book.one("SELECT sum(delta) FROM public.stock_ledger") == 3


def test_a_change_by_sql_is_in_the_history_at_its_time(book: Book) -> None:
    book.conn.execute("UPDATE orders SET updated_at = '2020-01-01'")
    book.conn.execute("UPDATE orders SET status = 'confirmed'")
    assert book.one("SELECT at > '2026-01-01' FROM order_history WHERE status = 'confirmed'")


def test_what_is_no_part_of_the_sale_can_be_corrected(book: Book) -> None:
    book.conn.execute("""UPDATE orders SET shipping_address = '{"city": "Rome"}', note = 'x'""")
    assert book.one("SELECT version FROM orders") == 2


def test_a_number_is_given_once(book: Book) -> None:
    with pytest.raises(UniqueViolation):
        book.place(uuid4(), "1", 1)


def test_a_sale_is_no_new_version_of_the_product(book: Book) -> None:
    book.place(uuid4(), "2", 1)
    assert book.one("SELECT version FROM products") == 1
    book.conn.execute("UPDATE products SET price = 8")
    assert book.one("SELECT version FROM products") == 2


def test_a_stock_is_never_negative(book: Book) -> None:
    with pytest.raises(CheckViolation):
        book.conn.execute("UPDATE products SET stock = stock - 9")
