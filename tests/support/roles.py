"""The role that serves in the tests: databases are set up by their owner, and the application connects as this one."""

import hashlib

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from angidi.db import roles

PREFIX = "angidi_test_"
"""What the name of each database of a test run begins with, before the number of the run."""


def app_role(url: str) -> str:
    """Return the role that serves the database: one for all databases of a run, as roles belong to the server."""
    database = str(conninfo_to_dict(url)["dbname"])
    run, _, _ = database.removeprefix(PREFIX).partition("_")
    return f"{PREFIX}{run}_app" if database.startswith(PREFIX) else f"{database}_app"


def app_password(url: str) -> str:
    """Return the password of the role, as good a secret as the owner's in `url`."""
    secret = f"{app_role(url)} {conninfo_to_dict(url).get('password')}"
    return hashlib.sha256(secret.encode()).hexdigest()


def as_app(url: str) -> str:
    """Return the address of the database for the application; `url` is its owner's."""
    return make_conninfo(url, user=app_role(url), password=app_password(url))


def grant_app(url: str) -> None:
    """Give the role its rights in the migrated database; `url` is its owner's.

    On a server of a test's own the role is made, too.
    """
    name = app_role(url)
    if not name.startswith(PREFIX):
        roles.set_up_app(url, name)
    roles.grant_app(url, name)


def environment_of(url: str) -> dict[str, str]:
    """Return the settings that name the database as in production: the application's address, and the owner's."""
    return {"DATABASE_URL": as_app(url), "DATABASE_DIRECT_URL": url}


def use_database(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Have the environment name the database so; `url` is its owner's address."""
    for name, value in environment_of(url).items():
        monkeypatch.setenv(name, value)


def drop_roles(url: str) -> None:
    """Drop the roles that `angidi db roles` makes by default for the database; `url` is its owner's."""
    with psycopg.connect(url, autocommit=True) as conn:
        for name in (f"{conn.info.dbname}_{purpose}" for purpose in roles.PURPOSES):
            if conn.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).rowcount:
                conn.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))
