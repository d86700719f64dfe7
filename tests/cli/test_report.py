"""`angidi db report`, `unused-indexes` and `bloat`."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.cli.conftest import Run
from tests.conftest import migrate_up
from tests.support.server import Databases
from tests.support.shop import many

from angidi.cli.db import report


def build(url: str) -> None:
    """Fill a database with 20,000 products, and no waste."""
    migrate_up(url)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(many("categories", 1))
        conn.execute(many("products", 20_000, description="repeat('x', n % 200)", price="n"))
        conn.execute("VACUUM FULL ANALYZE products")
        conn.execute("VACUUM FULL ANALYZE product_search")


@pytest.fixture
def fresh_db(databases: Databases) -> Iterator[str]:
    """Address of a copy of such a database, instead of an empty one."""
    with databases.database(databases.template("report", build)) as url:
        yield url


@pytest.fixture
def shop(fresh_db: str) -> Iterator[psycopg.Connection]:
    """A connection to the database that the commands look at; its statistics know of the rows."""
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute("ANALYZE")
        told(conn)
        yield conn


@pytest.fixture
def ask(run: Run) -> Callable[..., Any]:
    """`ask("bloat")`: what the command reports as JSON."""

    def ask(command: str) -> Any:
        done = run("db", command, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return ask


def told(conn: psycopg.Connection) -> None:
    """Return when the statistics tell what this session did."""
    conn.execute("SELECT pg_stat_force_next_flush()")


def waste(bloat: Any) -> dict[str, float]:
    """Return the part of each table and index that is waste."""
    found = [(each.get("index", each["table"]), each) for each in bloat["tables"] + bloat["indexes"]]
    return {name: each["wasted_bytes"] / each["bytes"] for name, each in found if each["wasted_bytes"] is not None}


@pytest.mark.usefixtures("shop")
@pytest.mark.long
def test_what_was_just_rewritten_has_hardly_any_waste(ask: Callable[..., Any]) -> None:
    found = waste(ask("bloat"))
    assert found["products"] < 0.1
    assert found["products_pkey"] < 0.1
    assert found["products_name_active_idx"] < 0.1  # on an expression, with a column included
    assert found["product_search"] < 0.1
    assert found["product_search_pkey"] < 0.1


def test_about_as_much_is_waste_as_was_deleted(shop: psycopg.Connection, ask: Callable[..., Any]) -> None:
    shop.execute("DELETE FROM products WHERE price % 4 > 0")
    told(shop)
    shop.execute("ANALYZE products")
    bloat = ask("bloat")
    found = waste(bloat)
    assert found["products"] == pytest.approx(0.75, abs=0.1)
    (products,) = (each for each in bloat["tables"] if each["table"] == "products")
    assert (products["live_rows"], products["dead_rows"]) == (5000, 15000)
    assert products["last_analyze"] is not None
    shop.execute("VACUUM products")
    assert waste(ask("bloat"))["products_pkey"] == pytest.approx(0.75, abs=0.1)


def test_of_an_empty_or_unknown_table_nothing_is_guessed(run: Run) -> None:
    done = run("db", "bloat")
    assert done.exit_code == 0
    (users,) = (line for line in done.stdout.splitlines() if line.startswith("users "))
    assert users.split() == ["users", "0", "bytes", "unknown", "0", "0", "never", "never"]
    assert done.stdout.startswith("TABLE ")
    assert done.stdout.split()[1:4] == ["SIZE", "WASTE", "SHARE"]
    assert done.stdout.endswith("\nunknown: empty, or never analyzed; run ANALYZE\n")


def test_an_index_is_unused_until_a_query_reads_it(shop: psycopg.Connection, ask: Callable[..., Any]) -> None:
    shop.execute("CREATE INDEX careless ON products (image_url)")

    def unused() -> dict[str, str | None]:
        told(shop)
        return {each["index"]: each["kept_for"] for each in ask("unused-indexes")["indexes"]}

    before = unused()
    assert before["careless"] is None
    assert before["import_progress_pkey"] == "constraint import_progress_pkey"
    shop.execute("SET enable_seqscan = off")
    shop.execute("SELECT price FROM products WHERE image_url = 'x'")
    assert "careless" not in unused()


def test_it_is_said_what_an_unused_index_is_kept_for(ask: Callable[..., Any]) -> None:
    kept = {each["index"]: each["kept_for"] for each in ask("unused-indexes")["indexes"]}
    assert kept["users_pkey"] == "constraint users_pkey"
    assert kept["users_email_active_key"] == "unique"
    assert kept["products_category_id_idx"] == "foreign key products_category_id_fkey"
    assert kept["products_price_active_idx"] is None
    assert list(kept.values()) == sorted(kept.values(), key=lambda reason: reason or ""), "what may go stands first"


def row_of(index: str, run: Run) -> str:
    done = run("db", "unused-indexes")
    assert done.exit_code == 0
    (row,) = (" ".join(line.split()) for line in done.stdout.splitlines() if line.startswith(index))
    return row


def test_an_index_that_was_not_read_for_some_minutes_is_not_called_useless(run: Run) -> None:
    assert re.sub(r"\d+ kB", "800 kB", row_of("products_price_active_idx", run)) == (
        "products_price_active_idx products 800 kB too soon to tell "
        "The list of products by price, either way, also between two prices."
    )


def test_after_a_month_nothing_is_known_for_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "MIN_OBSERVATION", timedelta())
    assert " nothing known " in row_of("products_price_active_idx", run)


def test_it_is_said_how_long_was_counted(run: Run, ask: Callable[..., Any], fresh_db: str) -> None:
    began = "not read since the statistics began, which is not noted; the server has run since "
    assert run("db", "unused-indexes").stdout.startswith(began)
    found = ask("unused-indexes")
    assert (found["since"], found["too_soon"]) == (None, True)
    assert found["server_started"].startswith("20")
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute("SELECT pg_stat_reset()")
    assert run("db", "unused-indexes").stdout.startswith("not read since 20")
    assert ask("unused-indexes")["since"] > found["server_started"]


def test_where_every_index_was_read_it_says_so(run: Run, fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute("DROP SCHEMA public CASCADE")
        conn.execute("CREATE SCHEMA public")
    assert run("db", "unused-indexes").stdout.startswith("every index was read since the statistics began")
    assert "there are no tables" in run("db", "bloat").stdout
    assert "there are no tables" in run("db", "report").stdout


def test_the_report_has_sizes_connections_and_hits(shop: psycopg.Connection, ask: Callable[..., Any]) -> None:
    shop.execute("SELECT count(*) FROM products WHERE price > 0")
    shop.execute("UPDATE products SET stock = 1 WHERE sku IS NULL AND name = 'Product 7'")
    told(shop)
    report = ask("report")
    assert report["database"]["connections"] >= 2
    assert report["database"]["bytes"] > 2**20
    assert 0 < report["database"]["cache_hits"] <= 1
    products = report["tables"][0]
    assert (products["table"], products["live_rows"]) == ("products", 20000)
    assert products["scans"] > 0
    assert 0 < products["cache_hits"] <= 1


def test_the_report_is_a_line_and_a_table(run: Run) -> None:
    done = run("db", "report")
    assert done.exit_code == 0
    assert "cache hits" in done.stdout
    assert done.stdout.splitlines()[2].startswith("TABLE ")
