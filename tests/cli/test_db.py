"""`angidi db …`."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.cli.conftest import Run
from tests.support.server import Databases
from tests.support.serving import ROOT

from angidi.cli.main import main
from angidi.db.conninfo import parse_conninfo
from angidi.db.inspection import is_empty


def test_the_url_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ada:hunter2@db.example/shop")
    masked = CliRunner().invoke(main, ["db", "url"]).stdout
    assert parse_conninfo(masked.strip())["password"] == "***"
    assert "hunter2" in CliRunner().invoke(main, ["db", "url", "--show-password"]).stdout


def test_the_shell_runs_psql_on_the_database(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "angidi", "db", "shell", "-Atc", "SELECT current_database(), 1 + 1"]
    environment = {"ANGIDI_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("angidi_dev|2\n", 0), done.stderr


def test_a_database_and_its_owner_are_created(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    name = databases.create()
    databases.drop(name)
    wanted = make_conninfo(databases.url(name), user=name, password="a-long-password")
    monkeypatch.setenv("DATABASE_URL", wanted)
    try:
        done = CliRunner().invoke(main, ["db", "create", "--admin-url", databases.admin_url])
        assert (done.exit_code, done.stdout) == (0, f"database {name} is there, owned by {name}\n"), done.output
        assert is_empty(wanted)
    finally:
        databases.drop(name)
        with psycopg.connect(databases.admin_url, autocommit=True) as conn:
            conn.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_a_role_that_may_not_create_is_told_so(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    name = databases.create()
    databases.drop(name)
    role = sql.Identifier(name)
    monkeypatch.setenv(
        "DATABASE_URL", make_conninfo(databases.url(name), user=f"{name}_owner", password="a-long-password")
    )
    with psycopg.connect(databases.admin_url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'a-long-password'").format(role))
        try:
            admin = make_conninfo(databases.admin_url, user=name, password="a-long-password")
            done = CliRunner().invoke(main, ["db", "create", "--admin-url", admin])
        finally:
            conn.execute(sql.SQL("DROP ROLE {}").format(role))
    assert (done.exit_code, done.stderr.count("\n")) == (78, 1)
    assert done.stderr.startswith(
        f"error: ADMIN_DATABASE_URL: the role {name} may not (permission denied to create role)"
    )
    assert done.stderr.endswith("name a superuser\n")


def test_the_embedded_database_needs_no_creating(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANGIDI_HOME", str(tmp_path))
    done = CliRunner().invoke(main, ["db", "create", "--admin-url", "postgresql:///x"])
    assert done.exit_code == 78
    assert "needs no creating" in done.stderr


def test_an_unreachable_server_is_one_line_and_exit_code_69(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ada:hunter2@127.0.0.1:1/shop")
    done = CliRunner().invoke(main, ["db", "create", "--admin-url", "postgresql://127.0.0.1:1/postgres"])
    assert (done.exit_code, done.stderr.count("\n")) == (69, 1)
    assert "127.0.0.1" in done.stderr
    assert "Is the server up" in done.stderr
    assert "hunter2" not in done.output


def test_a_wrong_setting_is_one_line_and_exit_code_78(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_PORT", "x")
    done = run("db", "url")
    assert (done.exit_code, done.stderr.count("\n")) == (78, 1)
    assert done.stderr.startswith("error: SERVER_PORT: ")
