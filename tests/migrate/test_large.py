"""Files larger than the buffers of a socket, which are sent in parts: to the end, and when they are cut off."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Scratch
from .relay import Relay, relay_to
from .test_crash import kill_server, own_server
from .tools import FULL, OURS, STRICT, Tool

MEGABYTE = 10**6
ROW = "({}, 'a row of about a hundred characters, it''s text with a quote and a semicolon; and so it goes on')"
SIZES = (0.5, 5.0, 15.0) if FULL else (5.0,)
SHAPES = {"one statement": 1, "thousands": 2000}


def large(megabytes: float, statements: int) -> str:
    """SQL of that size: a table, and rows for it in so many INSERTs."""
    rows = [ROW.format(n) for n in range(int(megabytes * MEGABYTE / statements / len(ROW)))]
    insert = "INSERT INTO large VALUES\n" + ",\n".join(rows) + ";\n"
    return "CREATE TABLE large (n int, body text);\n" + insert * statements


@pytest.fixture
def relay(scratch: Scratch) -> Iterator[Relay]:
    with relay_to(scratch.url) as relay:
        yield relay


def wait_for(scratch: Scratch, condition: str) -> None:
    """Wait until a session of the tool is as the condition says."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'angidi migrate' "
        f"AND datname = current_database() AND {condition}"
    )
    deadline = time.monotonic() + 30
    while scratch.run(query) == [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def locks(scratch: Scratch) -> int:
    return scratch.run("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND database = "
                       "(SELECT oid FROM pg_database WHERE datname = current_database())")[0][0]  # fmt: skip


def freed(scratch: Scratch) -> None:
    """Wait until nobody holds the lock."""
    deadline = time.monotonic() + 20
    while locks(scratch):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(params=["socket", "tcp"])
def url(request: pytest.FixtureRequest, scratch: Scratch, relay: Relay) -> str:
    return scratch.url if request.param == "socket" else relay.url(scratch.url)


@pytest.mark.parametrize("tool", [OURS, STRICT], ids=["default", "strict"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", SIZES)
def test_a_large_file_is_applied(scratch: Scratch, url: str, tool: Tool, shape: str, size: float):
    scratch.files(u1_large=large(size, SHAPES[shape]))
    outcome = tool.run(scratch.folder, url, "up")
    assert (outcome.code, outcome.said) == (0, "1/u large (D)\n")
    assert scratch.version() == [(1, False)]
    assert scratch.run("SELECT count(*) > 0 FROM large") == [(True,)]


def test_a_server_that_talks_while_the_file_is_sent_is_listened_to(scratch: Scratch):
    notices = "DO $$ BEGIN RAISE NOTICE '%', repeat('n', 10000); END $$;\n"
    scratch.files(u1_large=notices * 1000 + large(2, 1))
    assert OURS.run(scratch.folder, scratch.url, "up").code == 0


def running(scratch: Scratch, url: str, statements: int) -> subprocess.Popen[str]:
    """Start a run of a large file that sleeps at its end, and return once the server has begun it."""
    scratch.files(u1_small="CREATE TABLE small (i int);", u2_large=large(5, statements) + "SELECT pg_sleep(30);")
    process = OURS.start(scratch.folder, url, "up")
    wait_for(scratch, "state = 'active' AND query LIKE '%INSERT INTO large%'")
    return process


def ends_at_once(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=15)
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("shape", SHAPES if FULL else ["thousands"])
@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)], ids=["SIGTERM", "SIGINT"])
def test_a_signal_rolls_a_large_file_back(scratch: Scratch, url: str, shape: str, signals: tuple[signal.Signals, ...]):
    process = running(scratch, url, SHAPES[shape])
    for each in signals:
        process.send_signal(each)
        time.sleep(0.1)
    said = ends_at_once(process)
    assert process.returncode == 128 + signals[-1]
    assert "stopped: 2/u large was rolled back\nThe database is at version 1, and clean." in said
    assert (scratch.tables(), scratch.version(), locks(scratch)) == (["small"], [(1, False)], 0)


@pytest.mark.long
def test_one_sigint_ends_a_run_whose_server_does_not_take_the_file(scratch: Scratch, relay: Relay):
    scratch.files(u1_large=large(15, 1))
    relay.silent_after = MEGABYTE
    process = OURS.start(scratch.folder, relay.url(scratch.url), "up")
    wait_for(scratch, "state = 'idle in transaction'")
    while relay.open.is_set():
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = ends_at_once(process)
    assert process.returncode == 128 + signal.SIGINT
    assert "stopped: 1/u large was given up\nThe server did not answer" in said
    relay.resume()
    freed(scratch)
    assert (scratch.tables(), scratch.version()) == ([], [])


def test_sigterm_ends_a_run_whose_server_is_silent(scratch: Scratch, relay: Relay):
    process = running(scratch, relay.url(scratch.url), 1)
    relay.open.clear()
    process.send_signal(signal.SIGTERM)
    said = ends_at_once(process)
    assert process.returncode == 128 + signal.SIGTERM
    assert "stopped: 2/u large was given up\nThe server did not answer" in said
    assert scratch.run("SELECT to_regclass('large')") == [(None,)]


@pytest.mark.long
def test_a_backend_that_is_ended_is_an_error_and_leaves_nothing(scratch: Scratch):
    process = running(scratch, scratch.url, 2000)
    scratch.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'angidi migrate' "
                "AND datname = current_database()")  # fmt: skip
    said = ends_at_once(process)
    assert process.returncode == 1
    assert "terminating connection due to administrator command" in said
    assert (scratch.tables(), scratch.version(), locks(scratch)) == (["small"], [(1, False)], 0)


@pytest.mark.long
def test_a_server_killed_while_it_takes_a_large_file_is_an_error(tmp_path: Path):
    folder = tmp_path / "migrations"
    folder.mkdir()
    with own_server(tmp_path / "home") as url:
        scratch = Scratch(url, folder)
        process = running(scratch, scratch.url, 1)
        kill_server(tmp_path / "home")
        said = ends_at_once(process)
        assert process.returncode == 1
        assert "migration 2/u large failed" in said
    with own_server(tmp_path / "home") as url:
        assert (Scratch(url, folder).tables(), Scratch(url, folder).version()) == (["small"], [(1, False)])
