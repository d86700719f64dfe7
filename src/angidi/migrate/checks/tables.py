"""What is known of one table while the files are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from angidi.migrate.sql.actions import Column, read_added, read_column, read_retyping
from angidi.migrate.sql.column_types import ColumnType
from angidi.migrate.sql.words import Name, Word, WordReader, inside, parts


@dataclass(slots=True)
class Table:
    """A table or materialized view; `is_new` means that the file that is read has created it."""

    name: Name
    is_new: bool = False
    is_unlogged: bool | None = False
    columns: dict[str, ColumnType] = field(default_factory=dict[str, ColumnType])
    collations: dict[str, str] = field(default_factory=dict[str, str])
    """The collations of columns that have another than their type."""
    is_checked: bool = False
    """Whether it has a CHECK that is validated."""
    is_partitioned: bool = False
    not_null: set[str] = field(default_factory=set[str])
    """Columns that are not null, or that a validated CHECK holds so: SET NOT NULL reads no row."""
    not_valid: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Columns of such constraints that are not validated yet, by the constraint's name."""

    def read_columns(self, definitions: Sequence[Sequence[Word]]) -> None:
        """Take in what stands in the parentheses of CREATE TABLE."""
        for each in definitions:
            if column := read_column(each):
                self._set(column.name, column.type, column.collation)
                if _is_not_null(column):
                    self.not_null.add(column.name)
            self.is_checked |= "CHECK" in [word.key for word in each]
            self.not_null |= set(_primary_key(each))

    def alter(self, action: Sequence[Word]) -> None:
        """Take in an action of ALTER TABLE."""
        if added := read_added(action):
            column, if_not_exists = added
            if not (if_not_exists and column.name in self.columns):
                self._set(column.name, column.type, column.collation)
                self.not_null |= {column.name} if _is_not_null(column) else set()
            return
        if retyping := read_retyping(action):
            self._set(retyping.column, retyping.type, retyping.collation)
            return
        _check_or_validate(self, action)
        _rename_or_drop(self, WordReader(action))

    def _set(self, column: str, kind: ColumnType, collation: str) -> None:
        self.columns[column] = kind
        self.collations[column] = collation


def _check_or_validate(table: Table, action: Sequence[Word]) -> None:
    reader = WordReader(action)
    if reader.accept("VALIDATE", "CONSTRAINT"):
        table.is_checked = True
        table.not_null |= table.not_valid.pop(reader.column(), set())
        return
    columns = set(_checked_not_null(action))
    keys = [word.key for word in action]
    if "VALID" not in keys:
        table.is_checked |= keys[:1] == ["ADD"] and "CHECK" in keys
        table.not_null |= columns | set(_primary_key(action))
    elif reader.accept("ADD", "CONSTRAINT"):
        table.not_valid[reader.column()] = columns


def _rename_or_drop(table: Table, reader: WordReader) -> None:
    if reader.accept("RENAME", "TO"):
        new = reader.column()
        table.name = Name(table.name.schema, new)
    elif reader.accept("SET", "SCHEMA"):
        table.name = Name(reader.column(), table.name.name)
    elif reader.accept("SET", "UNLOGGED") or reader.accept("SET", "LOGGED"):
        table.is_unlogged = reader.words[1].key == "UNLOGGED"
    elif reader.accept("RENAME") and reader.peek() != "CONSTRAINT":
        reader.accept("COLUMN")
        old = reader.column()
        if reader.accept("TO"):
            _rename_column(table, old, reader.column())
    elif reader.accept("DROP") and reader.peek() != "CONSTRAINT":
        reader.accept("COLUMN")
        reader.accept("IF", "EXISTS")
        gone = reader.column()
        table.columns.pop(gone, None)
        table.not_null.discard(gone)
    elif reader.accept("ALTER"):
        reader.accept("COLUMN")
        column = reader.column()
        if reader.accept("SET", "NOT", "NULL"):
            table.not_null.add(column)
        elif reader.accept("DROP", "NOT", "NULL"):
            table.not_null.discard(column)


def _rename_column(table: Table, old: str, new: str) -> None:
    if old in table.columns:
        table.columns[new] = table.columns.pop(old)
    table.collations[new] = table.collations.pop(old, "")
    if old in table.not_null:
        table.not_null.remove(old)
        table.not_null.add(new)


def _is_not_null(column: Column) -> bool:
    """Tell whether a column's definition lets it hold no NULL."""
    identity = "IDENTITY" in [word.key for word in column.clause("GENERATED")]
    return column.is_serial or identity or bool(column.clause("NOT", "NULL") or column.clause("PRIMARY"))


def _primary_key(words: Sequence[Word]) -> Iterator[str]:
    """Yield the columns of a PRIMARY KEY (column, …)."""
    for number, (one, other) in enumerate(pairwise(words)):
        rest = words[number + 2 :]
        if (one.key, other.key) == ("PRIMARY", "KEY") and rest and rest[0].text == "(":
            yield from (each[0].name for each in parts(inside(rest)))


def _checked_not_null(action: Sequence[Word]) -> Iterator[str]:
    """Yield the columns of an ADD … CHECK (column IS NOT NULL)."""
    for number, word in enumerate(action):
        if word.key == "CHECK" and action[0].key == "ADD":
            for each in parts(inside(action[number + 1 :])):
                if [other.key for other in each[1:]] == ["IS", "NOT", "NULL"]:
                    yield each[0].name
