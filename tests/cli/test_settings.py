"""`angidi config show`."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from angidi.cli.main import main


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `.env` file, which the environment names."""
    path = tmp_path / ".env"
    monkeypatch.setenv("ANGIDI_ENV_FILE", str(path))
    path.write_text(
        "DATABASE_URL=postgresql://ada:hunter2@db.example/shop\nDB_PASWORD=hunter2\nJWT_SECRET=" + "k9" * 20
    )
    return path


def show(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["config", "show", *arguments])


def test_every_setting_is_shown_with_its_source_and_no_secret(env_file: Path) -> None:
    done = show()
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in done.stdout.splitlines()}
    assert done.exit_code == 0
    assert lines["DATABASE_URL"] == f"user=ada password=*** dbname=shop host=db.example {env_file}, line 1"
    assert lines["JWT_SECRET"] == f"*** {env_file}, line 3"
    assert lines["SERVER_PORT"] == "8080 default"
    assert lines["DB_NAME"].startswith("angidi_dev ")
    assert lines["DB_NAME"].endswith("config/database.yaml, block development")
    assert "hunter2" not in done.output
    assert "k9" not in done.output
    assert f"note: DB_PASWORD ({env_file}, line 2) is no setting; did you mean DB_PASSWORD?\n" in done.stderr


def test_json_has_the_same(env_file: Path) -> None:
    document = msgspec.json.decode(show("--json").stdout)
    assert {"setting": "JWT_SECRET", "value": "***", "source": f"{env_file}, line 3"} in document["settings"]
    assert [(each["name"], each["meant"]) for each in document["ignored"]] == [("DB_PASWORD", "DB_PASSWORD")]
    assert document["wrong"] == []


def test_wrong_settings_are_shown_too(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVER_PORT", "x")
    done = show("--json")
    assert done.exit_code == 78
    assert done.stderr.startswith("error: SERVER_PORT: ")
    assert msgspec.json.decode(done.stdout)["wrong"] == [done.stderr.removeprefix("error: ").strip()]
    assert env_file.exists()


@pytest.mark.parametrize("password", ["hunt@er2", "hunt/er2", "hu@nt/er2", "hu/nt@er2"])
def test_no_part_of_a_password_with_a_reserved_character_is_shown(
    env_file: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    env_file.write_text(f"DATABASE_URL=postgresql://ada:{password}@db.example/shop")
    for command in (["config", "show"], ["db", "report"], ["export", "products"], ["migrate", "status"], ["db", "url"]):
        done = CliRunner().invoke(main, command)
        assert "er2" not in done.output
        assert command == ["config", "show"] or (
            "DATABASE_URL: the password has a character that a URL reserves: percent-encode it" in done.stderr
        )
    monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/shop")
    wrong = CliRunner().invoke(main, ["db", "create", "--admin-url", f"postgresql://ada:{password}@db.example/x"])
    assert (wrong.exit_code, "er2" in wrong.output) == (78, False)
    assert "ADMIN_DATABASE_URL: the password has" in wrong.stderr
