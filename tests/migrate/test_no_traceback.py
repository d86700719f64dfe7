"""Whatever a command meets, it ends with a line that says what is wrong, and never with a traceback."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from angidi.migrate import MigrateError, Source, Unreachable, parse_target
from angidi.migrate.checks.lint import lint
from angidi.migrate.checks.verify import verify
from angidi.migrate.database.session import connect

from .conftest import THREE, Cli, Scratch
from .relay import relay_to
from .tools import OURS

_READY = b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\x05I"


@pytest.fixture
def dying() -> Iterator[str]:
    """The address of a server that lets clients in, and ends at their first query."""

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                with client:
                    client.recv(2**16)
                    client.sendall(_READY)
                    client.recv(2**16)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=[server])
        thread.start()
        yield f"postgres://u@127.0.0.1:{server.getsockname()[1]}/d?sslmode=disable&gssencmode=disable"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_server_that_dies_right_after_connecting_is_unreachable(dying: str):
    with pytest.raises(Unreachable, match="server closed the connection unexpectedly"):
        connect(parse_target(dying))


@pytest.mark.parametrize("command", [["up"], ["version"], ["status"], ["verify"], ["plan"], ["drop", "--yes"]])
def test_every_command_says_so(dying: str, cli: Cli, command: list[str]):
    with pytest.raises(MigrateError, match="server closed the connection unexpectedly"):
        cli(*command, "--database", dying)


COMMANDS = [["up"], ["down"], ["status"], ["repair", "--yes"], ["drop", "--yes"], ["plan", "--dry-run"], ["force", "1"]]


@pytest.mark.parametrize(
    "command",
    [pytest.param(each, id=" ".join(each), marks=[pytest.mark.long] * (each != ["up"])) for each in COMMANDS],
)
def test_a_connection_that_ends_at_any_moment_is_an_error(scratch: Scratch, command: list[str]):
    """Cut behind each of what the client sends, until the command gets through."""
    scratch.files(**THREE)
    cli, count = Cli(scratch), 0
    for count in range(100):
        scratch.run("DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS angidi_migrate CASCADE; CREATE SCHEMA public")
        with suppress(MigrateError):
            cli("up", "2")
        if command[0] == "repair":
            scratch.run("UPDATE schema_migrations SET dirty = true")
        with relay_to(scratch.url) as relay:
            relay.cut_after = count
            with suppress(MigrateError):
                cli(*command, "--database", relay.url(scratch.url))
            if relay.cut_after > 0:
                break
    assert 5 < count < 99


@pytest.mark.parametrize("command", [["up"], ["version"], ["drop", "-f"]])
def test_the_drop_in_command_says_so_too(dying: str, scratch: Scratch, command: list[str]):
    outcome = OURS.run(scratch.folder, dying, *command)
    assert outcome.code == 1
    assert outcome.said.startswith("error: ")
    assert "Traceback" not in outcome.said


@pytest.mark.parametrize(
    "up",
    [
        "ALTER TABLE t ALTER a TYPE numeric(5, -2)",
        "ALTER TABLE t ADD b numeric(5, - 2)",
        "ALTER TABLE t ALTER a TYPE varchar(1 2)",
        "ALTER TABLE t ALTER a TYPE varchar(-)",
        f"ALTER TABLE t ALTER a TYPE varchar({'9' * 5000})",
        "REINDEX (",
        "REINDEX (VERBOSE TABLE t",
        "ALTER TABLE t ADD",
        "ALTER TABLE t ALTER a TYPE",
        "ALTER TABLE t ADD CHECK",
        "ALTER TABLE t ADD CHECK (",
        "ALTER TABLE t ADD CHECK ()",
        "ALTER TABLE t ADD CHECK (,)",
        "CREATE INDEX ON",
        "DO",
        "DO '",
        "DO $$",
        "DO $$ BEGIN EXECUTE",
        "DO $$ BEGIN EXECUTE format(",
        "SET TIME ZONE",
        "ALTER TABLE t SET",
        "CREATE DOMAIN",
        "CREATE TABLE t (",
        "ALTER INDEX RENAME TO",
    ],
)
def test_lint_reads_whatever_a_file_holds(scratch: Scratch, up: str):
    scratch.files(u1_a="CREATE TABLE t (a numeric(5, 2))", d1_a="DROP TABLE t", u2_b=up, d2_b=up)
    lint(Source(scratch.folder), with_squawk=False)


@pytest.mark.parametrize(
    "text",
    ["x", "[[ignore]]", "ignore = 1", "", "[[ignore]]\nversions = []\nrules = []\nreason = 'x'", "\udce4"],
)
def test_what_lint_toml_gets_wrong_is_an_error_that_names_it(cli: Cli, scratch: Scratch, text: str):
    (scratch.folder / "lint.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    scratch.files(u1_t="CREATE INDEX i ON t (a)")
    if text:
        with pytest.raises(MigrateError, match=r"lint\.toml"):
            cli("lint")
    else:
        cli("lint", code=1)


LATIN = "CREATE TABLE t (a int); COMMENT ON TABLE t IS 'M\udcfcller';"


@pytest.mark.parametrize(
    "command", [["plan"], ["plan", "--sql"], ["plan", "--json"], ["plan", "--dry-run"], ["status"]]
)
def test_bytes_that_are_no_utf_8_are_shown(scratch: Scratch, command: list[str]):
    body = LATIN.encode("utf-8", "surrogateescape")
    (scratch.folder / "1_a.up.sql").write_bytes(body)
    (scratch.folder / b"2_\xfc.up.sql".decode("utf-8", "surrogateescape")).write_bytes(b"SELECT 1")
    with suppress(MigrateError):
        Cli(scratch)(*command)


def test_verify_says_what_the_server_refuses(scratch: Scratch, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> list[str]:
        raise psycopg.errors.InsufficientPrivilege("permission denied")

    monkeypatch.setattr("angidi.migrate.checks.verify.snapshot", refuse)
    scratch.files(**THREE)
    with pytest.raises(MigrateError, match="permission denied"):
        verify(Source(scratch.folder), parse_target(scratch.url))


def test_dump_says_that_it_cannot_write(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def write(*_: object) -> str:
        return ""

    monkeypatch.setattr("angidi.migrate.commands.create.dump_schema", write)
    with pytest.raises(MigrateError, match="No such file or directory"):
        cli("dump", "--output", str(tmp_path / "no" / "x.sql"))
