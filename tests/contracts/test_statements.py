"""Every SQL constant, alone and with each of its fragments, is a statement that PostgreSQL accepts."""

import importlib
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

import psycopg
import pytest

import angidi
from angidi.db.diagnostics.plans import numbered
from angidi.pagination.pages import PageRequest
from angidi.products.models import ProductQuery, Sort
from angidi.products.search import ORDERS
from angidi.products.search import statements as lists
from angidi.products.search.conditions import HITS_BY_RELEVANCE, IN_NAME, Selection

SOURCE = Path(angidi.__file__).parent
MODULES = [
    "angidi." + ".".join(path.relative_to(SOURCE).with_suffix("").parts)
    for path in [
        *sorted(SOURCE.glob("*/repository.py")),
        *sorted(SOURCE.glob("*/search/statements.py")),
        SOURCE / "http" / "health.py",
        SOURCE / "db" / "inspection.py",
        *(SOURCE / "db" / "diagnostics" / name for name in ("consistency.py", "tables.py", "search_rows.py")),
    ]
]
BUILT = {"PLAIN", "DEEP", "WALK", "GATHER", "COUNT", "COUNT_BOUNDED", "EXPLAIN"}
"""Statements with places for conditions: they are tried as the functions of `lists` put them together."""
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")


def statements() -> Iterator[tuple[str, str]]:
    """Give each statement under a name, those with places for fragments once for each fragment."""
    for module in MODULES:
        constants = vars(importlib.import_module(module))
        for name, sql in constants.items():
            is_built = module.endswith("statements") and name in BUILT
            if name.isupper() and isinstance(sql, str) and STATEMENT.match(sql) and not is_built:
                for number, filled in enumerate(fill(sql, constants)):
                    yield f"{module}.{name}.{number}", filled


def fill(sql: str, constants: dict[str, object]) -> Iterator[str]:
    """Put each of the module's fragments where the statement has a place for them."""
    places = {
        "where": [*fragments(constants, "FILTERS", "LIVENESS", "AFTER")],
        "total": [*fragments(constants, "UNCOUNTED", "COUNT_WHOLE")],
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


def pages() -> Iterator[tuple[str, str]]:
    """Give the statements for pages of products in every order, with every filter, from the first row and a later."""
    everything: dict[str, Any] = {
        "search": "cup",
        "q": "red cup",
        "min_price": Decimal(1),
        "max_price": Decimal(2),
        "in_stock": True,
    }
    for sort in (None, *get_args(Sort)):
        for deleted in (None, "only", "with"):
            query = ProductQuery(**everything, sort=sort, deleted=deleted, category_id=uuid4(), subtree=True, sku="A")
            selection, position = Selection(query, "{}"), ORDERS[query.order].position
            name = f"{sort}-{deleted}"
            yield f"count-{name}", lists.count(selection, exact=True)[0]
            yield f"bounded-{name}", lists.count(selection, exact=False)[0]
            for after in (None, position(*range(len(position.__struct_fields__)))):
                page_request = PageRequest(position, after=after)
                name = f"{sort}-{deleted}-{after is not None}"
                alone = Selection(ProductQuery(sort=sort or "price", category_id=uuid4()))
                for before in (0, 10_000):
                    behind = PageRequest(ORDERS[alone.query.order].position, before=before)
                    yield f"plain-{name}-{before}", lists.plain(alone, behind)[0]
                yield f"gather-{name}", lists.gather(selection, page_request)[0]
                for relevance in HITS_BY_RELEVANCE if sort is None else ():
                    of_class = selection.of_relevance(relevance)
                    yield f"walk-{name}-{relevance}", lists.walk(of_class, page_request, 1)[0]
                    yield f"gather-{name}-{relevance}", lists.gather(of_class, page_request)[0]
                if sort:
                    yield f"walk-{name}", lists.walk(selection, page_request, 1)[0]
    suggested = Selection(ProductQuery(q="cup", sort="-created_at"), words=IN_NAME)
    yield "suggested", lists.walk(suggested, PageRequest(ORDERS["-created_at"].position), 1)[0]


@pytest.mark.parametrize(("name", "sql"), [pytest.param(name, sql, id=name) for name, sql in pages()])
def test_a_page_can_be_prepared(shared_db: str, name: str, sql: str) -> None:
    test_the_statement_can_be_prepared(shared_db, name, sql)


@pytest.mark.parametrize(("name", "sql"), [pytest.param(name, sql, id=name) for name, sql in statements()])
def test_the_statement_can_be_prepared(shared_db: str, name: str, sql: str) -> None:
    with psycopg.connect(shared_db) as conn:
        conn.execute(f"PREPARE checked AS {numbered(sql)}".encode())
        assert name


def test_a_wrong_column_is_seen(shared_db: str) -> None:
    with psycopg.connect(shared_db) as conn, pytest.raises(psycopg.errors.UndefinedColumn):
        conn.execute("PREPARE checked AS SELECT nmae FROM products")
