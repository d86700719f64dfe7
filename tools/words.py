"""Former names of identifiers and files, and the standard terms that replaced them.

Only whole names of definitions count: classes, functions, arguments, attributes, constants and files under
`src/angidi`. A name that is also plain English is refused below its folder only.
"""

import ast
from collections.abc import Iterator
from pathlib import PurePath

EVERYWHERE = "src/angidi/"

STANDARD: dict[str, dict[str, str]] = {
    EVERYWHERE: {
        "AT_ONCE": "MAX_IN_FLIGHT",
        "Adjusted": "Clamped",
        "Deadline": "Timeouts",
        "Figures": "a name that ends in Stats, or Snapshot",
        "Found": "PageResult, or a name that says what was found",
        "Joined": "BatchLoader",
        "LargeBodies": "uploads",
        "Loan": "PooledConnection",
        "Moment": "Timestamp",
        "Planted": "SeedSummary",
        "Representation": "compression",
        "Shared": "SingleFlight",
        "Shell": "RequestContext",
        "Slots": "ConcurrencyLimiter",
        "Taken": "RowResult",
        "Tally": "QueryCounter",
        "Turns": "AdmissionQueue",
        "at_a_time": "a name that begins with max_",
        "belongs": "requires",
        "drawn": "generated",
        "everywhere": "gone with the redesign of the search",
        "fours": "trigrams",
        "gathered": "gather",
        "give_back": "release",
        "homeless": "missing category",
        "known_id": "filter_id",
        "living": "active",
        "located": "resolve_database",
        "merged": "a name that says what is combined",
        "patience": "poll",
        "plant": "seed, or add_samples",
        "rings": "cycles",
        "spare_the_start": "freeze_gc",
        "take_longer": "set_statement_timeout",
        "take_time": "disable_timeouts",
        "undo": "rollback",
        "walked": "walk",
        "web": "http",
    },
    "src/angidi/db/": {
        "Cost": "StatementStats",
        "Source": "ConnectionSource",
        "addresses": "resolve_urls",
        "ask": "load",
        "coalesce": "batching",
        "end": "release",
        "forget": "reset",
        "observe": "record",
        "present": "in_flight",
        "take": "acquire",
        "taken": "acquire",
        "turns": "admission",
    },
    "src/angidi/migrate/": {
        "building": "create commands",
        "checking": "check commands",
        "chosen": "context",
        "evidence": "applied detection",
        "hear": "print_event",
        "lookahead": "prefetch",
        "manner": "execution mode",
        "moving": "run commands",
        "store": "version table",
        "wording": "Go messages",
    },
    "src/angidi/pagination/": {"end": "position", "paging": "pages"},
    "src/angidi/telemetry/": {"forget": "reset", "nowhere": "discard", "taken": "duration"},
    "src/angidi/validation/csv_rows": {"cells": "csv_rows", "take": "validate_row"},
    "src/angidi/http/": {"addresses": "routes", "shell": "middleware"},
}
"""Former name → standard term, by the folder in which the former name is refused."""


def former_names(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and message for each definition in the file at `path` that has a former name."""
    refused = {
        name: term for folder, names in STANDARD.items() if path.startswith(folder) for name, term in names.items()
    }
    for line, name in ((1, PurePath(path).stem), *_definitions(tree)):
        if (term := refused.get(name.strip("_"))) is not None:
            yield line, f"{name} is a former name: use {term}"


def _definitions(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case _:
                pass
