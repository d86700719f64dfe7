"""What a start does about the schema."""

import psycopg
import pytest
from psycopg import sql
from tests.conftest import migrate_up
from tests.support.roles import as_app
from tests.support.server import Databases

from angidi.cli.db.schema import check_encoding, prepare_schema, read_schema_state
from angidi.cli.schema_state import MIGRATIONS
from angidi.config import ConfigError
from angidi.migrate import Dirty, Migrate, Source

LATEST = Source(MIGRATIONS).versions[-1]


def step(url: str, count: int) -> None:
    with Migrate.open(Source(MIGRATIONS), url) as migrate:
        migrate.steps(count)


def force(url: str, version: int) -> None:
    with Migrate.open(Source(MIGRATIONS), url) as migrate:
        migrate.force(version)


def test_an_empty_database_is_migrated(empty_db: str) -> None:
    assert prepare_schema(empty_db, migrate=False).empty
    assert read_schema_state(empty_db).version == LATEST


def test_one_that_is_up_to_date_is_left_as_it_is(fresh_db: str) -> None:
    state = prepare_schema(fresh_db, migrate=False)
    assert (state.version, state.pending, state.empty) == (LATEST, (), False)


def test_one_that_is_behind_stops_the_start_and_names_what_is_pending(fresh_db: str) -> None:
    step(fresh_db, -2)
    with pytest.raises(ConfigError, match=f"pending: {LATEST - 1:06}, {LATEST:06}"):
        prepare_schema(fresh_db, migrate=False)
    assert read_schema_state(fresh_db).version == LATEST - 2


def test_one_that_is_behind_is_migrated_when_told_so(fresh_db: str) -> None:
    step(fresh_db, -2)
    prepare_schema(fresh_db, migrate=True)
    assert read_schema_state(fresh_db).version == LATEST


def test_one_with_tables_but_no_version_is_not_touched(empty_db: str) -> None:
    with psycopg.connect(empty_db) as conn:
        conn.execute("CREATE TABLE somebodys (n integer)")
    with pytest.raises(ConfigError, match="has tables but no version"):
        prepare_schema(empty_db, migrate=False)


def test_one_that_is_ahead_is_served_with_a_warning(fresh_db: str, capsys: pytest.CaptureFixture[str]) -> None:
    force(fresh_db, LATEST + 1)
    assert prepare_schema(fresh_db, migrate=False).ahead
    assert f"version {LATEST + 1}, which is newer" in capsys.readouterr().err


def test_a_dirty_one_stops_the_start(fresh_db: str) -> None:
    with psycopg.connect(fresh_db) as conn:
        conn.execute("UPDATE schema_migrations SET dirty = true")
    with pytest.raises(Dirty):
        prepare_schema(fresh_db, migrate=True)


def with_locale(databases: Databases, encoding: str) -> str:
    """Return the address of a new database in the C locale; it goes with the run."""
    name = databases.create()
    databases.drop(name)
    query = "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LOCALE_PROVIDER libc LOCALE 'C'"
    with psycopg.connect(databases.admin_url, autocommit=True) as conn:
        conn.execute(sql.SQL(query).format(sql.Identifier(name), sql.Literal(encoding)))
    return databases.url(name)


def test_another_encoding_than_utf8_is_refused(databases: Databases) -> None:
    with pytest.raises(ConfigError, match="LATIN1"):
        check_encoding(with_locale(databases, "LATIN1"))


def test_odd_rules_for_letters_are_warned_of(databases: Databases, capsys: pytest.CaptureFixture[str]) -> None:
    check_encoding(with_locale(databases, "UTF8"))
    assert "treats É, İ or I unusually" in capsys.readouterr().err


def test_the_template_of_the_suite_is_migrated_by_the_platforms_own_files(empty_db: str) -> None:
    migrate_up(empty_db)
    assert read_schema_state(empty_db).pending == ()


def test_a_role_that_may_not_migrate_only_checks_the_version(fresh_db: str) -> None:
    assert prepare_schema(as_app(fresh_db), migrate=True).version == LATEST


@pytest.mark.parametrize(
    ("steps", "reason"), [(0, "is empty"), (-1, f"is at version {LATEST - 1}")], ids=["empty", "behind"]
)
@pytest.mark.parametrize("migrate", [True, False], ids=["migrates", "does not"])
def test_a_role_that_may_not_migrate_is_told_who_may(
    fresh_db: str, empty_db: str, steps: int, reason: str, migrate: bool
) -> None:
    url = fresh_db if steps else empty_db
    if steps:
        step(url, steps)
    with pytest.raises(ConfigError, match=f"^DATABASE_DIRECT_URL: the database {reason}, and the role may"):
        prepare_schema(as_app(url), migrate=migrate)
