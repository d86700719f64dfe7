"""All settings, with their types, defaults, descriptions and examples."""

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from angidi.config.sources import read_sources
from angidi.config.values import (
    CommaList,
    Currency,
    Duration,
    DurationOrNone,
    Environment,
    LogFormat,
    LogLevel,
    Networks,
    RefreshReuse,
    SslMode,
)

EMBEDDED = "embedded"


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
    management_host: str = _setting("127.0.0.1", "The address of the management port", "10.0.0.5")
    management_port: int | None = _setting(
        None, "Port of health and metrics; unset: SERVER_PORT + 1000; 0: none", "9080", ge=0, le=65535
    )
    server_workers: int = _setting(1, "Server processes; they share the connections", "2", ge=1, le=256)
    log_level: LogLevel = _setting("info", "Minimum level of logged messages", "warning")
    log_format: LogFormat = _setting(
        None, "JSON objects, or lines for people; unset: lines on a terminal, else JSON", "json"
    )

    jwt_secret: SecretStr | None = _setting(None, "Key that signs tokens, at least 32 bytes", "$(openssl rand -hex 32)")
    jwt_previous_secret: SecretStr | None = _setting(
        None, "Previous key, of any length, whose tokens are still accepted", "the former JWT_SECRET"
    )
    jwt_access_token_duration: Duration = _setting("15m", "Lifetime of an access token", "15m")
    jwt_refresh_token_duration: Duration = _setting("168h", "Lifetime of a refresh token", "168h")
    jwt_refresh_reuse: RefreshReuse = _setting(
        "refuse", "allow: a refresh token can be used again and again, as in the former service", "allow"
    )
    password_rehash: bool = _setting(
        True, "Replace bcrypt hashes at log-in; false: new hashes are bcrypt too, for the former service", "false"
    )

    cors_allowed_origins: CommaList = _setting(
        ("http://localhost:3000",), "Allowed web origins, separated by commas", "https://shop.example"
    )
    api_rate_limit: int = _setting(100, "Requests per minute and client address; 0: no limit", "100", ge=0)
    connections_per_address: int = _setting(
        600, "Connections of one client address at a time, but for trusted proxies; 0: no limit", "600", ge=0
    )
    trusted_proxies: Networks = _setting(
        (), "Networks whose X-Forwarded-For is trusted, separated by commas", "10.0.0.0/8"
    )

    currency: Currency = _setting("EUR", "Currency of prices (ISO 4217)", "EUR")
    order_pending_ttl: DurationOrNone = _setting("24h", "Pending orders are cancelled after this time; 0: never", "24h")
    require_if_match: bool = _setting(False, "Refuse changes without If-Match (428)", "true")

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
        None, "The database's owner, past a pooler, for migrations", "postgresql://owner@db.example/angidi"
    )
    db_host: str | None = _setting(None, "Host of the database; embedded: the embedded server", "db.example")
    db_port: int = _setting(5432, "The database's port", "5432", ge=1, le=65535)
    db_user: str | None = _setting(None, "User of the database", "angidi_user")
    db_password: SecretStr | None = _setting(None, "Password of the user", "the password of DB_USER")
    db_name: str = _setting("angidi", "The database's name", "angidi")
    db_sslmode: SslMode = _setting(
        "prefer", "libpq's sslmode; production requires `require` or stronger", "verify-full"
    )
    db_max_conns: int = _setting(
        25, "Maximum connections of all workers; each keeps one for its heartbeat, and has two at least", "25", ge=1
    )
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
        """Take our own layers in place of the library's sources, which do not tell where a value comes from."""
        del env_settings, dotenv_settings, file_secret_settings
        return init_settings, _LayersSource(settings_cls)


class _LayersSource(PydanticBaseSettingsSource):
    """The environment, the `.env` file, the YAML file and the defaults of paths."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return nothing: the layers are read as a whole."""
        del field
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return read_sources(self.settings_cls.model_fields, self.current_state).setting_values()
