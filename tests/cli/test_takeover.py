"""`angidi takeover`: the times of the former service's host become instants, once, and the database ours."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from click.testing import Result
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.cli.conftest import Run
from tests.support import go_service

from angidi.db.diagnostics.former_times import convert

CREATED = "SELECT name, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') FROM users ORDER BY 1, 2"
AS_STORED = "SELECT name, created_at::text, updated_at::text FROM users ORDER BY 1, 2"

TakeOver = Callable[..., Result]


@pytest.fixture
def conn(empty_db: str) -> Iterator[psycopg.Connection]:
    """A connection, far from UTC, to a database of the former service."""
    with psycopg.connect(empty_db, autocommit=True) as connection:
        go_service.restore(connection)
        connection.execute("SET TIME ZONE 'Asia/Kolkata'")
        yield connection


@pytest.fixture
def take_over(conn: psycopg.Connection, run_empty: Run) -> TakeOver:
    """`take_over("--times-from", …)`."""
    del conn
    return lambda *options: run_empty("takeover", *options)


def report_of(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def version_of(conn: psycopg.Connection) -> int:
    (version,) = conn.execute("SELECT version FROM schema_migrations").fetchone() or (-1,)
    return version


def test_times_become_the_instants_that_the_host_meant(take_over: TakeOver, conn: psycopg.Connection) -> None:
    done = take_over("--times-from", "Europe/Berlin")
    assert done.exit_code == 0, done.output
    assert conn.execute(CREATED).fetchall() == [
        ("Ann", "2023-06-01 21:30"),
        ("Bob", "2023-03-26 01:30"),  # 02:30 was left out that night: moved behind the change
        ("Bob", "2023-11-01 11:00"),
    ]
    deleted = "SELECT (deleted_at AT TIME ZONE 'UTC')::text FROM users WHERE deleted_at IS NOT NULL"
    assert conn.execute(deleted).fetchone() == ("2023-10-29 01:30:00",)  # 02:30 came twice: the second
    products = "SELECT (created_at AT TIME ZONE 'UTC')::text FROM products WHERE name = 'Radio'"
    assert conn.execute(products).fetchone() == ("2023-06-02 06:00:00",)
    categories = "SELECT (updated_at AT TIME ZONE 'UTC')::text FROM categories WHERE name = 'Books'"
    assert conn.execute(categories).fetchone() == ("2023-05-01 08:00:00",)


@pytest.mark.long
def test_without_a_zone_they_are_utc(take_over: TakeOver, conn: psycopg.Connection) -> None:
    report = report_of(take_over("--json"))
    assert (report["times_from"], report["converted"]) == ("UTC", False)
    assert conn.execute(CREATED).fetchall()[0] == ("Ann", "2023-06-01 23:30")


@pytest.mark.long
def test_the_report_has_rows_and_times_of_each_table_and_what_is_odd(take_over: TakeOver) -> None:
    report = report_of(take_over("--times-from", "europe/berlin", "--json"))
    assert (report["times_from"], report["converted"]) == ("Europe/Berlin", True)
    users, categories, products = report["tables"]
    assert (users["rows"], categories["rows"], products["rows"]) == (3, 6, 3)
    assert (users["oldest"], users["newest"]) == ("2023-03-26T01:30:00Z", "2023-11-01T11:00:00Z")
    assert (users["skipped"], users["twice"], products["skipped"], products["twice"]) == (2, 1, 0, 0)
    skipped, twice = [each for each in report["warnings"] if "hour" in each][::-1]
    assert "2 times lie in an hour that Europe/Berlin left out" in skipped
    assert "1 times lie in an hour that Europe/Berlin had twice" in twice


@pytest.mark.long
def test_a_zone_that_is_also_an_abbreviation_has_its_summer_time(take_over: TakeOver, conn: psycopg.Connection) -> None:
    assert take_over("--times-from", "CET").exit_code == 0
    assert conn.execute(CREATED).fetchall()[0] == ("Ann", "2023-06-01 21:30")


@pytest.mark.parametrize(
    ("name", "hint"), [("Berlin", "Europe/Berlin"), ("Europe/Berlim", "Europe/Berlin"), ("UTC+2", "UTC"), ("x", "")]
)
def test_what_is_no_zone_is_refused_with_one_that_is(
    take_over: TakeOver, conn: psycopg.Connection, name: str, hint: str
) -> None:
    done = take_over("--times-from", name)
    assert done.exit_code == 1
    assert f"the server knows no time zone {name}" in done.stderr
    assert hint in done.stderr
    assert version_of(conn) == 4


@pytest.mark.long
def test_rows_of_the_future_are_warned_of(take_over: TakeOver, conn: psycopg.Connection) -> None:
    conn.execute("UPDATE products SET created_at = now() AT TIME ZONE 'Asia/Tokyo'")
    assert "warning: 3 rows have a created_at in the future, read as UTC" in take_over("--dry-run").stderr
    assert "future" not in take_over("--dry-run", "--times-from", "Asia/Tokyo").stderr


def test_a_dry_run_reports_the_same_and_changes_nothing(take_over: TakeOver, conn: psycopg.Connection) -> None:
    before = conn.execute(AS_STORED).fetchall()
    dry = report_of(take_over("--dry-run", "--times-from", "Europe/Berlin", "--json"))
    assert conn.execute(AS_STORED).fetchall() == before
    assert conn.execute("SELECT to_regnamespace('angidi_migrate')").fetchone() == (None,)
    assert (version_of(conn), dry["version"]) == (4, 4)
    done = report_of(take_over("--times-from", "Europe/Berlin", "--json"))
    assert (done["tables"], done["warnings"]) == (dry["tables"], dry["warnings"])
    assert done["version"] == version_of(conn) > 4


@pytest.mark.long
@pytest.mark.parametrize("again", [[], ["--times-from", "Europe/Berlin"], ["--times-from", "Asia/Tokyo"]])
def test_a_second_time_is_refused(take_over: TakeOver, run_empty: Run, again: list[str]) -> None:
    assert take_over("--times-from", "Europe/Berlin").exit_code == 0
    second = take_over(*again)
    assert second.exit_code == 1
    assert "it is taken over already" in second.stderr
    assert run_empty("migrate", "goto", "4").exit_code == 0
    third = take_over(*again)
    assert third.exit_code == 1
    assert "the times were converted already, from Europe/Berlin on 20" in third.stderr


@pytest.mark.long
def test_who_took_the_wrong_zone_for_utc_goes_back_and_names_it(
    take_over: TakeOver, run_empty: Run, conn: psycopg.Connection
) -> None:
    assert take_over().exit_code == 0
    assert run_empty("migrate", "goto", "4").exit_code == 0
    assert take_over("--times-from", "Europe/Berlin").exit_code == 0
    assert conn.execute(CREATED).fetchall()[0] == ("Ann", "2023-06-01 21:30")


@pytest.mark.long
def test_one_that_stopped_after_the_conversion_goes_on_without_converting_again(
    take_over: TakeOver, conn: psycopg.Connection
) -> None:
    convert(conn, "Europe/Berlin")
    refused = take_over("--times-from", "Asia/Tokyo")
    assert "the times were converted already, from Europe/Berlin" in refused.stderr
    report = report_of(take_over("--times-from", "Europe/Berlin", "--json"))
    assert (report["converted"], report["tables"][0]["newest"]) == (False, "2023-11-01T11:00:00Z")
    assert conn.execute(CREATED).fetchall()[0] == ("Ann", "2023-06-01 21:30")


@pytest.mark.long
def test_one_that_stopped_between_two_migrations_is_told_how_it_goes_on(
    take_over: TakeOver, conn: psycopg.Connection
) -> None:
    conn.execute("CREATE FUNCTION is_visible(text) RETURNS int LANGUAGE sql AS 'SELECT 1'")  # 000010 makes another
    assert take_over("--times-from", "Europe/Berlin").exit_code == 1
    assert 4 < version_of(conn) < 10
    assert "`angidi migrate up` goes on" in take_over("--times-from", "Europe/Berlin").stderr


@pytest.mark.long
def test_sessions_of_others_are_warned_of(take_over: TakeOver) -> None:
    assert "the database has other sessions (1): stop the former service first" in take_over("--dry-run").stderr


def test_what_a_migration_would_refuse_stops_it_before_the_times_are_touched(
    take_over: TakeOver, conn: psycopg.Connection
) -> None:
    conn.execute("UPDATE products SET price = 'NaN' WHERE name = 'Atlas'")
    before = conn.execute(AS_STORED).fetchall()
    done = take_over("--times-from", "Europe/Berlin")
    assert done.exit_code == 1
    assert "NaN for a price: Atlas" in done.stderr
    assert (conn.execute(AS_STORED).fetchall(), version_of(conn)) == (before, 4)


@pytest.mark.long
@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_earlier_version_is_taken_over_too(empty_db: str, run_empty: Run, version: int) -> None:
    with psycopg.connect(empty_db, autocommit=True) as conn:
        go_service.restore(conn, version)
    report = report_of(run_empty("takeover", "--times-from", "Europe/Berlin", "--json"))
    assert len(report["tables"]) == version
    assert run_empty("verify").exit_code == 0


@pytest.fixture
def clerk(conn: psycopg.Connection) -> Iterator[str]:
    """A role of the test's own that may do nothing."""
    name = f"clerk_{uuid4().hex}"
    quoted = sql.Identifier(name)
    conn.execute(sql.SQL("CREATE ROLE {} LOGIN").format(quoted))
    yield name
    conn.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(quoted))


@pytest.mark.long
@pytest.mark.parametrize("readable", ["none", "all"])
def test_who_may_not_is_told_so_in_a_line(
    take_over: TakeOver,
    conn: psycopg.Connection,
    clerk: str,
    monkeypatch: pytest.MonkeyPatch,
    readable: str,
) -> None:
    if readable == "all":
        grant = "GRANT SELECT ON users, categories, products, schema_migrations TO {}"
        conn.execute(sql.SQL(grant).format(sql.Identifier(clerk)))
    monkeypatch.setenv("DATABASE_URL", make_conninfo(conn.info.dsn, user=clerk))
    done = take_over("--times-from", "Europe/Berlin")
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "error: " in done.stderr
    assert "permission denied" in done.stderr


@pytest.mark.long
def test_a_database_that_takes_no_changes_stays_as_it_is(
    take_over: TakeOver, conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, empty_db: str
) -> None:
    read_only = make_conninfo(empty_db, options="-c default_transaction_read_only=on")
    monkeypatch.setenv("DATABASE_URL", read_only)
    done = take_over("--times-from", "Europe/Berlin")
    assert done.exit_code == 1
    assert "read-only transaction" in done.stderr
    assert version_of(conn) == 4


def test_an_empty_database_has_nothing_to_take_over(run_empty: Run) -> None:
    done = run_empty("takeover")
    assert done.exit_code == 1
    assert "there is nothing to take over" in done.stderr


@pytest.mark.long
def test_tables_without_a_version_are_told_how_to_get_one(
    take_over: TakeOver, run_empty: Run, conn: psycopg.Connection
) -> None:
    conn.execute("DROP TABLE schema_migrations")
    done = take_over()
    assert done.exit_code == 1
    assert "angidi migrate baseline 4" in done.stderr
    assert run_empty("migrate", "baseline", "4").exit_code == 0
    assert take_over().exit_code == 0


@pytest.mark.long
def test_a_dirty_database_is_repaired_first(take_over: TakeOver, conn: psycopg.Connection) -> None:
    conn.execute("UPDATE schema_migrations SET dirty = true")
    done = take_over()
    assert done.exit_code == 1
    assert "Dirty database version 4" in done.stderr


@pytest.mark.long
def test_the_server_names_it_for_a_database_of_the_former_service(take_over: TakeOver, run_empty: Run) -> None:
    del take_over
    done = run_empty("serve")
    assert done.exit_code == 78
    assert "Run `angidi takeover`" in done.stderr
