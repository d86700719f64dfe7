"""Many processes at once, and the end of a process or of the server at any moment."""

import os
import random
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from angidi.embedded import EmbeddedServer
from tests.support.waiting import until

from .conftest import Cli, Scratch
from .tools import FULL, OURS, STRICT, Tool

ROUNDS, PROCESSES = (10, 50) if FULL else (1, 10)
KILLS = 30 if FULL else 4
SERVER_KILLS = 30 if FULL else 2


def first_of(count: int) -> list[Any]:
    """Numbers of attempts, of which `make test` makes the first."""
    return [pytest.param(number, marks=[pytest.mark.long] * bool(number)) for number in range(count)]


PAIRS = (1, 2, 4, 6, 8)
"""Versions whose file makes two tables and waits between them; the others build indexes concurrently."""


def fill(scratch: Scratch) -> None:
    """Write files of every manner: atomic, a transaction of its own, one or two concurrent indexes, a function."""
    pair = "CREATE TABLE a{0} (i int);\nSELECT pg_sleep(0.05);\nCREATE TABLE b{0} (i int);\n"
    for version in PAIRS:
        body = pair.format(version)
        wrapped = f"BEGIN;\n{body}COMMIT;\n" if version == 2 else body
        scratch.files(**{f"u{version}_pair": wrapped, f"d{version}_pair": f"DROP TABLE a{version}, b{version};"})
    scratch.files(
        u3_index="CREATE INDEX CONCURRENTLY i3 ON a1 (i);",
        u5_two="CREATE INDEX CONCURRENTLY i5 ON a1 (i);\nCREATE INDEX CONCURRENTLY j5 ON b1 (i);",
        u7_function="CREATE FUNCTION f7() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;",
    )


def check(scratch: Scratch, *, atomic: bool = True) -> bool:
    """Check what is there against the version row, and return whether that is dirty."""
    names = set(scratch.tables())
    torn = [version for version in PAIRS if len({f"a{version}", f"b{version}"} & names) == 1]
    assert torn == []
    rows = scratch.version() if scratch.run("SELECT to_regclass('schema_migrations') IS NOT NULL") == [(True,)] else []
    version, dirty = rows[0] if rows else (0, False)
    if atomic or not dirty:
        assert {each for each in PAIRS if f"a{each}" in names} == {each for each in PAIRS if each <= version}
    assert not (atomic and dirty and version in PAIRS)
    return dirty


def settle(scratch: Scratch) -> None:
    """Wait until the server has noticed that its client is gone."""
    others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    until(lambda: not scratch.run(others))


def finish(scratch: Scratch, *, dirty: bool) -> None:
    """Bring the database to the end: by `up`, after one `repair` where it is dirty."""
    cli = Cli(scratch)
    if dirty:
        cli("repair", "--yes")
    result = CliRunner().invoke(cli.group, ["up"])
    assert result.exit_code == 0, result.output
    assert scratch.version() == [(8, False)]
    check(scratch)
    indexes = "SELECT count(*) FROM pg_index WHERE indexrelid::regclass::text IN ('i3', 'i5', 'j5') AND indisvalid"
    assert scratch.run(indexes) == [(3,)]


@pytest.mark.parametrize("attempt", range(ROUNDS))
def test_processes_at_once_apply_each_migration_once_and_all_succeed(scratch: Scratch, attempt: int):
    scratch.run("CREATE TABLE log (version int)")
    fill(scratch)
    for version in range(9, 12):
        scratch.files(**{f"u{version}_log": f"INSERT INTO log VALUES ({version});"})
    waiting = ("-lock-timeout", "90", "up")  # what is measured is the exclusion, not the load of the machine
    running = [OURS.start(scratch.folder, scratch.url, *waiting) for _ in range(PROCESSES)]
    said = [process.communicate(timeout=100)[0] for process in running]
    failed = [text for process, text in zip(running, said, strict=True) if process.returncode]
    assert failed == [], f"round {attempt}"
    assert scratch.run("SELECT version FROM log ORDER BY 1") == [(9,), (10,), (11,)]
    assert sum("1/u pair" in each for each in said) == 1
    assert scratch.version() == [(11, False)]


def killed(scratch: Scratch, tool: Tool, delay: float) -> None:
    """Start `up`, kill it with -9 `delay` seconds after it has connected, and let the server notice."""
    process = tool.start(scratch.folder, scratch.url, "up")
    application = "SELECT pid FROM pg_stat_activity WHERE application_name = 'angidi migrate'"
    while process.poll() is None and not scratch.run(f"{application} AND datname = current_database()"):
        time.sleep(0.01)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    settle(scratch)


@pytest.mark.parametrize("seed", first_of(KILLS))
def test_after_kill_9_of_the_tool_up_finishes_or_is_one_repair_away(scratch: Scratch, seed: int):
    fill(scratch)
    killed(scratch, OURS, random.Random(seed).uniform(0, 0.5))
    finish(scratch, dirty=check(scratch))


def test_the_control_kill_9_in_strict_mode_leaves_a_transactional_file_dirty(scratch: Scratch):
    fill(scratch)
    scratch.files(u1_pair="CREATE TABLE a1 (i int);\nSELECT pg_sleep(1);\nCREATE TABLE b1 (i int);")
    killed(scratch, STRICT, 0.5)
    assert check(scratch, atomic=False)
    assert scratch.version() == [(1, True)]


def test_the_same_kill_in_the_default_mode_leaves_it_clean(scratch: Scratch):
    fill(scratch)
    scratch.files(u1_pair="CREATE TABLE a1 (i int);\nSELECT pg_sleep(1);\nCREATE TABLE b1 (i int);")
    killed(scratch, OURS, 0.5)
    assert not check(scratch)
    assert scratch.version() == []


@contextmanager
def own_server(home: Path) -> Generator[str]:
    """The address of a durable server that may be killed."""
    with EmbeddedServer(home, notify=lambda _: None) as server:
        server.create_database("shop")
        yield server.url("shop")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed") / "home"


def kill_server(home: Path) -> None:
    """Kill the postmaster with -9; its children end by themselves."""
    number = int((home / "data/postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
    assert "postgres" in Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8")
    os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize("seed", first_of(SERVER_KILLS))
def test_after_kill_9_of_the_server_up_finishes_or_is_one_repair_away(home: Path, tmp_path: Path, seed: int):
    folder = tmp_path / "migrations"
    folder.mkdir()
    with own_server(home) as url:
        scratch = Scratch(url, folder)
        fill(scratch)
        Cli(scratch)("drop", "--yes")
        process = OURS.start(folder, scratch.url, "up")
        time.sleep(random.Random(seed).uniform(0.2, 1.0))
        kill_server(home)
        said, _ = process.communicate(timeout=60)
        assert process.returncode in {0, 1}
        assert "Traceback" not in said
    with own_server(home) as url:
        scratch = Scratch(url, folder)
        finish_or_done(scratch)


def finish_or_done(scratch: Scratch) -> None:
    """Finish, where the run was not over when the server ended."""
    dirty = check(scratch)
    table = scratch.run("SELECT to_regclass('schema_migrations') IS NOT NULL") == [(True,)]
    if table and scratch.version() == [(8, False)]:
        return
    finish(scratch, dirty=dirty)


def test_a_connection_that_is_gone_is_an_error_that_says_so(scratch: Scratch):
    fill(scratch)
    scratch.files(u1_pair="SELECT pg_terminate_backend(pg_backend_pid());")
    outcome = OURS.run(scratch.folder, scratch.url, "up")
    assert outcome.code == 1
    assert "terminating connection due to administrator command" in outcome.said
    with psycopg.connect(scratch.address) as connection:
        assert connection.execute("SELECT to_regclass('a1')").fetchone() == (None,)
