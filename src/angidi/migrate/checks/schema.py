"""What is known of a schema while the files are read: tables, types of columns, indexes, domains and functions.

The linter learns it from the files; `from_database` reads it from a database. What is not known stays unknown: a table
of the files may have been there before them.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple, Self

from psycopg import Connection

from angidi.migrate.sql.actions import read_alteration
from angidi.migrate.sql.column_types import Domain, parse_type
from angidi.migrate.sql.words import Name, Word, WordReader, inside, parts, text_of, until, words_of

from .tables import Table

_UTC = {"UTC", "GMT", "UCT", "ZULU", "UNIVERSAL", "GREENWICH"}
_VOLATILE = {
    "random", "random_normal", "gen_random_uuid", "uuidv4", "uuidv7", "nextval", "currval", "lastval", "setval",
    "clock_timestamp", "timeofday", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "gen_random_bytes",
    "gen_salt",
}  # fmt: skip
"""Functions of the server and its usual extensions that give another value for each row."""

_COLUMNS = """
SELECT nspname::text, relname::text, relpersistence = 'u', attname::text, format_type(atttypid, atttypmod)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
WHERE relkind IN ('r', 'p', 'm') AND nspname <> 'information_schema' AND nspname !~ '^pg_'
"""
_DOMAINS = """
SELECT typname::text, format_type(typbasetype, typtypmod),
       typnotnull OR EXISTS (SELECT FROM pg_constraint WHERE contypid = pg_type.oid)
FROM pg_type WHERE typtype = 'd'
"""
_FUNCTIONS = """
SELECT proname::text FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
WHERE provolatile = 'v' AND nspname <> 'information_schema' AND nspname !~ '^pg_'
"""


class KnownIndex(NamedTuple):
    """An index that the files made: its name, its table, and its columns, as far as they are no expressions."""

    name: Name
    table: Name
    columns: frozenset[str]


@dataclass(slots=True)
class Schema:
    """The tables, and what else decides about a rewrite; `apply` adds the changes of one statement after the other."""

    is_utc: bool = True
    tables: list[Table] = field(default_factory=list[Table])
    indexes: list[KnownIndex] = field(default_factory=list[KnownIndex])
    domains: dict[str, Domain] = field(default_factory=dict[str, Domain])
    volatile: set[str] = field(default_factory=lambda: set(_VOLATILE))

    @classmethod
    def from_database(cls, connection: Connection[Any]) -> Self:
        """Return what a database holds; takes no lock that anybody would wait for."""
        schema = cls(is_utc=is_utc(connection.info.parameter_status("TimeZone") or ""))
        tables: dict[Name, Table] = {}
        for namespace, name, is_unlogged, column, kind in connection.execute(_COLUMNS):
            key = Name(namespace, name)
            table = tables.setdefault(key, Table(key, is_unlogged=is_unlogged))
            if column:
                table.columns[column] = parse_type(kind)
        schema.tables = list(tables.values())
        rows = connection.execute(_DOMAINS)
        schema.domains = {name: Domain(parse_type(base), checked) for name, base, checked in rows}
        schema.volatile |= {name for (name,) in connection.execute(_FUNCTIONS)}
        return schema

    def copy(self) -> "Schema":
        """Return a copy that can be changed by itself."""
        return deepcopy(self)

    def begin_file(self) -> None:
        """Count the tables so far as in use by others."""
        for table in self.tables:
            table.is_new = False

    def find(self, name: Name) -> Table | None:
        """Return the table of this name, None for one that is not known."""
        return next((each for each in reversed(self.tables) if each.name.means(name)), None)

    def is_new(self, name: Name) -> bool:
        """Tell whether the file has created the table, so that nobody else uses it."""
        table = self.find(name)
        return bool(table and table.is_new)

    def not_null(self, name: Name) -> set[str]:
        """Return the columns of a table that are known to hold no NULL."""
        table = self.find(name)
        return table.not_null if table else set()

    def is_partitioned(self, name: Name) -> bool:
        """Tell whether it is known to be a partitioned table."""
        table = self.find(name)
        return bool(table and table.is_partitioned)

    def has_index(self, name: Name) -> bool:
        """Tell whether the files have made an index of this name."""
        return any(index.name.means(name) for index in self.indexes)

    def table_of_index(self, name: Name) -> Name | None:
        """Return the table of an index, None where it is not known."""
        return next((index.table for index in self.indexes if index.name.means(name)), None)

    def columns_of_index(self, name: Name) -> frozenset[str] | None:
        """Return the columns of an index, None where it is not known."""
        return next((index.columns for index in self.indexes if index.name.means(name)), None)

    def is_volatile(self, words: Sequence[Word]) -> bool:
        """Tell whether an expression calls a function that gives another value for each row."""
        called = (word.name for word, after in pairwise(words) if after.text == "(")
        return any(name in self.volatile for name in called)

    def apply(self, text: str) -> None:
        """Apply the changes of a statement."""
        words = words_of(text)
        match words[0].key if words else "":
            case "CREATE":
                self._create(WordReader(words, 1))
            case "ALTER":
                self._alter(words)
            case "DROP":
                self._drop(WordReader(words, 1))
            case "SET":
                self._set(WordReader(words, 1))
            case _:
                pass

    def _create(self, reader: WordReader) -> None:
        reader.accept("OR", "REPLACE")
        while kind := reader.any("GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "UNIQUE", "MATERIALIZED"):
            if kind == "UNLOGGED" and reader.accept("TABLE"):
                self._create_table(reader, is_unlogged=True)
                return
        if reader.accept("TABLE") or reader.accept("VIEW"):
            self._create_table(reader)
        elif reader.accept("INDEX"):
            self._create_index(reader)
        elif reader.accept("DOMAIN"):
            self._create_domain(reader)
        elif reader.any("FUNCTION", "PROCEDURE"):
            self._create_function(reader)

    def _create_table(self, reader: WordReader, *, is_unlogged: bool = False) -> None:
        if_not_exists = reader.accept("IF", "NOT", "EXISTS")
        name = reader.name()
        if not name or (if_not_exists and self.find(name)):
            return
        table = Table(name, is_new=True, is_unlogged=is_unlogged)
        if reader.peek() == "(":
            table.read_columns(parts(inside(reader.rest())))
        keys = [word.key for word in reader.rest()]
        table.is_partitioned = ("PARTITION", "BY") in pairwise(keys)
        self.tables.append(table)

    def _create_index(self, reader: WordReader) -> None:
        if index := read_index(reader):
            name, table, _, _ = index
            if name and not self.has_index(name):
                if reader.accept("USING"):
                    reader.at += 1
                columns = [each[0].name for each in parts(inside(reader.rest()))]
                self.indexes.append(KnownIndex(name, table, frozenset(columns)))

    def _create_domain(self, reader: WordReader) -> None:
        name = reader.name()
        reader.accept("AS")
        stops = {"COLLATE", "DEFAULT", "CONSTRAINT", "NOT", "NULL", "CHECK"}
        typed = until(reader.rest(), stops)
        keys = [word.key for word in reader.rest()[len(typed) :]]
        if name:
            checked = "CHECK" in keys or ("NOT", "NULL") in pairwise(keys)
            self.domains[name.name] = Domain(parse_type(text_of(typed)), checked)

    def _create_function(self, reader: WordReader) -> None:
        name = reader.name()
        keys = {word.key for word in reader.rest()}
        if name and not keys & {"IMMUTABLE", "STABLE"}:
            self.volatile.add(name.name)

    def _alter(self, words: Sequence[Word]) -> None:
        reader = WordReader(words, 1)
        if reader.accept("INDEX"):
            self._rename_index(reader)
        elif reader.accept("DOMAIN") and (name := reader.name()) and reader.accept("ADD"):
            if domain := self.domains.get(name.name):
                self.domains[name.name] = Domain(domain.base, is_checked=True)
        elif altered := read_alteration(words):
            table = self.find(altered.table) or self._learn(altered.table)
            for action in altered.actions:
                table.alter(action)

    def _learn(self, name: Name) -> Table:
        """Add a table that was there before the files, of which nothing is known."""
        self.tables.append(Table(name, is_unlogged=None))
        return self.tables[-1]

    def _rename_index(self, reader: WordReader) -> None:
        reader.accept("IF", "EXISTS")
        old = reader.name()
        if old and reader.accept("RENAME", "TO") and (new := reader.name()):
            self.indexes = [index._replace(name=new) if index.name.means(old) else index for index in self.indexes]

    def _drop(self, reader: WordReader) -> None:
        kind = reader.any("TABLE", "INDEX", "MATERIALIZED")
        reader.any("VIEW", "CONCURRENTLY")
        reader.accept("IF", "EXISTS")
        for each in parts(reader.rest()) if kind else []:
            if (name := WordReader(each).name()) and kind == "INDEX":
                self.indexes = [index for index in self.indexes if not index.name.means(name)]
            elif name:
                self.tables = [table for table in self.tables if not table.name.means(name)]
                self.indexes = [index for index in self.indexes if not index.table.means(name)]

    def _set(self, reader: WordReader) -> None:
        reader.any("LOCAL", "SESSION")
        if reader.accept("TIME", "ZONE") or (reader.accept("TIMEZONE") and (reader.accept("=") or reader.accept("TO"))):
            self.is_utc = is_utc(text_of(reader.rest()).strip("'\""))


def read_index(reader: WordReader) -> tuple[Name | None, Name, bool, bool] | None:
    """Return an index's name and table, and whether CONCURRENTLY and IF NOT EXISTS are written, after INDEX."""
    concurrently = reader.accept("CONCURRENTLY")
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    name = None if reader.peek() == "ON" else reader.name()
    if not reader.accept("ON"):
        return None
    reader.accept("ONLY")
    table = reader.name()
    return (name, table, concurrently, if_not_exists) if table else None


def is_utc(zone: str) -> bool:
    """Tell whether a time zone is UTC by any of its names."""
    return zone.upper().removeprefix("ETC/") in _UTC
