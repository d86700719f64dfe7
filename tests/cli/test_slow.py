"""`angidi db slow`."""

import json
from pathlib import Path

import httpx
import msgspec
import psycopg
import pytest
from click.testing import CliRunner
from tests.cli.conftest import Run
from tests.support.serving import serving

from angidi.cli.main import main
from angidi.db.server_statements import reset_server_figures, server_figures
from angidi.db.statements import FIGURES, OTHERS, Cost, Figures

LIST = "\nSELECT id, name\n  FROM products\n WHERE name = %(name)s\n ORDER BY id\n"
COUNT = "SELECT count(*) FROM categories"


@pytest.fixture
def figures(tmp_path: Path) -> Path:
    """The figures of a worker."""
    folder = tmp_path / FIGURES
    folder.mkdir()
    costs = [Cost(LIST, 10, 0.5, 0.1, 100), Cost(COUNT, 100, 1.0, 0.02, 100), Cost(OTHERS, 5, 0.5, 0.2, 5)]
    (folder / "7.json").write_bytes(msgspec.json.encode(Figures(None, costs)))
    return folder


@pytest.mark.usefixtures("figures")
def test_what_takes_most_time_stands_first_with_its_plan(run: Run) -> None:
    done = run("db", "slow", "--own")
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "1 10.00 20.00 1,000.00 50.0% 100 100 SELECT count(*) FROM categories" in lines
    assert "2 50.00 100.00 500.00 25.0% 10 100 SELECT id, name FROM products WHERE name = %(name)s ORDER BY id" in lines
    assert done.stdout.index("Aggregate") < done.stdout.index("Sort Key: id")


@pytest.mark.usefixtures("figures")
def test_the_report_as_json_has_the_figures_in_milliseconds(run: Run) -> None:
    done = run("db", "slow", "--own", "--json", "--by", "mean", "--limit", "2", "--plans", "2")
    report = json.loads(done.stdout)
    assert (report["source"], report["since"]) == ("own", None)
    others, first = report["statements"]
    assert (others["statement"], others["plan"]) == (OTHERS, None)
    assert "Sort" in first.pop("plan")
    assert first == {
        "statement": LIST.strip(),
        "calls": 10,
        "mean_ms": 50.0,
        "max_ms": 100.0,
        "total_ms": 500.0,
        "share": 0.25,
        "rows": 100,
    }


@pytest.mark.usefixtures("figures")
def test_no_plans_are_shown_where_none_are_wanted(run: Run) -> None:
    assert "cost=" not in run("db", "slow", "--own", "--plans", "0").stdout


def test_where_nothing_was_counted_it_says_so(run: Run) -> None:
    done = run("db", "slow", "--own")
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)
    assert "no statement was counted yet" in done.stdout


def test_the_figures_are_forgotten(run: Run, figures: Path) -> None:
    done = run("db", "slow", "--own", "--reset")
    assert (done.exit_code, done.output, list(figures.iterdir())) == (0, "counting anew from now on\n", [])


def test_what_the_workers_of_a_server_ran_is_seen_from_another_process(
    fresh_db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("ANGIDI_HOME", str(home))
    monkeypatch.setenv("DATABASE_URL", fresh_db)
    with serving(home, DATABASE_URL=fresh_db, SERVER_WORKERS="2", DB_SLOW_STATEMENT="1us") as server:
        assert httpx.get(f"{server.url}/health").status_code == 200
    report = json.loads(CliRunner().invoke(main, ["db", "slow", "--own", "--json"]).stdout)
    (ping,) = (each for each in report["statements"] if each["statement"] == "SELECT 1")
    assert ping["calls"] > 1
    assert '"event": "slow statement"' in server.output


# pg_stat_statements: the embedded server has none; a server of one's own may have it loaded.

LOADED = "SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'"


def source_of(run: Run) -> str:
    done = run("db", "slow", "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["source"]


def test_the_figures_are_the_server_s_where_it_counts_and_else_our_own(run: Run, fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        assert server_figures(conn) is None
        assert source_of(run) == "own"
        if conn.execute(LOADED).fetchone() == (True,):
            conn.execute("CREATE SCHEMA apart")
            conn.execute("CREATE EXTENSION pg_stat_statements SCHEMA apart")
            reset_server_figures(conn)
            conn.execute(COUNT)
            found = server_figures(conn)
            assert found is not None
            assert found.since is not None
            assert [(cost.calls, cost.rows) for cost in found.costs if cost.statement == COUNT] == [(1, 1)]
            assert source_of(run) == "server"
            assert run("db", "slow", "--reset").exit_code == 0
