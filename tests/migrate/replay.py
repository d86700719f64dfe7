"""Replaying what golang-migrate 4.19.1 was recorded doing (`golang_migrate_runs.json`) with our command."""

import io
import json
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from angidi.migrate import cli
from angidi.migrate.database.locks import lock_id

from .conftest import Scratch

RUNS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "golang_migrate_runs.json").read_text())
POINTS = ("exit", "stdout", "stderr", "rows", "tables", "files_after")

_DURATION = re.compile(r"(?:\d+h)?(?:\d+m)?(?:\d+(?:\.\d+)?)(?:ns|µs|us|ms|s)\b")
_TIME = re.compile(r"\b20\d{12}(?!\d)")


class Replay:
    """One scenario on a scratch database; `differences` yields what is not as recorded."""

    def __init__(self, scenario: dict[str, Any], scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scenario = scenario
        self.scratch = scratch
        self.monkeypatch = monkeypatch
        self.url = scratch.with_query(scenario.get("query", "?sslmode=disable")[1:])
        self._put(scenario.get("files"))
        for statement in scenario.get("setup", []):
            scratch.run(statement)

    def differences(self) -> Iterator[tuple[int, str, Any, Any]]:
        """Run every step; yield its number, the point, and the values wanted and got."""
        self.monkeypatch.chdir(self.scratch.folder)
        for number, step in enumerate(self.scenario["steps"]):
            wanted = {**step, **step.get("accident", {})}
            got = self._step(step)
            for point in POINTS:
                if wanted.get(point) is not None and wanted[point] != got[point]:
                    yield number, point, wanted[point], got[point]

    def _step(self, step: dict[str, Any]) -> dict[str, Any]:
        self._put(step.get("files"))
        for statement in step.get("sql", []):
            self.scratch.run(statement)
        with self.scratch.connect() as holder:
            if "hold" in step:
                key = lock_id(f"/{self.scratch.name}", "public", "schema_migrations")
                holder.execute(step["hold"].replace("{lock}", str(key)).encode())
            code, out, err = self._run([self._fill(each) for each in step["args"]], step.get("stdin", ""))
        rows, tables = self._state()
        names = sorted(_TIME.sub("<V>", path.name) for path in self.scratch.folder.iterdir())
        return {
            "exit": code,
            "stdout": out,
            "stderr": err,
            "rows": rows,
            "tables": tables,
            "files_after": names,
        }

    def _run(self, arguments: list[str], stdin: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self.monkeypatch.setattr(sys, "stdout", out)
        self.monkeypatch.setattr(sys, "stderr", err)
        handlers = [(each, signal.getsignal(each)) for each in (signal.SIGINT, signal.SIGTERM)]
        try:
            code = cli.main(arguments)
        finally:
            for each, handler in handlers:
                signal.signal(each, handler)
        return code, self._clean(out.getvalue()), self._clean(err.getvalue())

    def _fill(self, argument: str) -> str:
        return argument.replace("{dir}", str(self.scratch.folder)).replace("{url}", self.url)

    def _clean(self, text: str) -> str:
        text = text.replace(self.url, "{url}").replace(str(self.scratch.folder), "{dir}")
        text = text.replace(self.scratch.name, "{db}")
        text = re.sub(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", "<T> ", text, flags=re.MULTILINE)
        text = _TIME.sub("<V>", _DURATION.sub("<D>", text))
        return re.sub(r"Usage: migrate OPTIONS.*", "<usage>\n", text, flags=re.DOTALL)

    def _put(self, files: dict[str, str] | None) -> None:
        for name, text in (files or {}).items():
            (self.scratch.folder / name).write_bytes(text.encode())

    def _state(self) -> tuple[dict[str, Any], list[str]]:
        """Return the rows of the bookkeeping tables, and the names of the other ones."""
        tables = [row[0] for row in self.scratch.run(_TABLES)]
        book = [name for name in tables if re.search(r"schema_migrations|\.my_versions$", name)]
        return {name: self._rows(name) for name in book}, [name for name in tables if name not in book]

    def _rows(self, table: str) -> Any:
        schema, _, name = table.partition(".")
        try:
            rows = self.scratch.run(f'SELECT version, dirty FROM "{schema}"."{name}" ORDER BY 1')
        except psycopg.Error as error:
            return str(error).splitlines()[0]
        return [list(row) for row in rows]


_TABLES = """
SELECT nspname || '.' || relname FROM pg_class JOIN pg_namespace AS schema ON schema.oid = relnamespace
WHERE relkind IN ('r', 'p', 'v') AND nspname NOT IN ('pg_catalog', 'information_schema', 'angidi_migrate')
  AND nspname NOT LIKE 'pg_toast%' ORDER BY 1
"""
