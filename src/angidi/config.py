"""Settings from the environment, `.env` and `config/database.yaml`, in this order; read once at start.

Every field is the environment variable of the same name in capitals. A wrong value raises `ConfigError`, with a line
per setting: what is wrong, and an example. Secrets are `SecretStr`, which print as asterisks.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from dotenv import dotenv_values
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from angidi import signing_keys

EMBEDDED = "embedded"
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_ENV_FILE = "ANGIDI_ENV_FILE"
Environment = Literal["development", "test", "production"]
SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
ENCRYPTED: tuple[SslMode, ...] = ("require", "verify-ca", "verify-full")


class ConfigError(Exception):
    """A setting is wrong. The message has one line per setting, ready to print."""


def parse_duration(text: object) -> object:
    """Return the `timedelta` of a text in Go's notation (`1h30m`, `500ms`). Raises ValueError."""
    if not isinstance(text, str):
        return text
    if text == "0":
        return timedelta()
    parts = list(_DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        raise ValueError("is not a duration")
    return timedelta(seconds=sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts))


def _split(text: object) -> object:
    if not isinstance(text, str):
        return text
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


Duration = Annotated[timedelta, BeforeValidator(parse_duration), Field(gt=timedelta(0))]
DurationOrNone = Annotated[timedelta, BeforeValidator(parse_duration), Field(ge=timedelta(0))]
CommaList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _setting(default: Any, description: str, example: str, **rules: Any) -> Any:
    return Field(default=default, description=description, examples=[example], validate_default=True, **rules)


class Settings(BaseSettings):
    """All settings of the platform. Create by `load`."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    angidi_env: Environment = _setting("development", "Which block of the YAML file applies", "production")
    angidi_home: Path = _setting(Path(".angidi"), "Folder of the embedded database and of keys", "/var/lib/angidi")
    angidi_env_file: Path = _setting(Path(".env"), "File with settings; the environment wins", "/etc/angidi/env")
    angidi_config: Path = _setting(Path("config/database.yaml"), "The YAML file", "/etc/angidi/database.yaml")

    server_host: str = _setting("localhost", "The address to listen on", "0.0.0.0")  # noqa: S104 - an example
    server_port: int = _setting(8080, "The port to listen on", "8080", ge=1, le=65535)
    server_workers: int = _setting(1, "Server processes; they share the connections", "2", ge=1, le=256)
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = _setting(
        "info", "Minimum level of logged messages", "warning"
    )
    log_format: Annotated[Literal["json", "console"] | None, BeforeValidator(_lower)] = _setting(
        None, "JSON objects, or lines for people; unset: lines on a terminal, else JSON", "json"
    )

    jwt_secret: SecretStr | None = _setting(None, "Key that signs tokens, at least 32 bytes", "$(openssl rand -hex 32)")
    jwt_previous_secret: SecretStr | None = _setting(
        None, "Previous key, of any length, whose tokens are still accepted", "the former JWT_SECRET"
    )
    jwt_access_token_duration: Duration = _setting("15m", "Lifetime of an access token", "15m")
    jwt_refresh_token_duration: Duration = _setting("168h", "Lifetime of a refresh token", "168h")
    password_rehash: bool = _setting(
        True, "Replace bcrypt hashes at log-in; false: new hashes are bcrypt too, for the former service", "false"
    )

    cors_allowed_origins: CommaList = _setting(
        ("http://localhost:3000",), "Allowed web origins, separated by commas", "https://shop.example"
    )
    api_rate_limit: int = _setting(100, "Requests per minute and client address; 0: no limit", "100", ge=0)
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)] = _setting(
        (), "Networks whose X-Forwarded-For is trusted, separated by commas", "10.0.0.0/8"
    )

    admin_email: str | None = _setting(None, "Address of the first admin, created at first start", "admin@shop.example")
    admin_password: SecretStr | None = _setting(
        None, "The first admin's password, 12 characters or more", "a long phrase"
    )
    admin_name: str = _setting("System Administrator", "The first admin's name", "Ada Lovelace")

    database_url: SecretStr | None = _setting(
        None,
        "The database, for everything; wins over DB_*",
        "postgresql://angidi@db.example/angidi?sslmode=verify-full",
    )
    database_read_url: SecretStr | None = _setting(
        None,
        "A replica for lists, which may then be stale",
        "postgresql://angidi@replica.example/angidi",
    )
    database_direct_url: SecretStr | None = _setting(
        None, "The database past a pooler, for migrations and COPY", "postgresql://owner@db.example/angidi"
    )
    db_host: str | None = _setting(None, "Host of the database; embedded: the embedded server", "db.example")
    db_port: int = _setting(5432, "The database's port", "5432", ge=1, le=65535)
    db_user: str | None = _setting(None, "User of the database", "angidi_user")
    db_password: SecretStr | None = _setting(None, "Password of the user", "the password of DB_USER")
    db_name: str = _setting("angidi", "The database's name", "angidi")
    db_sslmode: SslMode = _setting(
        "prefer", "libpq's sslmode; production requires `require` or stronger", "verify-full"
    )
    db_max_conns: int = _setting(25, "Maximum connections of all workers", "25", ge=1)
    db_min_conns: int = _setting(5, "Minimum connections of all workers", "5", ge=0)
    db_max_conn_lifetime: Duration = _setting("1h", "Maximum lifetime of a connection", "1h")
    db_max_conn_idle_time: Duration = _setting("15m", "Maximum idle time of a connection", "15m")
    db_slow_statement: DurationOrNone = _setting(
        "200ms", "Slower statements are logged without values; 0: none", "200ms"
    )
    db_auto_migrate: bool = _setting(False, "Apply pending migrations at start", "true")

    @property
    def embedded(self) -> bool:
        """Whether the embedded database is used."""
        return self.database_url is None and self.db_host in (None, EMBEDDED)

    @property
    def production(self) -> bool:
        """Whether this is the production environment."""
        return self.angidi_env == "production"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the YAML file last, below the environment and `.env`."""
        del file_secret_settings
        return init_settings, env_settings, dotenv_settings, _YamlBlock(settings_cls)


class _YamlBlock(PydanticBaseSettingsSource):
    """The database settings of one environment's block in the YAML file."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return nothing: the block is read as a whole."""
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        known = {**dotenv_values(_env_file()), **os.environ}
        path = Path(self.current_state.get("angidi_config") or "config/database.yaml")
        environment = str(self.current_state.get("angidi_env") or "development")
        if environment not in get_args(Environment):
            return {}
        if not path.exists() and not self.current_state.get("angidi_config"):
            return {}
        return read_block(path, environment, known)


def _env_file() -> str:
    return os.environ.get(_ENV_FILE) or ".env"


def read_block(path: Path, environment: str, variables: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the `db_*` settings of `environment` in the YAML file at `path`. Raises `ConfigError`.

    `${NAME}` is replaced from `variables`; an empty value counts as absent.
    """
    try:
        block = yaml.safe_load(path.read_text(encoding="utf-8"))[environment]
        flat = {**{key: value for key, value in block.items() if key != "pool"}, **block.get("pool", {})}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"ANGIDI_CONFIG: {path} has no readable block “{environment}”: {error}; example: config/database.yaml"
        ) from error
    unknown = sorted(f"db_{key}" for key in flat if f"db_{key}" not in Settings.model_fields)
    if unknown:
        raise ConfigError(f"ANGIDI_CONFIG: {path} sets {', '.join(unknown)[:200]}, which no setting is called")
    expanded = {f"db_{key}": _expand(value, variables) for key, value in flat.items()}
    return {key: value for key, value in expanded.items() if value not in ("", None)}


def _expand(value: object, variables: Mapping[str, str | None]) -> object:
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda found: variables.get(found[1]) or "", value)


def load(**overrides: Any) -> Settings:
    """Read the settings; `overrides` win over every source. Raises `ConfigError`."""
    try:
        given: dict[str, Any] = {"_env_file": _env_file(), **overrides}
        settings = Settings(**given)
    except ValidationError as error:
        lines = {problem["loc"][0]: _line(problem) for problem in reversed(error.errors())}
        raise ConfigError("\n".join(reversed(lines.values()))) from None
    problems = list(_rules(settings))
    if problems:
        raise ConfigError("\n".join(problems))
    return settings


def _line(problem: Mapping[str, Any]) -> str:
    name = str(problem["loc"][0])
    field = Settings.model_fields[name]
    what = str(problem["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    if problem["type"] == "literal_error":
        what = "must be one of " + str(problem["ctx"]["expected"]).replace("'", "")
    return f"{name.upper()}: {what}; example: {name.upper()}={(field.examples or [''])[0]}"


def _rules(settings: Settings) -> list[str]:
    """Return a line for each violated rule about several settings."""
    problems: list[str] = []
    if settings.db_min_conns > settings.db_max_conns:
        problems.append("DB_MIN_CONNS: is above DB_MAX_CONNS; example: DB_MIN_CONNS=5")
    if settings.server_workers > settings.db_max_conns:
        problems.append("SERVER_WORKERS: is above DB_MAX_CONNS, so a worker would have none; example: SERVER_WORKERS=2")
    if settings.admin_password and len(settings.admin_password.get_secret_value()) < 12:  # noqa: PLR2004 - the contract
        problems.append(
            "ADMIN_PASSWORD: is shorter than 12 characters; example: ADMIN_PASSWORD='a long phrase of yours'"
        )
    if bool(settings.admin_email) != bool(settings.admin_password):
        problems.append("ADMIN_EMAIL: goes together with ADMIN_PASSWORD; example: ADMIN_EMAIL=admin@shop.example")
    if settings.jwt_secret and signing_keys.is_short(settings.jwt_secret.get_secret_value()):
        problems.append(
            f"JWT_SECRET: is shorter than {signing_keys.MINIMUM_SIZE} bytes; example: "
            "JWT_SECRET=$(openssl rand -hex 32); the former key goes into JWT_PREVIOUS_SECRET, "
            "whatever its length, and its tokens stay valid"
        )
    return problems + (_production_rules(settings) if settings.production else [])


def setting_warnings(settings: Settings) -> list[str]:
    """Return a line for each setting that is accepted and ought to change."""
    previous = settings.jwt_previous_secret
    if previous is None or not signing_keys.is_weak(key := previous.get_secret_value()):
        return []
    line = (
        f"JWT_PREVIOUS_SECRET: is weak ({signing_keys.size(key)} bytes), and whoever guesses it logs in as anybody: "
        "take it out when the last token signed with it has expired, JWT_REFRESH_TOKEN_DURATION after the change"
    )
    return [line]


def _production_rules(settings: Settings) -> list[str]:
    problems: list[str] = []
    if settings.jwt_secret is None or signing_keys.is_default(settings.jwt_secret.get_secret_value()):
        problems.append("JWT_SECRET: production needs one of its own; example: JWT_SECRET=$(openssl rand -hex 32)")
    if settings.jwt_previous_secret and signing_keys.is_published(settings.jwt_previous_secret.get_secret_value()):
        problems.append(
            "JWT_PREVIOUS_SECRET: production takes no key that stood in an example, since anybody can sign with it; "
            "leave it out, and everybody logs in again"
        )
    if settings.embedded:
        problems.append("DB_HOST: production needs a server, not the embedded one; example: DB_HOST=db.example")
    if "*" in settings.cors_allowed_origins:
        problems.append("CORS_ALLOWED_ORIGINS: production names its origins; example: https://shop.example")
    if settings.database_url is None and settings.db_sslmode not in ENCRYPTED:
        problems.append("DB_SSLMODE: production wants an encrypted connection; example: DB_SSLMODE=verify-full")
    return problems
