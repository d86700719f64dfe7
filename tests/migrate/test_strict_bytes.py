"""What golang-migrate 4.19.1 was seen to print and to leave for files that are no plain SQL."""

import os
import re
import subprocess

import pytest

from .conftest import Scratch
from .tools import STRICT

UNLOCK = b"in line 0: SELECT pg_advisory_unlock($1)\n"
NO_CONNECTION = b" (details: driver: bad connection)\nsql: connection is already closed " + UNLOCK
READ_ONLY = b"SET default_transaction_read_only = on;"


def message(body: bytes, said: bytes) -> bytes:
    return b"error: migration failed: " + said + b" in line 0: " + body + b" (details: pq: " + said + b")\n"


def not_understood(body: bytes, kind: bytes) -> bytes:
    said = b"unknown response for simple query: '" + kind + b"'"
    return (
        b"error: migration failed in line 0: "
        + body
        + b" (details: pq: "
        + said
        + b")\ndriver: bad connection "
        + UNLOCK
    )


def recorded(body: bytes) -> bytes:
    """What was printed for a file."""
    encoding = b'invalid byte sequence for encoding "UTF8": '
    ended = b"error: migration failed in line 0: " + body + NO_CONNECTION
    return {
        NUL: message(NUL, b"invalid message format"),
        UTF16: message(UTF16, encoding + b"0xff"),
        UTF16_WITHOUT_MARK: message(UTF16_WITHOUT_MARK, b"invalid message format"),
        LATIN1: message(LATIN1, encoding + b"0xe9 0x27 0x3b"),
        COPY_IN: not_understood(COPY_IN, b"G"),
        COPY_OUT: not_understood(COPY_OUT, b"H"),
        ENDED: ended,
    }[body]


NUL = b"CREATE TABLE a(i int);\0 CREATE TABLE b(i int);"
UTF16 = "CREATE TABLE a(i int);".encode("utf-16")
UTF16_WITHOUT_MARK = "CREATE TABLE a(i int);".encode("utf-16-le")
LATIN1 = "SELECT 'café';".encode("latin-1")
COPY_IN = b"CREATE TABLE a(i int); COPY a FROM STDIN;"
COPY_OUT = b"COPY (SELECT 1) TO STDOUT;"
ENDED = b"CREATE TABLE a(i int); SELECT pg_terminate_backend(pg_backend_pid());"


def up(scratch: Scratch, **bodies: bytes) -> tuple[int, bytes]:
    for name, body in bodies.items():
        (scratch.folder / f"{name[1:]}.up.sql").write_bytes(body)
    done = command(scratch, MIGRATE_STRICT_COMPAT="1")
    return done.returncode, re.sub(rb"\([0-9.]+(?:m|\xc2\xb5)?s\)", b"(D)", done.stderr)


def command(scratch: Scratch, **environment: str) -> subprocess.CompletedProcess[bytes]:
    arguments = [*STRICT.command, "-path", str(scratch.folder), "-database", scratch.url, "up"]
    return subprocess.run(arguments, capture_output=True, check=False, env=os.environ | environment)


@pytest.mark.parametrize("body", [NUL, UTF16, UTF16_WITHOUT_MARK, LATIN1, COPY_IN, COPY_OUT, ENDED])
def test_the_version_is_dirty_and_the_message_is_the_recorded_one(scratch: Scratch, body: bytes):
    assert up(scratch, u1_a=body) == (1, recorded(body))
    assert (scratch.version(), scratch.tables()) == ([(1, True)], [])


def test_the_version_row_is_written_although_a_file_made_transactions_read_only(scratch: Scratch):
    assert up(scratch, u1_a=READ_ONLY) == (0, b"1/u a (D)\n")
    assert scratch.version() == [(1, False)]


def test_a_version_table_that_the_file_took_away_is_named_by_the_statement(scratch: Scratch):
    code, said = up(scratch, u1_a=b"ALTER TABLE schema_migrations RENAME TO former;")
    assert code == 1
    missing = b'error: pq: relation "public.schema_migrations" does not exist in line 0: '
    assert said == missing + b'TRUNCATE "public"."schema_migrations"\n'


def test_the_default_mode_refuses_a_nul_byte_before_it_changes_anything(scratch: Scratch):
    (scratch.folder / "1_a.up.sql").write_bytes(NUL)
    done = command(scratch)
    assert (done.returncode, done.stderr) == (1, b"error: read 1_a.up.sql: the file holds a NUL byte\n")
    assert scratch.run("SELECT count(*) FROM schema_migrations") == [(0,)]
