"""Scratch databases with a folder of migrations each."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import CliRunner

from angidi.migrate import Migrate, MigrateError, Options, Source
from angidi.migrate.commands import build_group
from tests.support.server import Databases

THREE = {f"u{n}_t": f"CREATE TABLE t{n} (id int);" for n in (1, 2, 3)} | {
    f"d{n}_t": f"DROP TABLE t{n};" for n in (1, 2, 3)
}


@dataclass(frozen=True)
class Scratch:
    """An empty database and an empty folder of migrations."""

    address: str
    folder: Path

    @property
    def name(self) -> str:
        return urlsplit(self.address).path[1:]

    @property
    def url(self) -> str:
        return self.with_query("sslmode=disable")

    def with_query(self, query: str) -> str:
        """The database's URL with more parameters, fit for golang-migrate too."""
        return f"{self.address}{'&' if urlsplit(self.address).query else '?'}{query}".replace("?&", "?")

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.address, autocommit=True)

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


@pytest.fixture
def scratch(databases: Databases, tmp_path: Path) -> Iterator[Scratch]:
    folder = tmp_path / "migrations"
    folder.mkdir()
    with databases.database() as url:
        yield Scratch(url, folder)


class Cli:
    """`angidi migrate …` on a scratch database."""

    def __init__(self, scratch: Scratch) -> None:
        self.group = build_group(scratch.folder, lambda _: nullcontext(scratch.url))

    def __call__(self, *arguments: str, code: int = 0, stdin: str | None = None) -> str:
        result = CliRunner().invoke(self.group, arguments, input=stdin)
        if isinstance(result.exception, MigrateError):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.stdout

    def errors(self, *arguments: str) -> str:
        """What a command that goes well says on its standard error stream."""
        result = CliRunner().invoke(self.group, arguments)
        assert result.exit_code == 0, result.output
        return result.stderr

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code))


@pytest.fixture
def cli(scratch: Scratch) -> Cli:
    scratch.files(**THREE)
    return Cli(scratch)
