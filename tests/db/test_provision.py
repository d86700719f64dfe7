"""Owner and database on a given server."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.support.server import Databases

from angidi.cli.schema_state import MIGRATIONS
from angidi.config import ConfigError
from angidi.db import provision
from angidi.db.conninfo import parse_conninfo
from angidi.db.inspection import is_empty, read_encoding
from angidi.migrate import Migrate, Source


@pytest.fixture
def wanted(databases: Databases) -> Iterator[str]:
    """Address of a database and an owner that are not there yet, dropped at the end."""
    name = databases.create()
    databases.drop(name)
    yield make_conninfo(databases.url(name), user=name, password="a-long-password")
    with psycopg.connect(databases.admin_url, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        conn.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))


def test_the_owner_can_create_tables_in_a_database_with_unicodes_letters(databases: Databases, wanted: str) -> None:
    database, role = provision.create(databases.admin_url, wanted)
    assert database == role
    assert read_encoding(wanted) == ("UTF8", True)
    assert is_empty(wanted)
    with psycopg.connect(wanted) as conn:
        conn.execute("CREATE TABLE made (n integer)")
        assert conn.execute("SHOW statement_timeout").fetchone() == ("5s",)
    assert not is_empty(wanted)


def test_migrations_are_not_ended_by_the_limits_that_the_owner_has(databases: Databases, wanted: str) -> None:
    provision.create(databases.admin_url, wanted)
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    for url, expected in ((wanted, "0"), (make_conninfo(wanted, options="-c statement_timeout=7s"), "7s")):
        with Migrate.open(Source(MIGRATIONS), url) as migrate:
            conn = migrate.session.connection
            found = [conn.execute(f"SHOW {limit}").fetchone() for limit in limits]
        assert found == [(expected,), ("0",), ("0",)]


def test_a_second_time_changes_nothing(databases: Databases, wanted: str) -> None:
    assert provision.create(databases.admin_url, wanted) == provision.create(databases.admin_url, wanted)


def test_a_new_owner_needs_a_password(databases: Databases, wanted: str) -> None:
    parts = {name: value for name, value in parse_conninfo(wanted).items() if name != "password"}
    with pytest.raises(ConfigError, match="DB_PASSWORD"):
        provision.create(databases.admin_url, make_conninfo("", **parts))


def test_the_password_is_hashed_before_it_is_sent(databases: Databases, wanted: str) -> None:
    admin = make_conninfo(databases.admin_url, options="-c password_encryption=md5")
    _, role = provision.create(admin, wanted)
    with psycopg.connect(databases.admin_url) as conn:
        kept = conn.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %(role)s", {"role": role}).fetchone()
    assert kept is not None
    assert kept[0].startswith("SCRAM-SHA-256$"), "the server, had it seen the password, would have made an MD5 hash"
