"""How far an import is, where there is no terminal."""

from pathlib import Path

import pytest
from tests.support.waiting import until

from angidi.cli.data.progress import ImportProgress, show_progress


def progress(total: int | None, position: int, line: int) -> str:
    made = ImportProgress()
    made.total = total
    made.watch(position, line)
    return str(made).rpartition(",")[0]


def test_a_line_says_what_is_done_and_how_far() -> None:
    assert progress(48_000_000, 12_000_000, 120_500) == "reading: line 120,500, 12.0 of 48.0 MB (25 %)"
    assert progress(48_000_000, 48_000_000, 480_000) == "storing: 480,000 lines, 48.0 MB are read"
    assert progress(None, 1_250_000_000, 0) + ",250.0 MB" == "receiving: 1,250.0 MB"


def test_lines_come_while_the_import_runs_and_none_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []

    def has_lines() -> bool:
        lines.extend(capsys.readouterr().err.splitlines())
        return len(lines) > 2

    with show_progress(interval=0.01) as shown:
        shown.total = 10
        until(has_lines)
    assert lines[-1].startswith("reading: line 0, 0.0 of 0.0 MB (0 %)")
    capsys.readouterr()


def test_a_short_import_prints_no_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with show_progress() as shown:
        shown.total = len(str(tmp_path))
    assert capsys.readouterr().err == ""
