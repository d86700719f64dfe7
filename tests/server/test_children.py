"""Processes beside the server."""

import os
import resource
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.waiting import until

from angidi.server.children import supervised_child

RUNS = "import os, pathlib; pathlib.Path(os.environ['RUNS']).open('a').write('x')"


@contextmanager
def no_descriptor() -> Generator[None]:
    """Let this process open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open("/dev/null", os.O_RDONLY)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Popen leaves its pipe to be collected
def test_a_child_that_cannot_be_started_now_is_started_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    (tmp_path / "short_lived.py").write_text(RUNS)
    monkeypatch.setattr("angidi.server.children.RESTART_DELAY", 0.05)
    environment = {"RUNS": str(runs), "PYTHONPATH": str(tmp_path)}
    warnings: list[str] = []

    def failed() -> bool:
        warnings.extend(line for line in capsys.readouterr().err.splitlines() if "cannot be started" in line)
        return bool(warnings)

    with supervised_child("the child", ["short_lived"], environment):
        until(runs.exists)
        with no_descriptor():
            until(failed)
        before = len(runs.read_text())
        until(lambda: len(runs.read_text()) > before)
    assert "the child cannot be started" in warnings[0]
