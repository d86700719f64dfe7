"""`angidi verify`: stock, orders and reservations are damaged by hand, and told with the way to correct them."""

import json
import re
from collections.abc import Callable, Iterator
from typing import LiteralString

import psycopg
import pytest
from tests.cli.conftest import Run

from angidi.db.diagnostics import consistency
from angidi.db.diagnostics.consistency import run_checks

Broken = dict[str, list[str]]
CUP, LAMP = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
ORDER, HELD = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"
ADA, CATEGORY = "00000000-0000-4000-8000-0000000000aa", "00000000-0000-4000-8000-0000000000cc"
CAUSE: LiteralString = "SELECT set_config('angidi.cause', %s, true)"

SHOP: tuple[LiteralString, ...] = (
    "INSERT INTO categories (id, name) VALUES ('00000000-0000-4000-8000-0000000000cc', 'Cups')",
    """
    INSERT INTO products (id, name, price, stock, category_id)
    VALUES ('00000000-0000-4000-8000-000000000001', 'Cup', 5, 10, '00000000-0000-4000-8000-0000000000cc'),
           ('00000000-0000-4000-8000-000000000002', 'Lamp', 30, 4, '00000000-0000-4000-8000-0000000000cc')
    """,
    """
    INSERT INTO users (id, email, password_hash, name)
    VALUES ('00000000-0000-4000-8000-0000000000aa', 'ada@shop.example', 'hash', 'Ada')
    """,
)
PLACE = """
SELECT place_order(%s, 'A-1', %s, NULL, ARRAY[%s, %s]::uuid[], ARRAY[3, 1], NULL, '{}', '', NULL, 'EUR', %s, NULL, NULL)
"""
RESERVE = """
WITH held AS (
    INSERT INTO reservations (id, user_id, expires_at) VALUES (%s, %s, now() + interval '1 hour') RETURNING id
)
INSERT INTO reservation_items (reservation_id, line, product_id, quantity) SELECT id, 1, %s, 2 FROM held
"""


@pytest.fixture
def shop(fresh_db: str) -> Iterator[psycopg.Connection]:
    """A connection to a shop with an order of three cups and a lamp, and a reservation of two cups."""
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        for statement in SHOP:
            conn.execute(statement)
        conn.execute(PLACE, [ORDER, ADA, CUP, LAMP, json.dumps({"kind": "order", "order_id": ORDER})])
        with conn.transaction():
            conn.execute(CAUSE, ['{"kind": "reserve"}'])
            conn.execute("SELECT take_stock(ARRAY[%s]::uuid[], ARRAY[2])", [CUP])
            conn.execute(RESERVE, [HELD, ADA, CUP])
        yield conn


@pytest.fixture
def ask(run: Run) -> Callable[..., Broken]:
    """`ask("--rebuild")`: the checks that differ, with what they tell; the exit code agrees."""

    def ask(*options: str) -> Broken:
        done = run("verify", "--json", *options)
        differing = {each["check"]: each["sample"] for each in json.loads(done.stdout)["checks"] if each["differs"]}
        assert done.exit_code == bool(differing), done.output
        return differing

    return ask


def by_hand(conn: psycopg.Connection, *statements: LiteralString) -> None:
    """Run statements without triggers and foreign keys."""
    conn.execute("SET session_replication_role = replica")
    for statement in statements:
        conn.execute(statement)
    conn.execute("RESET session_replication_role")


def move(conn: psycopg.Connection, status: str, kind: str, given: int) -> None:
    """Move the order to a state, and give this many of its cups and its lamp back."""
    with conn.transaction():
        conn.execute(CAUSE, [json.dumps({"kind": kind, "order_id": ORDER})])
        conn.execute("UPDATE orders SET status = %s", [status])
        conn.execute("SELECT return_stock(ARRAY[%s, %s]::uuid[], ARRAY[%s, 1])", [CUP, LAMP, given])


def test_a_stock_that_differs_from_its_ledger_is_never_rebuilt(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    by_hand(shop, f"UPDATE products SET stock = 8 WHERE id = '{CUP}'")
    correction = f"INSERT INTO stock_ledger (product_id, delta, kind) VALUES ('{CUP}', 3, 'adjust')"
    told = f"product {CUP} has a stock of 8, and its ledger sums to 5: count the pieces; if there are 8, {correction}"
    assert ask() == ask("--rebuild") == {"stock_ledger": [told]}
    shop.execute(correction.encode())
    assert ask() == {}


def test_a_ledger_of_a_product_that_is_gone_is_told(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    shop.execute("INSERT INTO products (name, price, stock, category_id) VALUES ('Pot', 1, 7, %s)", [CATEGORY])
    by_hand(shop, "DELETE FROM product_search WHERE product_id = (SELECT id FROM products WHERE name = 'Pot')")
    by_hand(shop, "DELETE FROM products WHERE name = 'Pot'")
    (told,) = ask("--rebuild")["stock_ledger"]
    assert "is gone, and its ledger sums to 7" in told
    shop.execute(told.partition(": ")[2].encode())
    assert ask() == {}


def test_a_total_that_differs_from_the_items_is_told(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    by_hand(shop, "UPDATE orders SET total = 44.99")
    assert ask("--rebuild") == {"order totals": [f"order {ORDER} has a total of 44.99, and its items sum to 45.00"]}


def test_an_order_without_items_is_told(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    by_hand(shop, "DELETE FROM order_items")
    assert ask()["order totals"] == [f"order {ORDER} has no items"]


def test_a_state_that_differs_from_the_history_is_told(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    by_hand(shop, "UPDATE orders SET status = 'shipped'")
    assert ask() == {"order history": [f"order {ORDER} is shipped, and its history ends with pending"]}


def test_an_order_without_history_is_told(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    by_hand(shop, "DELETE FROM order_history")
    assert ask() == {"order history": [f"order {ORDER} is pending, and has no history"]}


def test_a_history_with_a_gap_is_told(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    for status in ("confirmed", "shipped"):
        shop.execute("UPDATE orders SET status = %s", [status])
    assert ask() == {}
    by_hand(shop, "DELETE FROM order_history WHERE version = 2")
    assert ask() == {
        "order history": [f"order {ORDER}: version 3 of its history comes from confirmed, and before it is pending"]
    }


@pytest.mark.parametrize("pieces", [0, 2, 6])
def test_a_cancelled_order_that_gave_back_other_pieces_is_told(
    shop: psycopg.Connection, ask: Callable[..., Broken], pieces: int
) -> None:
    move(shop, "cancelled", "cancel", pieces)
    assert ask() == {
        "order stock": [f"order {ORDER} (cancelled) has 3 of product {CUP}; its ledger took 3 and returned {pieces}"]
    }


def test_an_order_that_gave_all_back_is_well(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    move(shop, "cancelled", "cancel", 3)
    assert ask() == {}


def test_an_order_that_was_given_back_and_is_not_cancelled_is_told(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    move(shop, "confirmed", "cancel", 3)
    assert ask()["order stock"] == [
        f"order {ORDER} (confirmed) has 1 of product {LAMP}; its ledger took 1 and returned 1",
        f"order {ORDER} (confirmed) has 3 of product {CUP}; its ledger took 3 and returned 3",
    ]


def test_an_order_of_a_reservation_is_well_until_and_after_it_is_cancelled(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    place = PLACE.replace("A-1", "B-2").replace("NULL, ARRAY[%s, %s]::uuid[], ARRAY[3, 1]", "%s, NULL, NULL")
    second = CATEGORY
    shop.execute(place.encode(), [second, ADA, HELD, json.dumps({"kind": "order", "order_id": second})])
    assert ask() == {}
    with shop.transaction():
        shop.execute(CAUSE, [json.dumps({"kind": "cancel", "order_id": second})])
        shop.execute("UPDATE orders SET status = 'cancelled' WHERE id = %s", [second])
        shop.execute("SELECT return_stock(ARRAY[%s]::uuid[], ARRAY[2])", [CUP])
    assert ask() == {}


def test_a_reservation_that_expires_is_well(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    shop.execute("UPDATE reservations SET expires_at = now() - interval '1 s'")
    assert ask() == {}
    shop.execute("SELECT expire_reservations(10)")
    assert ask() == {}


def test_a_reservation_that_was_removed_without_giving_back_is_told(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    shop.execute("DELETE FROM reservations")
    assert ask() == {"reservations": [f"reservations hold or have sold 0 of product {CUP}, and its ledger says 2"]}


def test_a_reservation_without_items_is_told(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    shop.execute("DELETE FROM reservation_items")
    assert ask()["reservations"][1:] == [f"reservation {HELD} has no items"]


def test_the_first_by_id_are_shown_and_the_others_counted(shop: psycopg.Connection, run: Run) -> None:
    shop.execute(
        "INSERT INTO products (name, price, stock, category_id) SELECT 'Pot ' || n, 1, n, %s"
        " FROM generate_series(1, 9) AS n",
        [CATEGORY],
    )
    by_hand(shop, "UPDATE products SET stock = stock + 1")
    ids = [str(key) for (key,) in shop.execute("SELECT id FROM products ORDER BY id LIMIT 5")]
    lines = run("verify").stdout.splitlines()
    at = lines.index("DIFFERS  stock_ledger")
    assert re.findall(r"product (\S{36}) has", "\n".join(lines[at + 1 : at + 6])) == ids
    assert lines[at + 6].strip() == "and 6 more"


def test_all_checks_see_one_snapshot_and_cannot_write(
    shop: psycopg.Connection, fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sale that is committed between two statements changes the stock for neither of them."""
    seen: list[object] = []

    def times(conn: psycopg.Connection) -> list[str]:
        with psycopg.connect(fresh_db, autocommit=True) as seller:
            seller.execute("UPDATE products SET stock = stock - 1")
        seen.append(conn.execute("SELECT sum(stock) FROM products").fetchone())
        seen.append(conn.execute("SHOW transaction_read_only").fetchone())
        return []

    before = shop.execute("SELECT sum(stock) FROM products").fetchone()
    monkeypatch.setattr(consistency, "future_rows", times)
    assert not [each for each in run_checks(shop) if each.differs]
    assert seen == [before, ("on",)]
