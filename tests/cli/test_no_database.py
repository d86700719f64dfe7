"""Every command that needs the database, when it does not answer: one line that says why, and exit code 69."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.files import write

from angidi.cli.main import main
from angidi.migrate.cli import main as drop_in

ADDRESS = "postgresql://ada:hunter2@127.0.0.1:1/shop"

COMMANDS = [
    "db bloat",
    "db create --admin-url postgresql://127.0.0.1:1/postgres",
    "db report",
    "db slow",
    "db unused-indexes",
    "doctor",
    "doctor --json",
    "export categories",
    "export products",
    "import categories FILE.csv",
    "import products FILE.csv",
    "import products FILE.csv --resume",
    "migrate down",
    "migrate history",
    "migrate plan",
    "migrate status",
    "migrate status --json",
    "migrate up",
    "migrate verify",
    "migrate version",
    "migrate wait --timeout 0",
    "seed",
    "users create --email ada@shop.example --name Ada --password correct-horse",
]


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file to import, and settings that name a port where nobody listens."""
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DATABASE_URL", ADDRESS)
    monkeypatch.setenv("LC_ALL", "C")
    return write(tmp_path, "id,name,parent_id,sku,price,stock\n")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_that_is_away_is_one_line_and_exit_code_69(away: Path, command: str) -> None:
    done = run(*(str(away) if word == "FILE.csv" else word for word in command.split()))
    told = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert (done.exit_code, done.stdout, len(told)) == (69, "", 1), done.output
    assert 'connection to server at "127.0.0.1", port 1 failed: Connection refused. Look at DATABASE_URL or ' in told[0]
    assert "\t" not in done.stderr
    assert "hunter2" not in done.output
    others = [line for line in done.stderr.splitlines() if line not in told]
    assert all(line.startswith(("waiting: ", "ignored columns: ")) for line in others), others


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
