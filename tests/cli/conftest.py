"""The command line in process, on a database of the test's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.support.roles import as_app

from angidi.cli.main import main

Run = Callable[..., Result]


@pytest.fixture
def run(fresh_db: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """`run("users", "create", …)` with the settings naming `fresh_db`."""
    monkeypatch.setenv("DATABASE_DIRECT_URL", fresh_db)
    return runner(as_app(fresh_db), monkeypatch, tmp_path)


@pytest.fixture
def run_empty(empty_db: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The same on `empty_db`, as its owner."""
    return runner(empty_db, monkeypatch, tmp_path)


def runner(url: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> Run:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("ANGIDI_HOME", str(home))

    def run(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(main, arguments, **options)

    return run
