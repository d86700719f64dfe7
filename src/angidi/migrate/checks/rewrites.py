"""Estimates how long files that rewrite whole tables block all access to them.

The statements are recognized as the linter does it, also in DO blocks; what a function does is not seen. The
rates are those of ALTER COLUMN … TYPE on PostgreSQL 18.4 with its defaults, on 2 cores and a local SSD, 20,000 to
200,000 rows of 200 to 700 bytes with five to eight indexes: 0.9 s for a table of 68 MB with 65 MB of indexes, 1.4 s for
137 and 65, 0.47 s for 33 and 46. A slower disk, or a standby that is waited for, takes longer.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from psycopg import Connection

from angidi.migrate.files.script import Script
from angidi.migrate.files.steps import Step
from angidi.migrate.sql.blocks import with_inner
from angidi.migrate.sql.words import Name, WordReader, words_of

from .rewrite_reasons import compacts, existing, rewrite_reason
from .schema import Schema

TABLE_BYTES_PER_SECOND = 136e6
INDEX_BYTES_PER_SECOND = 160e6

MIN_REPORTED_SECONDS = 1.0
"""Seconds of one file, from which on it is reported."""

NAME = r'((?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))?)'
_COMPACTED = re.compile(
    rf"(?:VACUUM\s*(?:\([^)]*\)|(?:\s+(?:FULL|FREEZE|VERBOSE|ANALYZE))+)|CLUSTER)\s+(?:VERBOSE\s+)?{NAME}",
    re.IGNORECASE,
)
_SIZE = "SELECT pg_table_size(id), pg_indexes_size(id) FROM to_regclass(%s) AS id WHERE id IS NOT NULL"
_ALL = """
SELECT NULL, relname::text FROM pg_class
WHERE relkind IN ('r', 'm') AND relnamespace = current_schema()::regnamespace
ORDER BY 2
"""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A table that is rewritten, and the bytes of it and of its indexes, which are built again."""

    table: str
    table_bytes: int
    index_bytes: int

    @property
    def seconds(self) -> float:
        """How long it takes, about."""
        return self.table_bytes / TABLE_BYTES_PER_SECOND + self.index_bytes / INDEX_BYTES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Downtime:
    """A file that rewrites tables, largest first; nobody can read or write them until its end, in so many seconds."""

    step: Step
    tables: tuple[Rewritten, ...]

    @property
    def version(self) -> str:
        """The version, as its file's name has it."""
        file = self.step.file
        return file.path.name.partition("_")[0] if file else str(self.step.version)

    @property
    def seconds(self) -> float:
        """How long the tables are locked, about: until the last of them is rewritten."""
        return sum(each.seconds for each in self.tables)

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        tables = [{"table": each.table, "bytes": each.table_bytes + each.index_bytes} for each in self.tables]
        return {"version": self.step.version, "tables": tables, "seconds": round(self.seconds, 1)}

    def __str__(self) -> str:
        """Return it as a line; tables that do not matter are left out."""
        large = [each for each in self.tables if each.seconds >= self.seconds / 100]
        tables = ", ".join(f"{each.table} ({_size(each.table_bytes + each.index_bytes)})" for each in large)
        them = "them" if len(large) > 1 else "it"
        return f"{self.version} rewrites {tables}: nobody can read or write {them} for about {_span(self.seconds)}"


def downtimes(connection: Connection[Any], scripts: Sequence[Script]) -> list[Downtime]:
    """Return the files that will keep everybody from a table for over a second, in their order.

    Sizes are those of now; types are followed from file to file. Takes no lock that anybody would wait for.
    """
    schema = Schema.from_database(connection)
    estimates = [Downtime(script.step, tuple(_rewritten(connection, script, schema))) for script in scripts]
    return [each for each in estimates if each.seconds >= MIN_REPORTED_SECONDS]


def _rewritten(connection: Connection[Any], script: Script, schema: Schema) -> list[Rewritten]:
    tables = dict.fromkeys(_tables(connection, script, schema))
    rows = ((table, connection.execute(_SIZE, [table.quoted()]).fetchone()) for table in tables)
    rewritten = [Rewritten(str(table), *sizes) for table, sizes in rows if sizes]
    return sorted(rewritten, key=lambda each: -each.seconds)


def _tables(connection: Connection[Any], script: Script, schema: Schema) -> Iterator[Name]:
    """Yield the tables that the file rewrites; those that it creates itself are empty."""
    schema.begin_file()
    for statement, _ in with_inner(script.statements):
        altered = existing(statement, schema)
        if altered and rewrite_reason(altered, schema):
            yield altered.table
        if compacts(statement):
            match = _COMPACTED.match(statement.text)
            names = [WordReader(words_of(match[1])).name()] if match else _all(connection)
            yield from (name for name in names if name and not schema.is_new(name))
        schema.apply(statement.text)


def _all(connection: Connection[Any]) -> list[Name]:
    return [Name(*row) for row in connection.execute(_ALL)]


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"  # noqa: PLR2004 - the unit is the name


def _span(seconds: float) -> str:
    return f"{ceil(seconds)} s" if seconds < 100 else f"{ceil(seconds / 60)} min"  # noqa: PLR2004 - the unit is the name
