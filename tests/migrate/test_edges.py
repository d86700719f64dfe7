"""What seldom happens, and has to be said well when it does."""

import socket
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from angidi.migrate import (
    MigrateError,
    MigrationFailed,
    NoDownFile,
    Noticed,
    OpenError,
    Options,
    Warned,
    parse_target,
)
from angidi.migrate.checks import verify as verifying
from angidi.migrate.commands.run import up
from angidi.migrate.database.session import Session

from .conftest import THREE, Cli, Scratch
from .tools import OURS


def test_a_command_without_a_group_asks_for_the_database():
    result = CliRunner().invoke(up)
    assert isinstance(result.exception, OpenError)
    assert "Name it with --database." in str(result.exception)


def test_wait_says_why_it_waits_and_gives_up(scratch: Scratch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"postgres://u:hush@127.0.0.1:{closed.getsockname()[1]}/d"
        with pytest.raises(MigrateError, match=r"not ready after 0\.3 s: connection failed") as caught:
            Cli(scratch)("wait", "--timeout", "0.3", "--database", address)
    assert "hush" not in str(caught.value)


def test_a_rehearsal_that_fails_names_the_place_and_changes_nothing(cli: Cli, scratch: Scratch):
    scratch.files(u2_t="CREATE TABLE t2 (id int);\nSELECT nowhere;")
    with pytest.raises(MigrationFailed, match=r"2_t.up.sql:2:8: column"):
        cli("plan", "--dry-run")
    assert scratch.tables() == []


def test_plan_goes_down_too_and_says_when_there_is_nothing_to_do(cli: Cli):
    cli("up", "2")
    assert cli("plan", "-1") == "2/d t (atomic)\n1/d t (atomic)\n"
    assert cli("plan", "2") == ""


def test_going_down_without_a_down_file_is_warned_of_or_refused(scratch: Scratch):
    scratch.files(u1_a="SELECT 1", u2_b="SELECT 1")
    heard: list[object] = []
    with scratch.open(heard.append) as migrate:
        migrate.up()
        migrate.steps(-1)
    assert [event.text for event in heard if isinstance(event, Warned)] == [
        "version 2 has no down file: nothing is undone, only the number moves"
    ]
    with scratch.open(require_down=True) as migrate, pytest.raises(NoDownFile):
        migrate.down()


def test_what_a_file_tells_by_raise_is_passed_on_and_what_the_server_tells_itself_is_not(scratch: Scratch):
    scratch.files(u1_a="DROP TABLE IF EXISTS nowhere; DO $$ BEGIN RAISE NOTICE '% left', 2; RAISE LOG 'no'; END $$;")
    heard: list[object] = []
    with scratch.open(heard.append) as migrate:
        migrate.up()
    assert [event.text for event in heard if isinstance(event, Noticed)] == ["2 left"]


def test_verify_passes_over_a_version_without_a_down_file(scratch: Scratch):
    scratch.files(**THREE | {"u4_x": "CREATE TABLE x (i int)"})
    with scratch.open() as migrate:
        assert verifying.verify(migrate.source, parse_target(scratch.url)) == []


def test_an_atomic_file_that_never_gets_its_lock_fails_cleanly(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (i int);", u2_b="ALTER TABLE a ADD COLUMN j int;")
    with scratch.open(table_lock_timeout=0.05, table_lock_attempts=2) as migrate:
        migrate.steps(1)
        with scratch.connect() as reader:
            reader.execute("BEGIN; LOCK TABLE a IN ACCESS SHARE MODE")
            with pytest.raises(MigrationFailed, match="canceling statement due to lock timeout"):
                migrate.up()
        assert migrate.version() == (1, False)


def test_a_lock_timeout_of_the_address_wins(scratch: Scratch):
    with Session.open(parse_target(scratch.with_query("lock_timeout=7s")), Options()).connection as connection:
        assert connection.execute("SHOW lock_timeout").fetchone() == ("7s",)


def test_dump_needs_pg_dump_and_tells_what_it_says(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    cli("up")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MigrateError, match="pg_dump was not found"):
        cli("dump")
    broken = tmp_path / "pg_dump"
    broken.write_text("#!/bin/sh\necho 'no such server' >&2; exit 1\n")
    broken.chmod(0o755)
    with pytest.raises(MigrateError, match="no such server"):
        cli("dump")
    broken.write_text("#!/bin/sh\necho 'CREATE TABLE x ();'\n")
    cli("dump", "--output", str(tmp_path / "schema.sql"))
    assert (tmp_path / "schema.sql").read_text() == "CREATE TABLE x ();\n"


def test_the_drop_in_command_shows_where_the_file_is_wrong(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (\n  id int,\n  CONSTRAINT x CHEK (id > 0)\n);")
    outcome = OURS.run(scratch.folder, scratch.url, "up")
    assert outcome.code == 1
    assert outcome.said == (
        'error: migration 1/u a failed at 1_a.up.sql:3:16: syntax error at or near "CHEK" (SQLSTATE 42601)\n'
        "    3 |   CONSTRAINT x CHEK (id > 0)\n"
        "                       ^\n"
        "Rolled back as a whole: nothing is applied, and clean.\n"
        "Next: correct the file and run the command again.\n"
    )


def test_a_hint_and_a_detail_of_the_server_are_shown(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (id int UNIQUE);\nINSERT INTO a VALUES (1), (1);\n", u2_b="SELECT lenght('a');")
    with scratch.open() as migrate, pytest.raises(MigrationFailed, match=r"DETAIL: Key \(id\)=\(1\) already exists"):
        migrate.up()
    scratch.files(u1_a="SELECT 1")
    with scratch.open() as migrate, pytest.raises(MigrationFailed, match="HINT: No function matches"):
        migrate.up()


def test_a_command_has_its_short_help_option_in_any_group():
    assert "-h, --help" in CliRunner().invoke(click.Group(commands=[up]), ["up", "-h"]).output
