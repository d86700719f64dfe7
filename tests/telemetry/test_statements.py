"""How long statements take: by name in the metrics, by text in the log."""

from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry
from psycopg import sql
from structlog.testing import capture_logs
from tests.support.api import Api

from angidi.db import Database
from angidi.db.rows import execute, fetch_value
from angidi.ids import new_id
from angidi.products import repository
from angidi.telemetry import statements
from angidi.telemetry.statements import DURATION, OTHER, STATEMENTS, StatementTimer


@pytest.fixture(autouse=True)
def _anew() -> None:
    STATEMENTS.reset()


def figure(name: str, suffix: str = "count") -> float:
    """A figure of the histogram's series `name`."""
    registry = CollectorRegistry()
    registry.register(DURATION)
    return registry.get_sample_value(f"angidi_statement_duration_seconds_{suffix}", {"statement": name}) or 0


def names() -> set[str]:
    return {sample.labels["statement"] for metric in DURATION.collect() for sample in metric.samples}


async def test_a_statement_has_the_name_of_the_function_that_runs_it(db: Database) -> None:
    for _ in range(3):
        assert await db.read(repository.find_product, new_id()) is None
    assert figure("products.find_product") == 3
    assert figure("products.find_product", "sum") > 0


async def test_what_no_function_of_ours_runs_or_is_composed_is_other(db: Database) -> None:
    before = figure(OTHER)  # of the pool, which tries a statement when it opens
    await db.write(execute, "SELECT 7")
    async with db.connection() as conn:
        await conn.execute(sql.SQL("SELECT {}").format(8))
    assert (names(), figure(OTHER) - before) == ({OTHER}, 2)


async def test_a_statement_that_fails_has_taken_its_time_too(db: Database) -> None:
    before = figure(OTHER)
    with pytest.raises(Exception, match="out of the range"):
        await db.read(fetch_value, "SELECT 1 / 0")
    assert figure(OTHER) - before == 1


def test_texts_without_end_take_no_memory_and_no_series_without_end() -> None:
    timer = StatementTimer()
    for number in range(3 * statements.MAX_NAMES):
        timer.record(f"SELECT {number}", 0.001, 1)
    assert len(timer._series) <= statements.MAX_NAMES  # pyright: ignore[reportPrivateUsage] # nothing else shows memory
    assert (names(), figure(OTHER)) == ({OTHER}, 3 * statements.MAX_NAMES)


def test_what_is_slower_than_the_threshold_is_logged_without_values() -> None:
    timer = StatementTimer()
    timer.reset(timedelta(milliseconds=200))
    with capture_logs() as logs:
        timer.record("SELECT a\n  FROM b\n WHERE c = %(secret)s", 0.25, 3)
        timer.record("SELECT quick", 0.2, 1)
    assert logs == [
        {
            "event": "slow statement",
            "log_level": "warning",
            "duration_ms": 250.0,
            "rows": 3,
            "statement": "SELECT a FROM b WHERE c = %(secret)s",
        }
    ]


def test_a_threshold_of_nothing_logs_nothing() -> None:
    timer = StatementTimer()
    timer.reset(timedelta())
    with capture_logs() as logs:
        timer.record("SELECT 1", 100.0, 1)
    assert logs == []


async def test_the_metrics_show_statements_by_name_and_a_worker_begins_anew(pool_api: Api) -> None:
    STATEMENTS.reset()
    await pool_api.get(f"/products/{new_id()}")
    text = pool_api.metrics
    assert 'angidi_statement_duration_seconds_count{statement="products.find_products"} 1.0' in text
    STATEMENTS.reset()
    assert "products" not in pool_api.metrics.partition("statement_duration")[2]
