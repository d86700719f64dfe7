"""Where the databases are, as libpq connection strings. These hold passwords: `masked` is what may be shown."""

from dataclasses import dataclass

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from angidi.config import ENCRYPTED, ConfigError, Settings


@dataclass(frozen=True, slots=True, repr=False)
class Addresses:
    """The three addresses of one database: for everything, for reads that may be old, and past any pooler."""

    main: str
    read: str
    direct: str


def addresses(settings: Settings, embedded: str | None = None) -> Addresses:
    """Return the addresses that `settings` name; `embedded` is the embedded server's, where that one is used.

    Raises `ConfigError` for an address that libpq cannot read, or one too weak for production.
    """
    main = embedded or _given(settings, "database_url") or _from_parts(settings)
    return Addresses(
        main=main,
        read=_given(settings, "database_read_url") or main,
        direct=_given(settings, "database_direct_url") or main,
    )


def parts_of(conninfo: str) -> dict[str, str]:
    """Return the parameters that a connection string gives, by libpq's names."""
    return {name: str(value) for name, value in conninfo_to_dict(conninfo).items() if value is not None}


def masked(conninfo: str) -> str:
    """Return `conninfo` with its password replaced by asterisks."""
    parts = parts_of(conninfo)
    return make_conninfo("", **(parts | ({"password": "***"} if "password" in parts else {})))


def environment_of(conninfo: str) -> dict[str, str]:
    """Return the environment variables that lead libpq's programs where `conninfo` does.

    A password in them is hidden from other users of the machine, who could read it among the arguments.
    """
    variables = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
    found = {variables.get(name): value for name, value in parts_of(conninfo).items()}
    return {variable.decode(): value for variable, value in found.items() if variable}


def _given(settings: Settings, name: str) -> str | None:
    secret: SecretStr | None = getattr(settings, name)
    if secret is None:
        return None
    try:
        parts = parts_of(secret.get_secret_value())
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
