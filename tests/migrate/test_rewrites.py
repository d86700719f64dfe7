"""What is said beforehand of files that rewrite tables under a lock that nobody gets past."""

import re
from contextlib import nullcontext
from typing import Any

import pytest
from click.testing import CliRunner

from angidi.cli.schema_state import MIGRATIONS
from angidi.migrate.checks import rewrites
from angidi.migrate.checks.plan import steps_to
from angidi.migrate.commands import build_group
from tests.support import go_service

from .conftest import Scratch

TABLE = """
CREATE TABLE t (id int PRIMARY KEY, v varchar(50), n int, price numeric(10, 2), at timestamp);
INSERT INTO t SELECT n, 'v', n, 1, now() FROM generate_series(1, 500) AS n
"""
REWRITING = [
    "ALTER TABLE t ALTER COLUMN v TYPE varchar(20)",
    "ALTER TABLE t ALTER n SET DATA TYPE bigint",
    "ALTER TABLE t ALTER v TYPE text, ALTER n TYPE bigint",
    "ALTER TABLE t ALTER price TYPE numeric(10, 3)",
    "ALTER TABLE t ALTER at TYPE timestamp(0), ALTER v TYPE text",
    "ALTER TABLE t ALTER at DROP DEFAULT, ALTER at TYPE timestamptz USING at AT TIME ZONE 'Asia/Kolkata'",
    "ALTER TABLE t ADD COLUMN made uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE t ADD COLUMN twice int GENERATED ALWAYS AS (n * 2) STORED",
    "ALTER TABLE t SET UNLOGGED",
    "VACUUM FULL t",
    "VACUUM (FULL, ANALYZE) t",
    "VACUUM FULL",
    "CLUSTER t USING t_pkey",
]
NOT_REWRITING = [
    "ALTER TABLE t ALTER COLUMN v TYPE text",
    "ALTER TABLE t ALTER v TYPE varchar(80)",
    "ALTER TABLE t ALTER v TYPE varchar",
    "ALTER TABLE t ALTER price TYPE numeric(12, 2)",
    "ALTER TABLE t ALTER n TYPE integer",
    "ALTER TABLE t ADD COLUMN made timestamptz NOT NULL DEFAULT now()",
    "ALTER TABLE t ADD COLUMN more int DEFAULT 7",
    "ALTER TABLE t ALTER n SET NOT NULL",
    "VACUUM ANALYZE t",
]


@pytest.fixture
def all_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell of small tables, too."""
    monkeypatch.setattr(rewrites, "MIN_REPORTED_SECONDS", 1e-6)


@pytest.mark.usefixtures("all_told")
@pytest.mark.parametrize(("sql", "expected"), [(s, True) for s in REWRITING] + [(s, False) for s in NOT_REWRITING])
def test_what_is_said_to_rewrite_a_table_is_what_the_server_rewrites(
    scratch: Scratch, sql: str, expected: bool
) -> None:
    scratch.run(TABLE)
    scratch.files(u1_a=sql)
    told = [each.table for found in foretold(scratch) for each in found.tables]
    before = scratch.run("SELECT pg_relation_filenode('t')")
    scratch.run(sql)
    assert (scratch.run("SELECT pg_relation_filenode('t')") != before) is expected
    assert ("t" in told) is expected


def foretold(scratch: Scratch) -> list[rewrites.Downtime]:
    with scratch.open() as migrate:
        return rewrites.downtimes(migrate.session.connection, steps_to(migrate, None))


@pytest.mark.usefixtures("all_told")
def test_a_table_that_is_not_there_yet_keeps_nobody_waiting(scratch: Scratch) -> None:
    scratch.files(
        u1_a="CREATE TABLE t (n int)",
        u2_b="ALTER TABLE t ALTER n TYPE bigint",
        u3_c="CREATE TABLE u (n int); CLUSTER u",
    )
    assert foretold(scratch) == []


def test_small_tables_are_not_told(scratch: Scratch) -> None:
    scratch.run(TABLE)
    scratch.files(u1_a=REWRITING[0])
    assert foretold(scratch) == []


def test_it_is_told_in_megabytes_and_seconds_largest_first(scratch: Scratch) -> None:
    scratch.files(u5_a="SELECT 1")
    with scratch.open() as migrate:
        (script,) = steps_to(migrate, None)
    tables = (rewrites.Rewritten("products", 400_000_000, 80_000_000), rewrites.Rewritten("users", 50_000_000, 1))
    found = rewrites.Downtime(script.step, tables)
    assert str(found) == "5 rewrites products (480 MB), users (50 MB): nobody can read or write them for about 4 s"
    one = rewrites.Downtime(script.step, (rewrites.Rewritten("products", 20_000_000_000, 0),))
    assert str(one) == "5 rewrites products (20.0 GB): nobody can read or write it for about 3 min"


@pytest.fixture
def taken_over(scratch: Scratch) -> Scratch:
    """A database of the former service, with the platform's files ahead of it."""
    scratch.run(go_service.UUID_FUNCTION)
    scratch.run(go_service.schema(4).decode())
    with scratch.connect() as conn:
        go_service.fill(conn, users=500, products=5_000)
    return scratch


def platform(address: str, *arguments: str) -> Any:
    return CliRunner().invoke(build_group(MIGRATIONS, lambda _: nullcontext(address)), arguments)


@pytest.mark.usefixtures("all_told")
def test_plan_and_up_say_that_the_take_over_locks_the_tables(taken_over: Scratch) -> None:
    pattern = r"000005 rewrites products \(\d+ MB\), users \(\d+ MB\).*: nobody can read or write them for about 1 s"
    platform(taken_over.url, "force", "4")
    plan = platform(taken_over.url, "plan")
    assert re.findall(r"^.*rewrites.*$", plan.stdout, re.MULTILINE) == re.findall(pattern, plan.stdout)
    assert len(re.findall(pattern, plan.stdout)) == 1
    up = platform(taken_over.url, "up", "--json")
    assert up.exit_code == 0
    assert up.stderr.index("rewrites products") < up.stderr.index("5/u")
    assert re.search(r'"downtime": \[\s*\{\s*"version": 5,\s*"tables": \[\s*\{\s*"table": "products"', up.stdout)


@pytest.mark.usefixtures("all_told")
def test_nothing_is_said_of_a_new_database(scratch: Scratch) -> None:
    assert "rewrites" not in platform(scratch.url, "plan").output
    up = platform(scratch.url, "up", "--json")
    assert "rewrites" not in up.output
    assert "downtime" not in up.stdout


def test_the_take_over_of_a_small_shop_says_nothing(taken_over: Scratch) -> None:
    platform(taken_over.url, "force", "4")
    assert "rewrites" not in platform(taken_over.url, "plan").output
