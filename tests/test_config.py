"""Settings: where they come from, which wins, and how a wrong one is told."""

import traceback
from datetime import timedelta
from pathlib import Path

import pytest

from angidi.config import ConfigError, Settings, load, setting_warnings

KEY = "0123456789abcdef0123456789abcdeX"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run in an empty folder with the project's YAML file."""
    config = Path(__file__).parents[1] / "config" / "database.yaml"
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANGIDI_ENV_FILE", raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "database.yaml").write_text(config.read_text())
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


def test_without_a_file_the_defaults_hold(elsewhere: Path) -> None:
    (elsewhere / "config" / "database.yaml").unlink()
    assert load().embedded


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


def test_a_named_file_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, ANGIDI_CONFIG="nowhere.yaml")[0].startswith("ANGIDI_CONFIG: nowhere.yaml")


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
