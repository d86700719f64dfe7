"""Version 24 makes the extensions, or says in one line what stands in the way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, RaiseException

import angidi

Migrate = Callable[[int, int], None]

FILE = (Path(angidi.__file__).parent / "migrations/000024_extensions.up.sql").read_bytes()
EXTENSIONS = "SELECT extname, nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace ORDER BY 1"
IN_THEIR_OWN_SCHEMA = """
    CREATE SCHEMA extensions;
    CREATE EXTENSION pg_trgm SCHEMA extensions;
    CREATE EXTENSION unaccent SCHEMA extensions;
"""
PRODUCT = """
    INSERT INTO public.products (name, price, category_id)
    SELECT 'Łódź \u200bCafé', 1, id FROM public.categories LIMIT 1
"""
FOUND = """
    SELECT words @@ public.words_query('lodz caf', '', ':*')
       AND document LIKE public.search_pattern('ÓDŹ c')
       AND public.folded('Café') = 'cafe'
      FROM public.product_search
"""


@pytest.fixture
def role(conn: psycopg.Connection) -> Iterator[str]:
    """A role that may not create in the database of `conn`, which acts as it from now on."""
    name = f"{conn.info.dbname}_role"
    quoted = sql.Identifier(name)
    conn.execute(sql.SQL("CREATE ROLE {}").format(quoted))
    conn.execute(sql.SQL("SET ROLE {}").format(quoted))
    yield name
    conn.execute("RESET ROLE")
    conn.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(quoted))
    conn.execute(sql.SQL("DROP ROLE {}").format(quoted))


def extensions(conn: psycopg.Connection) -> list[tuple[str, str]]:
    """Return the extensions that are there, and their schemas."""
    return [row for row in conn.execute(EXTENSIONS).fetchall() if row[0] != "plpgsql"]


def said(error: psycopg.Error) -> tuple[str, str]:
    """Return message and hint, each of which is one line."""
    message, hint = error.diag.message_primary or "", error.diag.message_hint or ""
    assert "\n" not in message + hint
    return message, hint


def test_a_role_that_may_not_create_them_is_told_what_to_grant(conn: psycopg.Connection, role: str):
    with pytest.raises(InsufficientPrivilege) as refusal:
        conn.execute(FILE)
    message, hint = said(refusal.value)
    database = conn.info.dbname
    assert message == f"{role} may not create the extension pg_trgm in the database {database}"
    assert f"GRANT CREATE ON DATABASE {database} TO {role}" in hint
    assert "CREATE EXTENSION pg_trgm" in hint


def test_after_the_grant_that_the_hint_names_it_goes_through(conn: psycopg.Connection, role: str):
    conn.execute("RESET ROLE")
    conn.execute(f"GRANT CREATE ON DATABASE {conn.info.dbname} TO {role}; SET ROLE {role}".encode())
    conn.execute(FILE)
    assert extensions(conn) == [("pg_trgm", "public"), ("unaccent", "public")]


def test_a_role_that_finds_them_there_needs_no_grant(conn: psycopg.Connection, role: str):
    conn.execute(f"RESET ROLE; CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent; SET ROLE {role}".encode())
    conn.execute(FILE)


def test_where_the_package_is_missing_it_is_named_and_nothing_is_made(conn: psycopg.Connection):
    conn.execute(
        """
        CREATE TEMPORARY VIEW pg_available_extensions AS
        SELECT * FROM pg_catalog.pg_available_extensions WHERE name <> 'unaccent'
        """
    )
    with pytest.raises(RaiseException) as refusal:
        conn.execute(FILE)
    message, hint = said(refusal.value)
    assert message == "the extension unaccent is not installed on this server"
    assert "postgresql-contrib" in hint
    assert extensions(conn) == []


def test_in_a_schema_of_the_search_path_they_are_found(conn: psycopg.Connection, migrate: Migrate, latest: int):
    conn.execute(IN_THEIR_OWN_SCHEMA)
    conn.execute("SET search_path = public, extensions")
    migrate(0, latest)
    assert extensions(conn) == [("pg_trgm", "extensions"), ("unaccent", "extensions")]
    for path in ("public, extensions", "''"):  # a restore has none
        conn.execute(f"SET search_path = {path}".encode())
        conn.execute("DELETE FROM public.products")
        conn.execute(PRODUCT)
        assert conn.execute(FOUND).fetchone() == (True,)


def test_in_a_schema_off_the_search_path_the_message_says_how_to_add_it(conn: psycopg.Connection, empty_db: str):
    conn.execute(IN_THEIR_OWN_SCHEMA)
    with pytest.raises(RaiseException) as refusal:
        conn.execute(FILE)
    message, hint = said(refusal.value)
    assert message == "the extension pg_trgm is in the schema extensions, which is not in the search path"
    conn.execute(hint[hint.index("ALTER DATABASE") : hint.index(")")].encode())
    with psycopg.connect(empty_db, autocommit=True) as later:
        later.execute(FILE)
