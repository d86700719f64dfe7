import threading
import time

import pytest

from angidi.migrate import (
    NIL,
    Dirty,
    DuplicateMigration,
    Event,
    InvalidVersion,
    LockTimeout,
    MigrationFailed,
    NilVersion,
    NoChange,
    NotExist,
    Retrying,
    ShortLimit,
    Source,
    VersionNotFound,
)
from angidi.migrate.database.locks import lock_id

from .conftest import THREE, Scratch


def test_up_applies_everything_in_order_and_down_undoes_it(scratch: Scratch):
    scratch.files(**THREE)
    with scratch.open() as migrate:
        with pytest.raises(NilVersion):
            migrate.version()
        migrate.up()
        assert migrate.version() == (3, False)
        assert scratch.tables() == ["t1", "t2", "t3"]
        with pytest.raises(NoChange):
            migrate.up()
        migrate.down()
        assert scratch.version() == []
        assert scratch.tables() == []
        with pytest.raises(NoChange):
            migrate.down()


def test_steps_say_how_many_were_missing(scratch: Scratch):
    scratch.files(**THREE)
    with scratch.open() as migrate:
        with pytest.raises(ShortLimit, match="limit 2 short"):
            migrate.steps(5)
        with pytest.raises(NotExist, match="file does not exist"):
            migrate.steps(1)
        migrate.steps(-2)
        assert migrate.version() == (1, False)
        with pytest.raises(NoChange):
            migrate.steps(0)
        with pytest.raises(ShortLimit, match="limit 1 short"):
            migrate.steps(-2)
        with pytest.raises(NotExist):
            migrate.steps(-1)


def test_migrate_goes_both_ways_and_refuses_an_unknown_version(scratch: Scratch):
    scratch.files(**THREE)
    with scratch.open() as migrate:
        migrate.migrate(2)
        migrate.migrate(3)
        migrate.migrate(1)
        assert scratch.tables() == ["t1"]
        with pytest.raises(NoChange):
            migrate.migrate(1)
        with pytest.raises(VersionNotFound, match="no migration found for version 9"):
            migrate.migrate(9)


def test_a_missing_direction_only_moves_the_version(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (i int)", d1_a="DROP TABLE a", u3_b="SELECT 1", d5_c="SELECT 1")
    with scratch.open() as migrate:
        migrate.up()
        assert migrate.version() == (5, False)
        migrate.steps(-2)
        assert migrate.version() == (1, False)


def test_a_failing_file_leaves_nothing_and_a_clean_version(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (i int);", u2_b="CREATE TABLE b (i int);\nINSERT INTO nowhere VALUES (1);\n")
    with scratch.open() as migrate:
        with pytest.raises(MigrationFailed) as caught:
            migrate.up()
        assert migrate.version() == (1, False)
    failed = caught.value
    assert (failed.line, failed.column, failed.sqlstate, failed.dirty) == (2, 13, "42P01", False)
    assert str(failed).splitlines() == [
        'migration 2/u b failed at 2_b.up.sql:2:13: relation "nowhere" does not exist (SQLSTATE 42P01)',
        "    2 | INSERT INTO nowhere VALUES (1);",
        "                    ^",
        "Rolled back as a whole: the database is at version 1, and clean.",
        "Next: correct the file and run the command again.",
    ]
    assert scratch.tables() == ["a"]


def test_strict_mode_leaves_what_golang_migrate_leaves(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (i int);", u2_b="CREATE TABLE b (i int); INSERT INTO nowhere VALUES (1);")
    with scratch.open(strict=True) as migrate:
        with pytest.raises(MigrationFailed):
            migrate.up()
        assert migrate.version() == (2, True)
        with pytest.raises(Dirty, match=r"Dirty database version 2. Fix and force version."):
            migrate.up()


def test_an_error_without_a_position_names_its_statement(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (i int);\n\nSELECT 1; -- one; two\nSELECT 1/i\nFROM (VALUES (0)) AS t (i);\n")
    with scratch.open() as migrate, pytest.raises(MigrationFailed, match=r"1_a.up.sql:4:1: division by zero"):
        migrate.up()


def test_a_file_that_is_one_transaction_of_its_own_is_atomic_too(scratch: Scratch):
    scratch.files(
        u1_a="BEGIN;\nCREATE TABLE a (i int);\nCOMMIT; -- done",
        u2_b="BEGIN;\nDROP TABLE a;\nSELECT 1/0;\nCOMMIT;",
    )
    with scratch.open() as migrate:
        with pytest.raises(MigrationFailed, match=r"2_b.up.sql:3:1: division by zero") as caught:
            migrate.up()
        assert migrate.version() == (1, False)
    assert not caught.value.dirty
    assert scratch.tables() == ["a"]


def test_a_file_of_several_transactions_that_fails_is_dirty_and_the_lock_is_free_again(scratch: Scratch):
    scratch.files(u1_a="BEGIN; CREATE TABLE a (i int); COMMIT;\nBEGIN; SELECT 1/0; COMMIT;\n")
    with scratch.open() as migrate:
        with pytest.raises(MigrationFailed, match=r"1_a.up.sql:2:8: division by zero") as caught:
            migrate.up()
        assert caught.value.dirty
        assert scratch.version() == [(1, True)]
        with scratch.open(lock_timeout=0.2) as other:
            other.force(NIL)


def test_a_file_that_forgets_to_commit_is_told(scratch: Scratch):
    scratch.files(u1_a="BEGIN; CREATE TABLE a (i int);")
    with (
        scratch.open() as migrate,
        pytest.raises(MigrationFailed, match="began a transaction and did not end it"),
    ):
        migrate.up()
    assert scratch.tables() == []


def test_several_concurrent_indexes_in_one_file_are_built_one_by_one(scratch: Scratch):
    scratch.files(
        u1_a="CREATE TABLE a (i int);",
        u2_b="CREATE INDEX CONCURRENTLY a1 ON a (i); -- ; \nCREATE INDEX CONCURRENTLY a2 ON a (i);",
    )
    with scratch.open() as migrate:
        migrate.up()
    assert scratch.version() == [(2, False)]


def test_a_procedure_that_commits_falls_back_to_the_dirty_protocol(scratch: Scratch):
    scratch.files(
        u1_a="CREATE TABLE a (i int);",
        u2_b="DO $$ BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO a VALUES (2); END $$;",
    )
    with scratch.open() as migrate:
        migrate.up()
    assert scratch.run("SELECT count(*) FROM a") == [(2,)]
    assert scratch.version() == [(2, False)]


def test_copy_from_stdin_is_refused_cleanly(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (i int); COPY a FROM STDIN;")
    with scratch.open() as migrate, pytest.raises(MigrationFailed, match="cannot bring data"):
        migrate.up()
    assert scratch.tables() == []


def test_force_sets_any_version_and_minus_one_empties_the_table(scratch: Scratch):
    with scratch.open() as migrate:
        migrate.force(77)
        assert migrate.version() == (77, False)
        with pytest.raises(VersionNotFound):
            migrate.up()
        migrate.force(NIL)
        assert scratch.version() == []
        with pytest.raises(InvalidVersion):
            migrate.force(-2)
        with pytest.raises(NotExist, match=r"first .: file does not exist"):
            migrate.up()


def test_the_lock_of_golang_migrate_keeps_us_out_and_its_holder_is_named(scratch: Scratch):
    scratch.files(**THREE)
    for name in (f"/{scratch.name}", scratch.name):
        with scratch.connect() as holder:
            holder.execute("SELECT pg_advisory_lock(%s)", [lock_id(name, "public", "schema_migrations")])
            with scratch.open(lock_timeout=0.3) as migrate, pytest.raises(LockTimeout) as caught:
                migrate.up()
            assert f"pid {holder.info.backend_pid}" in caught.value.holders[0]
    assert scratch.tables() == []


def test_runs_at_once_apply_each_migration_once(scratch: Scratch):
    scratch.files(**THREE)
    outcomes: list[str] = []

    def run() -> None:
        with scratch.open() as migrate:
            try:
                migrate.up()
                outcomes.append("up")
            except NoChange:
                outcomes.append("no change")

    threads = [threading.Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["no change"] * 4 + ["up"]


def test_an_atomic_file_gives_way_and_tries_again_when_it_cannot_lock_a_table(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (i int);", u2_b="ALTER TABLE a ADD COLUMN j int;")
    with scratch.open() as migrate:
        migrate.steps(1)
    heard: list[Event] = []
    with scratch.connect() as reader:
        reader.execute("BEGIN; LOCK TABLE a IN ACCESS SHARE MODE")
        threading.Thread(target=lambda: (time.sleep(0.6), reader.execute("COMMIT"))).start()
        with scratch.open(heard.append, table_lock_timeout=0.1) as migrate:
            migrate.up()
    assert any(isinstance(event, Retrying) for event in heard)
    assert scratch.version() == [(2, False)]


def test_two_files_of_one_version_and_direction_are_refused(scratch: Scratch):
    scratch.files(u1_a="SELECT 1", u0001_b="SELECT 1")
    with pytest.raises(DuplicateMigration, match=r"duplicate migration file: 1_a.up.sql"):
        Source(scratch.folder)
