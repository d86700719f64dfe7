"""Commands that only read create nothing: no cluster, no database, no key, no folder."""

import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.support.commands import WRITING, Files, Outcome, commands
from tests.support.roles import use_database
from tests.support.serving import free_port

from angidi.cli.main import main
from angidi.embedded import EmbeddedServer

READING = [name for name, _ in commands() if name not in WRITING]
NO_DATABASE = {"config show", "import mappings", "migrate lint"}
"""Commands that need no database."""

CREATING = {"serve", "db shell", "migrate goto", "migrate run", "migrate up", "migrate verify"}
"""Commands that create a cluster where there is none."""


def contents(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def call(name: str, folder: Path) -> Outcome:
    """Run a command in `folder`, which is also the home."""
    files = Files(folder / "files").write()
    before = contents(folder)
    done = files.run(name, "postgresql://127.0.0.1:1/postgres")
    created = set(contents(folder)) - set(before)
    assert {path for path in created if not path.startswith("files/")} == set(), done.stderr
    return done


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANGIDI_HOME", ".angidi")
    return tmp_path


@pytest.mark.parametrize("name", READING)
def test_a_command_that_reads_creates_nothing(empty: Path, name: str) -> None:
    done = call(name, empty)
    if name in NO_DATABASE:
        assert "error: " not in done.stderr
    else:
        assert done.exit_code == 69
        assert "There is no embedded PostgreSQL in .angidi: `angidi serve` or `make run` creates it" in done.stderr


@pytest.mark.parametrize("name", sorted(WRITING - CREATING - {"db create", "migrate create", "migrate renumber"}))
def test_what_needs_a_migrated_database_creates_no_cluster_for_it(empty: Path, name: str) -> None:
    assert "There is no embedded PostgreSQL" in call(name, empty).stderr


@pytest.mark.parametrize("name", ["export products", "export categories", "config show", "db url"])
def test_on_another_server_they_create_no_key_either(
    empty: Path, fresh_db: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    use_database(monkeypatch, fresh_db)
    assert call(name, empty).exit_code == 0


def test_a_missing_database_of_the_embedded_server_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path))
    with EmbeddedServer(tmp_path, notify=lambda _: None):
        done = CliRunner().invoke(main, ["db", "report"])
    assert done.exit_code == 69
    assert f"The embedded PostgreSQL in {tmp_path} has no database angidi_dev: `angidi serve` creates it" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is a folder where nobody can write")
@pytest.mark.parametrize("name", sorted(CREATING - {"db shell"}))
def test_a_home_where_one_cannot_write_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("ANGIDI_HOME", "/proc" if os.geteuid() == 0 else "/proc/home")
    monkeypatch.setenv("SERVER_PORT", str(free_port()))
    done = Files(tmp_path / "files").write().run(name, "")
    assert done.exit_code == 69
    (line,) = done.stderr.splitlines()
    assert line.endswith("set ANGIDI_HOME to a folder of yours, or set DATABASE_URL.")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is a folder where nobody can write")
def test_serve_needs_a_home_on_another_server_too(
    tmp_path: Path, fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_database(monkeypatch, fresh_db)
    monkeypatch.setenv("ANGIDI_HOME", "/proc/home")
    monkeypatch.setenv("SERVER_PORT", str(free_port()))
    done = Files(tmp_path / "files").write().run("serve", "")
    assert done.exit_code == 78
    assert "error: ANGIDI_HOME: /proc/home cannot be written (No such file or directory)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_in_another_folder_of_a_checkout_uses_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = CliRunner().invoke(main, ["config", "show"]).stdout
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["config", "show"]).stdout == here
    assert contents(tmp_path) == []
