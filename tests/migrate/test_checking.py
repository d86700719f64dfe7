import threading
import time
from pathlib import Path

import psycopg
import pytest

from angidi.embedded.programs import find_programs
from angidi.migrate import Building, Event, Migrate, MigrateError, MigrationFailed, Source, parse_target
from angidi.migrate.checks.catalogue import snapshot
from angidi.migrate.checks.lint import lint
from angidi.migrate.checks.verify import verify
from angidi.migrate.database.locks import lock_id

from .conftest import Cli, Scratch


def test_plan_lists_what_up_would_do_and_changes_nothing(cli: Cli, scratch: Scratch):
    scratch.files(u3_t="CREATE INDEX CONCURRENTLY i ON t1 (id)")
    assert cli("plan") == "1/u t (atomic)\n2/u t (atomic)\n3/u t (whole)\n"
    assert "CREATE TABLE t1" in cli("plan", "1", "--sql")
    assert scratch.tables() == []


def test_a_dry_run_shows_the_locks_and_rolls_back(cli: Cli, scratch: Scratch):
    cli("up", "1")
    scratch.files(u2_t="BEGIN;\nALTER TABLE t1 ADD COLUMN x int;\nCOMMIT;")
    [first, *_] = cli.json("plan", "2", "--dry-run")["statements"]
    assert first["locks"] == [["t1", "AccessExclusiveLock"]]
    assert scratch.version() == [(1, False)]
    assert scratch.run("SELECT count(*) FROM pg_attribute WHERE attname = 'x'") == [(0,)]


def test_a_dry_run_goes_up_to_the_first_file_that_cannot_be_rolled_back(cli: Cli, scratch: Scratch):
    scratch.files(u2_t="CREATE INDEX CONCURRENTLY i ON t1 (id)")
    found = cli.json("plan", "--dry-run")
    assert [each["step"] for each in found["statements"]] == ["1/u t"]
    assert found["ends_before"] == {"step": "2/u t", "reason": "it does not run in one transaction"}
    end = "2/u t and what comes after it is not rehearsed: it does not run in one transaction"
    assert cli("plan", "--dry-run").splitlines()[-1] == end


def test_a_dry_run_ends_at_what_only_its_one_transaction_makes_fail(cli: Cli, scratch: Scratch):
    scratch.files(u1_t="CREATE TYPE mood AS ENUM ('good')")
    cli("up", "1")
    scratch.files(u2_t="ALTER TYPE mood ADD VALUE 'bad'", u3_t="CREATE TABLE t (m mood DEFAULT 'bad')")
    end = cli.json("plan", "--dry-run")["ends_before"]
    assert end["step"] == "3/u t"
    assert end["reason"].startswith("it uses an enum value that an earlier file adds, which takes a COMMIT in between")
    cli("up")


def test_a_dry_run_leaves_no_table_behind(cli: Cli, scratch: Scratch):
    cli("plan", "--dry-run")
    assert (
        scratch.run(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace::regnamespace::text !~ '^pg_|^info'"
        )
        == []
    )


def test_a_dry_run_says_beforehand_that_its_locks_are_real_where_there_are_tables(cli: Cli):
    said = "This takes the real locks of"
    assert said not in cli.errors("plan", "--dry-run")
    cli("up", "1")
    assert said in cli.errors("plan", "--dry-run")


def leave_dirty(scratch: Scratch, version: int) -> None:
    scratch.run(f"TRUNCATE schema_migrations; INSERT INTO schema_migrations (version, dirty) VALUES ({version}, true)")


@pytest.mark.parametrize(
    ("done", "dirty", "fixed"), [(1, 2, 1), (2, 2, 2), (3, 2, 3), (0, 1, -1), (1, -1, 1), (0, -1, -1)]
)
def test_repair_finds_what_is_applied_of_files_that_ran_as_a_whole(
    cli: Cli,
    scratch: Scratch,
    done: int,
    dirty: int,
    fixed: int,
):
    """A failed up leaves its own version, a failed down the version below it: the files tell which it was."""
    cli("force", "-1")
    if done:
        cli("goto", str(done))
    leave_dirty(scratch, dirty)
    cli("repair", "--yes")
    assert scratch.version() == ([] if fixed == -1 else [(fixed, False)])
    cli("up")


def test_repair_drops_the_index_that_a_failed_build_left(cli: Cli, scratch: Scratch):
    scratch.files(
        u2_t="INSERT INTO t1 VALUES (1), (1);", d2_t="",
        u3_t="CREATE INDEX CONCURRENTLY good ON t1 (id);\nCREATE UNIQUE INDEX CONCURRENTLY bad ON t1 (id);",
    )  # fmt: skip
    with pytest.raises(MigrationFailed, match=r'3_t.up.sql:2:1: could not create unique index "bad"'):
        cli("up")
    found = cli("repair", "--yes")
    assert "invalid index: bad" in found
    assert scratch.version() == [(2, False)]
    assert scratch.run("SELECT FROM pg_class WHERE relname IN ('good', 'bad')") == []
    scratch.run("TRUNCATE t1")
    assert cli.json("up")["version"] == 3


def test_repair_leaves_to_a_human_what_only_a_human_can_tell(cli: Cli, scratch: Scratch):
    cli("up", "1")
    scratch.files(u2_t="BEGIN; CREATE TABLE x (i int); COMMIT; BEGIN; SELECT 1/0; COMMIT;")
    with pytest.raises(MigrationFailed):
        cli("up", "1")
    with pytest.raises(MigrateError, match="only you can see what is left of it"):
        cli("repair", "--yes")
    assert scratch.version() == [(2, True)]


def test_repair_does_nothing_while_a_run_goes_on(cli: Cli, scratch: Scratch):
    cli("up", "1")
    leave_dirty(scratch, 2)
    with scratch.connect() as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [lock_id(f"/{scratch.name}", "public", "schema_migrations")])
        with pytest.raises(MigrateError, match="a run is still going on"):
            cli("repair", "--yes")


def test_repair_has_nothing_to_do_on_a_clean_database(cli: Cli):
    assert cli("repair") == "the database is not dirty\n"


@pytest.mark.long
def test_a_long_index_build_tells_its_progress(cli: Cli, scratch: Scratch):
    """An open transaction keeps CREATE INDEX CONCURRENTLY waiting; its phase and who it waits for are told."""
    cli("up", "1")
    scratch.files(u2_t="CREATE INDEX CONCURRENTLY i ON t1 (id);")
    heard: list[Event] = []
    with psycopg.connect(scratch.url) as writer, scratch.open(heard.append) as migrate:
        writer.execute("INSERT INTO t1 VALUES (1)")
        threading.Thread(target=lambda: (time.sleep(2.5), writer.commit())).start()
        migrate.steps(1)
        phases = [event.phase for event in heard if isinstance(event, Building)]
        assert phases[0] == f"waiting for writers before build (pid {writer.info.backend_pid})"


def test_a_waiter_never_deadlocks_with_a_concurrent_index_build(cli: Cli, scratch: Scratch):
    """golang-migrate's waiter holds a snapshot that the holder's build waits for: PostgreSQL kills one of them."""
    cli("up", "1")
    scratch.files(u2_t="CREATE INDEX CONCURRENTLY i ON t1 (id);", u3_t="SELECT pg_sleep(0.3)")
    failed: list[BaseException] = []

    def run() -> None:
        try:
            with scratch.open() as migrate:
                migrate.up()
        except MigrateError as error:
            if error.text != "no change":
                failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert scratch.version() == [(3, False)]


@pytest.mark.long
def test_the_manuals_worked_example_goes_up_and_down_on_the_platforms_own_schema(scratch: Scratch, tmp_path: Path):
    root = Path(__file__).parents[2]
    manual = (root / "docs/database/MIGRATIONS.md").read_text(encoding="utf-8")
    example = manual.split("```sql\n")[1].split("```")[0]
    up, down = example.split("-- 0000NN_product_picture.down.sql\n")
    for path in (root / "src/angidi/migrations").glob("*.sql"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "999999_product_picture.up.sql").write_text(up, encoding="utf-8")
    (tmp_path / "999999_product_picture.down.sql").write_text(down, encoding="utf-8")
    source = Source(tmp_path)
    assert [each.rule for each in lint(source) if each.path.name.startswith("999999")] == []
    assert verify(source, parse_target(scratch.url)) == []


def test_drop_takes_all_that_a_schema_can_hold_and_leaves_what_an_extension_owns(scratch: Scratch):
    scratch.run("CREATE SCHEMA kept; CREATE TABLE kept.t (i int); CREATE EXTENSION IF NOT EXISTS plpgsql")
    scratch.files(
        u1_a="""
        CREATE TABLE a (id bigserial PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE a1 PARTITION OF a DEFAULT;
        CREATE VIEW v AS SELECT id FROM a; CREATE MATERIALIZED VIEW m AS SELECT id FROM a; CREATE SEQUENCE s;
        CREATE TYPE mood AS ENUM ('good'); CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TYPE pair AS (a int);
        CREATE FUNCTION f(x mood) RETURNS mood LANGUAGE sql AS $$ SELECT x $$;
        CREATE PROCEDURE p() LANGUAGE sql AS $$ SELECT 1 $$; CREATE COLLATION c (locale = 'C');
        CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
        """
    )
    with scratch.open() as migrate:
        before = snapshot(migrate.session.connection, "schema_migrations")
        migrate.up()
        migrate.drop()
        assert snapshot(migrate.session.connection, "schema_migrations") == before
        assert scratch.run("SELECT to_regclass('schema_migrations'), to_regclass('kept.t')::text") == [(None, "kept.t")]
        migrate.up()


def test_the_control_strict_drop_leaves_what_is_no_table(scratch: Scratch):
    scratch.files(u1_a="CREATE TYPE mood AS ENUM ('good');")
    with scratch.open(strict=True) as migrate:
        migrate.up()
        migrate.drop()
    assert scratch.run("SELECT typname::text FROM pg_type WHERE typname = 'mood'") == [("mood",)]


def test_a_statement_that_takes_too_long_is_ended_and_rolled_back(scratch: Scratch):
    scratch.files(u1_a="CREATE TABLE a (i int);\nSELECT pg_sleep(9);")
    url = scratch.with_query("sslmode=disable&x-statement-timeout=200")
    with (
        Migrate.open(Source(scratch.folder), url) as migrate,
        pytest.raises(MigrationFailed, match=r"1_a.up.sql:2:1: canceling statement due to statement timeout"),
    ):
        migrate.up()
    assert scratch.tables() == []


def test_dump_writes_the_schema_without_the_bookkeeping(cli: Cli):
    programs = find_programs()
    cli("up")
    dumped = cli("dump", "--pg-dump", str(programs / "pg_dump"))
    assert "CREATE TABLE public.t1" in dumped
    assert "schema_migrations" not in dumped
    assert dumped == cli("dump", "--pg-dump", str(programs / "pg_dump"))


def test_dump_takes_a_version_table_with_a_dot_in_its_name(cli: Cli, scratch: Scratch):
    database = scratch.with_query("x-migrations-table=ops.versions")
    cli("up", "--database", database)
    dumped = cli("dump", "--pg-dump", str(find_programs() / "pg_dump"), "--database", database)
    assert "CREATE TABLE public.t1" in dumped
    assert "ops.versions" not in dumped
