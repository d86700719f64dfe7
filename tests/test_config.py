"""Settings: where they come from, which wins, and how a wrong one is told."""

import shutil
import subprocess
import sys
import traceback
from datetime import timedelta
from pathlib import Path

import pytest

from angidi.config import ConfigError, Settings, describe, ignored_settings, load, setting_warnings
from angidi.config.names import similar_setting

PROJECT = Path(__file__).parents[1]
KEY = "0123456789abcdef0123456789abcdeX"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in a folder with the project's YAML file and an empty `.env`, which the environment names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").touch()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "database.yaml").write_text((PROJECT / "config/database.yaml").read_text())
    monkeypatch.setenv("ANGIDI_ENV_FILE", ".env")
    monkeypatch.setenv("ANGIDI_CONFIG", "config/database.yaml")
    return tmp_path


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        load()
    return str(refused.value).splitlines()


PRODUCTION = {"ANGIDI_ENV": "production", "JWT_SECRET": KEY, "DB_HOST": "db", "DB_USER": "u", "DB_NAME": "n"}


def test_development_uses_the_embedded_server_and_its_block_of_the_file() -> None:
    settings = load()
    assert settings.embedded
    assert (settings.db_name, settings.db_user, settings.db_port) == ("angidi_dev", "angidi_user", 5432)
    assert (settings.db_max_conns, settings.db_min_conns) == (25, 5)
    assert settings.db_max_conn_lifetime == timedelta(hours=1)
    assert settings.db_max_conn_idle_time == timedelta(minutes=15)


def test_the_test_environment_has_its_own_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANGIDI_ENV", "test")
    settings = load()
    assert (settings.db_name, settings.db_max_conns, settings.db_min_conns) == ("angidi_test", 10, 2)


def test_production_reads_its_server_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert (settings.db_host, settings.db_sslmode, settings.db_max_conns) == ("db", "require", 100)
    assert settings.db_max_conn_lifetime == timedelta(hours=2)


def test_the_environment_wins_over_dotenv_and_dotenv_over_the_file(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".env").write_text("DB_MAX_CONNS=7\nDB_MIN_CONNS=3\n")
    monkeypatch.setenv("DB_MIN_CONNS", "2")
    assert (load().db_max_conns, load().db_min_conns) == (7, 2)


def test_dotenv_chooses_the_environment(elsewhere: Path) -> None:
    (elsewhere / ".env").write_text("ANGIDI_ENV=test\n")
    assert load().db_name == "angidi_test"


def test_a_given_host_replaces_the_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_HOST", "localhost")
    assert not load().embedded


def test_a_given_url_replaces_the_embedded_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://localhost/shop")
    assert not load().embedded


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1h", 3600), ("15m", 900), ("1h30m", 5400), ("500ms", 0.5), ("1.5h", 5400), ("90s", 90), ("20us", 2e-5)],
)
def test_a_duration_is_read_as_go_writes_it(monkeypatch: pytest.MonkeyPatch, text: str, seconds: float) -> None:
    monkeypatch.setenv("JWT_ACCESS_TOKEN_DURATION", text)
    assert load().jwt_access_token_duration == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["15", "m", "1h m", "-1h", "0s", "one hour", "1d"])
def test_a_wrong_duration_is_told_with_an_example(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (line,) = refusal(monkeypatch, JWT_ACCESS_TOKEN_DURATION=text)
    assert line.startswith("JWT_ACCESS_TOKEN_DURATION: ")
    assert line.endswith("example: JWT_ACCESS_TOKEN_DURATION=15m")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVER_PORT", "80800"),
        ("DB_PORT", "x"),
        ("DB_SSLMODE", "sometimes"),
        ("ANGIDI_ENV", "staging"),
        ("LOG_LEVEL", "loud"),
        ("DB_MAX_CONNS", "0"),
        ("API_RATE_LIMIT", "-1"),
        ("TRUSTED_PROXIES", "everyone"),
        ("DB_AUTO_MIGRATE", "perhaps"),
        ("JWT_SECRET", "short"),
        ("SERVER_WORKERS", "26"),
        ("DB_MIN_CONNS", "26"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_setting_and_an_example(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    lines = refusal(monkeypatch, **{name: value})
    assert len(lines) == 1
    assert lines[0].startswith(f"{name}: ")
    assert f"example: {name}=" in lines[0]


@pytest.mark.parametrize(
    "value", ["postgresql://ada:hunter2@db.example/shop", "host=db password=hunter2", "u:hunter2@h"]
)
@pytest.mark.parametrize("name", ["DB_HOST", "DB_NAME", "DB_USER", "SERVER_HOST"])
def test_a_url_where_a_name_belongs_is_refused_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    (line,) = refusal(monkeypatch, **{name: value})
    assert line.startswith(f"{name}: is a URL or holds a password")
    shown = {each.setting: each.value for each in describe(lambda _name, _value: "***").settings}
    assert ("hunter" in line, shown[name]) == (False, "***")


def test_what_may_be_chosen_is_told_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    port, level = refusal(monkeypatch, LOG_LEVEL="loud", SERVER_PORT="80800")
    assert port == "SERVER_PORT: must be less than or equal to 65535; example: SERVER_PORT=8080"
    assert level == "LOG_LEVEL: must be one of debug, info, warning or error; example: LOG_LEVEL=warning"


def test_every_wrong_value_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = refusal(monkeypatch, SERVER_PORT="x", DB_PORT="y")
    assert [line.partition(":")[0] for line in lines] == ["SERVER_PORT", "DB_PORT"]


def test_an_admin_needs_address_and_a_long_password(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = refusal(monkeypatch, ADMIN_PASSWORD="elevenchars")
    assert [line.partition(":")[0] for line in lines] == ["ADMIN_PASSWORD", "ADMIN_EMAIL"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"JWT_SECRET": ""}, "JWT_SECRET"),
        ({"JWT_SECRET": "change-me-change-me-change-me-change-me"}, "JWT_SECRET"),
        ({"JWT_SECRET": "a" * 40}, "JWT_SECRET"),
        ({"JWT_PREVIOUS_SECRET": "your-secret-key-change-in-production"}, "JWT_PREVIOUS_SECRET"),
        ({"JWT_PREVIOUS_SECRET": "Secret"}, "JWT_PREVIOUS_SECRET"),
        ({"DB_SSLMODE": "prefer"}, "DB_SSLMODE"),
        ({"DB_SSLMODE": "disable"}, "DB_SSLMODE"),
        ({"DB_HOST": "embedded"}, "DB_HOST"),
        ({"DB_HOST": ""}, "DB_HOST"),
        ({"CORS_ALLOWED_ORIGINS": "*"}, "CORS_ALLOWED_ORIGINS"),
    ],
)
def test_production_refuses_what_is_too_weak(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], named: str
) -> None:
    (line,) = refusal(monkeypatch, **(PRODUCTION | change))
    assert line.startswith(f"{named}: production")


def test_a_short_key_is_refused_with_the_place_where_the_former_one_may_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = refusal(monkeypatch, JWT_SECRET="go-shop-2019")
    assert line.startswith("JWT_SECRET: is shorter than 32 bytes; ")
    assert "JWT_PREVIOUS_SECRET" in line


@pytest.mark.parametrize("environment", [{}, PRODUCTION])
@pytest.mark.parametrize("key", ["go-shop-2019", "x", "our-secret", "a" * 40])
def test_a_weak_previous_key_may_stand_and_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], key: str
) -> None:
    for name, value in (environment | {"JWT_PREVIOUS_SECRET": key}).items():
        monkeypatch.setenv(name, value)
    (line,) = setting_warnings(load())
    assert line.startswith(f"JWT_PREVIOUS_SECRET: is weak ({len(key)} bytes)")


@pytest.mark.parametrize("environment", [{}, {"JWT_PREVIOUS_SECRET": KEY}])
def test_settings_as_they_should_be_have_no_warning(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert setting_warnings(load()) == []


def test_a_file_without_the_block_is_told(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "other.yaml").write_text("development: {}\n")
    monkeypatch.setenv("ANGIDI_CONFIG", "other.yaml")
    assert "has no readable block “test”" in refusal(monkeypatch, ANGIDI_ENV="test")[0]


@pytest.mark.parametrize(
    "password", ["!hunter2", "*hunter2", "!hunter2!x", "!<hunter2> x", "@hunter2", "!!int hunter2"]
)
def test_a_password_that_is_no_yaml_is_never_shown(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    (elsewhere / "other.yaml").write_text(f"test:\n  password: {password}\n")
    monkeypatch.setenv("ANGIDI_CONFIG", "other.yaml")
    assert "hunter" not in " ".join(refusal(monkeypatch, ANGIDI_ENV="test"))


@pytest.mark.parametrize("name", ["ANGIDI_CONFIG", "ANGIDI_ENV_FILE"])
def test_a_named_file_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (line,) = refusal(monkeypatch, **{name: "nowhere"})
    assert line.startswith(f"{name}: nowhere ")
    assert "No such file or directory" in line


def test_what_is_wrong_in_the_yaml_file_is_told_without_its_text(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "other.yaml").write_text("development:\n  password: 'hunter2\n")
    (line,) = refusal(monkeypatch, ANGIDI_CONFIG="other.yaml")
    assert "line 3 is no YAML" in line
    assert "hunter2" not in line


# The .env file


def test_a_byte_order_mark_hides_no_line(elsewhere: Path) -> None:
    (elsewhere / ".env").write_text("DB_MAX_CONNS=7\n", encoding="utf-8-sig")
    assert load().db_max_conns == 7


def test_an_unreadable_env_file_is_one_line(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "folder").mkdir()
    (elsewhere / "utf-16").write_text("DB_MAX_CONNS=7\n", encoding="utf-16")
    (folder,) = refusal(monkeypatch, ANGIDI_ENV_FILE="folder")
    (text,) = refusal(monkeypatch, ANGIDI_ENV_FILE="utf-16")
    assert folder == "ANGIDI_ENV_FILE: folder cannot be read (Is a directory): mend or unset it"
    assert text == "ANGIDI_ENV_FILE: utf-16 is not UTF-8: save it in this encoding, or name another"


@pytest.mark.parametrize("line", ["ANGIDI_HOME=data", "ANGIDI_HOME=./data"])
def test_a_path_in_the_env_file_is_relative_to_that_file(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    (elsewhere / ".env").write_text(line)
    monkeypatch.setenv("ANGIDI_ENV_FILE", str(elsewhere / ".env"))
    monkeypatch.chdir("/")
    monkeypatch.setenv("ANGIDI_CONFIG", str(elsewhere / "config/database.yaml"))
    assert load().angidi_home == elsewhere / "data"


# Folders


def test_a_checkout_is_the_root_of_the_default_paths_wherever_one_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANGIDI_CONFIG")
    assert load().angidi_home == PROJECT / ".angidi"
    assert load().db_name == "angidi_dev"


def test_the_current_folder_is_the_root_of_an_installed_package(elsewhere: Path) -> None:
    shutil.copytree(PROJECT / "src", elsewhere / "site", ignore=shutil.ignore_patterns("__pycache__", "migrations"))
    (elsewhere / ".env").write_text("DB_MAX_CONNS=7\n")
    program = "from angidi.config import load; s = load(); print(s.angidi_home, s.db_name, s.db_max_conns, s.embedded)"

    def answer(folder: Path) -> str:
        environment = {"PYTHONPATH": str(elsewhere / "site")}
        return subprocess.check_output([sys.executable, "-c", program], cwd=folder, env=environment, text=True).strip()

    assert answer(elsewhere) == f"{elsewhere}/.angidi angidi_dev 7 True"
    assert answer(elsewhere / "site") == f"{elsewhere}/site/.angidi angidi 25 True"


# Where settings come from


def origins() -> dict[str, tuple[str, str]]:
    return {each.setting: (each.value, each.source) for each in describe(lambda _name, _value: "***").settings}


def test_each_setting_says_where_it_was_read_from(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / ".env").write_text("\n# the pool\n\nDB_MAX_CONNS=7\nDB_MIN_CONNS=3\nDB_PASSWORD=hunter2\n")
    monkeypatch.setenv("DB_MIN_CONNS", "2")
    shown = origins()
    assert shown["DB_MIN_CONNS"] == ("2", "environment")
    assert shown["DB_MAX_CONNS"] == ("7", ".env, line 4")
    assert shown["DB_PASSWORD"] == ("***", ".env, line 6")
    assert shown["DB_NAME"] == ("angidi_dev", "config/database.yaml, block development")
    assert shown["SERVER_PORT"] == ("8080", "default")
    assert shown["JWT_SECRET"] == ("", "default")
    assert list(shown) == [name.upper() for name in Settings.model_fields]


def test_what_is_described_is_what_is_loaded(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / ".env").write_text("server_port=8081\nDB_NAME=shop\nADMIN_NAME=\n")
    monkeypatch.setenv("log_level", "WARNING")
    monkeypatch.setenv("DB_NAME", "")
    shown, settings = origins(), load()
    assert (settings.server_port, settings.db_name, settings.log_level) == (8081, "shop", "warning")
    assert [shown[name][0] for name in ("SERVER_PORT", "DB_NAME", "LOG_LEVEL")] == ["8081", "shop", "WARNING"]
    assert shown["ADMIN_NAME"] == (settings.admin_name, "default")


def test_a_misspelt_name_is_told_with_the_setting_that_was_meant(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".env").write_text("SERVER_PROT=1\nPOSTGRES_PASSWORD=x\nsome words\nDB_COLOUR=red\n")
    monkeypatch.setenv("DB_PASWORD", "hunter2")
    monkeypatch.setenv("LOG_DIR", "/var/log/another")
    assert ignored_settings() == [
        "DB_PASWORD (environment) is no setting; did you mean DB_PASSWORD?",
        "SERVER_PROT (.env, line 1) is no setting; did you mean SERVER_PORT?",
        "DB_COLOUR (.env, line 4) is no setting, and is ignored",
        ".env, line 3 is not NAME=value, and is ignored",
    ]
    assert "LOG_DIR (environment) is no setting, and is ignored" in map(
        str, describe(lambda _name, _value: "***").ignored
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("db_pass", "db_password"),
        ("db_username", "db_user"),
        ("database_host", "db_host"),
        ("db_url", "database_url"),
        ("jwt_secrets", "jwt_secret"),
        ("sever_port", "server_port"),
        ("cors_allowed_origin", "cors_allowed_origins"),
        ("angidi_homes", "angidi_home"),
        ("db_service_host", None),
        ("db_port_5432_tcp_addr", None),
        ("server_software", None),
        ("pghost", None),
        ("home", None),
    ],
)
def test_a_name_is_compared_with_the_settings_of_its_prefix(name: str, meant: str | None) -> None:
    assert similar_setting(name, Settings.model_fields) == meant


def test_an_unknown_key_in_the_file_is_told(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "other.yaml").write_text("development: {host: embedded, max_cons: 3}\n")
    assert "db_max_cons" in refusal(monkeypatch, ANGIDI_CONFIG="other.yaml")[0]


@pytest.mark.parametrize("name", ["JWT_SECRET", "DB_PASSWORD", "DATABASE_URL", "ADMIN_PASSWORD"])
def test_a_secret_is_in_no_repr_and_no_error(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    secret = "postgresql://u:hunter2hunter2hunter2hunter2@h/d"
    monkeypatch.setenv(name, secret)
    monkeypatch.setenv("ADMIN_EMAIL", "a@b.example")
    monkeypatch.setenv("ADMIN_PASSWORD", secret)
    assert "hunter2" not in repr(load()) + str(load())
    monkeypatch.setenv("SERVER_PORT", "x")
    with pytest.raises(ConfigError) as refused:
        load()
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))


def test_every_setting_has_a_description_and_an_example() -> None:
    assert [name for name, field in Settings.model_fields.items() if not (field.description and field.examples)] == []
