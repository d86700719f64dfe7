"""Setting up the roles: `angidi db roles`, and the role that serves from the embedded server."""

import secrets
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg
from msgspec import Struct
from psycopg import errors

from angidi.config import ConfigError
from angidi.db.inspection import connect
from angidi.db.roles.rights import PURPOSES, Purpose
from angidi.db.roles.statements import FIND_ROLE, Place, Statements, grant_statements, role_statements

WAIT_FOR_OTHERS = "SELECT pg_advisory_lock(hashtext('angidi db roles'))"

PASSWORD_BYTES = 24
SHOWN_PASSWORD = "…"  # noqa: S105 - what stands for one


class RoleResult(Struct, frozen=True, omit_defaults=True):
    """A role that was set up. `password` is one that was generated; it is told this once."""

    purpose: Purpose
    role: str
    created: bool = False
    password: str | None = None


class SetupResult(Struct, frozen=True):
    """The database, its owner, its roles, and the statements, in which an ellipsis stands for each password."""

    database: str
    owner: str
    roles: list[RoleResult]
    statements: list[str]
    applied: bool


@dataclass(frozen=True, slots=True, repr=False)
class RoleSetup:
    """The roles of one database. Names and passwords are by purpose; what is missing there has a default.

    `owner` is the address of the owner, `admin` that of somebody who may make roles, by default the owner. `passwords`
    are set, `first_passwords` only for roles that are created.
    """

    owner: str
    admin: str | None = None
    names: Mapping[Purpose, str] = field(default_factory=dict[Purpose, str])
    passwords: Mapping[Purpose, str] = field(default_factory=dict[Purpose, str])
    first_passwords: Mapping[Purpose, str] = field(default_factory=dict[Purpose, str])

    def run(self, *, dry_run: bool = False) -> SetupResult:
        """Set up the roles and return what was done; with `dry_run` change nothing.

        What is as it should be stays. Raises `ConfigError`, `Unavailable`.
        """
        with ExitStack() as stack:
            conn = stack.enter_context(_connected_alone(self.owner))
            admin = stack.enter_context(connect(self.admin)) if self.admin else conn
            place = Place(conn)
            names: dict[Purpose, str] = {
                purpose: self.names.get(purpose) or f"{place.database}_{purpose}" for purpose in PURPOSES
            }
            _check_distinct(names)
            roles = [self._role(conn, purpose, name) for purpose, name in names.items()]
            shown = [each for role in roles for each in self._statements(conn, place, role, SHOWN_PASSWORD)]
            shown += grant_statements(conn, place, names)
            if not dry_run:
                for role in roles:
                    _run(admin, self._statements(conn, place, role, _hashed(conn, role.role, self._password(role))))
                _grant(conn, place, names)
        return SetupResult(place.database, place.owner, roles, [each.as_string() for each in shown], not dry_run)

    def _role(self, conn: psycopg.Connection, purpose: Purpose, name: str) -> RoleResult:
        created = conn.execute(FIND_ROLE, {"name": name}).fetchone() is None
        is_given = purpose in {*self.passwords, *self.first_passwords}
        generated = secrets.token_urlsafe(PASSWORD_BYTES) if created and not is_given else None
        return RoleResult(purpose, name, created, generated)

    def _password(self, role: RoleResult) -> str:
        """Return the password to be set; empty if the role keeps the one that it has."""
        first = self.first_passwords.get(role.purpose, "") if role.created else ""
        return role.password or self.passwords.get(role.purpose, first)

    def _statements(self, conn: psycopg.Connection, place: Place, role: RoleResult, secret: str) -> Statements:
        return role_statements(conn, place, role.role, role.purpose, secret if self._password(role) else "")


def set_up_app(owner: str, name: str) -> None:
    """Make the role that serves, unless it is there, for a server that trusts whoever reaches it: without a password.

    `owner` is the address of the owner. A role that is there keeps its rights as they are: see `grant_app`.
    """
    with _connected_alone(owner) as conn:
        place = Place(conn)
        if statements := role_statements(conn, place, name, "app", ""):
            _run(conn, statements)
            _grant(conn, place, {"app": name})


def grant_app(owner: str, name: str) -> None:
    """Give the role that serves its rights, and take all others. `owner` is the address of the owner."""
    with _connected_alone(owner) as conn:
        _grant(conn, Place(conn), {"app": name})


@contextmanager
def _connected_alone(owner: str) -> Generator[psycopg.Connection]:
    """Provide a connection that no other one sets up roles beside: the server refuses what two grant at once."""
    with connect(owner) as conn:
        conn.execute(WAIT_FOR_OTHERS)
        yield conn


def _check_distinct(names: Mapping[Purpose, str]) -> None:
    if len(set(names.values())) < len(names):
        raise ConfigError("each purpose has a role of its own; example: --app shop_app --readonly shop_readonly")


def _hashed(conn: psycopg.Connection, role: str, password: str) -> str:
    """Return the hash that the server stores: the statement may appear in its log and in pg_stat_activity."""
    return conn.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode() if password else ""


def _run(conn: psycopg.Connection, statements: Statements) -> None:
    try:
        with conn.transaction():
            for statement in statements:
                conn.execute(statement)
    except errors.InsufficientPrivilege as error:
        raise ConfigError(
            f"ADMIN_DATABASE_URL: the role {conn.info.user} may not ({error.diag.message_primary}): name a superuser, "
            "or let one run what `angidi db roles --dry-run` prints"
        ) from None


def _grant(conn: psycopg.Connection, place: Place, names: Mapping[Purpose, str]) -> None:
    """Give the roles their rights, all at once, so that nobody who is served meanwhile lacks one."""
    try:
        with conn.transaction():
            for statement in grant_statements(conn, place, names):
                conn.execute(statement)
    except errors.InsufficientPrivilege as error:
        raise ConfigError(
            f"DATABASE_DIRECT_URL: the role {conn.info.user} may not ({error.diag.message_primary}): name the owner of "
            "the database and its tables"
        ) from None
