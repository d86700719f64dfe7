"""What makes PostgreSQL write a whole table anew."""

from collections.abc import Sequence
from itertools import pairwise

from angidi.migrate.sql.actions import Alteration, Column, Retyping, casts, read_added, read_alteration, read_retyping
from angidi.migrate.sql.column_types import rewrites
from angidi.migrate.sql.statements import Statement
from angidi.migrate.sql.words import Word, WordReader, words_of

from .schema import Schema

UNKNOWN_TYPE = "ALTER COLUMN … TYPE, from a type that the files do not tell,"


def existing(statement: Statement, schema: Schema) -> Alteration | None:
    """Return what an ALTER TABLE does to a table that the file did not create."""
    found = read_alteration(words_of(statement.text))
    return found if found and not schema.is_new(found.table) else None


def is_there(column: Column, altered: Alteration, schema: Schema, *, if_not_exists: bool) -> bool:
    """Tell whether ADD COLUMN IF NOT EXISTS finds the column, and does nothing."""
    table = schema.find(altered.table)
    return bool(if_not_exists and table and column.name in table.columns)


def compacts(statement: Statement) -> bool:
    """Tell whether it is VACUUM FULL or CLUSTER, which write the table anew."""
    return (statement.starts("VACUUM") and "FULL" in statement.words) or statement.starts("CLUSTER")


def rewrite_reason(altered: Alteration, schema: Schema) -> str:
    """Return what in an ALTER TABLE rewrites the table; "" where nothing does."""
    return next(filter(None, (_reason(action, altered, schema) for action in altered.actions)), "")


def _reason(action: Sequence[Word], altered: Alteration, schema: Schema) -> str:
    if added := read_added(action):
        column, if_not_exists = added
        found = is_there(column, altered, schema, if_not_exists=if_not_exists)
        return "" if found else _reason_of_column(column, schema)
    if retyping := read_retyping(action):
        return _reason_of_type(retyping, altered, schema)
    return _reason_of_setting(WordReader(action), altered, schema)


def _reason_of_column(column: Column, schema: Schema) -> str:
    keys = [word.key for word in column.clause("GENERATED")]
    domain = schema.domains.get(column.type.name)
    if column.is_serial or "IDENTITY" in keys:
        return "a new column that is numbered"
    if "STORED" in keys:
        return "a stored generated column"
    if schema.is_volatile(column.clause("DEFAULT")):
        return "a new column with a volatile default"
    return "a new column of a domain with constraints" if domain and domain.is_checked else ""


def _reason_of_type(retyping: Retyping, altered: Alteration, schema: Schema) -> str:
    table = schema.find(altered.table)
    old = table.columns.get(retyping.column) if table else None
    steps = casts(retyping.using, retyping.column) if retyping.using else []
    if steps is None:
        return "ALTER COLUMN … TYPE … USING"
    if old is None:
        return UNKNOWN_TYPE
    pairs = pairwise([old, *steps, retyping.type])
    changes = (rewrites(one, other, schema.domains, is_utc=schema.is_utc) for one, other in pairs)
    return "ALTER COLUMN … TYPE" if any(changes) else ""


def _reason_of_setting(reader: WordReader, altered: Alteration, schema: Schema) -> str:
    table = schema.find(altered.table)
    is_unlogged = table.is_unlogged if table else None
    if reader.accept("SET", "LOGGED"):
        return "SET LOGGED" if is_unlogged is not False else ""
    if reader.accept("SET", "UNLOGGED"):
        return "SET UNLOGGED" if is_unlogged is not True else ""
    if reader.accept("SET", "ACCESS", "METHOD"):
        return "" if reader.peek() in {"HEAP", "DEFAULT"} else "SET ACCESS METHOD"
    if reader.accept("SET", "TABLESPACE"):
        return "SET TABLESPACE"
    return "SET EXPRESSION" if _sets_expression(reader) else ""


def _sets_expression(reader: WordReader) -> bool:
    reader.accept("ALTER")
    reader.accept("COLUMN")
    return bool(reader.column()) and reader.accept("SET", "EXPRESSION")
