"""The real golang-migrate and ours, in turn on one database."""

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support.server import Databases
from tests.support.waiting import until

from .conftest import Scratch
from .folders import commands, generate
from .tools import FULL, OURS, STRICT, Outcome, Tool, golang_migrate

pytestmark = pytest.mark.long  # builds the real tool, once, where there is Go

SEQUENCES = range(50 if FULL else 4)
STEPS = 8

_SCHEMA = """
SELECT relname::text, relkind::text, coalesce(attname::text, '') FROM pg_class
LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'schema_migrations%'
UNION ALL
SELECT proname::text, 'routine', '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3
"""


@pytest.fixture(scope="module")
def go() -> Tool:
    tool = golang_migrate()
    if tool is None:
        pytest.skip("neither golang-migrate nor Go was found (MIGRATE_GO_BINARY names a binary)")
    return tool


def state(scratch: Scratch) -> tuple[Any, Any]:
    """Return the bookkeeping rows, and the schema without them."""
    with scratch.connect() as connection:
        try:
            rows = connection.execute("SELECT version, dirty FROM schema_migrations").fetchall()
        except psycopg.errors.UndefinedTable:
            rows = []
        return rows, connection.execute(_SCHEMA).fetchall()


@pytest.fixture
def other(databases: Databases, scratch: Scratch) -> Iterator[Scratch]:
    """A second database, for the same folder."""
    with databases.database() as url:
        yield Scratch(url, scratch.folder)


@pytest.mark.parametrize("seed", SEQUENCES)
def test_in_strict_mode_taking_turns_is_as_golang_migrate_alone(scratch: Scratch, other: Scratch, go: Tool, seed: int):
    query = generate(scratch.folder, seed % 30)
    choose = random.Random(seed)
    for number, command in enumerate(commands(seed, STEPS)):
        tool = choose.choice([go, STRICT, STRICT])
        wanted = _once(go.run(scratch.folder, scratch.with_query(query), *command))
        got = _once(tool.run(scratch.folder, other.with_query(query), *command))
        where = f"step {number}: {' '.join(command)} by {'go' if tool is go else 'ours'}"
        assert (where, got, state(other)) == (where, wanted, state(scratch))


def _once(outcome: Outcome) -> Outcome:
    """Leave out that the real tool prints `no migration found` twice on one line."""
    half = len(outcome.said) // 2
    twice = outcome.said[:half] + "\n" == outcome.said[half:]
    return Outcome(outcome.code, outcome.said[half:] if twice else outcome.said)


@pytest.mark.parametrize("seed", SEQUENCES)
def test_in_the_default_mode_taking_turns_differs_by_clean_failures_only(
    scratch: Scratch, other: Scratch, go: Tool, seed: int
):
    query = generate(scratch.folder, seed % 30)
    choose = random.Random(seed)
    for number, command in enumerate(each for each in commands(seed, STEPS) if each[0] != "drop"):
        wanted = go.run(scratch.folder, scratch.with_query(query), *command)
        got = choose.choice([go, OURS, OURS]).run(scratch.folder, other.with_query(query), *command)
        (rows, schema), (wanted_rows, wanted_schema) = state(other), state(scratch)
        where = f"step {number}: {' '.join(command)}"
        assert (where, got.code, schema) == (where, wanted.code, wanted_schema)
        if rows != wanted_rows:
            assert wanted_rows[0][1], where
            assert not rows or not rows[0][1], where
            again = str(rows[0][0] if rows else -1)
            go.run(scratch.folder, scratch.with_query(query), "force", "--", again)


_SLEEPING = """
SELECT pid FROM pg_stat_activity
WHERE query LIKE '%pg_sleep(4%' AND pid <> pg_backend_pid() AND datname = current_database()
"""


def _hold(scratch: Scratch, tool: Tool, other: Tool) -> tuple[Outcome, Outcome]:
    """Start a slow migration with one tool, and the other tool once the first holds the lock."""
    scratch.files(u1_a="SELECT pg_sleep(4); CREATE TABLE a (i int);", u2_b="CREATE TABLE b (i int);")
    first = tool.start(scratch.folder, scratch.url, "up")
    until(lambda: scratch.run(_SLEEPING))
    second = other.run(scratch.folder, scratch.url, "up")
    said, _ = first.communicate(timeout=30)
    return Outcome(first.returncode, said), second


@pytest.mark.parametrize("order", ["go first", "ours first"])
def test_each_tool_waits_while_the_other_runs(scratch: Scratch, go: Tool, order: str):
    tools = (go, OURS) if order == "go first" else (OURS, go)
    first, second = _hold(scratch, *tools)
    assert (first.code, second.code) == (0, 0), (first, second)
    assert "1/u a" in first.said
    assert second.said.splitlines()[-1] == "no change"


def test_ours_names_golang_migrate_while_it_waits(scratch: Scratch, go: Tool):
    _, second = _hold(scratch, go, OURS)
    assert "waiting for the lock, held by pid" in second.said
    assert "pg_sleep(4)" in second.said


def test_golang_migrate_sees_no_trace_of_our_side_table(scratch: Scratch, go: Tool):
    scratch.files(
        u1_a="CREATE TABLE a (i int);",
        d1_a="DROP TABLE a;",
        u2_b="CREATE TABLE b (i int);",
        d2_b="DROP TABLE b;",
    )
    assert OURS.run(scratch.folder, scratch.url, "up").code == 0
    assert go.run(scratch.folder, scratch.url, "down", "1").said == "2/d b (D)\n"
    assert go.run(scratch.folder, scratch.url, "up").said == "2/u b (D)\n"
    assert OURS.run(scratch.folder, scratch.url, "down", "-all").said == "2/d b (D)\n1/d a (D)\n"
