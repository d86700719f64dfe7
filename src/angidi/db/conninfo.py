"""Database URLs as libpq connection strings. They contain passwords: show only `mask_password` of one."""

from dataclasses import dataclass

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from angidi.config import ENCRYPTED, ConfigError, Settings


@dataclass(frozen=True, slots=True, repr=False)
class DatabaseUrls:
    """The three URLs of one database.

    `main` serves everything, `read` may be a replica that lags, and `direct` bypasses a pooler.
    """

    main: str
    read: str
    direct: str


def resolve_urls(settings: Settings, embedded: str | None = None) -> DatabaseUrls:
    """Return the URLs that `settings` name; `embedded` is the URL of the embedded server, if that is used.

    Raises `ConfigError` for a URL that libpq cannot parse, and in production for one without encryption.
    """
    main = embedded or _given(settings, "database_url") or _from_parts(settings)
    return DatabaseUrls(
        main=main,
        read=_given(settings, "database_read_url") or main,
        direct=_given(settings, "database_direct_url") or main,
    )


def parse_conninfo(conninfo: str) -> dict[str, str]:
    """Return the parameters of a connection string by libpq's names."""
    return {name: str(value) for name, value in conninfo_to_dict(conninfo).items() if value is not None}


def mask_password(conninfo: str) -> str:
    """Return `conninfo` with its password replaced by asterisks."""
    parts = parse_conninfo(conninfo)
    return make_conninfo("", **(parts | ({"password": "***"} if "password" in parts else {})))


def libpq_environment(conninfo: str) -> dict[str, str]:
    """Return the environment variables that make libpq's programs connect to `conninfo`.

    Unlike arguments, environment variables are hidden from other users of the machine, so the password is safe in them.
    """
    variables = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
    found = {variables.get(name): value for name, value in parse_conninfo(conninfo).items()}
    return {variable.decode(): value for variable, value in found.items() if variable}


def _given(settings: Settings, name: str) -> str | None:
    secret: SecretStr | None = getattr(settings, name)
    if secret is None:
        return None
    try:
        parts = parse_conninfo(secret.get_secret_value())
    except ProgrammingError:
        raise ConfigError(
            f"{name.upper()}: is no connection URL; example: {name.upper()}=postgresql://angidi@db.example:5432/angidi"
        ) from None
    if settings.production and parts.get("sslmode") not in ENCRYPTED:
        raise ConfigError(f"{name.upper()}: production wants an encrypted connection; example: …?sslmode=verify-full")
    return secret.get_secret_value()


def _from_parts(settings: Settings) -> str:
    password = settings.db_password.get_secret_value() if settings.db_password else None
    return make_conninfo(
        host=settings.db_host,
        port=settings.db_port,
        user=settings.db_user,
        password=password,
        dbname=settings.db_name,
        sslmode=settings.db_sslmode,
    )
