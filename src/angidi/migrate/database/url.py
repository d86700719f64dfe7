"""What a database URL says: how to connect, and golang-migrate's own `x-` parameters."""

import re
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict

from angidi.migrate.errors import OpenError
from angidi.migrate.golang.flags import parse_bool, parse_int

PQ_SCHEMES = {"postgres", "postgresql"}
PGX4_SCHEMES = {"pgx", "pgx4"}
SCHEMES = PQ_SCHEMES | PGX4_SCHEMES | {"pgx5"}

_DROPPED = {
    "binary_parameters", "disable_prepared_binary_result", "sslinline", "krbspn",
    "default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity",
}  # fmt: skip
"""Settings of the Go drivers themselves: nothing for the server, unknown to libpq."""


@dataclass(frozen=True, slots=True)
class Target:
    """A database and how its versions are kept.

    `lock_name` is the database as golang-migrate's lock knows it: the URL's path with its leading slash, or
    None for the name that the server tells. `quoted` makes `table` a list of double-quoted parts.
    `statement_timeout` is in milliseconds, 0 for none.
    """

    scheme: str
    connect: dict[str, str] = field(repr=False)
    lock_name: str | None
    table: str = "schema_migrations"
    quoted: bool = False
    statement_timeout: int = 0
    multi_statement: bool = False
    lock_table: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def redact(self, text: str) -> str:
        """Return `text` without the password."""
        for secret in self.secrets:
            text = text.replace(secret, "xxxxx")
        return text


_GO_USERINFO = re.compile(r"([A-Za-z0-9._:~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")


def parse_target(address: str, *, strict: bool = False) -> Target:
    """Return the target that a URL, or a libpq string such as `host=… dbname=…`, describes.

    Raises `OpenError` in golang-migrate's words; unless `strict`, a password may hold any raw character.
    """
    if "=" in address and "://" not in address.split("=", 1)[0]:
        return _from_conninfo(address)
    scheme = scheme_of(address, "database")
    if scheme not in SCHEMES:
        raise OpenError(f"database driver: unknown driver {scheme} (forgotten import?)")
    authority, path, query = _cut(address.partition("://")[2])
    userinfo = authority.rpartition("@")[0]
    cut = _cut_off(authority, path)
    if cut and not strict:
        raise OpenError("the password has a character that a URL reserves: percent-encode it (@ is %40, / is %2F)")
    if strict and not _GO_USERINFO.fullmatch(userinfo):
        raise OpenError(f'parse "{address.replace(userinfo, "xxxxx")}": net/url: invalid userinfo')
    settings, extra = _query(query)
    connect = _connect(authority, path, settings)
    raw = userinfo.partition(":")[2]
    target = _target(scheme, connect, unquote(path) or None, extra)
    return replace(target, secrets=tuple(filter(None, {connect.get("password"), raw, cut})))


def scheme_of(url: str, what: str) -> str:
    """Return the text before the first colon; raises in golang-migrate's words where there is none."""
    if not url:
        raise OpenError(f"failed to parse scheme from {what} URL: URL cannot be empty")
    scheme, colon, _ = url.partition(":")
    if not scheme or not colon:
        raise OpenError(f"failed to parse scheme from {what} URL: no scheme")
    return scheme


def _from_conninfo(conninfo: str) -> Target:
    try:
        connect = {key: str(value) for key, value in conninfo_to_dict(conninfo).items() if value is not None}
    except ProgrammingError as error:
        raise OpenError("the connection string cannot be understood") from error
    name = connect.get("dbname")
    secret = connect.get("password")
    return Target("postgres", connect, f"/{name}" if name else None, secrets=(secret,) if secret else ())


_HOSTS = re.compile(r"[^/?#@]*(?=[/?#]|$)")


def _cut(rest: str) -> tuple[str, str, str]:
    """Split what follows `://` into authority, path and query, a raw / ? # or @ in the password allowed."""
    at = _end_of_password(rest)
    hosts = _HOSTS.match(rest, at)
    end = hosts.end() if hosts else len(rest)
    path, _, query = rest[end:].partition("#")[0].partition("?")
    return rest[:end], path, query


def _end_of_password(rest: str) -> int:
    """Return where the hosts begin: after the authority's last @, or a later one if that is clearly it."""
    end = re.search(r"[/?#]|$", rest)
    authority = rest[: end.start() if end else None]
    if "@" in authority:
        return authority.rindex("@") + 1
    user, colon, tail = authority.partition(":")
    if not user or not colon or re.fullmatch(r"\d*(,.*)?", tail) or "[" in authority:
        return 0
    return max((at.end() for at in re.finditer("@", rest) if _HOSTS.match(rest, at.end())), default=0)


def _cut_off(authority: str, path: str) -> str:
    """Return what is probably the end of a password: u:12/pass@h/d would have the port 12 and the database pass@h/d."""
    is_cut = ":" in authority and "@" not in authority and not authority.startswith("[")
    return path.rpartition("@")[0].lstrip("/") if is_cut else ""


def _query(query: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the driver's settings and the `x-` ones; the first of a key counts, empty ones do not."""
    settings: dict[str, str] = {}
    extra: dict[str, str] = {}
    for key, value in parse_qsl(query):
        (extra if key.startswith("x-") else settings).setdefault(key, value)
    return settings, extra


def _connect(authority: str, path: str, settings: dict[str, str]) -> dict[str, str]:
    """Return libpq's settings; the query wins, and what libpq does not know is set in the session."""
    userinfo, _, hosts = authority.rpartition("@")
    user, _, password = userinfo.partition(":")
    pairs = [re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(\d*))?", host) for host in hosts.split(",")] if hosts else []
    if not all(pairs):
        raise OpenError("the URL's host and port cannot be understood")
    found = {
        "user": unquote(user),
        "password": unquote(password),
        "host": ",".join(unquote(pair[1].strip("[]")) for pair in pairs if pair),
        "port": ",".join(pair[2] or "" for pair in pairs if pair).strip(","),
        "dbname": unquote(path).lstrip("/"),
    }
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    found |= {key: value for key, value in settings.items() if key in known}
    session = {key: value for key, value in settings.items() if key not in known | _DROPPED}
    options = [found.get("options", ""), *(f"-c {key}={_escape(value)}" for key, value in session.items())]
    found["options"] = " ".join(filter(None, options))
    return {key: value for key, value in found.items() if value}


def _escape(value: str) -> str:
    return re.sub(r"([\\\s])", r"\\\1", value)


def _target(scheme: str, connect: dict[str, str], lock_name: str | None, extra: dict[str, str]) -> Target:
    """Put the parts together, and check the `x-` ones in golang-migrate's words."""
    _number(extra.get("x-multi-statement-max-size", "0"))
    return Target(
        scheme,
        connect,
        lock_name,
        table=extra.get("x-migrations-table", "schema_migrations"),
        quoted=_checked(extra, "x-migrations-table-quoted"),
        statement_timeout=_number(extra.get("x-statement-timeout", "0")),
        multi_statement=_checked(extra, "x-multi-statement"),
        lock_table=_lock_table(extra) if scheme in PGX4_SCHEMES else None,
    )


def _checked(extra: dict[str, str], key: str) -> bool:
    try:
        return parse_bool(extra.get(key, "false"))
    except ValueError as error:
        raise OpenError(f"Unable to parse option {key}: {error}") from error


def _number(value: str) -> int:
    try:
        return parse_int(value)
    except ValueError as error:
        raise OpenError(str(error)) from error


def _lock_table(extra: dict[str, str]) -> str | None:
    strategy = extra.get("x-lock-strategy", "advisory")
    if strategy not in {"advisory", "table"}:
        raise OpenError(f"unknown lock strategy {strategy}")
    return extra.get("x-lock-table", "schema_lock") if strategy == "table" else None
