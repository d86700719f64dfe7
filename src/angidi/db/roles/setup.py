"""Setting up the roles: `angidi db roles`, and the role that serves from the embedded server."""

import secrets
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg
from msgspec import Struct
from psycopg import errors

from angidi.config import ConfigError
from angidi.db.inspection import connect, hash_password
from angidi.db.roles.rights import PURPOSES, Purpose
from angidi.db.roles.statements import FIND_ROLE, Statements, TargetDatabase, grant_statements, role_statements

LOCK_SETUP = "SELECT pg_advisory_lock(hashtext('angidi db roles'))"

PASSWORD_BYTES = 24
SHOWN_PASSWORD = "…"  # noqa: S105 - what stands for one


class RoleResult(Struct, frozen=True, omit_defaults=True):
    """A role that was set up. `password` is one that was generated, which nothing shows later."""

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
    """The roles of one database. Names and passwords are by purpose, with defaults for those that are missing.

    `owner` is the URL of the owner, and `admin` that of a role that may create roles, by default the owner. `passwords`
    are set in any case, `first_passwords` only for roles that are created.
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
            conn = stack.enter_context(_exclusive_connection(self.owner))
            admin = stack.enter_context(connect(self.admin)) if self.admin else conn
            target = TargetDatabase(conn)
            names: dict[Purpose, str] = {
                purpose: self.names.get(purpose) or f"{target.database}_{purpose}" for purpose in PURPOSES
            }
            _check_distinct(names)
            roles = [self._plan(conn, purpose, name) for purpose, name in names.items()]
            shown = [each for role in roles for each in self._statements(conn, target, role, SHOWN_PASSWORD)]
            shown += grant_statements(conn, target, names)
            if not dry_run:
                for role in roles:
                    _create(admin, self._statements(conn, target, role, self._hash(conn, role)))
                _grant(conn, target, names)
        return SetupResult(target.database, target.owner, roles, [each.as_string() for each in shown], not dry_run)

    def _plan(self, conn: psycopg.Connection, purpose: Purpose, name: str) -> RoleResult:
        created = conn.execute(FIND_ROLE, {"name": name}).fetchone() is None
        is_given = purpose in {*self.passwords, *self.first_passwords}
        generated = secrets.token_urlsafe(PASSWORD_BYTES) if created and not is_given else None
        return RoleResult(purpose, name, created, generated)

    def _password(self, role: RoleResult) -> str:
        """Return the password to be set; empty if the role keeps the one that it has."""
        first = self.first_passwords.get(role.purpose, "") if role.created else ""
        return role.password or self.passwords.get(role.purpose, first)

    def _hash(self, conn: psycopg.Connection, role: RoleResult) -> str:
        password = self._password(role)
        return hash_password(conn, role.role, password) if password else ""

    def _statements(self, conn: psycopg.Connection, target: TargetDatabase, role: RoleResult, hash_: str) -> Statements:
        return role_statements(conn, target, role.role, role.purpose, hash_ if self._password(role) else "")


def set_up_app(owner: str, name: str) -> None:
    """Create the role that serves, without a password, for a server that trusts its clients.

    `owner` is the URL of the owner. An existing role keeps its rights: see `grant_app`.
    """
    with _exclusive_connection(owner) as conn:
        target = TargetDatabase(conn)
        if statements := role_statements(conn, target, name, "app", ""):
            _create(conn, statements)
            _grant(conn, target, {"app": name})


def grant_app(owner: str, name: str) -> None:
    """Give the role that serves its rights, and revoke all others. `owner` is the URL of the owner."""
    with _exclusive_connection(owner) as conn:
        _grant(conn, TargetDatabase(conn), {"app": name})


@contextmanager
def _exclusive_connection(owner: str) -> Generator[psycopg.Connection]:
    """Provide a connection while no other one sets up roles: PostgreSQL refuses concurrent grants on one object."""
    with connect(owner) as conn:
        conn.execute(LOCK_SETUP)
        yield conn


def _check_distinct(names: Mapping[Purpose, str]) -> None:
    if len(set(names.values())) < len(names):
        raise ConfigError("each purpose has a role of its own; example: --app shop_app --readonly shop_readonly")


def _create(conn: psycopg.Connection, statements: Statements) -> None:
    """Create or correct roles. Raises `ConfigError` if the role of the connection may not."""
    advice = "name a superuser, or let one run what `angidi db roles --dry-run` prints"
    with _privileges_explained(conn, "ADMIN_DATABASE_URL", advice), conn.transaction():
        for statement in statements:
            conn.execute(statement)


def _grant(conn: psycopg.Connection, target: TargetDatabase, names: Mapping[Purpose, str]) -> None:
    """Give the roles their rights, all at once, so that no request meanwhile lacks one. Raises as `_create` does."""
    advice = "name the owner of the database and its tables"
    with _privileges_explained(conn, "DATABASE_DIRECT_URL", advice), conn.transaction():
        for statement in grant_statements(conn, target, names):
            conn.execute(statement)


@contextmanager
def _privileges_explained(conn: psycopg.Connection, setting: str, advice: str) -> Generator[None]:
    """Raise `ConfigError` with the setting and the advice where the role of the connection lacks a right."""
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise ConfigError(
            f"{setting}: the role {conn.info.user} may not ({error.diag.message_primary}): {advice}"
        ) from None
