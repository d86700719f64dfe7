"""`angidi seed`: sample data beside what a shop has, and never over it."""

import json
from collections.abc import Generator
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner
from tests.support.roles import use_database
from tests.support.serving import serving

from angidi.cli.main import main
from angidi.products.models import SAMPLE_ID

KNOWN = {
    UUID(f"550e8400-e29b-41d4-a716-44665544000{number}"): name
    for number, name in enumerate(["Electronics", "Clothing", "Books", "Home & Garden", "Sports"], 1)
}
ALL = "added 13 sample categories, 43 products, 12 users and 240 orders; 0 of the samples existed already\n"
BESIDE_THE_KNOWN = "added 8 sample categories, 43 products, 12 users and 240 orders; 5 of the samples existed already\n"
NOTHING = "added 0 sample categories, 0 products, 0 users and 0 orders; 68 of the samples existed already\n"
SNAPSHOT = "SELECT p.ctid::text, p.xmin::text, c.xmin::text FROM products p JOIN categories c ON c.id = p.category_id"


@pytest.fixture
def shop(fresh_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[psycopg.Connection]:
    """A connection to the database that the settings name."""
    monkeypatch.setenv("ANGIDI_ENV", "test")
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    use_database(monkeypatch, fresh_db)
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        yield conn


def seed() -> str:
    result = CliRunner().invoke(main, ["seed"])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def rows(shop: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return shop.execute(query.encode()).fetchall()


def test_an_empty_shop_gets_the_categories_that_clients_know_and_products_in_each(shop: psycopg.Connection) -> None:
    assert seed() == ALL
    assert dict(rows(shop, "SELECT id, name FROM categories WHERE parent_id IS NULL")) == KNOWN
    inside = """
        SELECT count(*) FROM categories AS root
         WHERE parent_id IS NULL
           AND (SELECT count(*) FROM products JOIN categories AS own ON own.id = category_id
                 WHERE root.id IN (own.id, own.parent_id)) < 5
    """
    assert rows(shop, inside) == [(0,)]
    assert rows(shop, "SELECT count(*), count(sku), count(description) FROM products") == [(43, 43, 43)]


def test_a_second_run_writes_nothing_at_all(shop: psycopg.Connection) -> None:
    seed()
    before = rows(shop, SNAPSHOT)
    assert seed() == NOTHING
    assert rows(shop, SNAPSHOT) == before


def test_what_the_shop_has_changed_moved_renamed_or_deleted_stays_so(shop: psycopg.Connection) -> None:
    seed()
    rows(shop, "UPDATE products SET price = 1, name = 'Ours' WHERE sku = 'CUP-ESPR-080' RETURNING id")
    rows(shop, "UPDATE products SET deleted_at = now() WHERE sku = 'CUP-MUG-300' RETURNING id")
    rows(shop, f"UPDATE products SET sku = 'OURS' WHERE id = '{SAMPLE_ID}' RETURNING id")
    joan = "email = 'joan@shop.example'"
    rows(shop, f"UPDATE users SET email = 'ours@shop.example', deleted_at = now() WHERE {joan} RETURNING id")
    rows(shop, "UPDATE categories SET name = 'Gadgets' WHERE name = 'Electronics' RETURNING id")
    rows(shop, "UPDATE categories SET parent_id = NULL WHERE name = 'Kitchen' RETURNING id")
    assert seed() == NOTHING
    assert rows(shop, "SELECT name, price FROM products WHERE sku = 'OURS'") == [("Ours", Decimal(1))]
    assert rows(shop, "SELECT count(*) FROM products WHERE deleted_at IS NULL") == [(42,)]
    assert rows(shop, "SELECT email FROM users WHERE deleted_at IS NOT NULL") == [("ours@shop.example",)]
    assert rows(shop, "SELECT name FROM categories WHERE name IN ('Gadgets', 'Electronics')") == [("Gadgets",)]


def test_a_category_that_the_shop_has_by_name_takes_the_sample_products(shop: psycopg.Connection) -> None:
    rows(shop, f"INSERT INTO categories (id, name) VALUES ('{(books := UUID(int=7))}', 'Books') RETURNING id")
    assert (
        seed() == "added 12 sample categories, 43 products, 12 users and 240 orders; 1 of the samples existed already\n"
    )
    assert rows(shop, "SELECT id FROM categories WHERE name = 'Books'") == [(books,)]
    assert rows(shop, f"SELECT count(*) FROM products WHERE category_id = '{books}'") == [(5,)]


def test_an_address_that_somebody_has_is_left_to_them(shop: psycopg.Connection) -> None:
    taken = "INSERT INTO users (email, password_hash, name) VALUES ('JOAN@shop.example', '-', 'Somebody') RETURNING id"
    (holder,) = rows(shop, taken)
    assert (
        seed() == "added 13 sample categories, 43 products, 11 users and 240 orders; 1 of the samples existed already\n"
    )
    assert rows(shop, "SELECT id FROM users WHERE lower(email) = 'joan@shop.example'") == [holder]


def test_sample_orders_are_in_every_state_and_their_history_is_of_the_last_weeks(shop: psycopg.Connection) -> None:
    seed()
    states = {"pending", "confirmed", "shipped", "delivered", "returned", "cancelled"}
    assert {status for (status,) in rows(shop, "SELECT DISTINCT status FROM orders")} == states
    backwards = """
        SELECT count(*) FROM order_history AS one JOIN order_history AS next USING (order_id)
         WHERE next.version = one.version + 1 AND next.at <= one.at
    """
    assert rows(shop, backwards) == [(0,)]
    assert rows(shop, "SELECT max(at) < now(), min(at) > now() - interval '43 days' FROM order_history") == [
        (True, True)
    ]


def test_sample_orders_leave_every_stock_as_it_was_and_the_ledger_agrees(shop: psycopg.Connection) -> None:
    seed()
    unequal = """
        SELECT count(*) FROM products
         WHERE stock <> (SELECT sum(delta) FROM stock_ledger WHERE product_id = products.id)
            OR stock <> (SELECT delta FROM stock_ledger WHERE product_id = products.id AND kind = 'initial')
    """
    assert rows(shop, unequal) == [(0,)]
    of_orders = """
        SELECT count(*) FROM orders
         WHERE (SELECT array_agg(DISTINCT kind ORDER BY kind) FROM stock_ledger WHERE order_id = orders.id)
               <> CASE status WHEN 'cancelled' THEN ARRAY['cancel', 'order']
                              WHEN 'returned' THEN ARRAY['order', 'return']
                              ELSE ARRAY['order'] END
    """
    assert rows(shop, of_orders) == [(0,)]


@pytest.mark.usefixtures("shop")
def test_the_sample_files_are_good_files_to_import() -> None:
    for kind in ("categories", "products"):
        seed()
        path = str(files("angidi") / "seeds" / f"{kind}.csv")
        result = CliRunner().invoke(main, ["import", kind, path, "--json"])
        assert result.exit_code == 0, result.stderr
        assert [json.loads(result.stdout)[name] for name in ("added", "changed")] == [0, 0]


def test_a_first_start_seeds_in_development_only_and_a_second_does_not(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as server:
        assert BESIDE_THE_KNOWN in server.output
    with serving(tmp_path / "home") as server:
        assert "sample categories" not in server.output
    with serving(tmp_path / "other", ANGIDI_ENV="test") as server:
        assert "sample categories" not in server.output
