"""A schema of the migrations before they were rewritten: recognized by an index that only they made, and never used."""

from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import Run
from tests.support.files import write
from tests.support.serving import Server, free_port

from angidi.cli.schema_state import MIGRATIONS

COMMANDS = [
    *(f"migrate {verb}" for verb in ("up", "down 1", "goto 4", "redo", "force 4", "version", "status", "history")),
    *(f"migrate {verb}" for verb in ("plan", "repair", "wait", "drop --yes", "baseline 4", "dump")),
    "migrate up --path {migrations}",
    "migrate up --database {url}",
    "doctor",
    "doctor --rebuild",
    "verify",
    "verify --rebuild",
    "seed",
    "users create --email a@shop.example --name Ada --password long-and-secret",
    "import products {file}",
    "import categories {file}",
    "export products {file}.out",
    "export categories {file}.out",
]


@pytest.fixture
def former(empty_db: str) -> str:
    """A database that has what tells a former schema."""
    with psycopg.connect(empty_db) as conn:
        conn.execute("CREATE TABLE users (email text)")
        conn.execute("CREATE UNIQUE INDEX users_email_living_key ON users (lower(email))")
    return empty_db


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as conn:
        return [name for (name,) in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_works_on_it(former: str, run_empty: Run, tmp_path: Path, command: str) -> None:
    file = write(tmp_path, "id,name,parent_id\n" if "categories" in command else "sku,name,price,stock,size\n")
    done = run_empty(*(word.format(url=former, file=file, migrations=MIGRATIONS) for word in command.split()))
    assert done.exit_code == 78, (done.output, done.exception)
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "pg_dump" in line
    assert "angidi export" in line
    assert tables(former) == ["users"]


def test_it_is_not_served(former: str, tmp_path: Path) -> None:
    server = Server(tmp_path / "home", free_port(), DATABASE_URL=former, DB_AUTO_MIGRATE="true")
    assert server.process.wait(60) == 78
    (line,) = server.output.splitlines()
    assert "pg_dump" in line
    assert tables(former) == ["users"]


@pytest.mark.parametrize("command", ["db url", "db report"])
def test_what_takes_no_schema_for_granted_still_works(former: str, run_empty: Run, command: str) -> None:
    assert run_empty(*command.split()).exit_code == 0, former
