"""How a file can be run: in one transaction with its version row, or only by golang-migrate's protocol."""

import re
from collections.abc import Sequence
from typing import Literal

from .statements import Statement

ExecutionMode = Literal["atomic", "whole", "split"]
"""atomic: one transaction with the version row. whole: one query, as golang-migrate sends it.
split: each statement by itself, since one of several refuses a transaction."""

NO_TRANSACTION = re.compile(r"^\s*--\s*migrate:no-transaction\b", re.MULTILINE)
"""The comment by which a file asks to be run outside a transaction."""

_BEGINS = {("BEGIN",), ("BEGIN", "WORK"), ("BEGIN", "TRANSACTION"), ("START", "TRANSACTION")}
_COMMITS = {(word, *more) for word in ("COMMIT", "END") for more in ((), ("WORK",), ("TRANSACTION",))}
_CONTROL = {"BEGIN", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"}
_REFUSING = {
    ("VACUUM",), ("DISCARD", "ALL"), ("ALTER", "SYSTEM"),
    ("CREATE", "DATABASE"), ("DROP", "DATABASE"), ("ALTER", "DATABASE"),
    ("CREATE", "TABLESPACE"), ("DROP", "TABLESPACE"),
    ("CREATE", "SUBSCRIPTION"), ("DROP", "SUBSCRIPTION"), ("ALTER", "SUBSCRIPTION"),
    ("REINDEX", "DATABASE"), ("REINDEX", "SYSTEM"), ("REINDEX", "SCHEMA"),
}  # fmt: skip
_CONCURRENT = {"CREATE", "DROP", "REINDEX", "ALTER", "REFRESH"}


def execution_mode(sql: str, statements: Sequence[Statement]) -> ExecutionMode:
    """Return how to run the file.

    What this overlooks (a procedure that commits, say) the server refuses inside a transaction; the
    caller then falls back to `whole`.
    """
    inner = statements[1:-1] if is_wrapped(statements) else statements
    asked = "migrate:no-transaction" in sql and NO_TRANSACTION.search(sql)  # the search alone is slow on large files
    if asked or any(map(controls_transaction, inner)):
        return "whole"
    if not any(map(refuses_transaction, statements)):
        return "atomic"
    return "split" if len(statements) > 1 else "whole"


def is_wrapped(statements: Sequence[Statement]) -> bool:
    """Say whether the file is one transaction of its own: a plain BEGIN, statements, COMMIT."""
    return len(statements) > 1 and statements[0].words in _BEGINS and statements[-1].words in _COMMITS


def controls_transaction(statement: Statement) -> bool:
    """Say whether the statement begins, ends or marks a transaction."""
    first = statement.words[:1]
    return (bool(first) and first[0] in _CONTROL) or statement.words[:2] in {
        ("START", "TRANSACTION"),
        ("PREPARE", "TRANSACTION"),
    }


def refuses_transaction(statement: Statement) -> bool:
    """Say whether PostgreSQL refuses the statement inside a transaction block."""
    words = statement.words
    if words[:1] in _REFUSING or words[:2] in _REFUSING:
        return not (words[:2] == ("ALTER", "DATABASE") and "TABLESPACE" not in words)
    if words in {("CLUSTER",), ("CLUSTER", "VERBOSE")}:
        return True
    concurrent = "CONCURRENTLY" in words and not statement.starts("REFRESH")
    return concurrent and words[0] in _CONCURRENT and ("INDEX" in words or "DETACH" in words or "REINDEX" in words)
