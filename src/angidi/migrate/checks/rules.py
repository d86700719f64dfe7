"""What is risky in a migration: one function for each rule, over the statements of a file.

A table that the file itself creates is nobody else's yet, and no rule about locks speaks of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from angidi.migrate.files.script import Script
from angidi.migrate.sql.actions import Alteration, read_added, read_alteration, read_retyping
from angidi.migrate.sql.blocks import with_inner
from angidi.migrate.sql.classify import controls_transaction, refuses_transaction
from angidi.migrate.sql.statements import Statement
from angidi.migrate.sql.words import Name, Word, WordReader, inside, parts, words_of

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
        advice = _OF_PARTITIONS if schema.is_partitioned(table) else "CREATE INDEX CONCURRENTLY, alone in its file."
        yield RuleMatch("blocking-index", statement, message, advice, "SHARE")
    if table := _reindexed(statement, schema):
        message = f"no row of {table} can be written while the index is built"
        yield RuleMatch("blocking-index", statement, message, "REINDEX … CONCURRENTLY, alone in its file.", "SHARE")
    altered = existing(statement, schema)
    if altered and any(_adds_index(action, altered, schema) for action in altered.actions):
        message = f"the index behind it is built while nobody can read or write {altered.table}"
        advice = "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD CONSTRAINT … USING INDEX."
        yield RuleMatch("blocking-index", statement, message, advice, "ACCESS EXCLUSIVE")
    if altered and any(_sorts_anew(action, altered, schema) for action in altered.actions):
        message = f"the indexes on the column are built while nobody can read or write {altered.table}"
        advice = (
            "Add a column with the new collation, fill it in batches, build its index CONCURRENTLY, then change over."
        )
        yield RuleMatch("blocking-index", statement, message, advice, "ACCESS EXCLUSIVE")


_OF_PARTITIONS = (
    "CREATE INDEX … ON ONLY it, CREATE INDEX CONCURRENTLY on each partition, then ALTER INDEX … ATTACH PARTITION."
)


def built_on(statement: Statement, schema: Schema) -> Name | None:
    """Return the table in use on which an index is built that blocks writes."""
    reader = WordReader(words_of(statement.text))
    if not reader.accept("CREATE"):
        return None
    reader.accept("UNIQUE")
    index = read_index(reader) if reader.accept("INDEX") else None
    if not index:
        return None
    name, table, concurrently, if_not_exists = index
    is_there = bool(if_not_exists and name and schema.has_index(name))
    # On the partitioned table alone nothing is built; its partitions' indexes are attached later.
    is_bare = ("ON", "ONLY") in pairwise(statement.words) and schema.is_partitioned(table)
    return None if concurrently or is_there or schema.is_new(table) or is_bare else table


def _reindexed(statement: Statement, schema: Schema) -> Name | None:
    if not statement.starts("REINDEX") or "CONCURRENTLY" in statement.words:
        return None
    reader = WordReader(words_of(statement.text), 1)
    if reader.peek() == "(":
        reader.at += len(inside(reader.rest())) + 2
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


def _sorts_anew(action: Sequence[Word], altered: Alteration, schema: Schema) -> bool:
    """Tell whether an action changes a column's collation; where the table is written anew, that is said of it."""
    retyping = read_retyping(action)
    if not retyping or rewrite_reason(altered, schema):
        return False
    table = schema.find(altered.table)
    return retyping.collation != (table.collations.get(retyping.column, "") if table else "")


def unvalidated(statement: Statement, schema: Schema) -> Iterator[RuleMatch]:
    """Find constraints that are checked against all rows at once."""
    altered = read_alteration(words_of(statement.text))
    if not altered:
        return
    for action in altered.actions:
        if table := _attached(action, schema):
            message = f"all of {table} is checked while nobody can read or write it"
            advice = "Add a CHECK of the partition's bounds NOT VALID, and validate it: the partition is not read then."
            yield RuleMatch("missing-not-valid", statement, message, advice, "ACCESS EXCLUSIVE")
        elif not schema.is_new(altered.table) and (check := _checked(action, altered, schema)):
            message, advice, lock = check
            yield RuleMatch("missing-not-valid", statement, message, advice, lock)


_NOT_VALID = "Add it NOT VALID, and VALIDATE CONSTRAINT in a later file."
_NOT_NULL = "Add CHECK (… IS NOT NULL) NOT VALID, validate it, then SET NOT NULL, which then reads nothing."


def _attached(action: Sequence[Word], schema: Schema) -> Name | None:
    """Return a table in use that becomes a partition, if no CHECK can tell that its rows fit."""
    reader = WordReader(action)
    name = reader.name() if reader.accept("ATTACH", "PARTITION") else None
    table = schema.find(name) if name else None
    return None if table and (table.is_new or table.is_checked) else name


def _checked(action: Sequence[Word], altered: Alteration, schema: Schema) -> tuple[str, str, str] | None:
    """Return what an action checks of all rows at once, advice and the lock; None where it does not."""
    pairs = set(pairwise([word.key for word in action]))
    if ("NOT", "VALID") in pairs or ("NOT", "ENFORCED") in pairs:
        return None
    reader, alone = _constraint(action), f"all of {altered.table} is checked while nobody can read or write it"
    if reader.peek() == "FOREIGN":
        return f"all of {altered.table} is checked while nobody can write it", _NOT_VALID, "SHARE ROW EXCLUSIVE"
    if reader.peek() == "CHECK" or _adds_checked_column(action, altered, schema):
        return alone, _NOT_VALID, "ACCESS EXCLUSIVE"
    if action[0].key == "VALIDATE" and any(each[0].key in {"ADD", "ALTER"} for each in altered.actions):
        return alone, "Validate in a statement of its own, which lets others read and write.", "ACCESS EXCLUSIVE"
    if _made_not_null(action, schema) <= schema.not_null(altered.table):
        return None
    return f"all of {altered.table} is read while nobody else can", _NOT_NULL, "ACCESS EXCLUSIVE"


def _adds_checked_column(action: Sequence[Word], altered: Alteration, schema: Schema) -> bool:
    """Tell a new column with a CHECK, or a reference of which the default may be no key."""
    added = read_added(action)
    if not added or is_there(added[0], altered, schema, if_not_exists=added[1]):
        return False
    column = added[0]
    return bool(column.clause("CHECK") or (column.clause("REFERENCES") and column.clause("DEFAULT")))


def _made_not_null(action: Sequence[Word], schema: Schema) -> frozenset[str]:
    """Return the columns that may hold no NULL any more; "", which no column is called, for an unknown index."""
    reader = _constraint(action)
    if reader.accept("NOT", "NULL"):
        return frozenset({reader.column()})
    if reader.accept("PRIMARY", "KEY") and reader.accept("USING", "INDEX"):
        index = reader.name()
        return (schema.columns_of_index(index) if index else None) or frozenset({""})
    reader = WordReader(action)
    if reader.accept("ALTER"):
        reader.accept("COLUMN")
        column = reader.column()
        return frozenset({column}) if reader.accept("SET", "NOT", "NULL") else frozenset()
    return frozenset()


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
    names = [WordReader(each).name() for each in parts(reader.rest())]
    return all(name and schema.is_new(name) for name in names)


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
