"""What statements cost, counted in process and shared between processes."""

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import sql
from structlog.testing import capture_logs

from angidi.db import Database, statements
from angidi.db.rows import execute, fetch_value
from angidi.db.statements import MOST, OTHERS, STATEMENTS, Cost, Statements, collected, forget, published

NEVER = timedelta()


def costs(figures: statements.Figures) -> dict[str, Cost]:
    return {cost.statement: cost for cost in figures.costs}


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - files raise no event
            await asyncio.sleep(0.01)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are written many times a second."""
    monkeypatch.setattr(statements, "INTERVAL", 0.02)


async def test_each_statement_is_counted_under_its_text_with_its_rows_and_time(db: Database) -> None:
    query = "SELECT n FROM generate_series(1, %(last)s) AS n, pg_sleep(0.01)"
    before = costs(STATEMENTS.figures()).get(query, Cost(query))
    await db.read(fetch_value, query, {"last": 3})
    await db.read(fetch_value, query, {"last": 4})
    after = costs(STATEMENTS.figures())[query]
    assert (after.calls - before.calls, after.rows - before.rows) == (2, 7)
    assert 0.02 <= after.seconds - before.seconds < 5
    assert 0.01 <= after.longest < after.seconds


async def test_a_statement_that_fails_has_taken_its_time_too(db: Database) -> None:
    query = "SELECT 1 / 0 AS never, 'a statement that fails'"
    with pytest.raises(Exception, match="out of the range"):
        await db.read(fetch_value, query)
    assert costs(STATEMENTS.figures())[query].calls >= 1


def test_texts_without_end_take_no_memory_without_end_and_the_dear_ones_stay() -> None:
    figures = Statements()
    figures.observe("SELECT dear", 9.0, 1)
    for number in range(5 * MOST):
        figures.observe(f"SELECT {number}", 0.001, 1)
    found = costs(figures.figures())
    assert len(found) <= MOST
    assert found["SELECT dear"].seconds == 9.0
    assert sum(cost.calls for cost in found.values()) == 5 * MOST + 1
    assert found[OTHERS].calls > MOST


def test_what_is_slower_than_the_threshold_is_logged_without_values() -> None:
    figures = Statements()
    figures.slow = 0.2
    with capture_logs() as logs:
        figures.observe("SELECT a\n  FROM b\n WHERE c = %(secret)s", 0.25, 3)
        figures.observe("SELECT quick", 0.2, 1)
    assert logs == [
        {
            "event": "slow statement",
            "log_level": "warning",
            "duration_ms": 250.0,
            "rows": 3,
            "statement": "SELECT a FROM b WHERE c = %(secret)s",
        }
    ]


async def test_a_threshold_of_nothing_logs_nothing(tmp_path: Path) -> None:
    figures = Statements()
    async with published(figures, tmp_path, NEVER):
        with capture_logs() as logs:
            figures.observe("SELECT 1", 100.0, 1)
    assert logs == []


async def test_the_threshold_holds_while_the_figures_are_published(tmp_path: Path) -> None:
    figures = Statements()
    async with published(figures, tmp_path, timedelta(milliseconds=200)):
        assert figures.slow == 0.2
    assert figures.slow == statements.NEVER


@pytest.mark.usefixtures("often")
async def test_figures_are_written_while_a_worker_runs_and_when_it_ends(tmp_path: Path) -> None:
    figures = Statements()
    figures.observe("SELECT before", 1.0, 1)
    async with published(figures, tmp_path / "new", NEVER):
        figures.observe("SELECT 1", 0.5, 2)
        await eventually(lambda: "SELECT 1" in costs(collected(tmp_path / "new")))
        figures.observe("SELECT 1", 1.5, 2)
    assert costs(collected(tmp_path / "new")) == {"SELECT 1": Cost("SELECT 1", 2, 2.0, 1.5, 4)}


async def test_the_figures_of_several_workers_are_added_up(tmp_path: Path) -> None:
    for worker, longest in (("1", 0.25), ("2", 0.5)):
        figures = Statements()
        async with published(figures, tmp_path, NEVER):
            figures.observe("SELECT 1", longest, 1)
        (tmp_path / f"{os.getpid()}.json").rename(tmp_path / f"{worker}.json")
    assert costs(collected(tmp_path)) == {"SELECT 1": Cost("SELECT 1", 2, 0.75, 0.5, 2)}


@pytest.mark.usefixtures("often")
async def test_a_running_worker_begins_anew_when_its_figures_are_forgotten(tmp_path: Path) -> None:
    figures = Statements()
    async with published(figures, tmp_path, NEVER):
        figures.observe("SELECT 1", 0.5, 1)
        await eventually(lambda: bool(collected(tmp_path).costs))
        began = figures.since
        forget(tmp_path)
        await eventually(lambda: figures.since > began)
        assert figures.figures().costs == []


@pytest.mark.usefixtures("often")
async def test_a_folder_that_takes_no_file_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    figures = Statements()
    with capture_logs() as logs:
        async with published(figures, tmp_path / "file", NEVER):
            figures.observe("SELECT 1", 0.5, 1)
    assert [log["event"] for log in logs] == ["the figures of statements were not written"]


def test_a_file_that_is_no_figures_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text('{"since": 3')
    assert collected(tmp_path).costs == []


async def test_what_is_composed_for_once_is_not_counted(db: Database) -> None:
    calls = sum(cost.calls for cost in STATEMENTS.figures().costs)
    async with db.connection() as conn:
        await conn.execute(sql.SQL("SELECT {}").format(7))
    assert sum(cost.calls for cost in STATEMENTS.figures().costs) == calls
    await db.write(execute, "SELECT 7")
    assert sum(cost.calls for cost in STATEMENTS.figures().costs) == calls + 1
