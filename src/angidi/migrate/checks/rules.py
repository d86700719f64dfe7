"""What is risky in a migration: one function for each rule, over the statements of a file."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from angidi.migrate.files.script import Script
from angidi.migrate.sql.classify import controls_transaction, refuses_transaction
from angidi.migrate.sql.statements import Statement

NAME = r'((?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))?)'
CREATED = re.compile(
    rf"CREATE\s+(?:UNLOGGED\s+|TEMP\s+|TEMPORARY\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{NAME}", re.IGNORECASE
)
_ALTERED = re.compile(rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{NAME}", re.IGNORECASE)
_INDEXED = re.compile(rf"\bINDEX\b.*?\bON\s+(?:ONLY\s+)?{NAME}", re.IGNORECASE | re.DOTALL)
_VOLATILE = {"RANDOM", "GEN_RANDOM_UUID", "UUIDV4", "UUIDV7", "NEXTVAL", "CLOCK_TIMESTAMP", "TIMEOFDAY"}
_SERIALS = {"SERIAL", "BIGSERIAL", "SMALLSERIAL"}


@dataclass(frozen=True, slots=True)
class Found:
    """A rule's finding: where, what happens, what to do instead; `lock` is the table lock it is about."""

    rule: str
    statement: Statement
    message: str
    advice: str
    lock: str = ""


Rule = Callable[[Script], Iterator[Found]]


def existing(script: Script) -> Iterator[tuple[Statement, str]]:
    """Yield ALTER TABLE statements on tables that the file did not create, with the table."""
    created = {match[1].lower() for each in script.statements if (match := CREATED.match(each.text))}
    for statement in script.statements:
        match = _ALTERED.match(statement.text)
        if match and match[1].lower() not in created:
            yield statement, match[1]


def refused(script: Script) -> Iterator[Found]:
    """Find statements that refuse a transaction beside others, or inside BEGIN and COMMIT."""
    controlled = any(map(controls_transaction, script.statements))
    for statement in filter(refuses_transaction, script.statements):
        if controlled:
            message = f"{' '.join(statement.words[:3])} cannot run inside a transaction block"
            yield Found("refuses-transaction", statement, message, "Put it into a file of its own, without BEGIN.")
        elif len(script.statements) > 1:
            message = "golang-migrate sends the file as one query, in which this statement fails"
            yield Found("refuses-transaction", statement, message, "Put it into a file of its own.")


def blocking_index(script: Script) -> Iterator[Found]:
    """Find index builds that block writes to a table that is in use."""
    created = {match[1].lower() for each in script.statements if (match := CREATED.match(each.text))}
    for statement in script.statements:
        match = _INDEXED.search(statement.text) if statement.starts("CREATE") else None
        if not match or "INDEX" not in statement.words[1:3] or match[1].lower() in created:
            continue
        if "CONCURRENTLY" not in statement.words:
            message = f"no row of {match[1]} can be written while the index is built"
            yield Found("blocking-index", statement, message, "CREATE INDEX CONCURRENTLY, alone in its file.", "SHARE")


def rewrite(script: Script) -> Iterator[Found]:
    """Find what rewrites a whole table under a lock that stops even reads."""
    for statement, table in existing(script):
        if reason := rewrite_reason(statement):
            message = f"{reason} rewrites all of {table}, which can be neither read nor written meanwhile"
            advice = "Add a new column, fill it in batches, then swap."
            yield Found("table-rewrite", statement, message, advice, "ACCESS EXCLUSIVE")
    for statement in script.statements:
        if (statement.starts("VACUUM") and "FULL" in statement.words) or statement.starts("CLUSTER"):
            message = f"{' '.join(statement.words[:2])} rewrites the table under a lock that stops reads"
            yield Found(
                "table-rewrite", statement, message, "Use pg_repack, or leave it to autovacuum.", "ACCESS EXCLUSIVE"
            )


def rewrite_reason(statement: Statement) -> str:
    """Return what in an ALTER TABLE rewrites the table, by its text; "" where nothing does."""
    words, text = set(statement.words), statement.text.upper()
    if re.search(r"\bALTER\s+(COLUMN\s+)?\S+\s+(SET\s+DATA\s+)?TYPE\b", text):
        return "ALTER COLUMN … TYPE"
    if "ADD" in words and (words & _SERIALS or ("DEFAULT" in words and words & _VOLATILE)):
        return "a new column with a volatile default"
    if {"ADD", "GENERATED", "STORED"} <= words:
        return "a stored generated column"
    return "SET LOGGED or UNLOGGED" if "SET" in words and words & {"LOGGED", "UNLOGGED"} else ""


def unvalidated(script: Script) -> Iterator[Found]:
    """Find constraints that are checked against all rows at once."""
    for statement, table in existing(script):
        text = statement.text.upper()
        adds = re.search(r"\bADD\s+(CONSTRAINT\s+\S+\s+)?(FOREIGN\s+KEY|CHECK)\b", text)
        if adds and "VALID" not in statement.words:
            message = f"all of {table} is checked while nobody can write it"
            advice = "Add it NOT VALID, and VALIDATE CONSTRAINT in a later file."
            yield Found("missing-not-valid", statement, message, advice, "SHARE ROW EXCLUSIVE")
        if re.search(r"\bSET\s+NOT\s+NULL\b", text):
            message = f"all of {table} is read while nobody else can"
            advice = "Add CHECK (… IS NOT NULL) NOT VALID, validate it, then SET NOT NULL, which then reads nothing."
            yield Found("missing-not-valid", statement, message, advice, "ACCESS EXCLUSIVE")
        if re.search(r"\bADD\s+(CONSTRAINT\s+\S+\s+)?(UNIQUE|PRIMARY\s+KEY)\b(?!\s+USING\s+INDEX)", text):
            message = f"the index behind it is built while nobody can read or write {table}"
            advice = "CREATE UNIQUE INDEX CONCURRENTLY first, then ADD … USING INDEX."
            yield Found("blocking-index", statement, message, advice, "ACCESS EXCLUSIVE")


def breaking(script: Script) -> Iterator[Found]:
    """Find changes that break the release that is still running; undoing is meant to do so."""
    if script.step.direction == "down":
        return
    for statement, table in existing(script):
        text = statement.text.upper()
        if re.search(r"\bRENAME\s+(?!CONSTRAINT\b)", text):
            message = f"the running release still uses the old name in {table}"
            yield Found("breaks-clients", statement, message, "Expand and contract: see the manual.")
        elif re.search(r"\bDROP\s+(COLUMN\s+)?(?!CONSTRAINT\b|DEFAULT\b|NOT\b|EXPRESSION\b|IDENTITY\b)\S", text):
            message = f"the running release may still use the column of {table}"
            yield Found("breaks-clients", statement, message, "Drop it one release after its last use.")
    for statement in script.statements:
        if statement.starts("DROP", "TABLE"):
            message = "the running release may still use the table"
            yield Found("breaks-clients", statement, message, "Drop it one release after its last use.")


def leaking(script: Script) -> Iterator[Found]:
    """Find settings and locks that the next file of the run would inherit or lose."""
    for statement in script.statements:
        first, *rest = statement.words or ("",)
        if first == "SET" and rest[:1] not in (["LOCAL"], ["CONSTRAINTS"], ["TRANSACTION"]):
            message = "the setting stays for the files that run after this one in the session"
            yield Found("session-leak", statement, message, "Use SET LOCAL.")
        elif statement.starts("DISCARD") or "PG_ADVISORY_UNLOCK_ALL" in statement.words:
            message = "this gives the migration lock away while the run goes on"
            yield Found("session-leak", statement, message, "Leave it out.")


def copying(script: Script) -> Iterator[Found]:
    """Find COPY FROM STDIN, for which a file cannot bring data."""
    for statement in script.statements:
        if statement.starts("COPY") and "STDIN" in statement.words:
            yield Found("copy-stdin", statement, "a migration file cannot bring data for it", "Use INSERT.")


RULES: list[Rule] = [refused, blocking_index, rewrite, unvalidated, breaking, leaking, copying]
