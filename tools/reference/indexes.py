"""docs/database/INDEXES.md: what each index is for, who reads it, and what it costs.

Definitions and comments come from docs/reference/schema.sql, which a test compares with the migrations; who reads what
from the table of cases that the plan tests check; sizes and costs from docs/database/plans.json, which
`make bench-plans` writes. So the page is the same on every machine.
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

from tests.plans.cases import CASES, Case

from tools.reference.tables import code, table

PROJECT = Path(__file__).parents[2]

PAGE = """\
# Indexes

Made by `make docs` from the [schema](../reference/schema.sql), from the requests whose plans the tests check
(`tests/plans/cases.py`), and from what `make bench-plans` measured; compared with them by `make check`.

Every index has its readers, and each costs every row that is written. Sizes are those at {products:,} products,
{users:,} users and {orders:,} orders, on {server}; the cost is what one more row adds to the write-ahead log because
of the index. None holds or is conditioned on `stock`: selling is a HOT update and writes to no index.
"""

REQUESTS = """\
## Requests

What each request reads, and how many pages of 8 kB all its statements touch at {products:,} products, from memory or
not. The budget holds at that size (`make bench-plans`) and on 30,000 products (`make test`); nothing is scanned or
sorted but what is named here. What many rows pass is read along the index of its order in a large catalogue, and by the
index of the search, all of it, in a small one.

Left out are requests that read no more than one of these does (one's own account, registering, restoring), and those
that cost what they are given or pass: bulk requests, imports, exports, and changing or deleting a category, which locks
the tree and rewrites what is derived from the part that moves.
"""

_INDEX = re.compile(
    r"^CREATE (?P<unique>UNIQUE )?INDEX (?P<name>\w+) ON public\.(?P<table>\w+) USING (?P<on>.*);$", re.MULTILINE
)
_CONSTRAINT = re.compile(
    r"^ALTER TABLE ONLY public\.(?P<table>\w+)\n    ADD CONSTRAINT (?P<name>\w+) (?P<on>.*);$", re.MULTILINE
)
_COMMENT = re.compile(
    r"^COMMENT ON (?:INDEX public\.|CONSTRAINT )(?P<name>\w+).*? IS '(?P<text>(?:[^']|'')*)';$", re.MULTILINE
)
_FOREIGN_KEY = re.compile(r"FOREIGN KEY \((?P<columns>[^)]*)\)")


class Index(NamedTuple):
    """An index of the schema, `on` as SQL says it."""

    table: str
    name: str
    on: str
    comment: str


def page() -> str:
    """Return the page."""
    measured = json.loads((PROJECT / "docs/database/plans.json").read_text(encoding="utf-8"))
    size = {name: measured[name] for name in ("products", "orders", "server")} | {"users": measured["products"] // 5}
    indexes, keys = _schema((PROJECT / "docs/reference/schema.sql").read_text(encoding="utf-8"))
    parts = [PAGE.format(**size)]
    for name in sorted({index.table for index in indexes}):
        rows = [_row(index, keys, measured["indexes"]) for index in indexes if index.table == name]
        parts.append(f"## {name}\n\n{table(('index', 'on', 'for', 'read by', 'size', 'a row costs'), rows)}")
    rows = [_request(case, measured["requests"]) for case in CASES]
    head = ("request", "reads", "besides", "pages", "budget")
    return "\n".join([*parts, REQUESTS.format(**size), table(head, rows)])


def _schema(text: str) -> tuple[list[Index], list[Index]]:
    """Return the indexes of the schema, in its order, and the foreign keys."""
    comments = {found["name"]: found["text"].replace("''", "'") for found in _COMMENT.finditer(text)}
    all_of_them = [
        Index(found["table"], found["name"], _definition(found), comments.get(found["name"], ""))
        for pattern in (_CONSTRAINT, _INDEX)
        for found in pattern.finditer(text)
    ]
    keys = [index for index in all_of_them if index.on.startswith("FOREIGN KEY")]
    return [index for index in all_of_them if index not in keys], keys


def _row(index: Index, keys: list[Index], measured: dict[str, dict[str, int]]) -> tuple[str, ...]:
    figures = measured.get(index.name, {})
    readers = [code(case.name) for case in CASES if index.name in case.indexes + case.large]
    readers += [f"the foreign key {code(key.name)}" for key in keys if _serves(index, key)]
    if not readers and index.on.startswith(("UNIQUE", "PRIMARY KEY")):
        readers = ["–: keeps uniqueness"]
    return (
        code(index.name),
        code(index.on.replace("\x01", "\\x01")),
        index.comment,
        "<br>".join(readers),
        _size(figures["bytes"]) if figures else "",
        f"{figures['log']:,} bytes" if "log" in figures else "",
    )


def _serves(index: Index, key: Index) -> bool:
    """Tell whether the index leads with the columns of the foreign key, for all rows."""
    columns = _FOREIGN_KEY.match(key.on)
    return (
        columns is not None
        and index.table == key.table
        and " WHERE " not in index.on
        and bool(re.match(rf"[^(]*\({re.escape(columns['columns'])}[,)]", index.on))
    )


def _definition(found: re.Match[str]) -> str:
    return (found.groupdict().get("unique") or "") + found["on"]


def _size(number: int) -> str:
    return f"{number / 2**20:,.1f} MB" if number >= 2**20 else f"{number // 2**10} kB"


def _request(case: Case, pages: dict[str, int]) -> tuple[str, ...]:
    besides = [f"scans {code(name)}" for name in dict.fromkeys(case.scans)] + (["may sort"] if case.sorts else [])
    besides += [f"in a large catalogue reads {', '.join(map(code, case.large))}"] if case.large else []
    found = str(pages.get(case.name, ""))
    return code(case.name), ", ".join(map(code, case.indexes)), ", ".join(besides), found, str(case.buffers)
