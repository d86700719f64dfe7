"""`angidi db slow`."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.cli.conftest import Run, runner

from angidi.cli.main import main
from angidi.db.diagnostics.statements import reset, take_snapshot
from angidi.embedded import EmbeddedServer

COUNT = "SELECT count(*) FROM categories"
LOADED = "SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'"
SLOW = "SELECT pg_sleep(0.2)"


@pytest.fixture
def counted(fresh_db: str) -> Iterator[psycopg.Connection]:
    """A connection to `fresh_db`, where the extension stands in a schema of its own and three statements ran."""
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        if conn.execute(LOADED).fetchone() != (True,):
            pytest.skip("pg_stat_statements is not loaded on this server")
        conn.execute("CREATE SCHEMA apart")
        conn.execute("CREATE EXTENSION pg_stat_statements SCHEMA apart")
        reset(conn)
        for statement in (SLOW, COUNT, COUNT):
            conn.execute(statement)
        yield conn


@pytest.mark.usefixtures("counted")
def test_what_takes_most_time_stands_first_with_its_plan(run: Run) -> None:
    done = run("db", "slow", "--plans", "1")
    assert done.exit_code == 0, done.output
    head, _, first, *_ = (line for line in done.stdout.splitlines() if line)
    assert head.startswith("since 20")
    assert first.split()[0] == "1"
    # The server keeps the values where somebody else reset its statistics while the statement ran.
    assert first.rstrip().endswith(("SELECT pg_sleep($1)", SLOW))
    assert done.stdout.count("cost=") == 1


@pytest.mark.usefixtures("counted")
def test_the_report_as_json_has_the_figures_in_milliseconds(run: Run) -> None:
    report = json.loads(run("db", "slow", "--json", "--by", "calls", "--limit", "50", "--plans", "50").stdout)
    (found,) = (each for each in report["statements"] if each["statement"] == COUNT)
    assert (found["calls"], found["rows"]) == (2, 2)
    assert found["total_ms"] == pytest.approx(2 * found["mean_ms"], abs=0.01)
    assert "Aggregate" in found["plan"]
    assert 0 <= found["share"] < 1


def test_what_could_not_be_faster_is_left_out(counted: psycopg.Connection) -> None:
    others = (
        "",
        " ; ",
        "BEGIN",
        "ROLLBACK",
        "begin ISOLATION LEVEL SERIALIZABLE",
        "SAVEPOINT a",
        "RELEASE a",
        "COMMIT",
    )
    for statement in (*others, "DISCARD PLANS", "DEALLOCATE ALL", "SELECT 'begin'"):
        counted.execute(statement.encode())
    listed = {stats.statement for stats in take_snapshot(counted).statements}
    assert {text.split()[0].upper() for text in listed if text.strip()} <= {"COMMIT", "SELECT"}
    assert "COMMIT" in listed
    assert all(text.strip(" ;") for text in listed)
    assert "SELECT $1" in listed or "SELECT 'begin'" in listed


def test_the_figures_are_reset(counted: psycopg.Connection, run: Run) -> None:
    done = run("db", "slow", "--reset")
    assert (done.exit_code, done.output) == (0, "statistics reset\n")
    assert COUNT not in {stats.statement for stats in take_snapshot(counted).statements}


def test_after_a_reset_the_figures_are_those_since_then(counted: psycopg.Connection) -> None:
    if counted.info.server_version < 170000:
        pytest.skip("before 17 the server does not tell since when it counts a database's statements")
    before = take_snapshot(counted).since
    ((reset_at,),) = counted.execute("SELECT clock_timestamp()").fetchall()
    reset(counted)
    counted.execute(COUNT)
    assert before < reset_at < take_snapshot(counted).since


@pytest.mark.parametrize("options", [[], ["--reset"], ["--json"]])
def test_where_nothing_counts_it_says_what_a_superuser_has_to_do(run: Run, options: list[str]) -> None:
    done = run("db", "slow", *options)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (78, "", 1)
    for word in ("superuser", "shared_preload_libraries", "restart", "CREATE EXTENSION pg_stat_statements"):
        assert word in done.stderr


@pytest.mark.parametrize(
    ("options", "advice"), [([], "GRANT pg_read_all_stats"), (["--reset"], "GRANT EXECUTE ON FUNCTION")]
)
def test_a_role_that_may_not_look_is_told_whom_to_ask(
    counted: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: list[str],
    advice: str,
) -> None:
    role = f"reader_{counted.info.dbname}"
    name = sql.Identifier(role)
    counted.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'reader'").format(name))
    try:
        address = make_conninfo(counted.info.dsn, user=role, password="reader")
        done = runner(address, monkeypatch, tmp_path)("db", "slow", *options)
    finally:
        counted.execute(sql.SQL("DROP ROLE {}").format(name))
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1), done.output
    assert advice in done.stderr


def test_a_role_is_told_how_many_statements_of_others_are_hidden(
    counted: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    role = f"reader_{counted.info.dbname}"
    name = sql.Identifier(role)
    counted.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'reader'").format(name))
    counted.execute(sql.SQL("GRANT USAGE ON SCHEMA apart TO {}").format(name))
    try:
        address = make_conninfo(counted.info.dsn, user=role, password="reader")
        done = runner(address, monkeypatch, tmp_path)("db", "slow", "--json")
    finally:
        counted.execute(sql.SQL("DROP OWNED BY {}").format(name))
        counted.execute(sql.SQL("DROP ROLE {}").format(name))
    assert done.exit_code == 0, done.output
    number, _, rest = done.stderr.partition(" ")
    assert int(number) > 0
    assert rest == (f"statements of other roles are hidden: a superuser has to run GRANT pg_read_all_stats TO {role}\n")
    assert COUNT not in {each["statement"] for each in json.loads(done.stdout)["statements"]}


def test_an_embedded_server_that_was_started_without_it_is_to_be_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path))
    with EmbeddedServer(tmp_path, settings={"shared_preload_libraries": ""}, notify=lambda _: None) as server:
        server.create_database("angidi_dev")
        done = CliRunner().invoke(main, ["db", "slow"])
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (78, "", 1), done.output
    assert "start again" in done.stderr
