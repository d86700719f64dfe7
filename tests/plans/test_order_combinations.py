"""Lists of orders under every pair of conditions, twelve times each on one connection: right, and at what cost.

`python -m benchmarks.growth` times them with two million orders.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from angidi.orders.models import OrderQuery
from angidi.pagination.queries import PageQuery
from tests.plans import orders
from tests.plans.orders import DEEP_PAGE, PAGE_SIZE, OrderCombination, OrderModel, all_pairs
from tests.plans.warm import MEASURED, Call, Connected, Repeated, connected
from tests.support.naive import is_total
from tests.support.server import Databases

MOST = 1_500
"""Pages that a call may touch."""

FLOOR = 300
GROWTH = 1.5
"""Call 12 touches at most so many pages, or so many times those of the first call."""


@pytest.fixture
def database(databases: Databases) -> Iterator[str]:
    """The shop, of the test's own."""
    with databases.database(orders.template(databases)) as url:
        yield url


@pytest.mark.timeout(600)  # on a busy machine
async def test_every_pair_of_conditions_lists_the_right_orders_within_its_budget(database: str, tmp_path: Path) -> None:
    model = OrderModel.of(database)
    async with connected(database, tmp_path) as connection:
        wrong = [line for each in all_pairs() for line in await asked(connection, each, model)]
    assert not wrong, "\n" + "\n".join(wrong)


async def asked(connection: Connected, combination: OrderCombination, model: OrderModel) -> list[str]:
    """Ask for a list, and return what is wrong with the answers."""
    headers, parameters = headers_of(connection, combination, model), combination.parameters(model)
    before = DEEP_PAGE - 1 if combination.page == "deep" else 0
    if combination.page == "cursor":
        before, parameters = await connection.walked("/orders", parameters, headers)
    return problems(combination, await connection.repeated("/orders", parameters, headers), model, before)


def headers_of(connection: Connected, combination: OrderCombination, model: OrderModel) -> dict[str, str]:
    """Return the headers that make a request the reader's."""
    if combination.reader == "admin":
        return connection.admin
    row = model.of_kind[combination.reader]
    return {"Authorization": f"Bearer {connection.api.tokens.make_access(row.user_id, row.email, 'user')}"}


def problems(combination: OrderCombination, repeated: Repeated, model: OrderModel, before: int) -> list[str]:
    """Return what is wrong with the answers to a combination, as lines."""
    if {*repeated.statuses} != {200}:
        return [f"{combination.name}: answers {repeated.statuses}"]
    lines = [*wrong_page(combination, repeated.body["data"], model, before)]
    limit = max(FLOOR, round(GROWTH * repeated.calls[MEASURED[0]].pages))
    if repeated.calls[MEASURED[-1]].pages > limit:
        lines.append(f"call {MEASURED[-1]} touches more pages than {limit}: {repeated.calls}")
    if max(call.pages for call in repeated.calls.values()) > MOST:
        lines.append(f"touches more pages than {MOST}: {repeated.calls}")
    return [f"{combination.name}: {line}" for line in lines]


def wrong_page(combination: OrderCombination, data: dict[str, Any], model: OrderModel, before: int) -> Iterator[str]:
    """Yield how the last answer differs from the model's."""
    hits = combination.hits(model)
    page = [str(row.id) for row in hits[before * PAGE_SIZE :]]
    answered = [order["id"] for order in data["orders"]]
    if answered != page[:PAGE_SIZE]:
        yield f"shows {answered[:3]}… ({len(answered)}) instead of {page[:3]}… ({len(page)})"
    if bool(data.get("next_cursor")) != (len(page) > PAGE_SIZE):
        yield f"has {data.get('next_cursor')!r} as its next page"
    if not is_total(data, len(hits), combination.count):
        yield f"counts {data.get('total_count')} ({data.get('total_is_estimate')}) instead of {len(hits)}"


def test_a_page_or_a_total_or_a_cost_that_is_wrong_would_be_found(database: str) -> None:
    model = OrderModel.of(database)
    nothing = OrderCombination("admin", "none", "future", "none", "none", "first", "default")
    calls = {1: Call(10, 1.0), 6: Call(10, 1.0), 12: Call(10, 1.0)}
    empty: dict[str, Any] = {"orders": [], "total_count": 0, "page": 1}
    right = Repeated(calls, [200] * 12, {"data": empty})
    assert problems(nothing, right, model, 0) == []
    shown = {"orders": [{"id": "x"}], "total_count": 1, "next_cursor": "y"}
    assert len(problems(nothing, right._replace(body={"data": shown}), model, 0)) == 3
    assert len(problems(nothing, right._replace(calls=calls | {12: Call(FLOOR + 1, 1.0)}), model, 0)) == 1
    assert len(problems(nothing, right._replace(calls=calls | {6: Call(MOST + 1, 1.0)}), model, 0)) == 1
    assert len(problems(nothing, right._replace(statuses=[200] * 11 + [503]), model, 0)) == 1


def test_the_table_has_every_filter_of_the_list() -> None:
    filters = {*OrderQuery.__struct_fields__} - {*PageQuery.__struct_fields__}
    assert filters == {"status", "number", "from_", "to", "user_id"}  # from_ and to are "time", user_id is "user"
