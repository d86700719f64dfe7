"""Imports in batches that are interrupted: what is stored stays, and a later run goes on from there, exactly."""

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.support.roles import use_database
from tests.support.shop import rows
from tests.support.waiting import until

from angidi.cli.main import main

ROWS = 6_000
BATCH = 500
DOUBLED = {10: 5_500, 20: 30, 5_400: 5_900}
"""Rows whose SKU stands again in a later one: in another batch, in the same, and in another that is still to come."""


@pytest.fixture
def database(fresh_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with the category Cups, which the settings name."""
    monkeypatch.setenv("ANGIDI_ENV", "test")
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    use_database(monkeypatch, fresh_db)
    with psycopg.connect(fresh_db) as conn:
        conn.execute(rows("categories", {"name": "Cups"}))
    return fresh_db


OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
STORING: LiteralString = f"SELECT count(*) {OTHERS} AND query LIKE '%import_products%'"
KILL: LiteralString = f"SELECT pg_terminate_backend(pid) {OTHERS}"


def ask(database: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database) as conn:
        return conn.execute(query.encode()).fetchall()


def text(rows: int = ROWS) -> str:
    """Return a file whose rows have numbers for SKUs, some of them twice, one without a name, one over two lines."""
    later = {double: first for first, double in DOUBLED.items()}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["sku", "name", "price", "stock", "description", "category"])
    for number in range(rows):
        name = "" if number == 40 else f"Cup {number}"
        note = "over\ntwo lines" if number % 7 == 0 else ""
        writer.writerow([f"S-{later.get(number, number)}", name, "7.10", number, note, "Cups"])
    return out.getvalue()


@pytest.fixture(params=["plain", "gzipped"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    content = text().encode()
    path = tmp_path / "products.csv"
    path.write_bytes(gzip.compress(content) if request.param == "gzipped" else content)
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["import", "products", *map(str, arguments), "--yes"])


@contextmanager
def started(*arguments: str | Path) -> Generator[subprocess.Popen[str]]:
    """Run an import in a process of its own."""
    command = [sys.executable, "-m", "angidi", "import", "products", *map(str, arguments), "--yes"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(database: str) -> int:
    """Return up to which line the file is stored."""
    found = ask(database, "SELECT line FROM import_progress")
    return int(found[0][0]) if found else 0


def counts(database: str) -> tuple[int, int]:
    """Return how many products there are, and how many the note of the import tells of."""
    ((products,),) = ask(database, "SELECT count(*) FROM products")
    ((noted,),) = ask(database, "SELECT sum(added) FROM import_progress")
    return products, noted


def assert_complete(database: str) -> None:
    """Fail unless each good row is stored once, and nothing is noted any more."""
    bad = {40, *DOUBLED.values()}
    expected = [(f"S-{number}", f"Cup {number}", number) for number in range(ROWS) if number not in bad]
    found = ask(database, "SELECT sku, name, stock FROM products ORDER BY stock")
    assert found == expected
    assert ask(database, "SELECT count(*) FROM import_progress") == [(0,)]


@pytest.mark.parametrize("end", [pytest.param(signal.SIGKILL, marks=pytest.mark.long), signal.SIGINT])
def test_a_killed_import_goes_on_where_it_was(database: str, path: Path, end: int) -> None:
    with started(path, "--batch", str(BATCH)) as process:
        until(lambda: line(database) > 1_000)
        process.send_signal(end)
        _, told = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if end == signal.SIGKILL else 130)
    until(lambda: ask(database, f"SELECT count(*) {OTHERS}") == [(0,)])  # a COMMIT under way comes to its end
    stored, noted = counts(database)
    assert 0 < stored == noted < ROWS
    reached = line(database)
    assert end == signal.SIGKILL or f"interrupted: the rows up to line {reached} are stored" in told
    versions = "SELECT sku, ctid::text, xmin::text FROM products ORDER BY id"
    before = ask(database, versions)
    result = run(path, "--batch", str(BATCH), "--resume", "--json")
    assert result.exit_code == 3
    assert f"resumed: the rows up to line {reached} are stored" in result.stderr
    report = json.loads(result.stdout)
    assert (report["added"], report["changed"], report["unchanged"]) == (ROWS - 4, 0, 0)
    assert all(refused["line"] > reached for refused in report["refused"])
    assert ask(database, versions)[: len(before)] == before
    assert_complete(database)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("path", ["plain"], indirect=True)
def test_an_import_of_one_transaction_that_is_interrupted_says_that_nothing_is_stored(
    database: str, path: Path, times: int
) -> None:
    with psycopg.connect(database) as holder:
        holder.execute("LOCK TABLE products")
        with started(path) as process:
            until(lambda: ask(database, f"SELECT count(*) {OTHERS} AND wait_event_type = 'Lock'") == [(1,)])
            for _ in range(times):
                process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "interrupted: nothing is stored; the same command begins again\n")
    assert ask(database, "SELECT count(*) FROM products") == [(0,)]


@pytest.mark.long
def test_control_a_killed_import_of_one_transaction_leaves_nothing(database: str, path: Path) -> None:
    with started(path) as process, psycopg.connect(database, autocommit=True) as watcher:
        until(lambda: watcher.execute(STORING).fetchone() != (0,))
        process.kill()
        process.wait(60)
    assert ask(database, "SELECT count(*) FROM products") == [(0,)]
    assert run(path, "--resume").exit_code == 3
    assert_complete(database)


@pytest.mark.long
def test_an_import_that_loses_its_connection_says_what_is_stored(database: str, path: Path) -> None:
    with started(path, "--batch", str(BATCH)) as process, psycopg.connect(database, autocommit=True) as killer:
        until(lambda: line(database) > 1_000)
        killer.execute(KILL)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 69
    assert told.splitlines()[-2:] == [
        f"interrupted: the rows up to line {line(database)} are stored; --resume goes on from there",
        "error: The connection to the database was lost. If this was a change, look whether it took effect.",
    ]
    assert "psycopg" not in told
    assert run(path, "--resume").exit_code == 3
    assert_complete(database)


@pytest.mark.long
def test_in_batches_or_not_the_same_is_stored_and_reported(database: str, path: Path) -> None:
    batches = run(path, "--batch", str(BATCH), "--json")
    assert_complete(database)
    with psycopg.connect(database) as conn:
        conn.execute("DELETE FROM products")
    whole = run(path, "--json")
    assert_complete(database)
    assert (batches.exit_code, batches.stdout, batches.stderr) == (whole.exit_code, whole.stdout, whole.stderr)
    again = json.loads(run(path, "--batch", "1000", "--json").stdout)
    assert (again["added"], again["changed"], again["unchanged"]) == (0, 0, ROWS - 4)


def test_another_file_and_a_run_without_resume_begin_at_the_beginning(database: str, tmp_path: Path) -> None:
    path, other = tmp_path / "products.csv", tmp_path / "other.csv"
    path.write_text(text())
    other.write_text(text(ROWS // 2))
    with started(path, "--batch", str(BATCH)) as process:
        until(lambda: line(database) > 1_000)
        process.kill()
    result = run(other, "--resume", "--json")
    assert "resumed" not in result.stderr
    assert sum(json.loads(result.stdout)[name] for name in ("added", "unchanged")) == ROWS // 2 - 2
    assert line(database) > 1_000
    result = run(path, "--batch", str(BATCH), "--json")
    assert "resumed" not in result.stderr
    assert sum(json.loads(result.stdout)[name] for name in ("added", "unchanged")) == ROWS - 4
    assert_complete(database)


def test_of_two_imports_of_one_file_one_stops(database: str, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text(text())
    with started(path, "--batch", str(BATCH)) as one, started(path, "--batch", str(BATCH)) as two:
        outcomes = [process.communicate(timeout=100)[1] for process in (one, two)]
    told = ["Another import of this file has gone on meanwhile" in outcome for outcome in outcomes]
    if any(told):  # else the second began when the first had ended
        assert sorted(process.returncode for process in (one, two)) == [1, 3]
    assert_complete(database)


def test_a_file_that_breaks_off_is_refused_before_anything_is_stored(database: str, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text(text() + '"open')
    result = run(path, "--batch", str(BATCH))
    assert result.exit_code == 1
    assert "is never closed" in result.stderr
    assert result.stderr.count("\n") == 1, "nothing was stored, so there is nothing to go on from"
    assert ask(database, "SELECT count(*) FROM products") == [(0,)]


@pytest.mark.usefixtures("database")
def test_where_there_is_nothing_to_resume_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text(text(5))
    told = (
        "nothing to resume for this file (its content or the options are new, or it is all in): "
        "begins at its first row\n"
    )
    assert [run(path, "--resume").stderr for _ in range(2)] == [told, told]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("options", [["--batch", "99"], ["--batch", "500", "--dry-run"], ["--resume", "--dry-run"]])
def test_what_makes_no_sense_is_wrong_usage(tmp_path: Path, options: list[str]) -> None:
    path = tmp_path / "products.csv"
    path.write_text(text(5))
    assert run(path, *options).exit_code == 2
