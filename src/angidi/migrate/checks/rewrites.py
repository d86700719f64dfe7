"""Estimates how long files that rewrite whole tables block all access to them.

The statements are recognised by their text, as the linter does it; what a DO block or a function does is not seen. The
rates are those of ALTER COLUMN … TYPE on PostgreSQL 18.4 with its defaults, on 2 cores and a local SSD, 20,000 to
200,000 rows of 200 to 700 bytes with five to eight indexes: 0.9 s for a table of 68 MB with 65 MB of indexes, 1.4 s for
137 and 65, 0.47 s for 33 and 46. A slower disk, or a standby that is waited for, takes longer.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from psycopg import Connection, errors

from angidi.migrate.files.script import Script
from angidi.migrate.files.steps import Step
from angidi.migrate.sql.statements import Statement

from .rules import CREATED, NAME, existing, rewrite_reason

TABLE_BYTES_PER_SECOND = 136e6
INDEX_BYTES_PER_SECOND = 160e6

MIN_REPORTED_SECONDS = 1.0
"""Seconds of one file, from which on it is reported."""

_RETYPED = re.compile(
    rf"\bALTER\s+(?:COLUMN\s+)?{NAME}\s+(?:SET\s+DATA\s+)?TYPE\s+((?:[^,()]|\([^)]*\))+?)\s*(\bUSING\b|\bCOLLATE\b|,|$)",
    re.IGNORECASE,
)
_VACUUMED = re.compile(
    rf"(?:VACUUM\s*(?:\([^)]*\)|(?:\s+(?:FULL|FREEZE|VERBOSE|ANALYZE))+)|CLUSTER)\s+(?:VERBOSE\s+)?{NAME}",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\d+")

_SIZE = "SELECT pg_table_size(id), pg_indexes_size(id) FROM to_regclass(%s) AS id WHERE id IS NOT NULL"
_ALL = """
SELECT id::text FROM pg_class AS relation, CAST(relation.oid AS regclass) AS id
 WHERE relkind IN ('r', 'm') AND relnamespace = current_schema()::regnamespace
 ORDER BY 1
"""
_COLUMN = """
SELECT attribute.atttypid = wanted.id,
       format_type(attribute.atttypid, attribute.atttypmod),
       EXISTS (SELECT FROM pg_cast
                WHERE castsource = attribute.atttypid AND casttarget = wanted.id AND castmethod = 'b')
  FROM pg_attribute AS attribute, CAST(to_regtype(%(type)s) AS oid) AS wanted (id)
 WHERE attribute.attrelid = to_regclass(%(table)s)
   AND attribute.attname = %(column)s AND NOT attribute.attisdropped
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

    Sizes and types are those of now. Takes no lock that anybody would wait for.
    """
    found = (Downtime(script.step, tuple(_rewritten(connection, script))) for script in scripts)
    return [each for each in found if each.seconds >= MIN_REPORTED_SECONDS]


def _rewritten(connection: Connection[Any], script: Script) -> list[Rewritten]:
    tables = dict.fromkeys(_tables(connection, script))
    rows = ((table, connection.execute(_SIZE, [table]).fetchone()) for table in tables)
    found = [Rewritten(table, *sizes) for table, sizes in rows if sizes]
    return sorted(found, key=lambda each: -each.seconds)


def _tables(connection: Connection[Any], script: Script) -> Iterator[str]:
    """Yield the tables that the file rewrites; those that it creates itself are empty."""
    for statement, table in existing(script):
        if rewrite_reason(statement) and _is_needed(connection, statement, table):
            yield table
    created = {match[1].lower() for each in script.statements if (match := CREATED.match(each.text))}
    for statement in script.statements:
        if (statement.starts("VACUUM") and "FULL" in statement.words) or statement.starts("CLUSTER"):
            match = _VACUUMED.match(statement.text)
            named = [match[1]] if match else [name for (name,) in connection.execute(_ALL)]
            yield from (name for name in named if name.lower() not in created)


def _is_needed(connection: Connection[Any], statement: Statement, table: str) -> bool:
    """Tell whether PostgreSQL has to rewrite the table, where only types of columns change."""
    if rewrite_reason(statement) != "ALTER COLUMN … TYPE":
        return True
    return any(
        match[3].upper() == "USING" or _changes(connection, table, match[1], match[2])
        for match in _RETYPED.finditer(statement.text)
    )


def _changes(connection: Connection[Any], table: str, column: str, wanted: str) -> bool:
    """Tell whether the column's values are stored otherwise as `wanted`; what is not known yet, is."""
    name = column[1:-1].replace('""', '"') if column.startswith('"') else column.lower()
    asked = {"table": table, "column": name, "type": re.sub(r"\s*\([^)]*\)", "", wanted)}
    try:
        row = connection.execute(_COLUMN, asked).fetchone()
    except errors.SyntaxError:  # up to PostgreSQL 15, from a type whose name it does not understand
        row = None
    if row is None:
        return True
    is_same, before, is_coercible = row
    return _is_narrower(before, wanted) if is_same else not is_coercible


def _is_narrower(before: str, wanted: str) -> bool:
    """Tell whether the type's length shrinks, or its scale changes: varchar(50) to varchar(20)."""
    old, new = (list(map(int, _NUMBERS.findall(text))) for text in (before, wanted))
    return bool(new) and (not old or new[0] < old[0] or new[1:] != old[1:])


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"  # noqa: PLR2004 - the unit is the name


def _span(seconds: float) -> str:
    return f"{ceil(seconds)} s" if seconds < 100 else f"{ceil(seconds / 60)} min"  # noqa: PLR2004 - the unit is the name
