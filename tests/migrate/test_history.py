"""The history table: out of the way of files, and never a reason to fail."""

import pytest

from angidi.migrate import BookkeepingError, MigrationFailed, Warned
from angidi.migrate.database.history import History
from angidi.migrate.database.version_table import VersionTable

from .conftest import THREE, Cli, Scratch
from .tools import golang_migrate

NAME = 'angidi_migrate."public.schema_migrations"'
ALL_TABLES = """
DO $$ DECLARE each record; BEGIN
  FOR each IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
              AND relname <> 'schema_migrations' LOOP
    EXECUTE format({!r}, each.relname);
  END LOOP;
END $$;
"""


def actions(cli: Cli) -> list[tuple[str, int]]:
    return [(row["action"], row["version"]) for row in cli.json("history")]


@pytest.mark.parametrize(
    "statement",
    ["ALTER TABLE %I ADD COLUMN owner text NOT NULL", "DROP TABLE %I CASCADE", "ALTER TABLE %I RENAME TO x"],
)
def test_a_file_that_goes_through_all_tables_does_not_meet_it(cli: Cli, scratch: Scratch, statement: str):
    scratch.files(u4_all=ALL_TABLES.format(statement), u2_t=None, d2_t=None, u3_t=None, d3_t=None)
    cli("up")
    assert scratch.version() == [(4, False)]
    assert actions(cli) == [("up", 1), ("up", 4)]


def test_a_users_own_table_of_the_former_name_is_left_alone(cli: Cli, scratch: Scratch):
    scratch.files(
        u2_t="CREATE TABLE schema_migrations_history (mine int); INSERT INTO schema_migrations_history VALUES (7);"
    )
    cli("up")
    assert scratch.run("SELECT mine FROM schema_migrations_history") == [(7,)]
    assert len(actions(cli)) == 3


def as_before(scratch: Scratch) -> None:
    """Put the history where it was before it had a schema of its own."""
    scratch.run(f"ALTER TABLE {NAME} RENAME TO schema_migrations_history")
    scratch.run("ALTER TABLE angidi_migrate.schema_migrations_history SET SCHEMA public; DROP SCHEMA angidi_migrate")


def test_a_former_history_is_read_and_then_taken_over_with_what_it_proves(cli: Cli, scratch: Scratch):
    cli("up", "2")
    as_before(scratch)
    assert actions(cli) == [("up", 1), ("up", 2)]
    assert cli.json("status")["entries"][0]["tool"] == "angidi"
    cli("up")
    assert scratch.run("SELECT to_regclass('schema_migrations_history')") == [(None,)]
    assert actions(cli) == [("up", 1), ("up", 2), ("up", 3)]
    assert cli.json("status")["entries"][0]["tool"] == "angidi"


@pytest.mark.parametrize("body", ["", "-- migrate:no-transaction\n"])
def test_a_history_that_cannot_be_written_is_a_warning(scratch: Scratch, body: str):
    events: list[object] = []
    scratch.files(**THREE | {"u2_t": f"{body}ALTER TABLE {NAME} ADD CONSTRAINT never CHECK (version < 2);"})
    with scratch.open(events.append) as migrate:
        migrate.up()
    warnings = [event.text for event in events if isinstance(event, Warned)]
    assert len(warnings) == 1
    assert "the history cannot be written (new row for relation" in warnings[0]
    assert scratch.version() == [(3, False)]
    assert scratch.tables() == ["t1", "t3"]


def test_a_history_that_cannot_be_made_is_a_warning(cli: Cli, scratch: Scratch):
    role = f"{scratch.name}_nobody"
    scratch.run(f'CREATE ROLE "{role}"; GRANT CREATE, USAGE ON SCHEMA public TO "{role}"')
    try:
        cli("up", "--database", scratch.with_query(f"role={role}"))
        assert scratch.version() == [(3, False)]
        assert actions(cli) == []
    finally:
        scratch.run(f'DROP OWNED BY "{role}" CASCADE; DROP ROLE "{role}"')


@pytest.mark.parametrize("command", ["status", "plan", "history", "version", "up"])
def test_a_user_who_may_not_see_the_history_can_work_without(cli: Cli, scratch: Scratch, command: str):
    role = f"{scratch.name}_reader"
    cli("up", "2")
    scratch.run(f'CREATE ROLE "{role}"; GRANT CREATE, USAGE ON SCHEMA public TO "{role}"')
    scratch.run(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{role}"')
    try:
        cli(command, "--database", scratch.with_query(f"role={role}"))
    finally:
        scratch.run(f'DROP OWNED BY "{role}" CASCADE; DROP ROLE "{role}"')


def test_a_gap_is_noted_once_however_often_nothing_is_to_be_done(cli: Cli, scratch: Scratch):
    cli("up")
    scratch.run("DELETE FROM schema_migrations; INSERT INTO schema_migrations VALUES (2, false)")
    for _ in range(3):
        cli("goto", "2")
    assert actions(cli)[3:] == [("unknown", 2)]
    scratch.run("DELETE FROM schema_migrations; INSERT INTO schema_migrations VALUES (1, false); DROP TABLE t2, t3")
    for _ in range(2):
        cli("goto", "1")
    assert actions(cli)[3:] == [("unknown", 2), ("unknown", 1)]
    cli("up")
    assert actions(cli)[5:] == [("up", 2), ("up", 3)]
    assert [each["tool"] for each in cli.json("status")["entries"]] == [None, "angidi", "angidi"]


def test_drop_leaves_a_users_own_table_and_schema_of_those_names(cli: Cli, scratch: Scratch):
    scratch.run(f"CREATE SCHEMA angidi_migrate; CREATE TABLE {NAME} (mine int); INSERT INTO {NAME} VALUES (7)")
    said = cli.errors("up")
    assert said.count("warning: the history cannot be written") == 1
    assert cli.json("history") == []
    cli("status")
    cli("drop", "--yes")
    assert scratch.run(f"SELECT mine FROM {NAME}") == [(7,)]


def test_row_security_on_the_history_is_a_warning_at_most(cli: Cli, scratch: Scratch):
    role = f"{scratch.name}_owner"
    scratch.run(f'CREATE ROLE "{role}"; GRANT CREATE ON DATABASE "{scratch.name}" TO "{role}"')
    scratch.run(f'GRANT CREATE, USAGE ON SCHEMA public TO "{role}"')
    database = scratch.with_query(f"role={role}")
    try:
        cli("up", "1", "--database", database)
        scratch.run(f"ALTER TABLE {NAME} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        cli("status", "--database", database)
        cli("up", "--database", database)
        assert scratch.version() == [(3, False)]
    finally:
        scratch.run(f'DROP OWNED BY "{role}" CASCADE; DROP ROLE "{role}"')


def test_drop_drops_it_and_its_schema(cli: Cli, scratch: Scratch):
    cli("up")
    cli("drop", "--yes")
    assert scratch.run("SELECT to_regnamespace('angidi_migrate')") == [(None,)]


def test_two_version_tables_have_a_history_each(scratch: Scratch):
    scratch.run("CREATE SCHEMA other")
    scratch.files(**THREE)
    other = Cli(scratch)
    other("up", "1")
    other("up", "2", "--database", scratch.with_query("search_path=other"))
    assert scratch.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'angidi_migrate'") == [(2,)]
    assert actions(other) == [("up", 1)]


def test_long_names_do_not_become_one(scratch: Scratch):
    with scratch.open() as migrate:
        connection = migrate.session.connection
        tables = [VersionTable(connection, "s" * 40, f"{'t' * 40}{n}") for n in (1, 2)]
        assert len({History(connection, table).name.as_string(connection)[:70] for table in tables}) == 2


def test_after_golang_migrates_drop_nothing_is_known(cli: Cli, scratch: Scratch):
    if (go := golang_migrate()) is None:
        pytest.skip("neither golang-migrate nor Go was found")
    cli("up")
    assert go.run(scratch.folder, scratch.url, "drop", "-f").code == 0
    cli("up", "1")
    assert actions(cli)[-2:] == [("unknown", -1), ("up", 1)]


def test_set_transaction_may_be_a_files_first_statement(scratch: Scratch):
    scratch.files(
        u1_a="SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n"
        "CREATE TABLE a AS SELECT current_setting('transaction_isolation') AS level;"
    )
    with scratch.open() as migrate:
        migrate.up()
    assert scratch.run("SELECT level FROM a") == [("serializable",)]


def test_a_file_may_make_its_transaction_read_only(scratch: Scratch):
    scratch.files(u1_a="SET TRANSACTION READ ONLY;\nSELECT 1;", u2_b="CREATE TABLE b (i int);")
    with scratch.open() as migrate:
        migrate.up()
    assert (scratch.version(), scratch.tables()) == ([(2, False)], ["b"])


def test_the_limit_for_table_locks_holds_for_atomic_files_only_and_not_against_a_files_own(scratch: Scratch):
    show = "CREATE TABLE {} AS SELECT current_setting('lock_timeout') AS limited;"
    scratch.files(
        u1_a=show.format("a"),
        u2_b="-- migrate:no-transaction\n" + show.format("b"),
        u3_c="SET lock_timeout = '2s';" + show.format("c"),
        u4_d=show.format("d"),
    )
    with scratch.open() as migrate:
        migrate.up()
    assert scratch.run("SELECT * FROM a, b, c, d") == [("5s", "0", "2s", "2s")]


@pytest.mark.parametrize("begin", ["", "-- migrate:no-transaction\n"])
def test_an_error_of_the_bookkeeping_is_said_as_such(scratch: Scratch, begin: str):
    scratch.files(u1_a=f"{begin}CREATE TABLE a (i int);\nALTER TABLE schema_migrations RENAME TO former;")
    with scratch.open() as migrate, pytest.raises(BookkeepingError) as caught:
        migrate.up()
    assert "migration 1/u a went through, but its version could not be recorded: relation" in str(caught.value)
    assert ("marked dirty" in str(caught.value)) == bool(begin)
    assert scratch.tables() == (["a", "former"] if begin else [])


def test_what_a_commit_refuses_is_the_files_error_without_a_place(scratch: Scratch):
    scratch.files(
        u1_a="CREATE TABLE p (i int PRIMARY KEY);\n"
        "CREATE TABLE c (i int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO c VALUES (1);"
    )
    with scratch.open() as migrate, pytest.raises(MigrationFailed, match="violates foreign key") as caught:
        migrate.up()
    assert caught.value.line is None
