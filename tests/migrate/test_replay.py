from pathlib import Path
from typing import Any

import pytest

from .conftest import Scratch
from .replay import RUNS, Replay

NAMES = [run["name"] for run in RUNS]


@pytest.mark.parametrize("run", RUNS, ids=NAMES)
def test_strict_mode_does_what_golang_migrate_was_recorded_doing(
    run: dict[str, Any], scratch: Scratch, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MIGRATE_STRICT_COMPAT", "1")
    assert list(Replay(run, scratch, monkeypatch).differences()) == []


def test_the_recording_holds_all_139_commands():
    assert sum(len(run["steps"]) for run in RUNS) == 139


@pytest.mark.parametrize("run", RUNS, ids=NAMES)
def test_the_default_mode_differs_where_the_manual_says_so_and_nowhere_else(
    run: dict[str, Any], scratch: Scratch, monkeypatch: pytest.MonkeyPatch
):
    found = {(number, point) for number, point, _, _ in Replay(run, scratch, monkeypatch).differences()}
    _, listed = DIFFERENCES.get(run["name"], ("", {}))
    assert found == {(number, point) for number, points in listed.items() for point in points.split()}


def test_the_manual_gives_the_reason_of_each_difference():
    manual = (Path(__file__).parents[2] / "docs/database/MIGRATIONS.md").read_text()
    reasons = {reason for listed, _ in DIFFERENCES.values() for reason in listed.split("; ")}
    assert [reason for reason in sorted(reasons) if f"**{reason}**" not in manual] == []


DIFFERENCES: dict[str, tuple[str, dict[int, str]]] = {
    "up and down": ("Reading changes nothing", {0: "rows"}),
    "steps and goto": ("Messages say more", {2: "stderr"}),
    "worked table 1 3 4 5 7": (
        "Atomic files; Messages say more",
        {
            4: "stderr rows",
            5: "stderr rows",
            6: "stderr rows",
            8: "stderr",
            9: "stderr",
            10: "stderr",
            13: "stderr rows",
        },
    ),
    "syntax error in the second statement": (
        "Atomic files; Messages say more",
        {0: "stderr rows", 1: "exit stderr rows", 2: "stderr rows", 3: "exit stderr rows", 4: "stderr rows"},
    ),
    "explicit transaction that fails": (
        "Atomic files; Messages say more",
        {0: "stderr rows", 1: "exit stderr rows"},
    ),
    "no transaction statements": ("One by one", {0: "exit stderr rows", 1: "stderr rows"}),
    "multi statement": ("Messages say more", {0: "stderr"}),
    "duplicate version": ("Messages say more", {0: "stderr", 1: "stderr", 2: "stderr"}),
    "notices and results": ("Messages say more", {0: "stderr"}),
    "no files": ("Messages say more", {0: "stderr", 1: "stderr", 2: "stderr", 6: "stderr"}),
    "missing folder": ("Messages say more", {0: "stderr", 1: "stderr"}),
    "usage": (
        "Reading changes nothing",
        {6: "rows", 7: "rows", 8: "rows", 9: "rows", 10: "rows", 11: "rows", 12: "rows", 13: "rows"},
    ),
    "force": (
        "Reading changes nothing; force -1; Atomic files; Messages say more",
        {0: "rows", 1: "rows", 2: "exit stderr", 8: "stderr rows", 11: "stderr"},
    ),
    "missing schema": ("Messages say more", {0: "stderr", 1: "stderr"}),
    "statement timeout": (
        "Server-side timeout; Atomic files; Messages say more",
        {0: "stderr rows", 1: "exit stderr rows"},
    ),
    "empty files": ("Missing down files", {1: "stderr"}),
    "byte order mark": ("Atomic files; Messages say more", {0: "stderr rows", 1: "exit stderr rows"}),
    "lock held": ("Reading changes nothing", {2: "exit"}),
}
"""For each recorded run: the reasons, as the manual names them, and the points that differ at each step."""
