"""What an ALTER TABLE or CREATE TABLE says of columns, read from its words."""

from collections.abc import Sequence
from dataclasses import dataclass

from .column_types import SERIALS, ColumnType, parse_type
from .words import Name, Word, WordReader, inside, parts, text_of, until

_CLAUSES = {
    "COLLATE", "CONSTRAINT", "NOT", "NULL", "CHECK", "DEFAULT", "GENERATED", "UNIQUE", "PRIMARY", "REFERENCES",
    "DEFERRABLE", "INITIALLY", "STORAGE", "COMPRESSION", "USING", "EXCLUDE",
}  # fmt: skip
"""The words that may follow a column's type, or another clause."""
_CONSTRAINTS = {"CONSTRAINT", "CHECK", "UNIQUE", "PRIMARY", "FOREIGN", "EXCLUDE", "LIKE"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column's definition: its name, its type, and the words of each clause after it."""

    name: str
    type: ColumnType
    is_serial: bool
    clauses: tuple[tuple[Word, ...], ...]

    @property
    def collation(self) -> str:
        """The name of its collation; "" for the type's own."""
        name = WordReader(self.clause("COLLATE"), 1).name()
        return name.name if name else ""

    def clause(self, *keys: str) -> tuple[Word, ...]:
        """Return the words of the clause that begins so, empty where there is none."""
        return next((each for each in self.clauses if tuple(word.key for word in each[: len(keys)]) == keys), ())


@dataclass(frozen=True, slots=True)
class Alteration:
    """An ALTER TABLE: the table, whether IF EXISTS is written, and the words of each of its actions."""

    table: Name
    if_exists: bool
    actions: tuple[tuple[Word, ...], ...]


def read_alteration(words: Sequence[Word]) -> Alteration | None:
    """Return what an ALTER TABLE does; None for other statements."""
    reader = WordReader(words)
    if not reader.accept("ALTER", "TABLE"):
        return None
    if_exists = reader.accept("IF", "EXISTS")
    reader.accept("ONLY")
    table = reader.name()
    reader.any("*")
    return Alteration(table, if_exists, tuple(map(tuple, parts(reader.rest())))) if table else None


def read_column(words: Sequence[Word]) -> Column | None:
    """Return a column's definition; None where the words are a constraint of the table."""
    reader = WordReader(words)
    name = reader.column() if reader.peek() not in _CONSTRAINTS else ""
    if not name or not reader.rest():
        return None
    typed = until(reader.rest(), _CLAUSES)
    reader.at += len(typed)
    clauses: list[tuple[Word, ...]] = []
    while rest := reader.rest():
        clause = _clause(rest)
        reader.at += len(clause)
        clauses.append(tuple(clause))
    return Column(name, parse_type(text_of(typed)), bool(typed) and typed[0].key in SERIALS, tuple(clauses))


def _clause(words: Sequence[Word]) -> list[Word]:
    """Return the first of the clauses."""
    stops = _CLAUSES - {"NULL"} if words[0].key == "NOT" else _CLAUSES - _inner(words[0].key)
    end = len(until(words, stops))
    while words[end - 1].key == "SET" and end < len(words):  # ON DELETE SET NULL, or SET DEFAULT
        end += len(until(words[end:], stops))
    return list(words[:end])


def _inner(key: str) -> set[str]:
    """Return the words that do not end the clause: DEFAULT NULL, INITIALLY DEFERRED."""
    return {
        "DEFAULT": {"NULL"},
        "GENERATED": {"DEFAULT"},
        "INITIALLY": {"DEFERRABLE"},
    }.get(key, set())


def read_added(action: Sequence[Word]) -> tuple[Column, bool] | None:
    """Return the column that an action adds, and whether IF NOT EXISTS is written; None for other actions."""
    reader = WordReader(action)
    if not reader.accept("ADD"):
        return None
    is_column = reader.accept("COLUMN")
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    if not is_column and reader.peek() in {"GENERATED", "NOT"}:
        return None
    column = read_column(reader.rest())
    return (column, if_not_exists) if column else None


@dataclass(frozen=True, slots=True)
class Retyping:
    """An ALTER COLUMN … TYPE; `collation` is "" for the type's own, `using` are the words of the expression."""

    column: str
    type: ColumnType
    collation: str
    using: tuple[Word, ...]


def read_retyping(action: Sequence[Word]) -> Retyping | None:
    """Return the change of a column's type; None for other actions."""
    reader = WordReader(action)
    if not reader.accept("ALTER"):
        return None
    reader.accept("COLUMN")
    column = reader.column()
    reader.accept("SET", "DATA")
    if not column or not reader.accept("TYPE"):
        return None
    typed = until(reader.rest(), {"USING", "COLLATE"})
    reader.at += len(typed)
    collation = reader.name() if reader.accept("COLLATE") else None
    using = reader.rest()[1:] if reader.peek() == "USING" else []
    return Retyping(column, parse_type(text_of(typed)), collation.name if collation else "", tuple(using))


def casts(using: Sequence[Word], column: str) -> list[ColumnType] | None:
    """Return the types that an expression casts the column to, in turn; None where it does anything else."""
    words = list(using)
    while words and words[0].text == "(" and len(inside(words)) == len(words) - 2:
        words = inside(words)
    if words[:2] and words[0].key == "CAST" and len(inside(words[1:])) == len(words) - 3:
        inner = until(inside(words[1:]), {"AS"})
        inner_types = casts(inner, column)
        return None if inner_types is None else [*inner_types, parse_type(text_of(inside(words[1:])[len(inner) + 1 :]))]
    reader = WordReader(words)
    if reader.column() != column:
        return None
    types: list[ColumnType] = []
    while reader.accept(":", ":"):
        typed = until(reader.rest(), {":"})
        reader.at += len(typed)
        if any(word.kind == "symbol" and word.text not in "()[].," for word in typed):
            return None
        types.append(parse_type(text_of(typed)))
    return None if reader.rest() else types
