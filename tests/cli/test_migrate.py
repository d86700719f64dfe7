"""`angidi migrate …` on the platform's own migrations."""

from pathlib import Path

import pytest
from tests.cli.conftest import Run

from angidi.cli import migrate as command
from angidi.cli.context import MIGRATIONS
from angidi.migrate import Source

LATEST = Source(MIGRATIONS).versions[-1]


def test_up_applies_everything_and_prints_the_version(run_empty: Run) -> None:
    done = run_empty("migrate", "up")
    assert (done.exit_code, done.stdout) == (0, f"version {LATEST}\n"), done.output
    assert f"{LATEST}/u" in done.stderr


def test_up_and_down_take_a_number(run_empty: Run) -> None:
    assert run_empty("migrate", "up", "3").stdout == "version 3\n"
    assert run_empty("migrate", "down", "2").stdout == "version 1\n"


def test_goto_goes_either_way(run: Run) -> None:
    assert run("migrate", "goto", "5").stdout == "version 5\n"
    assert run("migrate", "goto", "6").stdout == "version 6\n"


def test_nothing_to_do_is_no_failure(run: Run) -> None:
    done = run("migrate", "up")
    assert (done.exit_code, done.stderr) == (0, "no change\n")


def test_down_without_a_number_asks(run: Run) -> None:
    assert run("migrate", "down", input="n\n").exit_code == 1
    assert run("migrate", "version").stdout == f"version {LATEST}\n"
    assert run("migrate", "down", input="y\n").stdout == "no version: nothing is applied\n"


def test_down_all_does_not_ask(run: Run) -> None:
    assert run("migrate", "down", "--all").stdout == "no version: nothing is applied\n"


def test_more_steps_than_there_are_is_said(run: Run) -> None:
    run("migrate", "down", "1")
    done = run("migrate", "up", "3")
    assert (done.exit_code, done.stdout) == (0, f"version {LATEST}\n")
    assert "limit 2 short" in done.stderr


def test_force_sets_the_version_and_minus_one_is_none(run: Run) -> None:
    assert run("migrate", "force", "4").stdout == "version 4\n"
    assert run("migrate", "force", "-1").stdout == "no version: nothing is applied\n"


def test_create_makes_the_next_pair(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "000007_old.up.sql").touch()
    monkeypatch.setattr(command, "MIGRATIONS", tmp_path)
    assert run("migrate", "create", "Add a table").exit_code == 0
    assert run("migrate", "create", input="another one\n").exit_code == 0
    assert {path.name for path in tmp_path.glob("00000[89]*")} == {
        "000008_add_a_table.up.sql",
        "000008_add_a_table.down.sql",
        "000009_another_one.up.sql",
        "000009_another_one.down.sql",
    }
