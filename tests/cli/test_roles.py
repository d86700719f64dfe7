"""`angidi db roles` as a command."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from tests.cli.conftest import Run
from tests.support.roles import drop_roles

from angidi.db.roles import PURPOSES


@pytest.fixture
def names(fresh_db: str) -> Iterator[dict[str, str]]:
    """The names that the roles get, by purpose; the roles are dropped at the end."""
    database = str(conninfo_to_dict(fresh_db)["dbname"])
    found = {purpose: f"{database}_{purpose}" for purpose in PURPOSES}
    yield found
    drop_roles(fresh_db)


def test_the_roles_are_set_up_and_the_new_passwords_are_told_once(run: Run, names: dict[str, str]) -> None:
    done = run("db", "roles", "--app", names["app"])
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.stdout.splitlines()[1:4]]
    assert [line[:3] for line in lines] == [[name, purpose, "created"] for purpose, name in names.items()]
    assert all(len(line[3]) >= 24 for line in lines)
    assert done.stdout.splitlines()[-1].startswith(
        f"next: DATABASE_URL names {names['app']}, and DATABASE_DIRECT_URL the"
    )
    again = run("db", "roles", "--app", names["app"])
    assert "is there" in again.stdout
    assert not any(line[3] in again.stdout for line in lines)


def test_a_password_of_the_environment_is_set_and_not_printed(
    run: Run, names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_APP_PASSWORD", "correct horse battery")
    done = run("db", "roles", "--app", names["app"], "--json")
    assert "correct horse" not in done.output
    result = json.loads(done.stdout)
    assert [(each["purpose"], "password" in each) for each in result["roles"]] == [
        ("app", False),
        ("readonly", True),
        ("backup", True),
    ]
    assert result["applied"] is True


def test_a_password_of_the_env_file_is_set_where_the_environment_has_none(
    run: Run, names: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "env").write_text("DB_APP_PASSWORD=correct-horse\nDB_BACKUP_PASSWORD=battery-staple\n")
    monkeypatch.setenv("ANGIDI_ENV_FILE", str(tmp_path / "env"))
    monkeypatch.setenv("DB_BACKUP_PASSWORD", "")
    result = json.loads(run("db", "roles", "--app", names["app"], "--json").stdout)
    assert [each["purpose"] for each in result["roles"] if "password" in each] == ["readonly"]


def test_a_dry_run_prints_sql(run: Run, names: dict[str, str]) -> None:
    done = run("db", "roles", "--dry-run", "--app", names["app"], "--readonly", "somebody")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f'CREATE ROLE "{names["app"]}" LOGIN NOSUPERUSER')
    assert "PASSWORD '…';" in done.stdout
    assert 'GRANT SELECT, INSERT ON "order_history", "order_items", "stock_ledger" TO' in done.stdout
    assert 'TO "somebody";' in done.stdout


def test_who_serves_by_now_becomes_the_app(
    run: Run, names: dict[str, str], fresh_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_DIRECT_URL", fresh_db)
    monkeypatch.setenv("DATABASE_URL", make_conninfo(fresh_db, user=names["readonly"], password="of the app"))
    result = json.loads(run("db", "roles", "--readonly", names["app"], "--json").stdout)
    assert result["roles"][0] == {"purpose": "app", "role": names["readonly"], "created": True}


def test_two_purposes_in_one_role_are_refused(run: Run) -> None:
    done = run("db", "roles", "--app", "shop", "--readonly", "shop")
    assert (done.exit_code, done.stderr.count("\n")) == (78, 1)
    assert done.stderr.startswith("error: each purpose has a role of its own")
