"""`angidi migrate …` on the configured database and the platform's own files."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from angidi.cli.schema_state import MIGRATIONS
from angidi.migrate import Source

LATEST = Source(MIGRATIONS).versions[-1]


def version_of(run: Run) -> int | None:
    return json.loads(run("migrate", "version", "--json").stdout)["version"]


def test_up_applies_everything(run_empty: Run) -> None:
    done = run_empty("migrate", "up")
    assert done.exit_code == 0, done.output
    assert f"{LATEST}/u" in done.stderr
    assert version_of(run_empty) == LATEST


def test_up_and_down_take_a_number(run_empty: Run) -> None:
    run_empty("migrate", "up", "3")
    assert version_of(run_empty) == 3
    run_empty("migrate", "down", "2")
    assert version_of(run_empty) == 1


def test_force_sets_the_version_without_running_anything(run: Run) -> None:
    assert run("migrate", "force", "4").exit_code == 0
    assert run("migrate", "version").stdout == "4\n"


def test_nothing_to_do_is_no_failure(run: Run) -> None:
    done = run("migrate", "up")
    assert (done.exit_code, done.stderr) == (0, "no change\n")


def test_a_failure_is_a_line_and_exit_code_1(run: Run) -> None:
    done = run("migrate", "goto", "77")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: no migration found for version 77")


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("", "add_reviews"),
        ("Add Reviews!", "add_reviews"),
        ("../x", "x"),
        ("add-stock", "add_stock"),
        ("é", "add_reviews"),
    ],
)
def test_a_name_that_is_no_good_in_a_files_is_refused(run: Run, tmp_path: Path, name: str, better: str) -> None:
    done = run("migrate", "create", name, "--path", str(tmp_path / "migrations"))
    assert done.exit_code == 2
    assert f"is made of a-z, 0-9 and _, as in {better}" in done.stderr
    assert not (tmp_path / "migrations").exists()


def test_the_former_runners_line_is_printed(run: Run) -> None:
    assert run("migrate", "run").stdout == f"Current version: {LATEST}, Dirty: false\n"
