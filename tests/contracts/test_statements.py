"""Every SQL constant, alone and with each of its fragments, is a statement that PostgreSQL accepts."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

import angidi
from angidi.db.plans import numbered

SOURCE = Path(angidi.__file__).parent
MODULES = [
    "angidi." + ".".join(path.relative_to(SOURCE).with_suffix("").parts)
    for path in [
        *sorted(SOURCE.glob("*/repository.py")),
        *sorted(SOURCE.glob("*/listing.py")),
        SOURCE / "web" / "health.py",
        *(SOURCE / "db" / name for name in ("derived.py", "inspection.py", "statistics.py")),
    ]
]
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")


def statements() -> Iterator[tuple[str, str]]:
    """Give each statement under a name, those with places for fragments once for each fragment."""
    for module in MODULES:
        constants = vars(importlib.import_module(module))
        for name, sql in constants.items():
            if name.isupper() and isinstance(sql, str) and STATEMENT.match(sql):
                for number, filled in enumerate(fill(sql, constants)):
                    yield f"{module}.{name}.{number}", filled


def fill(sql: str, constants: dict[str, object]) -> Iterator[str]:
    """Put each of the module's fragments where the statement has a place for them."""
    orders: list[Any] = [*cast("dict[str, Any]", constants.get("ORDERS", {})).values()]
    places = {
        "where": [
            *fragments(constants, "FILTERS", "LIVENESS", "IN_STOCK", "SUBTREE", "AFTER"),
            *(order.after for order in orders),
        ],
        "order": [order.by for order in orders],
        "total": [*fragments(constants, "UNCOUNTED", "COUNT_WHOLE", "COUNT_CATEGORY", "COUNT_SUBTREE")],
        "assignments": [*fragments(constants, "ASSIGNMENTS")],
    }
    wanted = [place for place in places if f"{{{place}}}" in sql]
    if not wanted:
        yield sql
    for place in wanted:
        for fragment in places[place]:
            yield sql.format(**{name: places[name][0] for name in wanted} | {place: fragment})


def fragments(constants: dict[str, object], *names: str) -> Iterator[str]:
    for name in names:
        value = constants.get(name, {})
        yield from value.values() if isinstance(value, dict) else [str(value)]


@pytest.mark.parametrize(("name", "sql"), [pytest.param(name, sql, id=name) for name, sql in statements()])
def test_the_statement_can_be_prepared(shared_db: str, name: str, sql: str) -> None:
    with psycopg.connect(shared_db) as conn:
        conn.execute(f"PREPARE checked AS {numbered(sql)}".encode())
        assert name


def test_a_wrong_column_is_seen(shared_db: str) -> None:
    with psycopg.connect(shared_db) as conn, pytest.raises(psycopg.errors.UndefinedColumn):
        conn.execute("PREPARE checked AS SELECT nmae FROM products")
