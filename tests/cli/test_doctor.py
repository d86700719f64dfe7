"""`angidi doctor`: what is derived is broken by hand, found, and mended, also while writers run."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import psycopg
import pytest
from tests.cli.conftest import Run

from angidi.db import derived
from angidi.db.derived import TRIGGERS, findings, rebuild
from angidi.db.diagnostics import versions

Broken = dict[str, list[str]]

SHOP: tuple[LiteralString, ...] = (
    "INSERT INTO categories (name) VALUES ('Kitchen'), ('Garden')",
    "INSERT INTO categories (name, parent_id) SELECT 'Cups', id FROM categories WHERE name = 'Kitchen'",
    "INSERT INTO categories (name, parent_id) SELECT 'Espresso', id FROM categories WHERE name = 'Cups'",
    """
    INSERT INTO products (name, price, category_id)
    SELECT 'Product ' || n, n, id FROM categories CROSS JOIN generate_series(1, 5) AS n
    """,
    "INSERT INTO users (email, password_hash, name) VALUES ('ada@shop.example', 'hash', 'Ada')",
    "UPDATE products SET deleted_at = now() WHERE price = 5",
)


@pytest.fixture
def shop(fresh_db: str) -> Iterator[psycopg.Connection]:
    """A connection to the database that the command looks at."""
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        for statement in SHOP:
            conn.execute(statement)
        yield conn


@pytest.fixture
def ask(run: Run) -> Callable[..., Broken]:
    """`ask("--rebuild")`: the checks that find something, with what they tell; the exit code says the same."""

    def ask(*options: str) -> Broken:
        done = run("doctor", "--json", *options)
        report: dict[str, Any] = json.loads(done.stdout)
        found = {check["check"]: check["sample"] for check in report["checks"] if check["differs"]}
        assert (done.exit_code, report["well"]) == (bool(found), not found)
        return found

    return ask


def identity(conn: psycopg.Connection, category: str) -> str:
    row = conn.execute("SELECT id::text FROM categories WHERE name = %s", [category]).fetchone()
    assert row is not None
    return row[0]


def broken(conn: psycopg.Connection) -> set[str]:
    return {finding.check for finding in findings(conn) if finding.differs}


def test_a_shop_that_is_well_is_told_so_check_by_check(
    shop: psycopg.Connection, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "SAFE_MINOR", {})
    done = run("doctor")
    assert done.exit_code == 0, (done.output, shop)
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["ok", "migrations"],
        ["ok", "server", "version"],
        ["ok", "characters"],
        ["ok", "triggers"],
        ["ok", "validity"],
        ["ok", "collation"],
        ["ok", "category_closure"],
        ["ok", "list_counts"],
        ["ok", "generated"],
    ]


@pytest.mark.usefixtures("shop")
def test_a_server_with_published_holes_is_warned_of_and_nothing_differs(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "SAFE_MINOR", dict.fromkeys(range(15, 30), 99))
    done = run("doctor")
    assert (done.exit_code, "WARNING  server version\n" in done.stdout) == (0, True), done.output
    assert "has published security holes" in done.stdout
    report = json.loads(run("doctor", "--json").stdout)
    (check,) = (check for check in report["checks"] if check["warns"])
    assert (report["well"], check["check"], check["differs"]) == (True, "server version", 0)


def test_a_way_in_the_tree_that_is_missing_wrong_or_too_many_is_found_and_mended(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    kitchen, cups, espresso, garden = (identity(shop, name) for name in ("Kitchen", "Cups", "Espresso", "Garden"))
    shop.execute("DELETE FROM category_closure WHERE ancestor_id = %s AND descendant_id = %s", [kitchen, espresso])
    shop.execute(
        "UPDATE category_closure SET depth = 7 WHERE ancestor_id = %s AND descendant_id = %s", [cups, espresso]
    )
    shop.execute("INSERT INTO category_closure VALUES (%s, %s, 1)", [garden, cups])
    assert ask() == {
        "category_closure": sorted([
            f"{espresso} in {kitchen} at depth 2 is missing",
            f"{espresso} in {cups} at depth 1 is missing",
            f"{espresso} in {cups} at depth 7 is wrong",
            f"{cups} in {garden} at depth 1 is wrong",
        ])
    }  # fmt: skip
    assert ask("--rebuild") == ask() == {}


def test_totals_that_are_wrong_are_found_and_mended(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    cups, garden = identity(shop, "Cups"), identity(shop, "Garden")
    shop.execute("INSERT INTO list_counts (list, rows) VALUES ('products', 3), ('users', -1)")
    shop.execute("INSERT INTO list_counts (list, category_id, rows) VALUES ('products', %s, 2)", [cups])
    shop.execute("DELETE FROM list_counts WHERE category_id = %s", [garden])
    assert ask() == {
        "list_counts": [
            *sorted([f"products of category {cups}: 2 too many", f"products of category {garden}: 4 too few"]),
            "products: 3 too many",
            "users: 1 too few",
        ]
    }
    assert ask("--rebuild") == ask() == {}


def test_search_columns_that_are_stale_are_found_and_mended(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    before = shop.execute("SELECT id, version, updated_at FROM products ORDER BY id").fetchall()
    body = "SELECT 'as an older server had it' || lower(body)"
    created = shop.execute("SELECT pg_get_functiondef('folded'::regproc)").fetchone()
    assert created is not None
    shop.execute(
        "CREATE OR REPLACE FUNCTION folded(body text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$" + body + "$$"
    )
    shop.execute("UPDATE products SET name = name || '!', description = 'x' WHERE price = 3")
    shop.execute(created[0])
    found = ask()
    assert list(found) == ["generated"]
    assert len(found["generated"]) == 4
    assert ask("--rebuild") == ask() == {}
    after = shop.execute("SELECT id, version, updated_at FROM products WHERE price <> 3 ORDER BY id").fetchall()
    assert set(after) < set(before)


def test_of_many_differences_some_are_shown_and_the_rest_is_counted(shop: psycopg.Connection, run: Run) -> None:
    shop.execute("DELETE FROM category_closure")
    lines = run("doctor").stdout.splitlines()
    at = lines.index("DIFFERS  category_closure")
    assert all("is missing" in line for line in lines[at + 1 : at + 6])
    assert lines[at + 6].strip() == "and 2 more"


def test_a_trigger_that_is_disabled_or_gone_is_found(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    shop.execute("ALTER TABLE products DISABLE TRIGGER products_inserted_count")
    shop.execute("DROP TRIGGER categories_moved_closure ON categories")
    assert ask()["triggers"] == [
        "categories_moved_closure is missing or disabled",
        "products_inserted_count is missing or disabled",
    ]


def test_every_trigger_of_the_schema_is_looked_after(shop: psycopg.Connection) -> None:
    there = {name for (name,) in shop.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")}
    assert there == TRIGGERS


def test_an_index_or_a_constraint_that_is_not_valid_is_found(
    shop: psycopg.Connection, ask: Callable[..., Broken]
) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        shop.execute("CREATE UNIQUE INDEX CONCURRENTLY half_built ON products (name)")
    shop.execute("ALTER TABLE products ADD CONSTRAINT cheap CHECK (price < 3) NOT VALID")
    assert ask()["validity"] == ["constraint cheap is not valid", "index half_built is not valid"]


def test_another_version_of_the_collation_is_found(shop: psycopg.Connection, ask: Callable[..., Broken]) -> None:
    shop.execute("UPDATE pg_database SET datcollversion = '0.1' WHERE datname = current_database()")
    (told,) = ask()["collation"]
    assert "version 0.1" in told


def test_the_time_limit_of_requests_does_not_cut_a_check_short(shop: psycopg.Connection) -> None:
    shop.execute("SET statement_timeout = '1ms'")
    assert broken(shop) == set()


def test_a_database_that_is_behind_is_looked_at_no_further(run_empty: Run) -> None:
    done = run_empty("doctor", "--rebuild")
    assert done.exit_code == 1
    assert done.stdout.startswith("DIFFERS  migrations\n         migration 000001 is pending: angidi migrate up\n")
    assert "list_counts" not in done.stdout


# While writers run


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def rebuilt_while_open(url: str, statements: list[LiteralString]) -> set[str]:
    """Rebuild while a writer's transaction is open, which commits when the rebuild waits or is done; what differs."""
    with (
        psycopg.connect(url, autocommit=True) as doctor,
        psycopg.connect(url) as writer,
        psycopg.connect(url, autocommit=True) as watcher,
        ThreadPoolExecutor() as threads,
    ):
        for statement in statements:
            writer.execute(statement)
        rebuilding = threads.submit(rebuild, doctor)
        deadline = time.monotonic() + 20
        while not rebuilding.done() and watcher.execute(WAITING).fetchone() == (0,):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        writer.commit()
        rebuilding.result(20)
        return broken(watcher)


MOVED: list[LiteralString] = [
    """
    UPDATE categories SET parent_id = (SELECT id FROM categories WHERE name = 'Garden') WHERE name = 'Cups'
    """
]
FOLDED: list[LiteralString] = [
    "INSERT INTO products (name, price, category_id) SELECT 'New', 1, id FROM categories WHERE name = 'Cups'",
    "SELECT fold_list_counts('products', ARRAY(SELECT id FROM categories))",
]
FORGET_A_WAY = "DELETE FROM category_closure WHERE depth = 2"


def test_a_category_that_is_moved_during_the_rebuild_ends_in_its_place(shop: psycopg.Connection, fresh_db: str) -> None:
    shop.execute(FORGET_A_WAY)
    assert rebuilt_while_open(fresh_db, MOVED) == set()


def test_a_category_that_is_moved_would_end_in_two_places_without_the_lock(
    shop: psycopg.Connection, fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "LOCK", "SELECT 1")
    shop.execute(FORGET_A_WAY)
    assert rebuilt_while_open(fresh_db, MOVED) == {"category_closure"}


@pytest.mark.usefixtures("shop")
def test_totals_that_are_folded_during_the_rebuild_stay_right(fresh_db: str) -> None:
    assert rebuilt_while_open(fresh_db, FOLDED) == set()


@pytest.mark.usefixtures("shop")
def test_totals_that_are_folded_would_be_counted_twice_without_the_lock(
    fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "LOCK", "SELECT 1")
    assert rebuilt_while_open(fresh_db, FOLDED) == {"list_counts"}


def test_rebuilds_among_many_writers_leave_all_well(shop: psycopg.Connection, fresh_db: str) -> None:
    over = threading.Event()

    def write(number: int) -> int:
        done = 0
        with psycopg.connect(fresh_db, autocommit=True) as conn:
            while not over.is_set() and done < 2_000:
                conn.execute(
                    "INSERT INTO products (name, price, category_id) SELECT 'New', 1, id FROM categories"
                    " ORDER BY random() LIMIT %s",
                    [number + 1],
                )
                conn.execute("UPDATE products SET deleted_at = now() WHERE price = 1 AND random() < 0.01")
                done += 1
        return done

    with ThreadPoolExecutor() as threads:
        writers = [threads.submit(write, number) for number in range(2)]
        for _ in range(10):
            shop.execute("DELETE FROM list_counts WHERE id % 2 = 0")
            rebuild(shop)
            assert broken(shop) == set()
        over.set()
        assert all(writer.result(20) for writer in writers)
    assert broken(shop) == set()


@pytest.mark.usefixtures("shop")
def test_a_writer_that_does_not_end_makes_the_rebuild_give_up(
    run: Run, fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "PATIENCE", "SET LOCAL lock_timeout = '50ms'")
    with psycopg.connect(fresh_db) as writer:
        writer.execute("UPDATE products SET price = 2 WHERE price = 1")
        done = run("doctor", "--rebuild")
        assert done.exit_code == 69
        writer.rollback()
