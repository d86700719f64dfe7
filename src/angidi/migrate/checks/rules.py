"""What is risky in a migration: one function for each rule, over the statements of a file.

A table that the file itself creates is nobody else's yet, and no rule about locks speaks of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from angidi.migrate.files.script import Script
from angidi.migrate.sql.actions import Alteration, read_added
from angidi.migrate.sql.blocks import with_inner
from angidi.migrate.sql.classify import controls_transaction, refuses_transaction
from angidi.migrate.sql.statements import Statement
from angidi.migrate.sql.words import Name, Word, WordReader, words_of

from .rewrite_reasons import compacts, existing, is_there, rewrite_reason
from .schema import Schema, read_index


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule's finding: where, what happens, what to do instead; `lock` is the table lock it is about."""

    rule: str
    statement: Statement
    message: str
    advice: str
    lock: str = ""


FileRule = Callable[[Script], Iterator[RuleMatch]]
Rule = Callable[[Statement, Schema], Iterator[RuleMatch]]
"""Looks at one statement, with the schema as it is before it."""


def findings(script: Script, schema: Schema) -> Iterator[RuleMatch]:
    """Yield what the rules find in a file, and bring the schema up to its end."""
    schema.begin_file()
    for file_rule in FILE_RULES:
        yield from file_rule(script)
    rules = RULES if script.step.direction == "up" else [rule for rule in RULES if rule is not breaking]
    for statement, is_inner in with_inner(script.statements):
        for rule in rules if not is_inner else [rule for rule in rules if rule is not leaking]:
            yield from rule(statement, schema)
        schema.apply(statement.text)


def refused(script: Script) -> Iterator[RuleMatch]:
    """Find statements that refuse a transaction beside others, or inside BEGIN and COMMIT."""
    controlled = any(map(controls_transaction, script.statements))
    for statement in filter(refuses_transaction, script.statements):
        if controlled:
            message = f"{' '.join(statement.words[:3])} cannot run inside a transaction block"
            yield RuleMatch("refuses-transaction", statement, message, "Put it into a file of its own, without BEGIN.")
        elif len(script.statements) > 1:
            message = "golang-migrate sends the file as one query, in which this statement fails"
            yield RuleMatch("refuses-transaction", statement, message, "Put it into a file of its own.")


def copying(script: Script) -> Iterator[RuleMatch]:
    """Find COPY FROM STDIN, for which a file cannot bring data."""
    for statement in script.statements:
        if statement.starts("COPY") and "STDIN" in statement.words:
            yield RuleMatch("copy-stdin", statement, "a migration file cannot bring data for it", "Use INSERT.")


def blocking_index(statement: Statement, schema: Schema) -> Iterator[RuleMatch]:
    """Find index builds that block writes to a table that is in use, or everything."""
    if table := built_on(statement, schema):
        message = f"no row of {table} can be written while the index is built"
        yield RuleMatch("blocking-index", statement, message, "CREATE INDEX CONCURRENTLY, alone in its file.", "SHARE")
    if table := _reindexed(statement, schema):
        message = f"no row of {table} can be written while the index is built"
        yield RuleMatch("blocking-index", statement, message, "REINDEX … CONCURRENTLY, alone in its file.", "SHARE")
    altered = existing(statement, schema)
    if altered and any(_adds_index(action, altered, schema) for action in altered.actions):
        message = f"the index behind it is built while nobody can read or write {altered.table}"
        advice = "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX."
        yield RuleMatch("blocking-index", statement, message, advice, "ACCESS EXCLUSIVE")


def built_on(statement: Statement, schema: Schema) -> Name | None:
    """Return the table in use on which an index is built that blocks writes."""
    reader = WordReader(words_of(statement.text))
    if not reader.accept("CREATE"):
        return None
    reader.accept("UNIQUE")
    found = read_index(reader) if reader.accept("INDEX") else None
    if not found:
        return None
    name, table, concurrently, if_not_exists = found
    is_there = bool(if_not_exists and name and schema.has_index(name))
    return None if concurrently or is_there or schema.is_new(table) else table


def _reindexed(statement: Statement, schema: Schema) -> Name | None:
    if not statement.starts("REINDEX") or "CONCURRENTLY" in statement.words:
        return None
    reader = WordReader(words_of(statement.text), 1)
    if reader.peek() == "(":
        reader.at += next(number for number, word in enumerate(reader.rest()) if word.text == ")") + 1
    kind = reader.any("TABLE", "INDEX")
    name = reader.name() if kind else None
    table = schema.table_of_index(name) if name and kind == "INDEX" else name
    return None if table and schema.is_new(table) else table or name


def _adds_index(action: Sequence[Word], altered: Alteration, schema: Schema) -> bool:
    """Tell whether an action builds the index of a key: in a constraint or with a column."""
    if added := read_added(action):
        column, if_not_exists = added
        is_key = column.clause("UNIQUE") or column.clause("PRIMARY")
        return bool(is_key) and not is_there(column, altered, schema, if_not_exists=if_not_exists)
    reader = _constraint(action)
    is_key = reader.accept("UNIQUE") or reader.accept("PRIMARY", "KEY") or reader.accept("EXCLUDE")
    return is_key and (reader.peek(), reader.peek(1)) != ("USING", "INDEX")


def _constraint(action: Sequence[Word]) -> WordReader:
    """Return a reader at what an ADD CONSTRAINT adds; at the end for other actions."""
    reader = WordReader(action)
    if not reader.accept("ADD"):
        return WordReader([])
    if reader.accept("CONSTRAINT"):
        reader.column()
    return reader


def rewrite(statement: Statement, schema: Schema) -> Iterator[RuleMatch]:
    """Find what rewrites a whole table under a lock that stops even reads."""
    altered = existing(statement, schema)
    if altered and (reason := rewrite_reason(altered, schema)):
        message = f"{reason} rewrites all of {altered.table}, which can be neither read nor written meanwhile"
        advice = "Add a new column, fill it in batches, then swap."
        yield RuleMatch("table-rewrite", statement, message, advice, "ACCESS EXCLUSIVE")
    if compacts(statement):
        message = f"{' '.join(statement.words[:2])} rewrites the table under a lock that stops reads"
        advice = "Use pg_repack, or leave it to autovacuum."
        yield RuleMatch("table-rewrite", statement, message, advice, "ACCESS EXCLUSIVE")


def unvalidated(statement: Statement, schema: Schema) -> Iterator[RuleMatch]:
    """Find constraints that are checked against all rows at once."""
    if not (altered := existing(statement, schema)):
        return
    for action in altered.actions:
        keys = [word.key for word in action]
        reader = _constraint(action)
        is_valid = "VALID" not in keys
        if is_valid and reader.peek() == "FOREIGN":
            yield _unvalidated(
                statement, f"all of {altered.table} is checked while nobody can write it", "SHARE ROW EXCLUSIVE"
            )
        elif is_valid and reader.peek() == "CHECK":
            yield _unvalidated(
                statement, f"all of {altered.table} is checked while nobody can read or write it", "ACCESS EXCLUSIVE"
            )
        elif "SET NOT NULL" in " ".join(keys) and not _is_checked(action, altered, schema):
            message = f"all of {altered.table} is read while nobody else can"
            advice = "Add CHECK (… IS NOT NULL) NOT VALID, validate it, then SET NOT NULL, which then reads nothing."
            yield RuleMatch("missing-not-valid", statement, message, advice, "ACCESS EXCLUSIVE")


def _unvalidated(statement: Statement, message: str, lock: str) -> RuleMatch:
    advice = "Add it NOT VALID, and VALIDATE CONSTRAINT in a later file."
    return RuleMatch("missing-not-valid", statement, message, advice, lock)


def _is_checked(action: Sequence[Word], altered: Alteration, schema: Schema) -> bool:
    """Tell whether a CHECK holds the column not null already."""
    reader, table = WordReader(action), schema.find(altered.table)
    reader.accept("ALTER")
    reader.accept("COLUMN")
    return bool(table and reader.column() in table.not_null)


def breaking(statement: Statement, schema: Schema) -> Iterator[RuleMatch]:
    """Find changes that break the release that is still running."""
    if altered := existing(statement, schema):
        yield from _breaking_actions(statement, altered)
    if statement.starts("DROP", "TABLE") and not _is_new(statement, schema):
        message = "the running release may still use the table"
        yield RuleMatch("breaks-clients", statement, message, "Drop it one release after its last use.")


def _breaking_actions(statement: Statement, altered: Alteration) -> Iterator[RuleMatch]:
    for action in altered.actions:
        reader = WordReader(action)
        if reader.accept("RENAME") and reader.peek() != "CONSTRAINT":
            message = f"the running release still uses the old name in {altered.table}"
            yield RuleMatch("breaks-clients", statement, message, "Expand and contract: see the manual.")
        elif reader.accept("DROP") and reader.peek() != "CONSTRAINT":
            message = f"the running release may still use the column of {altered.table}"
            yield RuleMatch("breaks-clients", statement, message, "Drop it one release after its last use.")


def _is_new(statement: Statement, schema: Schema) -> bool:
    reader = WordReader(words_of(statement.text), 2)
    reader.accept("IF", "EXISTS")
    name = reader.name()
    return bool(name and schema.is_new(name))


def leaking(statement: Statement, _: Schema) -> Iterator[RuleMatch]:
    """Find settings and locks that the next file of the run would inherit or lose."""
    first, *rest = statement.words or ("",)
    if first == "SET" and rest[:1] not in (["LOCAL"], ["CONSTRAINTS"], ["TRANSACTION"]):
        message = "the setting stays for the files that run after this one in the session"
        yield RuleMatch("session-leak", statement, message, "Use SET LOCAL.")
    elif statement.starts("DISCARD") or "PG_ADVISORY_UNLOCK_ALL" in statement.words:
        message = "this gives the migration lock away while the run goes on"
        yield RuleMatch("session-leak", statement, message, "Leave it out.")


FILE_RULES: list[FileRule] = [refused, copying]
RULES: list[Rule] = [blocking_index, rewrite, unvalidated, breaking, leaking]
