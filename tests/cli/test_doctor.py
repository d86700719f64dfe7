"""`angidi doctor`: settings and server; its flag of former releases does what `angidi verify` does."""

import json
import re

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from tests.cli.conftest import Run

from angidi.db.diagnostics import versions
from angidi.db.roles import grant_app


def test_settings_and_server_are_checked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "SAFE_MINOR", {})
    done = run("doctor", "--json")
    assert done.exit_code == 0, done.output
    checks = [check["check"] for check in json.loads(done.stdout)["checks"]]
    assert checks == [
        "migrations",
        "settings",
        "server version",
        "characters",
        "collation",
        "definitions",
        "serving role",
    ]


def test_a_misspelt_setting_is_warned_of(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASWORD", "hunter2")
    done = run("doctor")
    assert done.exit_code == 0
    assert "WARNING  settings\n         DB_PASWORD (environment) is no setting; did you mean" in done.stdout


def test_a_server_with_published_holes_is_warned_of_and_nothing_differs(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "SAFE_MINOR", dict.fromkeys(range(15, 30), 99))
    done = run("doctor")
    assert (done.exit_code, "WARNING  server version\n" in done.stdout) == (0, True), done.output
    assert "has published security holes" in done.stdout
    report = json.loads(run("doctor", "--json").stdout)
    (check,) = (check for check in report["checks"] if check["check"] == "server version")
    assert (report["ok"], check["warns"], check["differs"]) == (True, True, 0)


def test_another_version_of_the_collation_differs(run: Run, fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute("UPDATE pg_database SET datcollversion = '0.1' WHERE datname = current_database()")
    done = run("doctor")
    assert done.exit_code == 1
    assert "DIFFERS  collation\n         the database was created with version 0.1 of its collation" in done.stdout


def test_the_former_flag_rebuilds_and_verifies_what_verify_does(run: Run, fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute("INSERT INTO list_counts (list, rows) VALUES ('users', 3)")
    assert "list_counts" not in run("doctor").stdout
    assert "DIFFERS  list_counts" in run("verify").stdout
    done = run("doctor", "--rebuild")
    assert done.exit_code == 0, done.output
    assert "ok       list_counts\n" in done.stdout
    assert run("verify").exit_code == 0


def test_a_superuser_who_serves_is_warned_of(run: Run, fresh_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_db)
    done = run("doctor")
    assert done.exit_code == 0
    assert re.search(r"WARNING  serving role\n +\w+ is a superuser: .*; `angidi db roles` sets up one", done.stdout)


def test_a_right_that_the_app_lacks_or_has_too_much_is_told(
    run: Run, fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = "angidi_test_app_of_doctor"
    monkeypatch.setenv("DATABASE_URL", make_conninfo(fresh_db, user=app))
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {app} LOGIN".encode())
        try:
            grant_app(fresh_db, app)
            assert "ok       serving role" in run("doctor").stdout
            conn.execute(f"GRANT UPDATE, TRUNCATE ON stock_ledger TO {app}".encode())
            assert (
                f"WARNING  serving role\n         {app} may UPDATE and TRUNCATE stock_ledger; " in run("doctor").stdout
            )
            conn.execute(f"GRANT pg_execute_server_program TO {app}".encode())
            assert f"{app} is a member of pg_execute_server_program; " in run("doctor").stdout
            conn.execute(f"REVOKE UPDATE, DELETE ON orders FROM {app}".encode())
            done = run("doctor")
        finally:
            conn.execute(f"DROP OWNED BY {app}; DROP ROLE {app}".encode())
    assert done.exit_code == 1
    assert f"{app} may not UPDATE and DELETE orders: run `angidi db roles`" in done.stdout
