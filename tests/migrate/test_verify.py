"""What `verify` finds in directories with known faults."""

from dataclasses import replace
from pathlib import Path

import pytest

from angidi.migrate import MigrateError, Source, parse_target
from angidi.migrate.checks.scratch import ScratchServer
from angidi.migrate.checks.verify import VerifyFinding, verify

from .conftest import Cli, Scratch


def findings(scratch: Scratch, *before: Path) -> list[VerifyFinding]:
    return verify(Source(scratch.folder), parse_target(scratch.url), before=before)


def places(scratch: Scratch) -> list[tuple[int, str]]:
    return [(each.version, each.when) for each in findings(scratch)]


def test_verify_passes_files_that_undo_each_other(cli: Cli):
    assert cli.json("verify") == []


def test_verify_names_each_fault_of_a_directory(scratch: Scratch):
    """One fault hides no other: each version is looked at on a copy of its own."""
    scratch.files(
        u1_a="CREATE TABLE a (i int);", d1_a="DROP TABLE a;",
        u2_forgets_a_type="CREATE TYPE mood AS ENUM ('good');", d2_forgets_a_type="SELECT 1;",
        u3_down_fails="CREATE TABLE c (i int);", d3_down_fails="DROP TABLE nowhere;",
        u4_up_fails="CREATE TABLE d (i int); SELECT 1/0;", d4_up_fails="DROP TABLE d;",
        u5_restores_another_default="ALTER TABLE a ALTER i SET DEFAULT 1;",
        d5_restores_another_default="ALTER TABLE a ALTER i SET DEFAULT 2;",
        u6_no_down="CREATE TABLE f (i int);",
        u7_good="CREATE TABLE g (i int);", d7_good="DROP TABLE g;",
        u8_needs_the_failed_one="ALTER TABLE d ADD j int;", d8_needs_the_failed_one="ALTER TABLE d DROP j;",
        u9_down_takes_too_much="CREATE INDEX i ON a (i);", d9_down_takes_too_much="DROP TABLE a;",
    )  # fmt: skip
    found = findings(scratch)
    assert [(each.version, each.when) for each in found] == [
        (2, "after down"),
        (2, "up again fails"),
        (3, "down fails"),
        (4, "up fails"),
        (5, "after down"),
        (8, "up fails"),
        (9, "after down"),
        (9, "up again fails"),
    ]
    said = {(each.version, each.when): each.lines for each in found}
    assert said[2, "after down"][0].startswith("+ type public.mood: ")
    assert 'type "mood" already exists' in said[2, "up again fails"][0]
    assert '3_down_fails.down.sql:1:1: table "nowhere" does not exist' in said[3, "down fails"][0]
    assert "4_up_fails.up.sql:1:25: division by zero" in said[4, "up fails"][0]
    assert [line[:20] for line in said[5, "after down"]] == ["- column public.a.i:", "+ column public.a.i:"]
    assert said[8, "up fails"][-1] == "Perhaps only since version 4 fails."
    assert said[9, "after down"][0].startswith("- column public.a.i: ")


SEEN = {
    "sequence's owner": ("ALTER SEQUENCE sq OWNED BY t.i", "sequence public.sq"),
    "row security": ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", "relation public.t"),
    "forced row security": ("ALTER TABLE t FORCE ROW LEVEL SECURITY", "relation public.t"),
    "policy": ("CREATE POLICY p ON t AS RESTRICTIVE TO public USING (true)", "policy p of public.t"),
    "grant": ("GRANT SELECT ON t TO public", "grant on relation public.t"),
    "grant on a column": ("GRANT UPDATE (i) ON t TO public", "grant on column public.t.i"),
    "grant on a schema": ("GRANT USAGE ON SCHEMA s TO public", "grant on schema s"),
    "revoked default": ("REVOKE EXECUTE ON FUNCTION f() FROM public", "no grant on routine public.f()"),
    "default privileges": ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO public", "default privileges of"),
    "owner": ("ALTER TABLE t OWNER TO pg_monitor", "relation public.t"),
    "owner of a function": ("ALTER FUNCTION f() OWNER TO pg_monitor", "routine public.f()"),
    "owner of a schema": ("ALTER SCHEMA s OWNER TO pg_monitor", "schema s"),
    "domain": ("CREATE DOMAIN d AS int CHECK (VALUE > 0)", "type public.d"),
    "constraint of a domain": ("ALTER DOMAIN positive ADD CHECK (VALUE < 9)", "type public.positive"),
    "partition": ("CREATE TABLE p1 PARTITION OF parted FOR VALUES FROM (1) TO (2)", "partition public.p1"),
    "detached partition": ("ALTER TABLE parted DETACH PARTITION p0", "partition public.p0"),
    "statistics": ("CREATE STATISTICS st ON i, j FROM t", "statistics st"),
    "statistics target": ("ALTER TABLE t ALTER i SET STATISTICS 9", "column public.t.i"),
    "table in another schema": ("CREATE TABLE s.other (i int)", "relation s.other"),
    "row left": ("INSERT INTO t VALUES (7)", "rows of public.t"),
    "row removed": ("DELETE FROM t WHERE i = 1", "rows of public.t"),
    "row changed": ("UPDATE t SET j = 9 WHERE i = 2", "contents of public.t"),
    "row in another schema": ("INSERT INTO s.u VALUES (7)", "rows of s.u"),
    "comment": ("COMMENT ON FUNCTION f() IS 'x'", "comment on function public.f()"),
    "storage option": ("ALTER TABLE t SET (fillfactor = 70)", "relation public.t"),
    "disabled trigger": ("ALTER TABLE t DISABLE TRIGGER tr", "trigger tr of public.t"),
    "invalid constraint": ("ALTER TABLE t ADD CONSTRAINT c CHECK (i > 0) NOT VALID", "constraint c of public.t"),
    "publication": ("CREATE PUBLICATION pub FOR TABLE t", "publication pub"),
    "operator": ("CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)", "operator"),
    "collation": ("CREATE COLLATION co (locale = 'C')", "collation public.co"),
    "event trigger": ("CREATE EVENT TRIGGER ev ON sql_drop EXECUTE FUNCTION evf()", "event trigger ev"),
}  # fmt: skip

BEFORE = """
CREATE SCHEMA s; CREATE TABLE t (i int, j int); INSERT INTO t VALUES (1, 1), (2, 2); CREATE TABLE s.u (i int);
CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE SEQUENCE sq;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION evf() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION g();
CREATE TABLE parted (i int) PARTITION BY RANGE (i); CREATE TABLE p0 PARTITION OF parted FOR VALUES FROM (0) TO (1);
"""


def test_verify_sees_what_a_down_file_leaves_of_every_kind(scratch: Scratch, tmp_path: Path):
    """Each version does one thing, and its down file forgets it."""
    before = tmp_path / "before.sql"
    before.write_text(BEFORE, encoding="utf-8")
    for number, (statement, _) in enumerate(SEEN.values(), 1):
        scratch.files(**{f"u{number}_x": statement, f"d{number}_x": "SELECT 1"})
    found = {each.version: each.lines for each in findings(scratch, before) if each.when == "after down"}
    unseen = [
        name
        for number, (name, (_, head)) in enumerate(SEEN.items(), 1)
        if not any(line[2:].startswith(head) for line in found.get(number, ()))
    ]
    assert unseen == []


def test_privileges_that_are_given_and_taken_back_are_no_difference(scratch: Scratch):
    scratch.files(
        u1_a="CREATE TABLE t (i int);", d1_a="DROP TABLE t;",
        u2_b="GRANT SELECT ON t TO public;", d2_b="REVOKE SELECT ON t FROM public;",
    )  # fmt: skip
    assert findings(scratch) == []


def test_what_has_to_be_there_before_comes_from_a_file_and_has_to_stay(scratch: Scratch, tmp_path: Path):
    before = tmp_path / "before.sql"
    scratch.files(u1_a="ALTER TABLE users ADD age int;", d1_a="ALTER TABLE users DROP age;")
    assert places(scratch) == [(1, "up fails")]
    before.write_text("CREATE TABLE users (id int); INSERT INTO users VALUES (1);", encoding="utf-8")
    assert findings(scratch, before) == []
    scratch.files(u2_b="SELECT 1;", d2_b="DROP TABLE users;")
    assert [(each.version, each.when) for each in findings(scratch, before)] == [
        (2, "after down"),
        (2, "after up again"),
        (-1, "down to nothing fails"),
    ]


def test_a_file_for_what_is_there_before_that_fails_is_an_error(cli: Cli, tmp_path: Path):
    before = tmp_path / "before.sql"
    before.write_text("CREATE TABLEE x ();", encoding="utf-8")
    with pytest.raises(MigrateError, match=r'before.sql: syntax error at or near "TABLEE"'):
        cli("verify", "--before", str(before))


def test_a_user_who_may_not_create_databases_is_told_so(scratch: Scratch):
    scratch.run(f"CREATE ROLE {scratch.name} LOGIN")
    try:
        target = parse_target(scratch.url)
        target = replace(target, connect=target.connect | {"user": scratch.name})
        with pytest.raises(MigrateError, match="this user may not create scratch databases"):
            verify(Source(scratch.folder), target)
    finally:
        scratch.run(f"DROP ROLE {scratch.name}")


def test_settings_of_a_file_hold_for_those_after_it_as_in_a_run(scratch: Scratch):
    scratch.files(
        u1_a="CREATE SCHEMA app; SET search_path TO app;", d1_a="DROP SCHEMA app;",
        u2_b="CREATE TABLE t (i int);", d2_b="DROP TABLE app.t;",
    )  # fmt: skip
    assert findings(scratch) == []


def test_seeds_that_come_twice_are_found(scratch: Scratch):
    scratch.files(
        u1_a="CREATE TABLE t (i int);", d1_a="DROP TABLE t;",
        u2_b="INSERT INTO t VALUES (1);", d2_b="-- migrate:ignore not-undone: seeds stay\nSELECT 1;",
    )  # fmt: skip
    (found,) = findings(scratch)
    assert (found.version, found.when, found.lines) == (
        2,
        "after up again",
        ("- rows of public.t: 1", "+ rows of public.t: 2"),
    )


@pytest.mark.parametrize("down", ["DROP ROLE {0};", "SELECT 1;"])
@pytest.mark.parametrize(
    "make", ["CREATE ROLE {0};", "DO $$ BEGIN EXECUTE 'CREATE ' || 'RO' || 'LE {0}'; END $$;"], ids=["said", "hidden"]
)
@pytest.mark.long
def test_a_role_which_all_databases_share_is_made_once(scratch: Scratch, make: str, down: str):
    role = f"{scratch.name}_role"
    scratch.files(
        u1_a="CREATE TABLE a (i int);", d1_a="DROP TABLE a;", u3_c="CREATE TABLE c (i int);", d3_c="DROP TABLE c;"
    )
    scratch.files(u2_b=make.format(role), d2_b=down.format(role))
    try:
        found = findings(scratch)
    finally:
        scratch.run(f"DROP ROLE IF EXISTS {role}")
    if down.startswith("DROP"):
        assert found == []
    elif "DO" not in make:
        assert [(each.version, each.when) for each in found] == [(2, "up again fails")]


def test_what_is_found_after_other_versions_on_one_copy_is_found_on_a_fresh_one_too(scratch: Scratch):
    """Going down and up again leaves another number in the sequence, which the next version must not meet."""
    scratch.files(
        u1_a="CREATE TABLE a (id serial PRIMARY KEY);", d1_a="DROP TABLE a;",
        u2_b="INSERT INTO a DEFAULT VALUES;", d2_b="DELETE FROM a;",
        u3_c="CREATE TABLE c (a int REFERENCES a); INSERT INTO c VALUES (1);", d3_c="DROP TABLE c;",
    )  # fmt: skip
    assert findings(scratch) == []


def test_verify_says_by_name_what_it_does_not_look_at(cli: Cli):
    assert "not looked at: roles and their memberships, tablespaces, " in cli("verify")


def test_a_long_definition_is_shown_where_it_differs(cli: Cli, scratch: Scratch):
    body = "SELECT " + "'a' || " * 40
    make = "CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE sql AS $$ {}'{}' $$"
    scratch.files(u1_t=make.format(body, "old"), d1_t="DROP FUNCTION f()")
    scratch.files(u2_t=make.format(body, "new"), d2_t=make.format(body, "odd"))
    said = cli("verify", code=1)
    assert all(word in said for word in ("'old' $", "'odd' $"))
    assert max(map(len, said.splitlines()[:-1])) < 200


def test_verify_takes_an_extension_for_one_thing_and_what_a_down_file_leaves_on_purpose_for_undone(scratch: Scratch):
    make: dict[str, str] = {"u1_a": "CREATE EXTENSION IF NOT EXISTS pg_trgm;", "u2_b": "SELECT 1;", "d2_b": "SELECT 1;"}
    scratch.files(**make, d1_a="SELECT 1;")
    found = verify(Source(scratch.folder), parse_target(scratch.url))
    left = ("+ extension pg_trgm: version 1.6 in public",)
    assert [(each.version, each.lines) for each in found] == [(1, left)], "what was found is not told twice"
    scratch.files(d1_a="-- migrate:ignore not-undone: others may use it\nSELECT 1;")
    assert verify(Source(scratch.folder), parse_target(scratch.url)) == []
    scratch.files(u2_b="CREATE SCHEMA forgotten;", d2_b="-- migrate:ignore not-undone\nDROP SCHEMA forgotten;")
    assert verify(Source(scratch.folder), parse_target(scratch.url)) == []
    scratch.files(u2_b="CREATE SCHEMA IF NOT EXISTS forgotten;", d2_b="-- migrate:ignore not-undone\nSELECT 1;")
    found = verify(Source(scratch.folder), parse_target(scratch.url))
    assert {each.lines for each in found} == {("+ schema forgotten: owner angidi",)}, (
        "an ignore without a reason counts for nothing"
    )


def test_verify_leaves_no_database_behind(cli: Cli, scratch: Scratch, monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []

    def create(server: ScratchServer, template: str = "template0") -> str:
        made.append(real(server, template))
        return made[-1]

    real = ScratchServer.create
    monkeypatch.setattr(ScratchServer, "create", create)
    cli("verify")
    assert len(made) == 2, "one, and one copy for all versions, as long as nothing is found"
    assert not {name for (name,) in scratch.run("SELECT datname::text FROM pg_database")} & {*made}
