"""Every SQL constant of every module, alone and with each of its fragments, is a statement that PostgreSQL accepts."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, get_args
from uuid import uuid4

import psycopg
import pytest
from tests.support.constants import Constant, constants, filled, needed_by

from angidi.db.diagnostics.plans import numbered
from angidi.db.diagnostics.statements import SINCE_BY_STATEMENT
from angidi.pagination.pages import PageRequest
from angidi.products.models import ProductQuery, Sort
from angidi.products.search import ORDERS
from angidi.products.search import statements as lists
from angidi.products.search.conditions import HITS_BY_RELEVANCE, IN_NAME, Selection

BUILT = tuple(
    f"search.statements.{name}" for name in ("PLAIN", "DEEP", "WALK", "GATHER", "COUNT", "COUNT_BOUNDED", "EXPLAIN")
)
"""Statements with places for conditions: they are tried as the functions of `lists` put them together."""

UNTRIED = {
    "provision.CREATE_DATABASE": "runs outside transactions only, and makes what outlives the test",
    "index_keys.REINDEX": "runs outside transactions only",
}
TRIED = [constant for constant in constants() if not constant.ends(*BUILT, *UNTRIED)]


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


@pytest.fixture(scope="module")
def server(shared_db: str) -> Iterator[psycopg.Connection]:
    """A connection for all statements: what each does is rolled back."""
    with psycopg.connect(shared_db, autocommit=True) as conn:
        yield conn


def check(conn: psycopg.Connection, sql: str, *, is_prepared: bool = True) -> None:
    """Prepare a statement, or run one of those that cannot be prepared."""
    if is_prepared:
        conn.execute(f"PREPARE checked AS {numbered(sql)}".encode())
        conn.execute("DEALLOCATE checked")
    elif sql.lstrip().startswith("COPY"):
        with conn.cursor() as cursor, cursor.copy(sql.encode()) as copy:
            if "TO STDOUT" in sql:
                list(copy)
    else:
        conn.execute(sql.encode())


@pytest.mark.parametrize("sql", [pytest.param(sql, id=name) for name, sql in pages()])
def test_a_page_can_be_prepared(server: psycopg.Connection, sql: str) -> None:
    check(server, sql)


@pytest.mark.parametrize("constant", [pytest.param(constant, id=constant.name) for constant in TRIED])
def test_the_statement_is_accepted(server: psycopg.Connection, constant: Constant) -> None:
    if constant.ends("diagnostics.statements.SINCE") and server.info.server_version < SINCE_BY_STATEMENT:
        pytest.skip("the server does not count so")
    for sql in filled(constant):
        with server.transaction(force_rollback=True):
            for statement in needed_by(constant):
                server.execute(statement.encode())
            check(server, sql, is_prepared=constant.is_prepared)


def test_every_constant_that_is_tried_otherwise_or_not_exists() -> None:
    for name in (*BUILT, *UNTRIED):
        assert any(constant.ends(name) for constant in constants()), name


def test_a_wrong_column_is_seen(server: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn):
        check(server, "SELECT nmae FROM products")


RUN_AGAIN = re.compile(r"\bIN\s*\(\s*SELECT[^)]*\bSKIP LOCKED\b")
"""A subquery that may be run once for each row: then it locks, and what stands around it changes, beyond its LIMIT."""


def test_a_batch_is_chosen_once() -> None:
    assert RUN_AGAIN.search("DELETE FROM t WHERE id IN (\n SELECT id FROM t LIMIT 1 FOR UPDATE SKIP LOCKED)")
    assert [constant.name for constant in constants() if RUN_AGAIN.search(constant.text)] == []
