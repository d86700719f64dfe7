"""What the server stores of the migrations, also where a backslash in a text is not itself by default."""

import json
from pathlib import Path

import psycopg
import pytest
from tests.cli.conftest import runner
from tests.support.roles import as_app

import angidi
from angidi.cli.schema_state import MIGRATIONS
from angidi.db.diagnostics.definitions import check_definitions, read_definitions
from angidi.db.inspection import connect
from angidi.db.pool import Pool, PoolSettings
from angidi.migrate import Migrate, Source

FILE = Path(angidi.__file__).parent / "db/diagnostics/definitions.json"

BACKSLASH_ESCAPES = """
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database()); END $$
"""
CREATED_SO = r"""
SET standard_conforming_strings = off;
SET escape_string_warning = off;
ALTER TABLE products DROP CONSTRAINT image_url_not_script;
ALTER TABLE products ADD CONSTRAINT image_url_not_script CHECK (
    regexp_replace(image_url, '[\s[:cntrl:]]', '', 'g') !~* '^(javascript|vbscript|data):');
"""


def test_the_file_is_what_the_migrations_make(latest_db: str) -> None:
    with connect(latest_db) as conn:
        assert json.loads(FILE.read_bytes()) == read_definitions(conn), "run `make docs`"


def test_a_backslash_is_itself_in_the_sessions_of_migrations_whatever_the_servers_default(empty_db: str) -> None:
    with psycopg.connect(empty_db, autocommit=True) as conn:
        conn.execute(BACKSLASH_ESCAPES)
    with Migrate.open(Source(MIGRATIONS), empty_db) as migrate:
        migrate.up()
    with connect(empty_db) as conn:
        assert check_definitions(conn).sample == []


async def test_and_in_those_that_serve(fresh_db: str) -> None:
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        conn.execute(BACKSLASH_ESCAPES)
    pool = Pool(as_app(fresh_db), PoolSettings(min_conns=1, max_conns=1))
    await pool.open()
    try:
        async with pool.connection() as serving:
            assert await (await serving.execute("SHOW standard_conforming_strings")).fetchone() == ("on",)
    finally:
        await pool.close()


def test_a_check_that_was_created_with_escapes_is_told(
    fresh_db: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = runner(fresh_db, monkeypatch, tmp_path)
    assert "ok       definitions" in run("doctor").stdout
    with psycopg.connect(fresh_db, autocommit=True) as conn:
        for statement in CREATED_SO.split(";"):  # a text is read as a whole before its first statement runs
            conn.execute(statement.encode())
    done = run("doctor")
    assert done.exit_code == 1
    told = "constraint image_url_not_script of products is not as the migrations make it"
    assert f"DIFFERS  definitions\n         {told}" in done.stdout


def test_a_function_that_was_replaced_without_its_settings_is_told(latest_conn: psycopg.Connection) -> None:
    latest_conn.execute("ALTER FUNCTION record_order_status() RESET ALL")
    assert check_definitions(latest_conn).sample == ["settings of function record_order_status() is missing"]
