"""What programs of others print where the database does not answer; all commands: `test_every_state.py`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from angidi.cli.main import main
from angidi.migrate.cli import main as drop_in

ADDRESS = "postgresql://ada:hunter2@127.0.0.1:1/shop"


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that name a port where nobody listens."""
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATABASE_URL", ADDRESS)
    monkeypatch.setenv("LC_ALL", "C")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.usefixtures("away")
def test_the_shell_ends_with_69_and_says_where_to_look(capfd: pytest.CaptureFixture[str]) -> None:
    done = run("db", "shell", "-c", "SELECT 1")
    assert done.exit_code == 69
    assert "Look at DATABASE_URL" in done.stderr
    assert 'server at "127.0.0.1", port 1 failed' in capfd.readouterr().err


@pytest.mark.usefixtures("away")
def test_the_drop_in_keeps_golang_migrates_exit_code(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "1_a.up.sql").write_text("SELECT 1")
    assert drop_in(["-path", str(tmp_path), "-database", ADDRESS, "version"]) == 1
    assert capfd.readouterr().err.startswith("error: failed to open database: connection failed: ")
