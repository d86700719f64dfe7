"""Database URLs as libpq connection strings. They contain passwords: show only `mask_password` of one."""

import re
from dataclasses import dataclass

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from angidi.config import ENCRYPTED, ConfigError, Settings

ENCODED = "@ is written %40, / is %2F, # is %23, ? is %3F and % is %25"


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


def bypass_pooler(where: DatabaseUrls) -> str:
    """Return the URL that bypasses a pooler as the role that serves, which may copy rows without the owner's rights."""
    identity = ("user", "password", "passfile", "sslcert", "sslkey", "sslpassword")
    serving, direct = parse_conninfo(where.main), parse_conninfo(where.direct)
    if serving.get("user") == direct.get("user"):
        return where.direct
    place = {name: value for name, value in direct.items() if name not in identity}
    return make_conninfo("", **place, **{name: serving[name] for name in identity if name in serving})


def mask_password(conninfo: str) -> str:
    """Return `conninfo` with asterisks for its passwords and keys; asterisks alone where libpq may cut it wrongly."""
    try:
        parts = parse_conninfo(check_url("", conninfo))
    except ConfigError:
        return "***"
    return make_conninfo("", **(parts | dict.fromkeys(_secret_parameters() & parts.keys(), "***")))


def _secret_parameters() -> set[str]:
    """Return the names of libpq's parameters that nobody may see: those that it marks, and the keys of SCRAM."""
    marked = {option.keyword.decode() for option in pq.Conninfo.get_defaults() if option.dispchar == b"*"}
    return marked | {"scram_client_key", "scram_server_key"}


def check_url(name: str, url: str) -> str:
    """Return `url`. Raises `ConfigError`, without any part of the URL, for one that libpq misunderstands.

    libpq ends a password at the first @ or /, and takes the rest for the host, the port or the database; its messages
    would then contain a part of the password.
    """
    if _has_raw_password(url):
        raise ConfigError(f"{name}: the password has a character that a URL reserves: percent-encode it, {ENCODED}")
    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        raise ConfigError(
            f"{name}: is no connection URL; in a password, {ENCODED}; "
            f"example: {name}=postgresql://angidi@db.example:5432/angidi"
        ) from None
    return url


def _has_raw_password(url: str) -> bool:
    """Tell whether the password of `url` seems to have an @ or a / that is not percent-encoded."""
    scheme, separator, rest = url.partition("://")
    if not separator or "=" in scheme:
        return False
    authority, _, path = rest.partition("/")
    # Of …:pa@ss@host the host would be ss@host; of …:p@ss/word@host, and of …:12/word@host, the database word@host.
    if authority.count("@") > 1 or "@" in path.partition("?")[0]:
        return True
    port = authority.partition(":")[2]  # of user:pa/s?s@host the port would be pa
    is_port = authority.startswith("[") or re.fullmatch(r"\d*(,.*)?", port)
    return "@" in path and ":" in authority and "@" not in authority and not is_port


def libpq_environment(conninfo: str) -> dict[str, str]:
    """Return the environment variables that make libpq's programs connect to `conninfo`.

    Unlike arguments, environment variables are hidden from other users of the machine, so the password is safe in them.
    """
    variables = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
    values = {variables.get(name): value for name, value in parse_conninfo(conninfo).items()}
    return {variable.decode(): value for variable, value in values.items() if variable}


def _given(settings: Settings, name: str) -> str | None:
    secret: SecretStr | None = getattr(settings, name)
    if secret is None:
        return None
    parts = parse_conninfo(check_url(name.upper(), secret.get_secret_value()))
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
