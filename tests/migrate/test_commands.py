import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from angidi.migrate import MigrateError, Missed, NilVersion

from .conftest import THREE, Cli, Scratch


def test_up_and_down_tell_where_the_database_is(cli: Cli):
    assert cli.json("up", "2") == {"version": 2, "dirty": False, "changed": True}
    assert cli.json("up") == {"version": 3, "dirty": False, "changed": True}
    assert cli.json("up") == {"version": 3, "dirty": False, "changed": False}
    assert cli.json("down") == {"version": 2, "dirty": False, "changed": True}
    assert cli.json("redo") == {"version": 2, "dirty": False, "changed": True}
    assert cli.json("goto", "1") == {"version": 1, "dirty": False, "changed": True}
    assert cli.json("down", "--all") == {"version": None, "dirty": False, "changed": True}


def test_run_keeps_the_flags_and_the_line_of_the_first_runner(cli: Cli, scratch: Scratch):
    there = ("--path", str(scratch.folder), "--database", scratch.url)
    assert cli("run", *there, "--steps", "2") == "Current version: 2, Dirty: false\n"
    assert cli("run", *there) == "Current version: 3, Dirty: false\n"
    assert cli("run", *there) == "Current version: 3, Dirty: false\n"
    assert cli("run", *there, "--direction", "down", "--steps", "1") == "Current version: 2, Dirty: false\n"
    assert cli("run", *there, "--direction", "down") == "Current version: 0, Dirty: false\n"


def test_force_takes_minus_one(cli: Cli):
    cli("force", "2")
    assert cli("version") == "2\n"
    cli("force", "-1")
    with pytest.raises(NilVersion):
        cli("version")


def test_baseline_is_for_databases_without_a_version_only(cli: Cli):
    with pytest.raises(MigrateError, match="no file has version 9"):
        cli("baseline", "9")
    cli("baseline", "2")
    with pytest.raises(MigrateError, match="at version 2 already"):
        cli("baseline", "3")


def test_drop_asks_first(cli: Cli, scratch: Scratch):
    cli("up")
    cli("drop", code=1, stdin="n\n")
    assert scratch.tables() == ["t1", "t2", "t3"]
    cli("drop", stdin="y\n")
    assert scratch.tables() == []


def states(cli: Cli) -> dict[int, str]:
    return {entry["version"]: entry["state"] for entry in cli.json("status")["entries"]}


def test_status_tells_applied_from_pending_and_check_exits_for_ci(cli: Cli):
    cli("status", "--check", code=1)
    cli("up", "2")
    assert states(cli) == {1: "applied", 2: "applied", 3: "pending"}
    cli("up")
    cli("status", "--check")
    assert re.search(r"3 +t +applied +20\d\d-", cli("status"))


def test_status_check_passes_a_directory_without_down_files_and_advises_in_one_line(cli: Cli, scratch: Scratch):
    scratch.files(d1_t=None, d2_t=None, d3_t=None, d4_t="SELECT 1;")
    cli("up")
    said = cli("status", "--check")
    assert [line for line in said.splitlines() if line.startswith("!")] == []
    assert re.findall(r"^advice: .*", said, re.MULTILINE) == [
        "advice: 3 versions have no down file: going down over one of them undoes nothing (1, 2, 3)",
        "advice: 1 version has no up file: going up over one of them does nothing (4)",
    ]


def test_status_prints_one_problem_a_version(cli: Cli, scratch: Scratch):
    scratch.files(d2_t=None)
    cli("up")
    scratch.files(u2_t="CREATE TABLE t2 (id bigint);")
    said = cli("status", "--check", code=1)
    assert re.findall(r"^!.*", said, re.MULTILINE) == ["! version 2 was changed after it was applied"]


def test_status_names_a_file_that_was_changed_after_it_was_applied(cli: Cli, scratch: Scratch):
    cli("up")
    scratch.files(u2_t="CREATE TABLE t2 (id bigint);")
    assert cli.json("status", "--check", code=1)["problems"] == ["version 2 was changed after it was applied"]


def test_a_file_that_comes_late_is_missed_refused_and_applied_when_told(cli: Cli, scratch: Scratch):
    scratch.files(u2_t=None, d2_t=None)
    cli("up")
    scratch.files(u2_t="CREATE TABLE t2 (i int);", d2_t="DROP TABLE t2;")
    assert states(cli) == {1: "applied", 2: "missed", 3: "applied"}
    with pytest.raises(Missed, match="missed below version 3: 2"):
        cli("up")
    assert cli.json("up", "--allow-missed") == {"version": 3, "dirty": False, "changed": True}
    assert states(cli) == {1: "applied", 2: "applied", 3: "applied"}
    assert scratch.tables() == ["t1", "t2", "t3"]


def test_after_another_tool_has_moved_the_version_nothing_is_called_missed_or_changed(cli: Cli, scratch: Scratch):
    scratch.files(u2_t=None, d2_t=None)
    cli("up")
    scratch.files(u2_t="CREATE TABLE t2 (i int);", u1_t="SELECT 1")
    scratch.run("TRUNCATE schema_migrations; INSERT INTO schema_migrations (version, dirty) VALUES (3, false)")
    status = cli.json("status")
    assert {entry["state"] for entry in status["entries"]} == {"applied"}
    assert [problem for problem in status["problems"] if "changed" in problem] == []
    cli("up")


def test_status_knows_a_database_that_is_newer_than_the_files(cli: Cli, scratch: Scratch):
    cli("up")
    scratch.files(u3_t=None, d3_t=None)
    assert cli.json("status")["problems"] == ["version 3 is unknown to the files: they are older than the database"]


def test_a_user_who_may_not_write_the_side_table_can_still_migrate(cli: Cli, scratch: Scratch):
    cli("up", "1")
    role = f"weak_{scratch.name}"
    scratch.run(f'CREATE ROLE "{role}"; GRANT ALL ON SCHEMA public TO "{role}"')
    scratch.run(f'ALTER TABLE schema_migrations OWNER TO "{role}"')
    try:
        there = scratch.with_query(f"role={role}")
        assert cli.json("up", "--database", there)["version"] == 3
        assert {e["version"]: e["tool"] for e in cli.json("status")["entries"]} == {1: None, 2: None, 3: None}
    finally:
        scratch.run(f'DROP OWNED BY "{role}" CASCADE; DROP ROLE "{role}"')


def test_history_keeps_who_when_how_long_and_the_checksum(cli: Cli):
    cli("up", "1")
    cli("down")
    cli("force", "2")
    records = cli.json("history")
    assert [(r["action"], r["version"], r["before"], r["after"]) for r in records] == [
        ("up", 1, -1, 1),
        ("down", 1, 1, -1),
        ("force", 2, -1, 2),
    ]
    assert len(records[0]["checksum"]) == 64
    assert records[0]["seconds"] > 0
    assert "@" in records[0]["applied_by"]


def test_create_and_renumber_name_files(cli: Cli, scratch: Scratch):
    first, second = cli.json("create", "add_stock")
    assert [Path(first).name, Path(second).name] == ["000004_add_stock.up.sql", "000004_add_stock.down.sql"]
    cli("renumber", str(scratch.folder / "1_t.up.sql"))
    names = sorted(path.name for path in scratch.folder.iterdir())
    assert names[-2:] == ["5_t.down.sql", "5_t.up.sql"]
    with pytest.raises(MigrateError, match="version 2 is taken"):
        cli("renumber", str(scratch.folder / "5_t.up.sql"), "--to", "2")


def test_wait_ends_when_another_process_has_applied_everything(cli: Cli):
    with pytest.raises(MigrateError, match=r"not ready after 0\.2 s: 3 pending"):
        cli("wait", "--current", "--timeout", "0.2")
    cli("wait")
    cli("up")
    cli("wait", "--current")


def _slow(scratch: Scratch, *, strict: bool = False) -> subprocess.Popen[str]:
    """Start a run whose second migration sleeps, and return once it does."""
    scratch.files(**THREE | {"u2_t": "CREATE TABLE t2 (id int); SELECT pg_sleep(3);"})
    command = [sys.executable, "-m", "angidi.migrate.cli", "-path", str(scratch.folder), "-database", scratch.url, "up"]
    environment = os.environ | {"MIGRATE_STRICT_COMPAT": str(int(strict))}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    sleeping = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3%' AND pid <> pg_backend_pid()"
    while not scratch.run(f"{sleeping} AND datname = current_database()"):
        time.sleep(0.05)
    return process


def test_sigint_lets_the_running_migration_end_and_says_so(scratch: Scratch):
    process = _slow(scratch)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Stopping after this running migration ..." in said
    assert "stopped before 3/u t" in said
    assert scratch.version() == [(2, False)]


def test_sigterm_rolls_the_running_migration_back_and_says_so(scratch: Scratch):
    process = _slow(scratch)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 143
    assert "stopped: 2/u t was rolled back\nThe database is at version 1, and clean." in said
    assert scratch.version() == [(1, False)]


def test_sigint_in_strict_mode_exits_with_zero_as_golang_migrate_does(scratch: Scratch):
    process = _slow(scratch, strict=True)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said.splitlines()[1]) == (0, "Stopping after this running migration ...")
    assert scratch.version() == [(2, False)]
