"""`angidi purge`."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.cli.conftest import Run
from tests.support.roles import app_role
from tests.support.shop import CUPS, many, three_categories

LONG_AGO = "now() - interval '100 days'"


@pytest.fixture
def shop(fresh_db: str) -> Iterator[psycopg.Connection]:
    """A connection to a shop: of 2,500 products and 12 users four in five were deleted, half of those long ago."""
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute(three_categories())
        deleted = f"CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN now() WHEN 2 THEN now() ELSE {LONG_AGO} END"
        conn.execute(many("products", 2500, category_id=CUPS, deleted_at=deleted))
        conn.execute(many("users", 12, deleted_at=deleted))
        yield conn


def count(conn: psycopg.Connection, table: str) -> tuple[int, int]:
    """Return how many are active, and how many deleted."""
    query = f"SELECT count(*) FILTER (WHERE deleted_at IS NULL), count(deleted_at) FROM {table}"
    ((active, deleted),) = conn.execute(query.encode()).fetchall()
    return active, deleted


def purged(run: Run, *options: str) -> dict[str, Any]:
    done = run("purge", *options, "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_a_dry_run_counts_and_removes_nothing(run: Run, shop: psycopg.Connection) -> None:
    report = purged(run, "--deleted-before", "90d")
    ((oldest,),) = shop.execute("SELECT min(deleted_at) FROM products").fetchall()
    counts = {"referenced": 0, "removed": 0}
    assert not report["applied"]
    assert report["products"].pop("oldest") == oldest.astimezone().isoformat().replace("+00:00", "Z")
    assert report["products"] == {"rows": 1000, "left": 1000, **counts}
    assert report["users"]["rows"] == 4
    assert (count(shop, "products"), count(shop, "users")) == ((500, 2000), (2, 10))


def test_only_what_was_deleted_before_goes(run: Run, shop: psycopg.Connection) -> None:
    report = purged(run, "--deleted-before", "90d", "--apply")
    assert report["applied"]
    assert (report["products"]["removed"], report["products"]["left"]) == (1000, 0)
    assert (report["users"]["removed"], report["users"]["left"]) == (4, 0)
    assert (count(shop, "products"), count(shop, "users")) == ((500, 1000), (2, 6))


def test_derived_data_stay_right(run: Run, shop: psycopg.Connection) -> None:
    assert purged(run, "--deleted-before", "0", "--apply")["products"]["removed"] == 2000
    done = run("verify", "--json")
    assert done.exit_code == 0, done.output
    assert shop.execute("SELECT count(*) FROM product_search").fetchone() == (500,)


@pytest.mark.usefixtures("shop")
def test_a_second_run_finds_nothing(run: Run) -> None:
    purged(run, "--deleted-before", "90d", "--apply")
    done = run("purge", "--deleted-before", "90d", "--apply")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("nothing was deleted before 20")


@pytest.mark.usefixtures("shop")
def test_people_are_told_how_to_go_on(run: Run) -> None:
    done = run("purge", "--deleted-before", "90d")
    assert [line.split()[:2] for line in done.stdout.splitlines() if line.startswith(("products", "users"))] == [
        ["products", "1,000"],
        ["users", "4"],
    ]
    assert done.stdout.endswith("nothing is removed yet; to remove them for good, add --apply\n")
    assert "add --apply" not in run("purge", "--deleted-before", "90d", "--apply").stdout


def test_what_others_refer_to_is_kept_and_counted(run: Run, shop: psycopg.Connection, fresh_db: str) -> None:
    shop.execute("CREATE SCHEMA later")
    shop.execute('CREATE TABLE later.orders (id bigint, "the buyer" uuid REFERENCES users ON DELETE RESTRICT)')
    shop.execute("CREATE TABLE later.items (product uuid REFERENCES products)")
    shop.execute("CREATE TABLE later.views (product uuid REFERENCES products ON DELETE CASCADE)")
    old = "FROM {} WHERE deleted_at < now() - interval '90 days' ORDER BY id LIMIT 3"
    shop.execute(f"INSERT INTO later.orders SELECT 1, id {old.format('users')}".encode())
    shop.execute(f"INSERT INTO later.items SELECT id {old.format('products')}".encode())
    shop.execute("INSERT INTO later.views SELECT id FROM products")
    for right in ("USAGE ON SCHEMA later", "SELECT ON ALL TABLES IN SCHEMA later"):
        shop.execute(f"GRANT {right} TO {app_role(fresh_db)}".encode())
    assert purged(run, "--deleted-before", "90d")["users"]["referenced"] == 3
    report = purged(run, "--deleted-before", "90d", "--apply")
    assert [report["users"][name] for name in ("rows", "referenced", "removed", "left")] == [4, 3, 1, 3]
    assert [report["products"][name] for name in ("rows", "referenced", "removed", "left")] == [1000, 3, 997, 3]
    assert shop.execute("SELECT count(*) FROM later.items").fetchone() == (3,)


@pytest.mark.parametrize(
    ("text", "removed"),
    [
        ("0", 2000),
        ("2399h", 1000),
        ("99d23h30m", 1000),
        ("100d1h", 0),
        ("2020-01-31", 0),
        ("2020-01-31T12:00:00+01:00", 0),
    ],
)
@pytest.mark.usefixtures("shop")
def test_a_time_is_a_date_or_how_long_ago(run: Run, text: str, removed: int) -> None:
    assert purged(run, "--deleted-before", text, "--apply")["products"]["removed"] == removed


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "tomorrow", "9999-01-01", "99999999999d", "2026-13-01", "1h1d"])
def test_another_text_is_refused(run: Run, text: str) -> None:
    done = run("purge", "--deleted-before", text, "--apply")
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_the_time_has_no_default(run: Run) -> None:
    assert run("purge", "--apply").exit_code == 2
